package server

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// aofOptions are for a server with a log in a directory.
func aofOptions(dir string) Options {
	return Options{AppendOnly: true, Dir: dir, AppendFsync: "always", now: func() int64 { return 1_000_000 }}
}

// write runs some of every kind of command that is logged.
func write(s *session) {
	for _, line := range []string{
		"SET a 1", "SET b 2 PX 500", "INCR a", "APPEND a xyz", "SETRANGE c 3 abc", "MSET d 1 e 2 f 3", "DEL d", "EXPIRE e 100",
		"PERSIST b", "RENAME f g", "GETDEL e", "SET h 1 EX 1000", "GETEX h PERSIST", "INCRBYFLOAT i 1.5", "SET none 1 PX 1",
		"MULTI", "SET j 1", "EXPIRE j 50", "EXEC", "SETEX k 77 v", "EXPIRE k -1", "SET l v", "EXPIREAT l 99999",
	} {
		words(s, line)
	}
}

func TestLogIsLoaded(t *testing.T) {
	for _, shards := range []int{1, 8} {
		o := aofOptions(t.TempDir())
		o.Shards = shards
		s, err := New(o)
		require.NoError(t, err)
		write(s.internalSession(fromClient))
		want := s.state()
		require.NoError(t, s.Close())
		require.Len(t, want, 9)

		again := stopped(t, o)
		require.Equal(t, want, again.state())
		again.shards[0].check(t)
	}
}

// last returns the path of the file that effects go to.
func last(t *testing.T, dir string) string {
	m, err := readManifest(filepath.Join(dir, logDir))
	require.NoError(t, err)
	return filepath.Join(dir, logDir, m.incrs[len(m.incrs)-1].name)
}

// logFiles returns the names of the files in the log's directory, but for the lock.
func logFiles(t *testing.T, dir string) (names []string) {
	files, err := os.ReadDir(filepath.Join(dir, logDir))
	require.NoError(t, err)
	for _, f := range files {
		if f.Name() != lockName {
			names = append(names, f.Name())
		}
	}
	return names
}

// TestTornTail cuts the file at each of its bytes: the server starts with a state between
// two commands, never inside a transaction, and continues from there.
func TestTornTail(t *testing.T) {
	t.Parallel()
	o := aofOptions(t.TempDir())
	o.AppendFsync = "no"
	s, err := New(o)
	require.NoError(t, err)
	own := s.internalSession(fromClient)
	for _, line := range []string{"SET a 1", "MSET b 2 c 3", "DEL a"} {
		words(own, line)
	}
	require.NoError(t, s.Close())
	whole, err := os.ReadFile(last(t, o.Dir))
	require.NoError(t, err)
	states := map[string]int{}
	for n := range len(whole) + 1 {
		require.NoError(t, os.WriteFile(last(t, o.Dir), whole[:n], 0o600))
		var lines []string
		o.Log = func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
		s, err := New(o)
		require.NoError(t, err, "cut at %d", n)
		states[fmt.Sprint(s.state())]++
		words(s.internalSession(fromClient), "SET after 1")
		require.NoError(t, s.Close())
		o.Log = nil

		s, err = New(o)
		require.NoError(t, err, "cut at %d, and written to again", n)
		require.Contains(t, s.state(), "after")
		require.NoError(t, s.Close())
		require.LessOrEqual(t, len(lines), 2)
		require.Contains(t, lines[len(lines)-1], "loaded ")
	}
	assert.Len(t, states, 4, "%v", states)
	assert.NotContains(t, states, `map[a:"1" until 0 b:"2" until 0]`)
}

// TestBadLog: damage that a crash cannot cause is not repaired silently.
func TestBadLog(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"not the form":    func(p string) error { return os.WriteFile(p, []byte("*1\r\nPING\r\n"), 0o600) },
		"inline":          func(p string) error { return os.WriteFile(p, []byte("SET a 1\r\n"), 0o600) },
		"unknown command": func(p string) error { return os.WriteFile(p, appendCommand(nil, "ZADD", "a"), 0o600) },
		"no such file":    os.Remove,
	} {
		o := aofOptions(t.TempDir())
		s, err := New(o)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.NoError(t, spoil(last(t, o.Dir)))
		_, err = New(o)
		assert.Error(t, err, name)
	}
}

