package server

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// order returns the keys in the order of eviction.
func (s *Server) order() (keys []string) {
	sh := s.shards[0]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for k := range sh.dict.all() {
		keys = append(keys, k)
	}
	return keys
}

// drawCommand draws a command on few keys, of which about half are there.
func drawCommand(t *rapid.T) []string {
	key := func() string { return fmt.Sprint("key:", rapid.IntRange(0, 15).Draw(t, "key")) }
	line := rapid.SampledFrom([]string{
		"SET $ x", "SET $ x", "SET $ xxxxxxxxxxxxxxxxxxxx PX 100", "SET $ y NX GET", "set $ 5", "APPEND $ yy", "INCR $", "SETNX $ z", "GETSET $ w",
		"GET $", "GET $", "get $", "MGET $ $ $", "MSET $ a $ b", "GETDEL $", "DEL $", "DEL $", "UNLINK $ $", "RENAME $ $", "COPY $ $ REPLACE", "PEXPIRE $ 0",
		"PEXPIRE $ 50", "PERSIST $", "EXISTS $ $", "TTL $", "STRLEN $", "TOUCH $", "OBJECT FREQ $", "DUMP $", "MULTI", "EXEC", "EXEC", "DISCARD", "WATCH $", "PING", "ECHO $",
		"FLUSHALL", "GET", "NONE $", "GET $ $", "SET $ x PX 0", "MGET $ $ $ $ $ $ $ $ $",
	}).Draw(t, "command")
	words := strings.Fields(line)
	for i, w := range words {
		if w == "$" {
			words[i] = key()
		}
	}
	return words
}

// TestPipelineIsOneByOne: commands that come together have the replies of the same commands
// one by one, and leave the same keys in the same order of eviction, whatever the first
// ones do to the keys of the later ones.
func TestPipelineIsOneByOne(t *testing.T) {
	at := newClock()
	o := Options{now: at.now, MaxMemory: 1500, Policy: "allkeys-lru"}
	s, plain := start(t, o), stopped(t, o)
	rapid.Check(t, func(rt *rapid.T) {
		c := dial(t, s)
		defer c.nc.Close()
		own := plain.internalSession(fromClient)
		defer own.release() // of the shards of watched keys
		defer own.discard()
		for _, words := range [][]string{
			{"FLUSHALL"}, {"CONFIG", "SET", "maxmemory-policy", rapid.SampledFrom([]string{"allkeys-lru", "allkeys-lfu", "volatile-lru"}).Draw(rt, "policy")},
		} {
			require.Equal(rt, "OK", c.do(strings.Join(words, " ")))
			require.Equal(rt, "+OK\r\n", ask(own, words...))
		}
		for range rapid.IntRange(1, 3).Draw(rt, "batches") {
			at.ms.Add(int64(rapid.IntRange(0, 80).Draw(rt, "later")))
			var batch []byte
			var want strings.Builder
			for range rapid.IntRange(1, 50).Draw(rt, "commands") {
				words := drawCommand(rt)
				if rapid.IntRange(0, 9).Draw(rt, "one in ten is inline") == 0 {
					batch = append(batch, strings.Join(words, " ")+"\r\n"...)
				} else {
					batch = appendCommand(batch, words...)
				}
				want.WriteString(ask(own, words...))
			}
			c.send(string(batch))
			got := make([]byte, want.Len())
			require.NoError(rt, c.nc.SetReadDeadline(time.Now().Add(patience)))
			_, err := io.ReadFull(c.r, got)
			require.NoError(rt, err, "%q of %q", got, want.String())
			require.Equal(rt, want.String(), string(got))
			require.Equal(rt, plain.state(), s.state())
			require.Equal(rt, plain.order(), s.order(), "the order of eviction")
		}
	})
}

// TestCutCommandsMove: while a command waits, the client may send so much that the buffer
// moves, with the commands that were cut before.
func TestCutCommandsMove(t *testing.T) {
	s := start(t, Options{})
	c, other := dial(t, s), dial(t, s)
	require.Equal(t, "OK", other.do("CLIENT PAUSE 100000 WRITE"))
	batch := appendCommand(nil, "ECHO", strings.Repeat("x", bufSize/4)) // does not wait, and leaves a gap to move into
	for i := range ahead - 1 {
		batch = appendCommand(batch, "SET", fmt.Sprint("k", i), fmt.Sprint("v", i))
	}
	c.send(string(batch))
	blocked(t, other, "1")
	c.send(string(appendCommand(nil, "SET", "k", strings.Repeat("x", 16<<20)))) // more than the system keeps: the server has read a part
	require.Equal(t, "OK", other.do("CLIENT UNPAUSE"))
	require.Len(t, c.reply(), bufSize/4)
	for range ahead {
		require.Equal(t, "OK", c.reply())
	}
	for i := range ahead - 1 {
		require.Equal(t, fmt.Sprint("v", i), other.do(fmt.Sprint("GET k", i)))
	}
}

