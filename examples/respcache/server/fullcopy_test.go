package server

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// copied has a replica with old data receive what follows PSYNC, and returns what it holds and
// what it has logged once the master has ended its side.
func copied(t *testing.T, answer ...[]byte) (map[string]string, *lines) {
	t.Helper()
	log := &lines{}
	s, own := oldServer(t, Options{Log: log.log, now: func() int64 { return 1_000_000 }})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ok := []byte("+OK\r\n")
	said := play(t, l, bytes.Join(append([][]byte{ok, ok, []byte("-ERR Unrecognized REPLCONF option: run-id\r\n")}, answer...), nil), nil)
	host, port, _ := net.SplitHostPort(l.Addr().String())
	require.Equal(t, "+OK\r\n", ask(own, "REPLICAOF", host, port))
	<-said
	eventually(t, func() bool { _, _, state, _ := s.link.describe(); return state == "connect" && log.has("master ") }, "it has ended")
	return s.state(), log
}

// TestCopyForms: a copy comes with its length before it, or with a mark around it, as a Redis
// sends it from memory; the stream follows at once.
func TestCopyForms(t *testing.T) {
	file, mark := fileOf(t, "a", "1"), strings.Repeat("m", 40)
	head, next := fmt.Appendf(nil, "+FULLRESYNC %040d 5\r\n", 1), appendCommand(nil, "SET", "b", "2")
	for _, answer := range [][][]byte{
		{head, []byte("\n\n"), fmt.Appendf(nil, "$%d\r\n", len(file)), file, next},
		{[]byte("\n"), head, []byte("$EOF:" + mark + "\r\n"), file, []byte(mark), next},
	} {
		got, _ := copied(t, answer...)
		require.Equal(t, items("a", "1", "b", "2"), got)
	}
}

// TestBadCopy: a copy that is damaged, or is not what was announced, is refused, and the old
// data stay.
func TestBadCopy(t *testing.T) {
	file, mark := fileOf(t, "a", "1"), strings.Repeat("m", 40)
	head := fmt.Appendf(nil, "+FULLRESYNC %040d 5\r\n", 1)
	long := bytes.Clone(file)
	long[len(long)/2] ^= 1
	length := func(n int) []byte { return fmt.Appendf(nil, "$%d\r\n", n) }
	for why, answer := range map[string][][]byte{
		"has 1 bytes after the end mark":    {length(len(file) + 1), file, {'x'}},
		"the file ends before its end mark": {length(len(file) - 1), file},
		"has no mark after its end":         {[]byte("$EOF:" + mark + "\r\n"), file, []byte(mark[1:]), {'x'}},
		"unexpected begin":                  {[]byte("$EOF:" + mark[1:] + "\r\n"), file},
		"unexpected begin \"$-1\"":          {length(-1)},
		"unexpected begin \"+OK\"":          {[]byte("+OK\r\n")},
		"the key \"l\" is a list":           {length(len(fileWith(18, "l"))), fileWith(18, "l")},
		"byte":                              {length(len(long)), long},
	} {
		got, log := copied(t, append([][]byte{head}, answer...)...)
		require.Equal(t, oldData, got, why)
		require.True(t, log.has(why), why)
	}
	for _, answer := range []string{"+FULLRESYNC", "+FULLRESYNC x", "+FULLRESYNC x -1", "+FULLRESYNC x 1 c d", "+CONTINUE x y z", "+PONG", "$5", "-LOADING it loads"} {
		got, _ := copied(t, []byte(answer+"\r\n"))
		require.Equal(t, oldData, got, answer)
	}
}

// TestExpiredInACopy: the deadline of a key has passed when the copy is loaded, but the master
// made it persistent in time, as the stream says.
func TestExpiredInACopy(t *testing.T) {
	file := fileWith(rdbExpire, []byte{1, 0, 0, 0, 0, 0, 0, 0}, 0, "k", "v")
	got, _ := copied(t, fmt.Appendf(nil, "+FULLRESYNC %040d 5\r\n", 1), fmt.Appendf(nil, "$%d\r\n", len(file)), file, appendCommand(nil, "PERSIST", "k"))
	require.Equal(t, items("k", "v"), got)
}

// TestSaysAgain: a replica says once a second how far it is, also when nothing new came. A
// Redis that sends a copy from memory may not be listening yet when the replica says so for
// the first time, after the copy; it begins the stream at the next one.
func TestSaysAgain(t *testing.T) {
	t.Parallel()
	_, own := oldServer(t, Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	host, port, _ := net.SplitHostPort(l.Addr().String())
	require.Equal(t, "+OK\r\n", ask(own, "REPLICAOF", host, port))
	master, err := l.Accept()
	require.NoError(t, err)
	defer master.Close()
	require.NoError(t, master.SetDeadline(time.Now().Add(patience)))
	ok, file := []byte("+OK\r\n"), fileOf(t, "a", "1")
	head := fmt.Appendf(nil, "+FULLRESYNC %040d 5\r\n$%d\r\n", 1, len(file))
	_, err = master.Write(bytes.Join([][]byte{ok, ok, ok, head, file}, nil))
	require.NoError(t, err)
	var said []byte
	for len(acknowledged.FindAllSubmatch(said, -1)) < 3 {
		b := make([]byte, 1000)
		n, err := master.Read(b)
		require.NoError(t, err, "%q", said)
		said = append(said, b[:n]...)
	}
	for _, m := range acknowledged.FindAllSubmatch(said, -1) {
		require.Equal(t, "5", string(m[1]))
	}
}

// TestCopyWaitsForItsTurn: a replica that asks while another snapshot is made gets signs of
// life, and then a copy of the moment when its turn comes.
func TestCopyWaitsForItsTurn(t *testing.T) {
	s := start(t, Options{})
	own := s.internalSession(fromClient)
	words(own, "SET a 1")
	require.NoError(t, s.turn(t.Context()))
	r := dial(t, s)
	r.send("PSYNC ? -1\r\n")
	b, err := r.r.ReadByte()
	require.NoError(t, err)
	require.Equal(t, byte('\n'), b, "a sign of life")
	words(own, "SET b 2")
	s.endTurn()
	for b == '\n' {
		b, err = r.r.ReadByte()
		require.NoError(t, err)
	}
	require.NoError(t, r.r.UnreadByte())
	require.Contains(t, r.reply(), "FULLRESYNC "+s.feed.id+" ")
	require.Equal(t, items("a", "1", "b", "2"), stateOf(t, r.file()))
	words(own, "SET c 3")
	got := r.reply()
	for got == "[PING]" { // the server's first tick of a whole second may come in between
		got = r.reply()
	}
	require.Equal(t, "[SET c 3]", got)

	gone := dial(t, s) // one that leaves meanwhile does not get the turn, or gives it back
	require.NoError(t, s.turn(t.Context()))
	gone.send("PSYNC ? -1\r\n")
	gone.nc.Close()
	s.endTurn()
	eventually(t, func() bool { return s.stats.clients.Load() == 1 }, "it has left")
	require.NoError(t, s.turn(t.Context()))
	s.endTurn()
}