// TestRewriteUnderLoad: while clients write, the log is rewritten again and again; it
// leads to the state in memory, and old files are deleted.
func TestRewriteUnderLoad(t *testing.T) {
	t.Parallel()
	o := aofOptions(t.TempDir())
	o.AppendFsync = "no"
	s, err := New(o)
	require.NoError(t, err)
	own := s.internalSession(fromClient)
	for i := range 2000 {
		ask(own, "SET", fmt.Sprint("old", i), strings.Repeat("v", 100))
	}
	var writers sync.WaitGroup
	stop := make(chan struct{})
	for w := range 4 {
		writers.Go(func() {
			own := s.internalSession(fromClient)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				k := fmt.Sprint("new", w, ".", i%300)
				ask(own, "APPEND", k, "x")
				ask(own, "DEL", fmt.Sprint("old", (i*7+w)%2000))
				ask(own, "MSET", k+"a", fmt.Sprint(i), k+"b", fmt.Sprint(i))
				if i%50 == 49 {
					ask(own, "DEL", k)
				}
			}
		})
	}
	for range 5 {
		eventually(t, func() bool { return s.feed.file.startRewrite() }, "the rewrite before has ended")
	}
	eventually(t, func() bool { return !s.feed.file.isRewriting() }, "the last rewrite has ended")
	close(stop)
	writers.Wait()
	want := s.state()
	require.NoError(t, s.Close())
	require.Len(t, logFiles(t, o.Dir), 3, "base, incr and manifest")
	require.Equal(t, want, stopped(t, o).state())
}

// TestAutomaticRewrite: a log that has grown enough is rewritten.
func TestAutomaticRewrite(t *testing.T) {
	t.Parallel()
	s := stopped(t, aofOptions(t.TempDir()))
	own := s.internalSession(fromClient)
	words(own, "CONFIG SET auto-aof-rewrite-min-size 1000")
	for range 100 {
		words(own, "SET k v")
	}
	eventually(t, func() bool { return s.feed.file.baseSize.Load() > 0 }, "a base is written")
	assert.Less(t, s.feed.file.size.Load(), int64(1000))
}

// TestDiskError: a write that did not reach the disk is not acknowledged, later writes
// are refused, and once the disk works again the log is completed.
func TestDiskError(t *testing.T) {
	t.Parallel()
	o := aofOptions(t.TempDir())
	s := start(t, o)
	c := dial(t, s)
	require.Equal(t, "OK", c.do("SET a 1"))
	require.NoError(t, s.feed.file.after(func() error { return s.feed.file.file.Close() })) // as if the disk had gone
	c.send("*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n")
	_, err := c.read()
	require.Error(t, err, "no reply, since the outcome is unknown")
	if got := dial(t, s).do("SET c 3"); got != "OK" { // unless it has recovered already
		require.Contains(t, got, "-MISCONF Errors writing to the AOF file")
	}
	require.Equal(t, "1", dial(t, s).do("GET a"), "reads go on")
	eventually(t, func() bool { return dial(t, s).do("SET d 4") == "OK" }, "a new log was written")
	s.Shutdown()
	require.NoError(t, s.Close())
	got := stopped(t, o).state()
	for _, k := range []string{"a", "d"} {
		require.Contains(t, got, k)
	}
}

// TestErrorWhileUntrusted: after an error during a rewrite the old manifest stays, and
// writes are refused.
func TestErrorWhileUntrusted(t *testing.T) {
	o := aofOptions(t.TempDir())
	full := &fullDisk{}
	full.left.Store(1 << 20)
	o.disk = full
	s := stopped(t, o)
	own := s.internalSession(fromClient)
	words(own, "SET a 1")
	a := s.feed.file
	before := last(t, o.Dir)
	require.NoError(t, a.after(func() error { a.fail(errors.New("test")); return nil }))
	a.turn <- struct{}{} // no other rewrite begins
	full.left.Store(0)
	require.Error(t, a.rewrite(t.Context()))
	assert.Equal(t, before, last(t, o.Dir))
	assert.Contains(t, words(own, "SET b 2"), "-MISCONF")
	full.left.Store(1 << 20)
	require.NoError(t, a.rewrite(t.Context()))
	<-a.turn
	assert.Equal(t, "+OK\r\n", words(own, "SET b 2"))
}

// TestRedisLoadsTheLog, a rewritten one and the effects after it.
func TestRedisLoadsTheLog(t *testing.T) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server: apt-get install redis-server")
	}
	check, err := exec.LookPath("redis-check-aof")
	if err != nil {
		t.Skip("no redis-check-aof: apt-get install redis-tools")
	}
	_ = path
	o := aofOptions(t.TempDir())
	s, err := New(o)
	require.NoError(t, err)
	own := s.internalSession(fromClient)
	write(own)
	require.True(t, s.feed.file.startRewrite())
	eventually(t, func() bool { return !s.feed.file.isRewriting() }, "the rewrite has ended")
	write(own)
	require.NoError(t, s.Close())
	out, err := exec.Command(check, filepath.Join(o.Dir, logDir, manifestName)).CombinedOutput()
	require.NoError(t, err, "%s", out)
}
