package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/loopback"
)

// patience is how long a test waits for something that must happen, on a machine that is
// busy with other work. No test asserts how long it took.
const patience = time.Minute

// asServer in the environment makes this program respcache: the servers that are tested
// have what go test compiled into it, the race detector or a planted bug.
const asServer = "RESPCACHE_TEST_AS_SERVER=1"

func TestMain(m *testing.M) {
	if slices.Contains(os.Environ(), asServer) {
		main()
		return
	}
	_ = flag.Set("rapid.shrinktime", "3s") // each try waits for a server that hangs
	os.Exit(m.Run())
}

// A node is a server in a separate process, on loopback, with its data in a folder of the
// test: respcache, or redis-server, its model.
type node struct {
	t     testing.TB
	redis bool
	bin   string // of respcache
	args  []string
	dir   string
	addr  string
	drawn bool // addr was drawn, and no client has it yet
	log   *lines
	cmd   *exec.Cmd
	gone  chan struct{} // closed when the process has ended
}

// respcache starts the program of this folder.
func respcache(t testing.TB, args ...string) *node {
	t.Helper()
	bin, err := os.Executable()
	require.NoError(t, err)
	args = append([]string{"-enable-debug-command", "local"}, args...)
	return begin(&node{t: t, bin: bin, args: args, dir: t.TempDir()})
}

// respcacheAt starts the program at an address.
func respcacheAt(t testing.TB, addr string, args ...string) *node {
	t.Helper()
	bin, err := os.Executable()
	require.NoError(t, err)
	return begin(&node{t: t, bin: bin, args: args, dir: t.TempDir(), addr: addr})
}

// redisServer starts redis-server, or skips the test where there is none. Unless args say
// otherwise, nothing is saved and DUMP does not compress, as in respcache.
func redisServer(t testing.TB, args ...string) *node {
	t.Helper()
	installed(t, "redis-server")
	args = append([]string{"--save", "", "--appendonly", "no", "--enable-debug-command", "local", "--latency-tracking", "no", "--rdbcompression", "no"}, args...)
	return begin(&node{t: t, redis: true, args: args, dir: t.TempDir()})
}

func installed(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not installed (Debian: apt-get install redis-server)")
	}
	return path
}

func begin(n *node) *node {
	n.t.Helper()
	n.t.Cleanup(func() {
		n.kill()
		if n.t.Failed() {
			n.t.Logf("the log of %s at %s:\n%.4000s", n, n.addr, n.log)
		}
	})
	n.start()
	return n
}

// start starts the process on the data that there is, at the address it had, and returns
// when it answers.
func (n *node) start() {
	n.t.Helper()
	for try := 0; ; try++ {
		err := n.tryStart()
		if err == nil {
			n.drawn = false
			return
		}
		// The socket of the previous process may not be closed yet, or another process has
		// taken the port meanwhile, or that of the cluster bus, 10,000 above it.
		if try == 3 || !strings.Contains(n.log.String(), "ddress already in use") {
			require.NoError(n.t, err, "%s", n.log)
		}
		if n.drawn {
			n.addr = ""
		}
	}
}

func (n *node) tryStart() error {
	n.kill()
	n.log = new(lines)
	if n.redis {
		if n.addr == "" {
			addr, err := loopback.Addr()
			require.NoError(n.t, err)
			n.addr, n.drawn = addr, true
		}
		n.cmd = exec.Command("redis-server", append([]string{"--bind", "127.0.0.1", "--port", n.port(), "--dir", n.dir}, n.args...)...)
	} else {
		addr := n.addr
		if addr == "" {
			addr = "127.0.0.1:0"
		}
		n.cmd = exec.Command(n.bin, append([]string{"-addr", addr, "-dir", n.dir}, n.args...)...)
		n.cmd.Env = append(os.Environ(), asServer)
	}
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	endWithParent(n.cmd)
	if err := n.cmd.Start(); err != nil {
		return err
	}
	cmd, gone := n.cmd, make(chan struct{})
	n.gone = gone
	go func() { _ = cmd.Wait(); close(gone) }()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		select {
		case <-gone:
			return fmt.Errorf("the process ended at its start: %s", cmd.ProcessState)
		case <-time.After(2 * time.Millisecond):
		}
		if n.addr == "" {
			if n.addr = n.log.listening(); n.addr == "" {
				continue
			}
		}
		// A server that still loads its data says LOADING.
		if c, err := net.Dial("tcp", n.addr); err == nil {
			_ = c.SetDeadline(time.Now().Add(patience))
			_, _ = c.Write(encode("PING"))
			got, err := readReply(bufio.NewReader(c))
			_ = c.Close()
			if err == nil && got == "+PONG\r\n" {
				return nil
			}
		}
	}
	return fmt.Errorf("no answer within %s", patience)
}

// kill ends the process without warning, as kill -9 does, and waits until it is gone.
// Races and panics that it reported fail the test.
func (n *node) kill() {
	if n.cmd == nil || n.cmd.Process == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	if n.gone != nil {
		<-n.gone
	}
	if !n.redis && wrong.MatchString(n.log.String()) {
		n.t.Errorf("the server's log:\n%.10000s", n.log)
	}
}

var wrong = regexp.MustCompile(`(?m)DATA RACE|^panic: |^fatal error: `)

func (n *node) port() string {
	_, port, _ := net.SplitHostPort(n.addr)
	return port
}

func (n *node) String() string {
	if n.redis {
		return "redis-server"
	}
	return "respcache"
}

// dial connects, and closes when the test ends.
func (n *node) dial(t testing.TB) *conn {
	t.Helper()
	c, err := connect(n.addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// lines collects what a process prints.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var listening = regexp.MustCompile(`(?m)^listening on (127\.0\.0\.1:\d+)\r?\n`)

func (l *lines) listening() string {
	if m := listening.FindStringSubmatch(l.String()); m != nil {
		return m[1]
	}
	return ""
}
