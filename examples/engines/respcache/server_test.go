package respcache_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/loopback"
)

// patience is how long a test waits for something that must happen.
const patience = time.Minute

var scratch string

// binary builds respcache, which is in another module, once a run.
var binary = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(scratch, "respcache")
	cmd := exec.Command("go", "build", "-o", bin, "./examples/respcache")
	cmd.Dir = filepath.Join("..", "..", "..")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
})

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "respcache-engines-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// both runs a test on respcache, and on redis-server where it is installed: if it fails
// there too, the test is wrong.
func both(t *testing.T, test func(t *testing.T, addr string)) {
	t.Run("respcache", func(t *testing.T) {
		bin, err := binary()
		require.NoError(t, err)
		log := serve(t, exec.Command(bin, "-addr", "127.0.0.1:0", "-dir", t.TempDir()))
		var addr string
		require.Eventually(t, func() bool {
			m := listening.FindStringSubmatch(log.String())
			if m != nil {
				addr = m[1]
			}
			return m != nil
		}, patience, time.Millisecond)
		test(t, addr)
	})
	t.Run("redis-server", func(t *testing.T) {
		if _, err := exec.LookPath("redis-server"); err != nil {
			t.Skip("redis-server is not installed (Debian: apt-get install redis-server)")
		}
		addr, err := loopback.Addr()
		require.NoError(t, err)
		_, port, _ := net.SplitHostPort(addr)
		serve(t, exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", t.TempDir()))
		test(t, addr)
	})
}

var listening = regexp.MustCompile(`(?m)^listening on (127\.0\.0\.1:\d+)\r?\n`)

// output collects what a process prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

var wrong = regexp.MustCompile(`(?m)DATA RACE|^panic: |^fatal error: `)

// serve starts a server and ends it with the test.
func serve(t *testing.T, cmd *exec.Cmd) *output {
	t.Helper()
	log := new(output)
	cmd.Stdout, cmd.Stderr = log, log
	endWithParent(cmd)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if wrong.MatchString(log.String()) {
			t.Errorf("the server failed")
		}
		if t.Failed() {
			t.Logf("the server's log:\n%.4000s", log)
		}
	})
	return log
}

// client returns a client as go-redis makes it by default, with RESP3 and a pool, that does
// not retry: an error is seen. It returns when the server answers.
func client(t *testing.T, addr string, change ...func(*redis.Options)) *redis.Client {
	t.Helper()
	o := &redis.Options{Addr: addr, MaxRetries: -1, ReadTimeout: patience, WriteTimeout: patience, PoolTimeout: patience}
	for _, f := range change {
		f(o)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	require.Eventually(t, func() bool { return c.Ping(context.Background()).Err() == nil }, patience, 2*time.Millisecond)
	return c
}