// TestCutAheadOfAMove does that to a reader alone: it moves its buffer, or takes a larger
// one, in the middle of what was cut.
func TestCutAheadOfAMove(t *testing.T) {
	for _, more := range []int{1, bufSize / 2, 3 * bufSize / 4, bufSize, 4 * bufSize} {
		for turns := range ahead {
			var p reader
			in := appendCommand(nil, "ECHO", strings.Repeat("x", bufSize/4))
			for i := range ahead - 1 {
				in = appendCommand(in, "SET", fmt.Sprint("k", i), fmt.Sprint("v", i))
			}
			p.came(copy(p.room(), in))
			require.Len(t, p.cutAhead(), ahead)
			for range turns {
				_, err := p.command()
				require.NoError(t, err)
			}
			for rest := appendCommand(nil, "SET", "last", strings.Repeat("y", more)); len(rest) > 0; {
				n := copy(p.room(), rest)
				p.came(n)
				rest = rest[n:]
			}
			for i := max(turns, 1); i < ahead; i++ {
				if p.turn == len(p.cut) {
					p.cutAhead()
				}
				args, err := p.command()
				require.NoError(t, err)
				if i == 1 && turns == 0 {
					require.Equal(t, "ECHO", string(args[0]))
					args, err = p.command()
					require.NoError(t, err)
				}
				require.Equal(t, fmt.Sprintf("[SET k%d v%d]", i-1, i-1), fmt.Sprintf("%s", args), "%d more after %d", more, turns)
			}
			args, err := p.command()
			require.NoError(t, err)
			require.Equal(t, "last", string(args[1]))
		}
	}
}

// TestStrangerIsNotLookedAheadFor: from RESET on, which forgets the password, the limits of a
// client without one hold, also for what came in the same batch.
func TestStrangerIsNotLookedAheadFor(t *testing.T) {
	s := start(t, Options{Config: map[string]string{"requirepass": "secret"}})
	c := dial(t, s)
	require.Equal(t, "OK", c.do("AUTH secret"))
	require.Equal(t, "OK", c.do("SET large "+strings.Repeat("x", 3*bufSize)), "from now on there is room for what follows")
	batch := appendCommand(nil, "SET", "k", "v")
	batch = appendCommand(batch, "RESET")
	batch = appendCommand(batch, "GET", "k")
	batch = appendCommand(batch, "GET", strings.Repeat("x", strangerBulk+1))
	c.send(string(batch))
	assert.Equal(t, "OK", c.reply())
	assert.Equal(t, "RESET", c.reply())
	assert.Equal(t, "-"+errNoAuth, c.reply())
	assert.Equal(t, "-ERR Protocol error: unauthenticated bulk length", c.reply())

	own := s.internalSession(fromClient)
	defer own.release()
	var p reader
	in := string(appendCommand(appendCommand(nil, "GET", "k"), "GET", "k"))
	p.came(copy(p.room(), in))
	p.shy = true
	require.Empty(t, p.cutAhead())
	p.shy = false
	require.Len(t, p.cutAhead(), 2)
	own.stranger = true
	own.lookAhead(p.cut)
	require.Zero(t, own.held, "nothing is locked for it")
	own.stranger = false
	own.lookAhead(p.cut)
	require.NotZero(t, own.held)
}

// TestCutAhead: cutAhead leaves to command what is unusual, or not complete.
func TestCutAhead(t *testing.T) {
	get := "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
	for next, want := range map[string]int{
		"":                                 1,
		get:                                2,
		"\r\n" + get:                       1,
		"*1\r\n$4\r\nPING\r\n":             2,
		"*1\r\n$4\r\nPING\r":               1,
		"*0\r\n" + get:                     1,
		"*10\r\n$1\r\na\r\n":               1,
		"*2\r\n$10\r\nABCDEFGHIJ\r\n":      1,
		"*2\r\n$3\r\nGET\r\n$01\r\nk\r\n":  1,
		"*2\r\n$3\r\nGET\r\n$-1\r\n":       1,
		"*2\r\n$3\r\nGET\r\n$\r\nk\r\n":    1,
		"*2\r\n$3\r\nGET\r\n$0\r\n\r\n":    2,
		"*2\r\n$3\r\nGET\r\n$999999999":    1,
		"*2\r\n$3\r\nGET\r\n$12\r\n0123\r": 1,
		strings.Repeat(get, 40):            ahead,
	} {
		var p reader
		p.came(copy(p.room(), get+next))
		assert.Len(t, p.cutAhead(), want, "%q", next)
		for i := range want {
			args, err := p.command()
			require.NoError(t, err)
			require.NotNil(t, args, i)
		}
	}
}
