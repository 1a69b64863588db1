package server

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A script is what a master sends to a replica, in frames, and what the replica has after
// each of them.
type script struct {
	frames [][]byte
	states []map[string]string
	acks   []int64
}

// A fileOf is the file that a server writes of some keys.
func fileOf(t testing.TB, pairs ...string) []byte {
	s := stopped(t, Options{})
	ask(s.internalSession(fromClient), append([]string{"MSET"}, pairs...)...)
	var b bytes.Buffer
	require.NoError(t, s.writeState(&b, false))
	return b.Bytes()
}

// fullCopyScript is a full copy, three changes that come right after it, and two more.
func fullCopyScript(t testing.TB, old map[string]string) *script {
	sc, end := &script{}, int64(1000)
	add := func(state map[string]string, ack int64, frames ...[]byte) {
		for _, f := range frames {
			sc.frames, sc.states, sc.acks = append(sc.frames, f), append(sc.states, state), append(sc.acks, ack)
		}
	}
	file := fileOf(t, "a", "1", "b", "1")
	ok, n := []byte("+OK\r\n"), len(file)
	add(old, -1, ok, ok, ok, fmt.Appendf(nil, "+FULLRESYNC %040d %d %s\r\n", 1, end, newID()), []byte("\n"),
		fmt.Appendf(nil, "$%d\r\n", n), file[:n/2], file[n/2:n-1])
	add(items("a", "1", "b", "1"), end, file[n-1:])
	// A transaction counts as a whole.
	change := func(state map[string]string, words ...[]string) {
		if len(words) > 1 {
			words = append(append([][]string{{"MULTI"}}, words...), []string{"EXEC"})
		}
		was := sc.states[len(sc.states)-1]
		for i, w := range words {
			f := appendCommand(nil, w...)
			if i == len(words)-1 {
				n := 0
				for _, before := range sc.frames[len(sc.frames)-i:] {
					n += len(before)
				}
				end += int64(n + len(f))
				was = state
			}
			add(was, map[bool]int64{true: end, false: sc.acks[len(sc.acks)-1]}[i == len(words)-1], f)
		}
	}
	change(items("a", "2", "b", "1"), []string{"SET", "a", "2"})
	change(items("a", "2"), []string{"DEL", "b"})
	change(items("a", "2", "c", "1"), []string{"SET", "c", "1"})
	change(items("a", "2", "c", "1", "d", "1"), []string{"SET", "d", "1"})
	change(items("c", "1", "d", "1", "e", "1"), []string{"SET", "e", "1"}, []string{"DEL", "a"})
	return sc
}

func items(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = fmt.Sprintf("%q until 0", pairs[i+1])
	}
	return m
}

// play is a master that answers one connection with the given stream. If hold is nil, it
// then ends its side; otherwise it keeps the connection until hold is closed. It returns
// what the replica sent.
func play(t *testing.T, l net.Listener, stream []byte, hold <-chan struct{}) <-chan string {
	said := make(chan string, 1)
	go func() {
		nc, err := l.Accept()
		if err != nil {
			said <- err.Error()
			return
		}
		l.Close() // and there is no master any more
		defer nc.Close()
		_, _ = nc.Write(stream)
		if hold == nil {
			_ = nc.(*net.TCPConn).CloseWrite()
		} else {
			<-hold
		}
		all, _ := io.ReadAll(nc)
		said <- string(all)
	}()
	return said
}

var oldData = items("old1", "v", "old2", "v")

func oldServer(t *testing.T, o Options) (*Server, *session) {
	s := stopped(t, o)
	own := s.internalSession(fromClient)
	for k := range oldData {
		ask(own, "SET", k, "v")
	}
	require.Equal(t, oldData, s.state())
	return s, own
}

var acknowledged = regexp.MustCompile(`ACK\r\n\$\d+\r\n(-?\d+)\r\n`)

