package server

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dumped is the payload of DUMP for a short value.
func dumped(val string) string {
	b := binary.LittleEndian.AppendUint16(appendRDBString([]byte{rdbString}, val), rdbVersion)
	return string(binary.LittleEndian.AppendUint64(b, crc(0, b)))
}

// changes are commands that write, each of which changes what is there: the bits of
// SETBIT are new, one number of BITFIELD fits, the deadline of RESTORE is far away.
var changes = [][]string{
	{"SET", "a", "abc"},
	{"SETBIT", "a", "7", "0"},
	{"SETBIT", "a", "100", "1"},
	{"SETBIT", "new", "9", "1"},
	{"BITFIELD", "a", "SET", "u8", "4", "200", "INCRBY", "i5", "30", "3", "OVERFLOW", "FAIL", "INCRBY", "u2", "0", "9"},
	{"BITFIELD", "grown", "OVERFLOW", "FAIL", "SET", "u8", "80", "300"},
	{"BITOP", "XOR", "b", "a", "new"},
	{"BITOP", "NOT", "c", "a"},
	{"SET", "gone", "x"},
	{"BITOP", "AND", "gone", "none"},
	{"SET", "timed", "v", "PXAT", "1900000"},
	{"COPY", "timed", "copied"},
	{"COPY", "timed", "a", "REPLACE"},
	{"RESTORE", "restored", "1900000", dumped("text"), "ABSTTL"},
	{"RESTORE", "number", "0", dumped("-77")},
	{"RESTORE", "c", "0", dumped("again"), "REPLACE"},
	{"RESTORE", "new", "1", dumped("over"), "REPLACE", "ABSTTL"},
	{"MULTI"},
	{"SETBIT", "tx", "1", "1"},
	{"COPY", "tx", "tx2"},
	{"EXEC"},
}

// TestChangesAreLogged: a server that loads the log has the same keys, values and deadlines,
// and so has one that executes the log twice: an effect may be repeated.
func TestChangesAreLogged(t *testing.T) {
	for _, shards := range []int{1, 8} {
		o := aofOptions(t.TempDir())
		o.Shards = shards
		s, err := New(o)
		require.NoError(t, err)
		own := s.internalSession(fromClient)
		for _, c := range changes {
			require.NotContains(t, ask(own, c...), "-ERR", "%q", c)
		}
		want := s.state()
		require.NoError(t, s.Close())
		require.Len(t, want, 10, "%v", want)

		again := stopped(t, o)
		require.Equal(t, want, again.state())
		for _, sh := range again.shards {
			sh.check(t)
		}
		log, err := os.ReadFile(last(t, o.Dir))
		require.NoError(t, err)
		twice := stopped(t, Options{Shards: shards, now: o.now})
		from := twice.internalSession(fromFile)
		for range 2 {
			var in reader
			in.buf = append(in.buf, log...)
			for args, err := in.command(); args != nil; args, err = in.command() {
				require.NoError(t, err)
				from.do(args)
			}
		}
		from.release()
		require.Zero(t, from.errors, "%s", from.out)
		require.Equal(t, want, twice.state())
	}
}

// TestChangesAreReplicated: a replica that follows the stream has the same.
func TestChangesAreReplicated(t *testing.T) {
	c := newClock()
	master := start(t, Options{now: c.now})
	replica := stopped(t, Options{now: c.now, ReplicaOf: master.Addr().String()})
	own := master.internalSession(fromClient)
	words(own, "SET first 1")
	same(t, master, replica)
	for _, ch := range changes {
		ask(own, ch...)
	}
	same(t, master, replica)
	require.Len(t, master.state(), 11)
}

// TestChangesAreWatched: each of them ends a transaction of another client that watches
// what it changes, and the refusal to evict stops each that may need memory.
func TestChangesAreWatched(t *testing.T) {
	for name, c := range map[string]struct {
		before, change []string
		key            string
	}{
		"setbit":          {nil, []string{"SETBIT", "k", "3", "1"}, "k"},
		"setbit, same":    {[]string{"SETBIT", "k", "3", "1"}, []string{"SETBIT", "k", "3", "1"}, ""},
		"bitfield":        {nil, []string{"BITFIELD", "k", "SET", "u8", "0", "1"}, "k"},
		"bitfield, reads": {[]string{"SET", "k", "x"}, []string{"BITFIELD", "k", "GET", "u8", "0"}, ""},
		"bitop":           {[]string{"SET", "x", "1"}, []string{"BITOP", "NOT", "k", "x"}, "k"},
		"bitop, nothing":  {[]string{"SET", "k", "1"}, []string{"BITOP", "OR", "k", "none"}, "k"},
		"copy":            {[]string{"SET", "x", "1"}, []string{"COPY", "x", "k"}, "k"},
		"copy, refused":   {[]string{"MSET", "x", "1", "k", "2"}, []string{"COPY", "x", "k"}, ""},
		"restore":         {nil, []string{"RESTORE", "k", "0", dumped("v")}, "k"},
	} {
		s := stopped(t, Options{})
		a, b := s.internalSession(fromClient), s.internalSession(fromClient)
		if c.before != nil {
			ask(b, c.before...)
		}
		words(a, "WATCH k")
		ask(b, c.change...)
		words(a, "MULTI")
		want := "*0\r\n"
		if c.key != "" {
			want = "*-1\r\n"
		}
		assert.Equal(t, want, words(a, "EXEC"), name)
	}
	s := stopped(t, Options{})
	own := s.internalSession(fromClient)
	words(own, "SET full stop")
	words(own, "CONFIG SET maxmemory 1")
	for _, c := range [][]string{{"SETBIT", "k", "1", "1"}, {"BITFIELD", "k", "SET", "u8", "0", "1"}, {"BITOP", "NOT", "k", "full"}, {"COPY", "full", "k"}, {"RESTORE", "k", "0", dumped("v")}} {
		assert.Contains(t, ask(own, c...), "-OOM ", "%q", c)
	}
	for _, line := range []string{"GETBIT full 1", "BITCOUNT full", "BITPOS full 1", "BITFIELD_RO full GET u8 0", "LCS full full", "DUMP full"} {
		assert.NotContains(t, words(own, line), "-OOM ", line)
	}
}
