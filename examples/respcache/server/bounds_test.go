package server

import (
	"fmt"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hugeNumbers are sizes that no memory holds, none, and numbers at the edges of their types.
// 1<<29 and what lies near it is left out: a value may be that long.
var hugeNumbers = []string{
	"0", "-9223372036854775808", "-1", "8589934592", "1099511627776", "4611686018427387904",
	"9223372036854775807", "9223372036854775808", "18446744073709551615", "1e300", "100gb", "8388607tb", "#9223372036854775807",
}

// allocated returns how many bytes f has allocated.
func allocated(f func()) uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	f()
	metrics.Read(sample)
	return sample[0].Value.Uint64() - before
}

// TestHugeParameters sets every parameter to every huge number: it is refused, or the
// server keeps working, and later commands allocate little.
func TestHugeParameters(t *testing.T) {
	for _, p := range parameters {
		for _, v := range hugeNumbers {
			s := start(t, Options{Shards: 4})
			c := dial(t, s)
			bytes := allocated(func() {
				got := c.do("CONFIG SET " + p.name + " " + v)
				require.True(t, got == "OK" || strings.HasPrefix(got, "-ERR "), "%s %s: %s", p.name, v, got)
				if p.name == "requirepass" { // everything else is refused then
					return
				}
				c.do("SET k v")
				c.do("INFO")
				r := dial(t, s)
				r.send("PSYNC ? -1\r\n")
				_, _ = r.read()
				if n := s.limit.Load(); p.name == "maxmemory" && got == "OK" {
					require.Equal(t, v == "0", n <= 0, "%s is a bound: %d", v, n)
				}
			})
			require.Less(t, bytes, uint64(32<<20), "%s %s", p.name, v)
			require.Zero(t, s.stats.panics.Load(), "%s %s", p.name, v)
			s.Shutdown()
		}
	}
}

// TestBacklogIsBounded: the largest backlog that is accepted is one that can be allocated.
func TestBacklogIsBounded(t *testing.T) {
	s := start(t, Options{})
	c := dial(t, s)
	for _, v := range []string{"100gb", "513mb", "9223372036854775807"} {
		assert.Contains(t, c.do("CONFIG SET repl-backlog-size "+v), "-ERR CONFIG SET failed", v)
	}
	assert.Equal(t, "OK", c.do("CONFIG SET repl-backlog-size 512mb"))
	assert.Equal(t, "OK", c.do("CONFIG SET repl-backlog-size 100kb"))
	r := dial(t, s)
	r.send("PSYNC ? -1\r\n")
	require.Contains(t, r.reply(), "FULLRESYNC")
	assert.Contains(t, c.do("INFO replication"), "repl_backlog_size:102400\r\n")
	r.file()
	for i := range 50 {
		c.do(fmt.Sprint("SET k ", i))
	}
	assert.Equal(t, "OK", c.do("CONFIG SET repl-backlog-size 200kb"))
	c.do("SET k end")
	assert.Contains(t, c.do("INFO replication"), "repl_backlog_size:204800\r\n")
	for i := range 50 {
		require.Equal(t, fmt.Sprintf("[SET k %d]", i), r.reply(), "the stream has no gap")
	}
	require.Equal(t, "[SET k end]", r.reply())
}

// options are words after which a command takes a number.
var options = []string{
	"COUNT", "EX", "PX", "EXAT", "PXAT", "MATCH", "LIMIT", "TIMEOUT", "BYTE", "BIT", "GET", "SET", "INCRBY", "MINMATCHLEN", "IDLETIME", "FREQ", "u64", "i64", "OVERFLOW",
}

// TestHugeArguments gives every command every huge number in every place, alone and after
// every option: there is no panic, and no more is allocated than the command contains.
func TestHugeArguments(t *testing.T) {
	now := func() int64 { return 1_000_000 }
	s := stopped(t, Options{now: now})
	own := s.internalSession(fromClient)
	all := []*command{}
	for _, c := range commands {
		all = append(all, c)
	}
	for _, subs := range containers {
		for _, c := range subs {
			all = append(all, c)
		}
	}
	try := func(words []string) {
		defer func() {
			if p := recover(); p != nil {
				t.Fatalf("%q: %v", words, p)
			}
		}()
		if len(words) == 3 && words[0] == "wait" && words[2] != "1" {
			words[2] = "-1" // without end was requested
		}
		got := allocated(func() { ask(own, words...) })
		require.Less(t, got, uint64(4<<20), "%q", words)
		own.discard()
		own.quit, own.tx = false, transaction{}
	}
	n := 0
	for _, c := range all {
		if c.name == "shutdown" || c.name == "debug" {
			continue
		}
		name := strings.Split(c.name, "|")
		ask(own, "SET", "1", "1")
		most := max(c.arity, -c.arity) - len(name)
		if c.arity < 0 {
			most = max(most, 0) + 3
		}
		for args := max(c.arity, -c.arity) - len(name); args <= most; args++ {
			for at := range args {
				for i, huge := range hugeNumbers {
					words := slices.Clone(name)
					for range args {
						words = append(words, "1")
					}
					words[len(name)+at] = huge
					try(slices.Clone(words))
					n++
					if at > 0 && c.arity < 0 && (!testing.Short() || i%4 == 1) {
						for _, o := range options {
							words[len(name)+at-1] = o
							try(slices.Clone(words))
							n++
						}
					}
				}
			}
		}
	}
	require.Greater(t, n, 1000)
}

// TestReplyIsBounded: one short command cannot ask for more than the server has.
func TestReplyIsBounded(t *testing.T) {
	s := start(t, Options{})
	s.maxReply = 1 << 20
	c := dial(t, s)
	require.Equal(t, "OK", c.do("SET big "+strings.Repeat("x", 100<<10)))
	require.NotContains(t, c.do("MGET"+strings.Repeat(" big", 10)), "-")
	c.send(string(appendCommand(nil, strings.Fields("MGET"+strings.Repeat(" big", 20))...)))
	_, err := c.read()
	require.Error(t, err)

	c = dial(t, s)
	c.do("MULTI")
	for range 200 {
		require.Equal(t, "QUEUED", c.do("GET big"))
	}
	c.do("SET after 1")
	require.Less(t, allocated(func() {
		c.send("EXEC\r\n")
		_, err = c.read()
		require.Error(t, err)
	}), uint64(10<<20), "of 20 MiB of replies")
	require.Equal(t, "1", dial(t, s).do("GET after"), "all of the transaction is done")
}
