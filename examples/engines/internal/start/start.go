// Package start starts real engines on loopback, for tests and for programs that were
// given none. An engine keeps its data in its own directory and ends with its starter.
package start

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/flatline/internal/loopback"
)

// ErrMissing is wrapped by the error for an engine that is not installed.
var ErrMissing = errors.New("not installed")

// patience is how long an engine may take to answer.
const patience = time.Minute

// An Engine says how a kind of server is started.
type Engine struct {
	Name    string // of the program
	Package string // Debian's, which has it
	Flag    string // of a program, for the URL of a server
	url     string // of a server, with its host and port
	dirs    string // where Debian keeps programs that are not in PATH, as a pattern
	user    string // under whom it runs when the caller is root
	init    func(e Engine, bin, dir string) error
	args    func(port, dir string) []string
	ready   func(ctx context.Context, addr string) error
}

// The engines.
var (
	Redis = Engine{
		Name: "redis-server", Package: "redis-server", Flag: "redis", url: "redis://%s",
		args: func(port, dir string) []string {
			return []string{"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", ""}
		},
		ready: func(ctx context.Context, addr string) error { return talk(ctx, addr, "PING\r\n", "+PONG") },
	}
	Postgres = Engine{
		Name: "postgres", Package: "postgresql", Flag: "postgres", url: "postgres://postgres@%s/postgres?sslmode=disable",
		dirs: "/usr/lib/postgresql/*/bin", user: "postgres",
		init: initdb,
		args: func(port, dir string) []string {
			return []string{"-D", filepath.Join(dir, "db"), "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="}
		},
		ready: func(ctx context.Context, addr string) error {
			c, err := pgx.Connect(ctx, "postgres://postgres@"+addr+"/postgres?sslmode=disable")
			if err != nil {
				return err
			}
			return c.Close(ctx)
		},
	}
	Etcd = Engine{
		Name: "etcd", Package: "etcd-server", Flag: "etcd", url: "http://%s",
		args: func(port, dir string) []string {
			url := "http://127.0.0.1:" + port
			return []string{
				"--data-dir", filepath.Join(dir, "etcd"), "--listen-client-urls", url, "--advertise-client-urls", url,
				"--listen-peer-urls", "http://127.0.0.1:0", "--logger", "zap", "--log-level", "error",
			}
		},
		ready: func(ctx context.Context, addr string) error {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/health", nil)
			if err != nil {
				return err
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				return fmt.Errorf("health: %s", answer.Status)
			}
			return nil
		},
	}
	Nats = Engine{
		Name: "nats-server", Package: "nats-server", Flag: "nats", url: "nats://%s",
		args:  func(port, dir string) []string { return []string{"-a", "127.0.0.1", "-p", port, "-js", "-sd", dir} },
		ready: func(ctx context.Context, addr string) error { return talk(ctx, addr, "", "INFO {") },
	}
	// Mosquitto keeps what it has in memory, and writes it to its directory now and then.
	Mosquitto = Engine{
		Name: "mosquitto", Package: "mosquitto", Flag: "mosquitto", url: "tcp://%s", dirs: "/usr/sbin",
		init: func(_ Engine, _, dir string) error {
			conf := "persistence true\npersistence_location " + dir + "/\nallow_anonymous true\nuser root\nmax_queued_messages 0\n"
			return os.WriteFile(filepath.Join(dir, "mosquitto.conf"), []byte(conf), 0o600)
		},
		args: func(port, dir string) []string {
			return []string{"-c", filepath.Join(dir, "mosquitto.conf"), "-p", port}
		},
		// CONNECT of a client without a name, and CONNACK.
		ready: func(ctx context.Context, addr string) error {
			return talk(ctx, addr, "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", "\x20\x02\x00\x00")
		},
	}
	VictoriaMetrics = Engine{
		Name: "victoria-metrics", Package: "victoria-metrics", Flag: "victoria", url: "http://%s",
		args: func(port, dir string) []string {
			return []string{"-httpListenAddr=127.0.0.1:" + port, "-storageDataPath=" + filepath.Join(dir, "data"), "-retentionPeriod=1"}
		},
		ready: func(ctx context.Context, addr string) error {
			return talk(ctx, addr, "GET /health HTTP/1.0\r\n\r\n", "HTTP/1.0 200")
		},
	}
)

