package server

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestInfoDoesNotWait: while another goroutine holds a shard, the stream or the
// subscriptions, INFO answers with the values of the last tick for that part; also in a
// transaction.
func TestInfoDoesNotWait(t *testing.T) {
	for _, shards := range []int{1, 4} {
		s := stopped(t, Options{Shards: shards})
		own := s.internalSession(fromClient)
		for i := range 100 {
			ask(own, "SET", "k"+itoa(int64(i)), "v")
		}
		ticks := s.ticks.Load()
		eventually(t, func() bool { return s.ticks.Load() > ticks+1 }, "a tick")
		got, answered := infoMeanwhile(s)
		require.True(t, answered, "INFO waits")
		assert.Contains(t, got, "db0:keys=100,expires=0,avg_ttl=0\r\n")
		assert.Contains(t, got, "master_replid:"+s.feed.id+"\r\n")
		for _, line := range []string{"MULTI", "SET k1 w", "INFO keyspace"} {
			words(own, line)
		}
		assert.Contains(t, words(own, "EXEC"), "db0:keys=100,")
	}
}

// infoMeanwhile asks for INFO while it holds all locks. It asserts nothing before it has
// released them: a test that ends with them held would hang.
func infoMeanwhile(s *Server) (got string, answered bool) {
	for _, sh := range s.shards {
		sh.mu.Lock()
		defer sh.mu.Unlock()
	}
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	answers := make(chan string, 1)
	go func() { answers <- words(s.internalSession(fromClient), "INFO everything") }()
	select {
	case got = <-answers:
		return got, true
	case <-time.After(patience):
		return "", false
	}
}

// TestInfoDoesNotWaitForTheHub of pub/sub, which a publisher may hold for long, and so no
// other client waits for the shards that INFO has locked.
func TestInfoDoesNotWaitForTheHub(t *testing.T) {
	s := start(t, Options{})
	sub, c := dial(t, s), dial(t, s)
	sub.do("SUBSCRIBE a b")
	sub.reply()
	sub.do("PSUBSCRIBE p*")
	s.hub.mu.Lock()
	got := c.do("INFO")
	s.hub.mu.Unlock()
	assert.Contains(t, got, "pubsub_channels:2\r\n")
	assert.Contains(t, got, "pubsub_patterns:1\r\n")
	sub.nc.Close()
	eventually(t, func() bool { n, m := s.hub.count(); return n+m == 0 }, "they are counted when they leave, too")
}

// TestErrorsAreCounted by their first word, as INFO errorstats and a total.
func TestErrorsAreCounted(t *testing.T) {
	s := stopped(t, Options{}).internalSession(fromClient)
	for _, line := range []string{"NOSUCH", "GET", "AUTH a b", "EXEC"} {
		words(s, line)
	}
	got := words(s, "INFO errorstats")
	assert.Contains(t, got, "errorstat_ERR:count=3\r\n")
	assert.Contains(t, got, "errorstat_WRONGPASS:count=1\r\n")
	words(s, "CONFIG RESETSTAT")
	assert.NotContains(t, words(s, "INFO errorstats"), "errorstat_")
	assert.True(t, strings.HasPrefix(words(s, "INFO nosuch"), "$0\r\n"))
}