// TestCopyCutAtEveryFrame ends the master after each frame of a full copy and in the
// middle of each: the replica has its old data until the copy is whole, and then what the
// stream says; it acknowledges no more than that; promoted, it keeps that data, also
// after a restart.
func TestCopyCutAtEveryFrame(t *testing.T) {
	t.Parallel()
	sc := fullCopyScript(t, oldData)
	for n := range len(sc.frames) + 1 {
		for _, shards := range []int{1, 4} {
			var stream []byte
			for _, f := range sc.frames[:n] {
				stream = append(stream, f...)
			}
			want, ack := oldData, int64(-1)
			if n > 0 {
				want, ack = sc.states[n-1], sc.acks[n-1]
			}
			if shards == 4 && n < len(sc.frames) { // and a part of the next
				stream = append(stream, sc.frames[n][:len(sc.frames[n])/2]...)
			}
			what := fmt.Sprintf("%d frames, %d shards", n, shards)
			o := aofOptions(t.TempDir())
			o.AppendFsync, o.Shards = "no", shards
			s, own := oldServer(t, o)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			said := play(t, l, stream, nil)
			host, port, _ := net.SplitHostPort(l.Addr().String())
			require.Equal(t, "+OK\r\n", ask(own, "REPLICAOF", host, port))
			acks := acknowledged.FindAllStringSubmatch(<-said, -1)
			if ack < 0 {
				require.Empty(t, acks, what)
			} else {
				require.NotEmpty(t, acks, what)
				require.Equal(t, itoa(ack), acks[len(acks)-1][1], what)
			}
			require.Equal(t, want, s.state(), what)
			require.Equal(t, "-"+errReadOnly+"\r\n", words(own, "SET x y"), what)
			require.Equal(t, "+OK\r\n", words(own, "REPLICAOF NO ONE"), what)
			require.Equal(t, want, s.state(), what)
			require.Equal(t, "+OK\r\n", words(own, "SET after it"), what)
			for _, sh := range s.shards {
				sh.check(t)
			}
			require.NoError(t, s.Close())
			want = maps.Clone(want)
			want["after"] = `"it" until 0`
			require.Equal(t, want, stopped(t, o).state(), what)
		}
	}
}

// TestPromotionInEachState promotes a replica while the connection stands, at any point of
// a copy: it has the old data or a whole state of the stream, never a part of one.
func TestPromotionInEachState(t *testing.T) {
	t.Parallel()
	sc := fullCopyScript(t, oldData)
	for n := range len(sc.frames) + 1 {
		var stream []byte
		for _, f := range sc.frames[:n] {
			stream = append(stream, f...)
		}
		s, own := oldServer(t, Options{})
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		hold := make(chan struct{})
		said := play(t, l, stream, hold)
		host, port, _ := net.SplitHostPort(l.Addr().String())
		require.Equal(t, "+OK\r\n", ask(own, "REPLICAOF", host, port))
		if n%2 == 0 && n > 8 { // let it come that far
			eventually(t, func() bool { return s.link.connected() }, "the copy is whole")
		}
		require.Equal(t, "+OK\r\n", words(own, "REPLICAOF NO ONE"))
		require.Contains(t, append(sc.states[:max(n, 1):max(n, 1)], oldData), s.state(), "%d frames", n)
		require.Equal(t, "+OK\r\n", words(own, "SET after it"))
		close(hold)
		l.Close() // if it has not called at all
		<-said
	}
}

