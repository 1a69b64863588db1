package server

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPipeline(t *testing.T) {
	for _, shards := range []int{1, 8} {
		c := dial(t, start(t, Options{Shards: shards}))
		var b []byte
		for i := range 10_000 {
			b = appendCommand(b, "SET", fmt.Sprint("k", i), fmt.Sprint("v", i))
			b = appendCommand(b, "GET", fmt.Sprint("k", i))
		}
		go func() { _, _ = c.nc.Write(b) }()
		for i := range 10_000 {
			require.Equal(t, "OK", c.reply())
			require.Equal(t, fmt.Sprint("v", i), c.reply())
		}
	}
}

// TestBadInputClosesTheConnection after an error reply, and no other.
func TestBadInputClosesTheConnection(t *testing.T) {
	s := start(t, Options{})
	good := dial(t, s)
	for in, want := range map[string]string{
		"*a\r\n":                        "-ERR Protocol error: invalid multibulk length\r\n",
		"*1\r\nx\r\n":                   "-ERR Protocol error: expected '$', got 'x'\r\n",
		"PING\r\n*1\r\n$a\r\n":          "+PONG\r\n-ERR Protocol error: invalid bulk length\r\n",
		"'\r\n":                         "-ERR Protocol error: unbalanced quotes in request\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n": "-ERR wrong number of arguments for 'get' command\r\n",
	} {
		c := dial(t, s)
		c.send(in)
		got, err := io.ReadAll(c.r)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
	assert.Equal(t, "PONG", good.do("PING"))
}

func TestMaxClients(t *testing.T) {
	s := start(t, Options{})
	c := dial(t, s)
	require.Equal(t, "OK", c.do("CONFIG SET maxclients 2"))
	second := dial(t, s)
	require.Equal(t, "PONG", second.do("PING"))
	assert.Equal(t, "-ERR max number of clients reached", dial(t, s).reply())
	second.nc.Close()
	eventually(t, func() bool { return s.stats.clients.Load() == 1 }, "the second has left")
	assert.Equal(t, "PONG", dial(t, s).do("PING"))
}

// TestClientThatDoesNotRead: it delays only itself, and the server keeps no more than a
// batch of its replies.
func TestClientThatDoesNotRead(t *testing.T) {
	s := start(t, Options{})
	c, other := dial(t, s), dial(t, s)
	require.Equal(t, "OK", c.do("SET big "+strings.Repeat("x", 1<<20)))
	go func() {
		for range 1000 {
			if _, err := io.WriteString(c.nc, "GET big\r\n"); err != nil {
				return
			}
		}
	}()
	for range 100 {
		require.Equal(t, "PONG", other.do("PING"))
	}
	runtime.GC() // what other tests have left
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	assert.Less(t, m.HeapAlloc, uint64(200<<20), "of a gigabyte of replies")
}

func TestPubSub(t *testing.T) {
	s := start(t, Options{})
	sub, pub := dial(t, s), dial(t, s)
	require.Equal(t, "[subscribe news 1]", sub.do("SUBSCRIBE news"))
	require.Equal(t, "[psubscribe n?ws 2]", sub.do("PSUBSCRIBE n?ws"))
	require.Equal(t, "2", pub.do("PUBLISH news hello"))
	assert.Equal(t, "[message news hello]", sub.reply())
	assert.Equal(t, "[pmessage n?ws news hello]", sub.reply())
	assert.Contains(t, sub.do("GET a"), "-ERR Can't execute 'get': only")
	assert.Equal(t, "[pong ]", sub.do("PING"))
	assert.Equal(t, "[news 1]", pub.do("PUBSUB NUMSUB news"))
	assert.Equal(t, "1", pub.do("PUBSUB NUMPAT"))
	assert.Equal(t, "[unsubscribe news 1]", sub.do("UNSUBSCRIBE"))
	assert.Equal(t, "[punsubscribe n?ws 0]", sub.do("PUNSUBSCRIBE"))
	assert.Equal(t, "nil", sub.do("GET a"))

	// In RESP3 a subscriber may do other things, and messages are pushed.
	third := dial(t, s)
	third.do("HELLO 3")
	third.do("SUBSCRIBE news")
	pub.do("PUBLISH news again")
	assert.Equal(t, "[message news again]", third.reply())
	assert.Equal(t, "OK", third.do("SET a 1"))
	third.nc.Close()
	eventually(t, func() bool { n, _ := s.hub.count(); return n == 0 }, "who leaves is no subscriber")
}

// TestSlowSubscriber: one that does not read its messages is closed when too many wait, and
// delays no other client.
func TestSlowSubscriber(t *testing.T) {
	s := start(t, Options{})
	s.maxPush = 1 << 20
	slow, good, pub := dial(t, s), dial(t, s), dial(t, s)
	slow.do("SUBSCRIBE c")
	good.do("SUBSCRIBE c")
	m := strings.Repeat("x", 64<<10)
	n := 0
	for pub.do("PUBLISH c "+m) == "2" {
		require.Equal(t, "[message c "+m+"]", good.reply())
		n++
		require.Less(t, n, 10_000)
	}
	assert.GreaterOrEqual(t, n, s.maxPush/len(m)-1)
}

// TestQuitAnswersFirst: all earlier commands are answered, and earlier messages sent.
func TestQuitAnswersFirst(t *testing.T) {
	s := start(t, Options{})
	c := dial(t, s)
	c.send("HELLO 3\r\nSUBSCRIBE a\r\nPUBLISH a 1\r\nQUIT\r\n")
	c.reply()
	assert.Equal(t, "[subscribe a 1]", c.reply())
	assert.Equal(t, "[message a 1]", c.reply())
	assert.Equal(t, "1", c.reply())
	assert.Equal(t, "OK", c.reply())
	_, err := c.read()
	assert.ErrorIs(t, err, io.EOF)
}

func TestWatch(t *testing.T) {
	c := newClock()
	for _, shards := range []int{1, 8} {
		srv := stopped(t, Options{now: c.now, Shards: shards})
		a, b := srv.internalSession(fromClient), srv.internalSession(fromClient)
		tx := func(before, between string) string {
			for _, line := range []string{"FLUSHALL", "SET k 0", "SET x 0 PX 100"} {
				words(b, line)
			}
			words(a, before)
			words(b, between)
			words(a, "MULTI")
			require.Equal(t, "+QUEUED\r\n", words(a, "INCR k"))
			return words(a, "EXEC")
		}
		const done, not = "*1\r\n:1\r\n", "*-1\r\n"
		assert.Equal(t, done, tx("WATCH k", "GET k"))
		assert.Equal(t, not, tx("WATCH k none", "SET k 5"))
		assert.Equal(t, not, tx("WATCH none", "SET none 5"))
		assert.Equal(t, done, tx("WATCH k", "SET other 5"))
		assert.Equal(t, not, tx("WATCH k", "DEL k"))
		assert.Equal(t, not, tx("WATCH k", "FLUSHALL"))
		assert.Equal(t, not, tx("WATCH k", "EXPIRE k 100"))
		c.ms.Add(1000)
		words(a, "UNWATCH")
		assert.Equal(t, done, tx("PING", "SET k 0"))
		words(b, "SET x 1 PX 10")
		words(a, "WATCH x")
		c.ms.Add(100)
		words(a, "MULTI")
		assert.Equal(t, not, words(a, "EXEC"), "its time has ended")
		for _, sh := range srv.shards {
			assert.Empty(t, sh.watched)
		}
		words(a, "MULTI")
		words(a, "NOPE")
		assert.Equal(t, "-EXECABORT Transaction discarded because of previous errors.\r\n", words(a, "EXEC"))
	}
}

// TestTransactionsAreAtomic: other clients see all of a transaction or nothing, also
// across several shards.
func TestTransactionsAreAtomic(t *testing.T) {
	s := stopped(t, Options{Shards: 8})
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		own := s.internalSession(fromClient)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			for _, line := range []string{"MULTI", fmt.Sprint("SET a ", i), fmt.Sprint("SET b ", i), fmt.Sprint("MSET c ", i, " d ", i), "EXEC"} {
				words(own, line)
			}
		}
	}()
	own := s.internalSession(fromClient)
	for range 2000 {
		got := strings.Split(words(own, "MGET a b c d"), "\r\n")
		if len(got) > 8 {
			require.Equal(t, []string{got[2], got[2], got[2]}, []string{got[4], got[6], got[8]})
		}
	}
	close(stop)
	<-ended
}

