package server

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestObservedOnlyIfAsked is the flag test that the steady path has: with the defaults, no
// command that is flagged fast is timed.
func TestObservedOnlyIfAsked(t *testing.T) {
	s := start(t, Options{})
	own := s.internalSession(fromClient)
	assert.False(t, s.observed.Load())
	assert.Zero(t, s.events.Load())
	for line, want := range map[string]bool{
		"CONFIG SET slowlog-log-slower-than 1000":  false,
		"CONFIG SET slowlog-log-slower-than 999":   true,
		"CONFIG SET slowlog-log-slower-than -1":    false,
		"CONFIG SET latency-monitor-threshold 500": true,
	} {
		words(own, "CONFIG SET slowlog-log-slower-than 10000 latency-monitor-threshold 0")
		require.False(t, s.observed.Load())
		words(own, line)
		assert.Equal(t, want, s.observed.Load(), line)
	}
	words(own, "CONFIG SET slowlog-log-slower-than 10000 latency-monitor-threshold 0")
	c := dial(t, s)
	require.Equal(t, "OK", c.do("MONITOR"))
	assert.True(t, s.observed.Load())
	c.nc.Close()
	eventually(t, func() bool { return !s.observed.Load() }, "the monitor has left")
}

func TestLatency(t *testing.T) {
	s := stopped(t, Options{})
	own := s.internalSession(fromClient)
	assert.Equal(t, "*0\r\n", words(own, "LATENCY LATEST"))
	assert.Contains(t, words(own, "LATENCY DOCTOR"), "is off")
	words(own, "CONFIG SET latency-monitor-threshold 50")
	at := time.Unix(1000, 0)
	for _, x := range []struct{ s, ms int }{{0, 60}, {0, 80}, {0, 70}, {5, 90}, {6, 55}} {
		s.latency.add("command", at.Add(time.Duration(x.s)*time.Second), time.Duration(x.ms)*time.Millisecond)
	}
	assert.Equal(t, "*3\r\n*2\r\n:1000\r\n:80\r\n*2\r\n:1005\r\n:90\r\n*2\r\n:1006\r\n:55\r\n", words(own, "LATENCY HISTORY command"))
	assert.Equal(t, "*1\r\n*4\r\n$7\r\ncommand\r\n:1006\r\n:55\r\n:90\r\n", words(own, "LATENCY LATEST"))
	assert.Contains(t, words(own, "LATENCY DOCTOR"), "command: 3 samples, the worst took 90 ms.")
	for i := range 1000 {
		s.latency.add("command", at.Add(time.Duration(i)*time.Hour), time.Second)
	}
	assert.True(t, strings.HasPrefix(words(own, "LATENCY HISTORY command"), "*160\r\n"))
	assert.Equal(t, ":0\r\n", words(own, "LATENCY RESET other"))
	assert.Equal(t, ":1\r\n", words(own, "LATENCY RESET"))
	assert.Equal(t, "*0\r\n", words(own, "LATENCY HISTORY command"))
}

// TestSlowlogLength: the last commands are kept, however the length is changed.
func TestSlowlogLength(t *testing.T) {
	s := stopped(t, Options{})
	own := s.internalSession(fromClient)
	words(own, "CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 9223372036854775807")
	words(own, "SLOWLOG RESET")
	for range 300 {
		words(own, "GET k")
	}
	assert.Equal(t, ":301\r\n", words(own, "SLOWLOG LEN"))
	words(own, "CONFIG SET slowlog-max-len 3")
	assert.Equal(t, ":3\r\n", words(own, "SLOWLOG LEN"))
	words(own, "GET last")
	words(own, "CONFIG SET slowlog-log-slower-than -1")
	got := words(own, "SLOWLOG GET -1")
	assert.True(t, strings.HasPrefix(got, "*3\r\n") && strings.Contains(got, "$4\r\nlast\r\n"), got)
	words(own, "CONFIG SET slowlog-max-len 0 slowlog-log-slower-than 0")
	assert.Equal(t, "*0\r\n", words(own, "SLOWLOG GET"))
	assert.Contains(t, words(own, "SLOWLOG GET -2"), "-ERR count should be greater than or equal to -1")
}

func TestObject(t *testing.T) {
	c := newClock()
	srv := stopped(t, Options{now: c.now})
	s := srv.internalSession(fromClient)
	words(s, "SET k v")
	assert.Equal(t, ":0\r\n", words(s, "OBJECT IDLETIME k"))
	c.ms.Add(100_000)
	assert.Regexp(t, `^:(99|100|101)\r\n$`, words(s, "OBJECT IDLETIME k"), "looking is no use")
	words(s, "TTL k")
	assert.Regexp(t, `^:(99|100|101)\r\n$`, words(s, "OBJECT IDLETIME k"))
	words(s, "TOUCH k")
	assert.Equal(t, ":0\r\n", words(s, "OBJECT IDLETIME k"))
	assert.Equal(t, "+OK\r\n", ask(s, "RESTORE", "old", "0", dumped("v"), "IDLETIME", "500"))
	assert.Regexp(t, `^:(500|501)\r\n$`, words(s, "OBJECT IDLETIME old"))
	for val, want := range map[string]string{"12": "int", "abc": "embstr", strings.Repeat("x", 45): "raw"} {
		ask(s, "SET", "k", val)
		assert.Contains(t, words(s, "OBJECT ENCODING k"), want)
	}
	assert.Contains(t, words(s, "OBJECT FREQ k"), "-ERR An LFU maxmemory policy is not selected")
	words(s, "CONFIG SET maxmemory-policy allkeys-lfu")
	assert.Contains(t, words(s, "OBJECT IDLETIME k"), "-ERR An LFU maxmemory policy is selected")
	words(s, "GET k")
	assert.Regexp(t, `^:[12]\r\n$`, words(s, "OBJECT FREQ k"))
	used := srv.shards[0].used
	ask(s, "SET", "large", strings.Repeat("x", 1000))
	assert.Equal(t, ":"+itoa(srv.shards[0].used-used)+"\r\n", words(s, "MEMORY USAGE large SAMPLES 5"))
	words(s, "DEL k")
	for _, line := range []string{"OBJECT FREQ none", "OBJECT ENCODING none", "OBJECT REFCOUNT none", "MEMORY USAGE none"} {
		assert.Equal(t, "$-1\r\n", words(s, line), line)
	}
}