// TestOldDataAreReadDuringACopy: and no data of the unfinished copy.
func TestOldDataAreReadDuringACopy(t *testing.T) {
	sc := fullCopyScript(t, oldData)
	for _, empty := range []bool{false, true} {
		s, own := oldServer(t, Options{})
		if empty {
			words(own, "FLUSHALL")
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		hold := make(chan struct{})
		said := play(t, l, bytes.Join(sc.frames[:4], nil), hold)
		host, port, _ := net.SplitHostPort(l.Addr().String())
		ask(own, "REPLICAOF", host, port)
		eventually(t, func() bool { _, _, state, _ := s.link.describe(); return state == "sync" }, "the copy has begun")
		if empty {
			assert.Equal(t, "-"+errLoading+"\r\n", words(own, "GET old1"))
		} else {
			assert.Equal(t, "$1\r\nv\r\n", words(own, "GET old1"))
		}
		ask(own, "REPLICAOF", "NO", "ONE")
		assert.NotContains(t, words(own, "GET old1"), "LOADING")
		close(hold)
		l.Close() // if it has not called at all
		<-said
	}
}

// TestSecondCopyIsNotAcknowledged before it is whole: the offset in the old stream is not one
// in the new.
func TestSecondCopyIsNotAcknowledged(t *testing.T) {
	sc := fullCopyScript(t, nil)
	s, own := oldServer(t, Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	host, port, _ := net.SplitHostPort(l.Addr().String())
	ask(own, "REPLICAOF", host, port)
	var said []byte
	for _, frames := range []int{len(sc.frames), 7} {
		nc, err := l.Accept()
		require.NoError(t, err)
		for _, f := range sc.frames[:frames] {
			_, err := nc.Write(f)
			require.NoError(t, err)
		}
		require.NoError(t, nc.(*net.TCPConn).CloseWrite())
		said, err = io.ReadAll(nc)
		require.NoError(t, err)
		nc.Close()
	}
	assert.Empty(t, acknowledged.FindAllStringSubmatch(string(said), -1))
	assert.Equal(t, sc.states[len(sc.states)-1], s.state())
	next := itoa(sc.acks[len(sc.acks)-1] + 1)
	assert.Contains(t, string(said), fmt.Sprintf("PSYNC\r\n$40\r\n%040d\r\n$%d\r\n%s\r\n", 1, len(next), next), "it asks to go on where it was")
}

// TestCopyTooLarge: a copy that is larger than twice maxmemory is refused.
func TestCopyTooLarge(t *testing.T) {
	log := &lines{}
	master := start(t, Options{})
	own := master.internalSession(fromClient)
	for i := range 100 {
		ask(own, "SET", fmt.Sprint("k", i), strings.Repeat("v", 1000))
	}
	s, own := oldServer(t, Options{MaxMemory: 20_000, Log: log.log})
	follow(s, master)
	eventually(t, func() bool { return log.has("larger than twice maxmemory") }, "it is refused")
	assert.Equal(t, oldData, s.state())
	words(own, "CONFIG SET maxmemory 100kb")
	same(t, master, s)
}

// TestWaitCountsWholeCopies: a replica that has not said so has nothing yet.
func TestWaitCountsWholeCopies(t *testing.T) {
	master := start(t, Options{})
	own := master.internalSession(fromClient)
	words(own, "SET a 1")
	r := dial(t, master)
	r.send("PSYNC ? -1\r\n")
	require.Contains(t, r.reply(), "FULLRESYNC")
	assert.Equal(t, ":0\r\n", words(own, "WAIT 1 20"))
	r.send("REPLCONF ACK " + itoa(master.feed.position()) + "\r\n")
	assert.Equal(t, ":1\r\n", words(own, "WAIT 1 20000"))
}

// TestPartialMisses: a replica that asks for what is not there any more is counted.
func TestPartialMisses(t *testing.T) {
	master := start(t, Options{})
	c := dial(t, master)
	for i, ask := range []string{"? -1", "unknown 5", master.feed.id + " 99"} {
		r := dial(t, master)
		r.send("PSYNC " + ask + "\r\n")
		require.Contains(t, r.reply(), "FULLRESYNC")
		assert.Contains(t, c.do("INFO stats"), fmt.Sprintf("sync_partial_err:%d\r\n", i))
	}
	assert.Contains(t, c.do("INFO stats"), "sync_full:3\r\n")
}

// TestRefusedReplicas: the server itself, and a replica of one that has no master now, get an
// answer after which they wait.
func TestRefusedReplicas(t *testing.T) {
	s := start(t, Options{})
	c := dial(t, s)
	require.Equal(t, "OK", c.do("REPLCONF run-id "+s.runID))
	assert.Equal(t, "-"+errSelf, c.do("PSYNC ? -1"))
	down := start(t, Options{ReplicaOf: "127.0.0.1:1"})
	assert.Equal(t, "-"+errNoMasterLink, dial(t, down).do("PSYNC ? -1"))
	assert.Equal(t, "-"+errNoMasterLink, dial(t, down).do("SYNC"))
}
