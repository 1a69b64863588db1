package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCommands is a table of edges; the differential test in the parent folder shows that
// replies equal those of Redis in general.
func TestCommands(t *testing.T) {
	c := newClock()
	s := stopped(t, Options{now: c.now}).internalSession(fromClient)
	for _, step := range []struct{ line, want string }{
		{"SET k v", "+OK\r\n"},
		{"set k w NX", "$-1\r\n"},
		{"SET k w XX GET", "$1\r\nv\r\n"},
		{"SET k w EX 10 PX 10", "-ERR syntax error\r\n"},
		{"SET k w EX 0", "-ERR invalid expire time in 'set' command\r\n"},
		{"SET k w EX 9223372036854775807", "-ERR invalid expire time in 'set' command\r\n"},
		{"SET k w PX 9223372036854775807", "-ERR invalid expire time in 'set' command\r\n"},
		{"SET k x PX 500", "+OK\r\n"},
		{"SET k y KEEPTTL", "+OK\r\n"},
		{"PTTL k", ":500\r\n"},
		{"TTL k", ":1\r\n"},
		{"PERSIST k", ":1\r\n"},
		{"TTL k", ":-1\r\n"},
		{"TTL none", ":-2\r\n"},
		{"EXPIRE k 10 NX XX", "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n"},
		{"EXPIRE k 10 GT", ":0\r\n"},
		{"EXPIRE k 10 LT", ":1\r\n"},
		{"EXPIRETIME k", ":1010\r\n"},
		{"EXPIRE k -1", ":1\r\n"},
		{"EXISTS k k", ":0\r\n"},
		{"INCR n", ":1\r\n"},
		{"INCRBY n 9223372036854775807", "-ERR increment or decrement would overflow\r\n"},
		{"DECRBY n -9223372036854775808", "-ERR decrement would overflow\r\n"},
		{"INCRBYFLOAT n 0.1", "$3\r\n1.1\r\n"},
		{"INCR n", "-ERR value is not an integer or out of range\r\n"},
		{"INCRBYFLOAT n inf", "-ERR increment would produce NaN or Infinity\r\n"},
		{"INCRBYFLOAT n nan", "-ERR value is not a valid float\r\n"},
		{"APPEND a 123", ":3\r\n"},
		{"APPEND a 45", ":5\r\n"},
		{"SETRANGE a 7 x", ":8\r\n"},
		{"GETRANGE a 4 -1", "$4\r\n5\x00\x00x\r\n"},
		{"SETRANGE a 536870912 x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n"},
		{"SETRANGE a -1 x", "-ERR offset is out of range\r\n"},
		{"RENAME a b", "+OK\r\n"},
		{"RENAME a b", "-ERR no such key\r\n"},
		{"RENAMENX b n", ":0\r\n"},
		{"RENAME b b", "+OK\r\n"},
		{"MSETNX b 1 c 2", ":0\r\n"},
		{"MSET b 1 c", "-ERR wrong number of arguments for 'mset' command\r\n"},
		{"MSET b 1 b 2", "+OK\r\n"},
		{"MGET b none", "*2\r\n$1\r\n2\r\n$-1\r\n"},
		{"GETEX b PX 100", "$1\r\n2\r\n"},
		{"GETDEL b", "$1\r\n2\r\n"},
		{"SELECT 1", "-ERR DB index is out of range\r\n"},
		{"GET", "-ERR wrong number of arguments for 'get' command\r\n"},
		{"NOPE a b", "-ERR unknown command 'NOPE', with args beginning with: 'a' 'b' \r\n"},
		{"CONFIG NOPE", "-ERR unknown subcommand 'NOPE'. Try CONFIG HELP.\r\n"},
		{"CONFIG SET maxmemory 1kb maxmemory-policy allkeys-lru", "+OK\r\n"},
		{"CONFIG GET maxmemory", "*2\r\n$9\r\nmaxmemory\r\n$4\r\n1024\r\n"},
		{"CONFIG SET maxmemory 1 nope 2", "-ERR Unknown option or number of arguments for CONFIG SET - 'nope'\r\n"},
		{"CONFIG GET maxmemory", "*2\r\n$9\r\nmaxmemory\r\n$4\r\n1024\r\n"},
		{"FLUSHALL NOW", "-ERR syntax error\r\n"},
		{"FLUSHALL", "+OK\r\n"},
		{"DBSIZE", ":0\r\n"},
		{"RANDOMKEY", "$-1\r\n"},
		{"HELLO 3 SETNAME me", "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:0\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"},
		{"GET none", "_\r\n"},
		{"CLIENT GETNAME", "$2\r\nme\r\n"},
	} {
		require.Equal(t, step.want, words(s, step.line), step.line)
	}
}