// TestNothingIsLeft: after Close no goroutine runs, whatever the clients were doing.
func TestNothingIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	o := aofOptions(t.TempDir())
	master, err := New(o)
	require.NoError(t, err)
	require.NoError(t, master.Listen("127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- master.Serve() }()
	replica, err := New(Options{ReplicaOf: master.Addr().String()})
	require.NoError(t, err)
	idle, sub := dial(t, master), dial(t, master)
	idle.do("SET a 1")
	sub.do("SUBSCRIBE a")
	idle.send(string(appendCommand(nil, "WAIT", "9", "0"))) // without end
	same(t, master, replica)
	require.NoError(t, replica.Close())
	master.Shutdown()
	require.NoError(t, <-served)
	require.NoError(t, master.Close())
	require.NoError(t, master.Close(), "twice")
	eventually(t, func() bool { return runtime.NumGoroutine() <= before }, "all goroutines have ended")
}

func TestInfoPeaks(t *testing.T) {
	s := stopped(t, Options{})
	own := s.internalSession(fromClient)
	now := time.Now()
	s.stats.clients.Store(7)
	s.sampleStats(now)
	s.stats.clients.Store(2)
	s.sampleStats(now.Add(time.Millisecond))
	got := words(own, "INFO clients")
	assert.Contains(t, got, "connected_clients:2\r\n")
	assert.Contains(t, got, "connected_clients_peak_1m:7\r\n")
	assert.NotContains(t, got, "# Memory")
	s.stats.clients.Store(0)
}