// talk sends a line and checks how the answer begins.
func talk(ctx context.Context, addr, line, want string) error {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if d, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(d); err != nil {
			return err
		}
	}
	if _, err := c.Write([]byte(line)); err != nil {
		return err
	}
	b := make([]byte, len(want))
	for n := 0; n < len(b); {
		m, err := c.Read(b[n:])
		if err != nil {
			return err
		}
		n += m
	}
	if string(b) != want {
		return fmt.Errorf("it answers %q", b)
	}
	return nil
}

// find returns the path of the program.
func (e Engine) find() (string, error) {
	bin, err := exec.LookPath(e.Name)
	if err == nil {
		return bin, nil
	}
	found, _ := filepath.Glob(filepath.Join(e.dirs, e.Name))
	if e.dirs == "" || len(found) == 0 {
		return "", fmt.Errorf("%s is %w (Debian: apt-get install %s)", e.Name, ErrMissing, e.Package)
	}
	return found[len(found)-1], nil
}

// A Server is an engine that runs.
type Server struct {
	Addr string // host:port
	URL  string

	engine Engine
	bin    string
	dir    string
	args   []string
	cmd    *exec.Cmd
	ended  chan struct{} // closed when cmd has
	log    *output
}

// Start starts a server on a free port, with further arguments, and returns when it
// answers. Its data is in a new directory, which Stop removes.
func Start(ctx context.Context, e Engine, args ...string) (*Server, error) {
	bin, err := e.find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "flatline-"+e.Name+"-")
	if err != nil {
		return nil, err
	}
	s := &Server{engine: e, bin: bin, dir: dir, args: args}
	if s.Addr, err = loopback.Addr(); err == nil {
		err = e.own(dir)
	}
	if err == nil && e.init != nil {
		err = e.init(e, bin, dir)
	}
	if err == nil {
		s.URL = fmt.Sprintf(e.url, s.Addr)
		err = s.Restart(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// Restart starts a server that was killed, at the same address on the same data, and
// returns when it answers.
func (s *Server) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s.log = &output{}
	if err := s.launch(); err != nil {
		return err
	}
	for again := 0; ; {
		once, done := context.WithTimeout(ctx, time.Second)
		err := s.engine.ready(once, s.Addr)
		done()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			s.Kill()
			return fmt.Errorf("%s does not answer: %w\n%s", s.engine.Name, err, s.log)
		case <-time.After(5 * time.Millisecond):
		}
		select {
		case <-s.ended:
			// PostgreSQL refuses to start as long as a child of the one that was killed runs.
			if again++; again > 50 {
				return fmt.Errorf("%s has ended: %w\n%s", s.engine.Name, err, s.log)
			}
			time.Sleep(20 * time.Millisecond)
			if err := s.launch(); err != nil {
				return err
			}
		default:
		}
	}
}

// launch starts the process.
func (s *Server) launch() error {
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return err
	}
	s.cmd = s.engine.command(s.bin, append(s.engine.args(port, s.dir), s.args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(s.cmd, s.ended)
	return nil
}

// Kill ends the server with kill -9. Its data stays.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// Stop ends the server and removes its data.
func (s *Server) Stop() {
	s.Kill()
	_ = os.RemoveAll(s.dir)
}

// Test starts a server that stops with the test, or skips the test where the engine is not
// installed.
func Test(t testing.TB, e Engine, args ...string) *Server {
	t.Helper()
	s, err := Start(t.Context(), e, args...)
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// output keeps the end of what a process prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.b.Len() > 1<<16 {
		o.b.Reset()
	}
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// initdb makes an empty database.
func initdb(e Engine, bin, dir string) error {
	cmd := e.command(filepath.Join(filepath.Dir(bin), "initdb"), "-D", filepath.Join(dir, "db"), "-U", "postgres", "--no-sync", "-A", "trust", "-E", "UTF8", "--locale=C")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