// TestExpiry: a key is absent from the moment it expires, and its memory is released even
// if no client asks for it.
func TestExpiry(t *testing.T) {
	c := newClock()
	srv := stopped(t, Options{now: c.now})
	s := srv.internalSession(fromClient)
	for i := range 1000 {
		ask(s, "SET", "k"+itoa(int64(i)), "v", "PX", "100")
	}
	words(s, "SET stays v")
	c.ms.Add(100)
	require.Equal(t, "$1\r\nv\r\n", words(s, "GET k1"), "its last moment")
	c.ms.Add(1)
	require.Equal(t, "$-1\r\n", words(s, "GET k1"))
	require.Equal(t, ":-2\r\n", words(s, "PTTL k2"))
	require.Equal(t, "*1\r\n$5\r\nstays\r\n", words(s, "KEYS *"))
	require.Equal(t, "$5\r\nstays\r\n", words(s, "RANDOMKEY"))
	eventually(t, func() bool { return words(s, "DBSIZE") == ":1\r\n" }, "expired keys are removed")
	srv.shards[0].check(t)
	assert.Contains(t, words(s, "INFO stats"), "expired_keys:1000")
}

// TestScan: a SCAN finds every key that is present throughout, whatever is inserted and
// deleted meanwhile.
func TestScan(t *testing.T) {
	for _, shards := range []int{1, 4} {
		s := stopped(t, Options{Shards: shards}).internalSession(fromClient)
		for i := range 500 {
			ask(s, "SET", "stays:"+itoa(int64(i)), "v")
			ask(s, "SET", "goes:"+itoa(int64(i)), "v")
		}
		met, cursor, rounds := map[string]bool{}, "0", int64(0)
		for {
			parts := strings.Split(ask(s, "SCAN", cursor, "MATCH", "stays:*", "COUNT", "7"), "\r\n")
			cursor = parts[2]
			for _, k := range parts[4:] {
				if strings.HasPrefix(k, "stays") {
					met[k] = true
				}
			}
			if cursor == "0" {
				break
			}
			for i := range int64(3) {
				ask(s, "DEL", "goes:"+itoa(rounds*3+i))
				ask(s, "SET", "new:"+itoa(rounds*3+i), "v")
			}
			rounds++
		}
		assert.Len(t, met, 500)
	}
}

// TestSteadyStateDoesNotAllocate: SET and GET of keys that are there, by any policy.
func TestSteadyStateDoesNotAllocate(t *testing.T) {
	for _, p := range policies {
		s := stopped(t, Options{Policy: p.name, MaxMemory: 1 << 30}).internalSession(fromClient)
		set := [][]byte{[]byte("SET"), []byte("key"), []byte(strings.Repeat("v", 64))}
		get, incr := [][]byte{[]byte("get"), []byte("key")}, [][]byte{[]byte("INCR"), []byte("n")}
		run := func() {
			s.do(set)
			s.do(get)
			s.do(incr)
			s.release()
			s.out = s.out[:0]
		}
		run()
		assert.Zero(t, testing.AllocsPerRun(1000, run), p.name)
	}
}

// TestParserDoesNotAllocate: commands are cut out of the buffer in place.
func TestParserDoesNotAllocate(t *testing.T) {
	var p reader
	in := strings.Repeat("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n", 16)
	run := func() {
		p.came(copy(p.room(), in))
		for range 16 {
			if args, err := p.command(); len(args) != 3 || err != nil {
				t.Fatal(args, err)
			}
		}
	}
	run()
	assert.Zero(t, testing.AllocsPerRun(1000, run))
}

// TestWatchExpired: the removal of a key that had expired at WATCH does not count as a
// change; a new write of it does.
func TestWatchExpired(t *testing.T) {
	for _, shards := range []int{1, 4} {
		for line, unchanged := range map[string]bool{"EXISTS k": true, "FLUSHALL": true, "KEYS *": true, "SCAN 0": true, "GET other": true, "SET k 1": false, "APPEND k 1": false} {
			c := newClock()
			srv := stopped(t, Options{now: c.now, Shards: shards})
			s, other := srv.internalSession(fromClient), srv.internalSession(fromClient)
			words(s, "SET k v PX 10")
			c.ms.Add(11)
			s.release()
			words(s, "WATCH k")
			s.release()
			words(other, line)
			other.release()
			words(s, "MULTI")
			want := map[bool]string{true: "*0\r\n", false: "*-1\r\n"}[unchanged]
			require.Equal(t, want, words(s, "EXEC"), line)
			s.release()
			words(s, "WATCH k")
			s.release()
			words(other, "SET k 2")
			other.release()
			words(s, "MULTI")
			require.Equal(t, "*-1\r\n", words(s, "EXEC"), "after %s", line)
			s.release()
		}
	}
}

// TestWalksRemoveExpired: KEYS and SCAN remove the expired keys that they meet.
func TestWalksRemoveExpired(t *testing.T) {
	for _, line := range []string{"KEYS *", "SCAN 0 COUNT 1000", "SCAN 0 COUNT 1000 TYPE list"} {
		c := newClock()
		s := stopped(t, Options{now: c.now}).internalSession(fromClient)
		for i := range int64(100) {
			words(s, "SET k"+itoa(i)+" v PX "+itoa(1+i%2*100))
		}
		c.ms.Add(50)
		s.release()
		words(s, line)
		require.Equal(t, ":50\r\n", words(s, "DBSIZE"), line)
		s.release()
		s.srv.only.check(t)
	}
}
