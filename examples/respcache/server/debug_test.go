package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func debugOptions(o Options) Options {
	o.Config = map[string]string{"enable-debug-command": "local"}
	return o
}

// TestDebugIsRefused unless it was allowed at the start.
func TestDebugIsRefused(t *testing.T) {
	c := dial(t, start(t, Options{}))
	for _, line := range []string{"DEBUG SLEEP 1000", "DEBUG HELP", "DEBUG NOSUCH"} {
		require.Equal(t, "-"+errDebug, c.do(line))
	}
	require.Contains(t, c.do("CONFIG SET enable-debug-command yes"), "can't set immutable config")
}

// TestDebugHelp names each subcommand that there is.
func TestDebugHelp(t *testing.T) {
	var named []string
	for _, h := range helpTexts["debug"] {
		name, _, _ := strings.Cut(h[0], " ")
		named = append(named, name)
	}
	named = append(named, "HELP")
	for key := range debugging {
		assert.Contains(t, named, strings.ToUpper(strings.TrimRight(key, "0123456789")))
	}
	assert.Len(t, debugging, len(named))
}

// TestDebugReload: what is written and loaded again is the same, also in a transaction, and
// with an error the data stay.
func TestDebugReload(t *testing.T) {
	for _, shards := range []int{1, 4} {
		at := newClock()
		o := debugOptions(aofOptions(t.TempDir()))
		o.Shards, o.now = shards, at.now
		s := stopped(t, o)
		own := s.internalSession(fromClient)
		write(own)
		ask(own, "SET", "short", "v", "PX", "10")
		at.ms.Add(11)
		want := s.state()
		delete(want, "short")
		delete(want, "none")
		for _, line := range []string{"DEBUG RELOAD", "DEBUG LOADAOF", "DEBUG RELOAD"} {
			require.Equal(t, "+OK\r\n", words(own, line))
			require.Equal(t, want, s.state(), line)
			for _, sh := range s.shards {
				sh.check(t)
			}
		}
		ask(own, "MULTI")
		ask(own, "SET", "in a transaction", "1")
		ask(own, "DEBUG", "RELOAD")
		ask(own, "DEBUG", "LOADAOF")
		require.Contains(t, ask(own, "EXEC"), "+OK\r\n+OK\r\n-ERR DEBUG LOADAOF")
		want["in a transaction"] = `"1" until 0`
		require.Equal(t, want, s.state())

		log := filepath.Join(o.Dir, logDir, s.feed.file.manifest.incrs[0].name)
		b, err := os.ReadFile(log)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(log, []byte("nonsense\r\n"), 0o600))
		require.Contains(t, ask(own, "DEBUG", "LOADAOF"), "the data are as before")
		require.Equal(t, want, s.state())
		require.NoError(t, os.WriteFile(log, b, 0o600))
	}
}

// TestDebugBounds: what a client gives as a size or a time is bounded.
func TestDebugBounds(t *testing.T) {
	s := stopped(t, debugOptions(Options{})).internalSession(fromClient)
	require.Contains(t, words(s, "DEBUG STRINGMATCH-LEN 9223372036854775807 a*"), "-ERR")
	require.Contains(t, words(s, "DEBUG STRINGMATCH-LEN -1 a*"), "-ERR")
	require.Equal(t, ":1\r\n", words(s, "DEBUG STRINGMATCH-LEN 100000 a*a*a*"))
	require.Equal(t, "+OK\r\n", words(s, "DEBUG SLEEP nan"))
	require.Equal(t, "+OK\r\n", words(s, "DEBUG SLEEP -1e300"))
	words(s, "SET k 20000")
	require.Regexp(t, `^\+Value at:0x[0-9a-f]+ refcount:1 encoding:int serializedlength:3 lru:\d+ lru_seconds_idle:\d+\r\n$`, words(s, "DEBUG OBJECT k"))
	require.Equal(t, "-"+errNoKey+"\r\n", words(s, "DEBUG OBJECT nosuch"))
}

// TestSleepEnds when the server does.
func TestSleepEnds(t *testing.T) {
	s := stopped(t, debugOptions(Options{}))
	done := make(chan struct{})
	go func() {
		defer close(done)
		words(s.internalSession(fromClient), "DEBUG SLEEP 1e300")
	}()
	eventually(t, func() bool {
		if s.shards[0].mu.TryLock() {
			s.shards[0].mu.Unlock()
			return false
		}
		return true
	}, "the lock is held")
	s.cancel()
	<-done
}

// TestLazyExpiry: without it, keys that have expired are removed when they are asked for.
func TestLazyExpiry(t *testing.T) {
	at := newClock()
	s := stopped(t, debugOptions(Options{now: at.now}))
	own := s.internalSession(fromClient)
	require.Equal(t, "+OK\r\n", words(own, "DEBUG SET-ACTIVE-EXPIRE 0"))
	words(own, "SET k v PX 10")
	at.ms.Add(11)
	own.expireSome(1, 0)
	require.Equal(t, ":1\r\n", words(own, "DBSIZE"))
	words(own, "DEBUG SET-ACTIVE-EXPIRE 1")
	own.release()
	own.expireSome(1, 0)
	require.Equal(t, ":0\r\n", words(own, "DBSIZE"))
}

// TestSync: a tool that asks with SYNC gets a file that can be loaded, and then the stream.
func TestSync(t *testing.T) {
	s := start(t, Options{})
	c, tool := dial(t, s), dial(t, s)
	c.do("SET k v")
	tool.send("SYNC\r\n")
	file := tool.file()
	other := stopped(t, Options{})
	loader := other.internalSession(fromFile)
	r := &rdbReader{b: file}
	_, err := loader.loadRDB(r, withoutExpired, nil)
	loader.release()
	require.NoError(t, err)
	require.Empty(t, r.rest())
	require.Equal(t, s.state(), other.state())
	require.Equal(t, "[SELECT 0]", tool.reply())
	c.do("SET k w EX 100")
	c.do("GETDEL k")
	require.Contains(t, tool.reply(), "[SET k w PXAT ")
	require.Equal(t, "[DEL k]", tool.reply())
	require.Equal(t, "[0]", "["+c.do("WAIT 1 1")+"]", "it says nothing of how far it is")
	tool.nc.Close()
}
