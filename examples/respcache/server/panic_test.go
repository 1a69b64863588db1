package server

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPanicEndsTheConnection, and no other; locks are released, and the log is whole.
func TestPanicEndsTheConnection(t *testing.T) {
	var broken atomic.Bool
	log := &lines{}
	o := aofOptions(t.TempDir())
	o.Log = log.log
	o.now = func() int64 { // called with the shards locked
		if broken.CompareAndSwap(true, false) {
			panic("planted")
		}
		return 1_000_000
	}
	s := start(t, o)
	good, bad := dial(t, s), dial(t, s)
	require.Equal(t, "OK", bad.do("SET a 1"))
	bad.do("SUBSCRIBE c") // it has two goroutines
	bad.do("UNSUBSCRIBE c")
	bad.do("WATCH a")
	for !log.has("panic in a command: planted") { // cron may be the one that meets it
		broken.Store(true)
		bad.send("GET a\r\n")
		if _, err := bad.read(); err != nil {
			break
		}
	}
	require.True(t, log.has("panic_test.go"), "the stack")
	require.Equal(t, "1", good.do("GET a"))
	require.Equal(t, "OK", good.do("SET b 2"))
	assert.Contains(t, good.do("INFO stats"), "connection_panics:1\r\n")
	eventually(t, func() bool { return s.stats.clients.Load() == 1 }, "the client is gone")
	s.Shutdown()
	require.NoError(t, s.Close())
	assert.Equal(t, items("a", "1", "b", "2"), stopped(t, o).state())
}

// TestPanicInATransaction: a transaction that the log has begun is ended; otherwise
// everything after it would count as a part of it.
func TestPanicInATransaction(t *testing.T) {
	o := aofOptions(t.TempDir())
	s := stopped(t, o)
	own := s.internalSession(fromClient)
	func() {
		defer func() {
			if p := recover(); p != nil {
				own.panicked(p)
			}
			own.discard()
			own.release()
		}()
		own.need(s.all)
		own.begin(2)
		own.put(s.shards[0], nil, []byte("a"), []byte("1"), 0)
		panic("planted")
	}()
	words(s.internalSession(fromClient), "SET b 2")
	require.NoError(t, s.Close())
	assert.Equal(t, items("a", "1", "b", "2"), stopped(t, o).state())
}

// TestPanicInALink ends the connection to the master only.
func TestPanicInALink(t *testing.T) {
	var broken atomic.Bool
	master := start(t, Options{})
	log := &lines{}
	s := stopped(t, Options{Log: log.log, now: func() int64 {
		if broken.Load() {
			panic("planted")
		}
		return 1_000_000
	}})
	broken.Store(true)
	own := master.internalSession(fromClient)
	words(own, "SET a 1")
	s.link.follow(s, "127.0.0.1", fmt.Sprint(master.Addr().Port))
	eventually(t, func() bool { return log.has(errPanic.Error()) }, "it has met the panic")
	broken.Store(false)
	same(t, master, s)
}
