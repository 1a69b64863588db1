package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/chat/room/roomtest"
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/internal/loopback"
	"example.com/flatline/ratelimit"
)

var children = map[string]func([]string) error{"nats": serveNats}

func TestMain(m *testing.M) { crash.Main(m, children) }

// serveNats is a child: a NATS server at an address, with its data in a directory.
func serveNats(args []string) error {
	_, port, err := net.SplitHostPort(args[0])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	if _, err = startServer(server.Options{StoreDir: args[1], Host: "127.0.0.1", Port: n}); err != nil {
		return err
	}
	fmt.Println("ready")
	select {}
}

// inProcess starts a server in this process, and returns what connects to it.
func inProcess(t testing.TB) func() *nats.Conn {
	s, err := startServer(server.Options{StoreDir: t.TempDir(), DontListen: true})
	require.NoError(t, err)
	t.Cleanup(func() { stopServer(s) })
	return func() *nats.Conn {
		c, err := nats.Connect("", nats.InProcessServer(s))
		require.NoError(t, err)
		t.Cleanup(c.Close)
		return c
	}
}

func open(t testing.TB, conn *nats.Conn, name string) *Nats {
	s, err := OpenNats(t.Context(), conn, name)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

var stores atomic.Int64

func TestNatsIsAStore(t *testing.T) {
	connect := inProcess(t)
	roomtest.Run(t, func(t testing.TB) room.Store { return open(t, connect(), fmt.Sprint("s", stores.Add(1))) })
}

// follow reads a room in a session of a hub, and checks that nothing is missed or comes
// twice. It returns the texts by position.
func follow(t testing.TB, h *room.Hub, name string, n int) map[uint64]string {
	s, err := h.Session("reader")
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, h.Join(t.Context(), s, name, &room.Cursor{Epoch: h.Status().Epoch}))
	ctx, cancel := context.WithTimeout(t.Context(), crash.Patience)
	defer cancel()
	seen, last := map[uint64]string{}, uint64(0)
	for len(seen) < n {
		batch, err := s.Next(ctx)
		require.NoError(t, err)
		for _, f := range batch {
			if f.Pos == 0 {
				assert.NotContains(t, string(f.JSON()), `"reset"`)
				continue
			}
			assert.Equal(t, last, f.Prev)
			seen[f.Pos], last = f.Text, f.Pos
		}
	}
	return seen
}

// TestNodes: two nodes on one server. What is sent to one is read at both, in one order, and
// a nonce is known at both; who is connected to one is present at the other.
func TestNodes(t *testing.T) {
	connect := inProcess(t)
	var nodes [2]*room.Hub
	for i := range nodes {
		nodes[i] = room.NewHub(room.Options{Store: open(t, connect(), "chat"), UserRate: ratelimit.Inf, RoomRate: ratelimit.Inf})
		t.Cleanup(nodes[i].Close)
	}
	const each = 100
	var wg sync.WaitGroup
	for i, h := range nodes {
		wg.Go(func() {
			for n := range each {
				for _, h := range []*room.Hub{h, nodes[1-i]} { // the client goes to the other node and sends again
					_, err := h.Send(t.Context(), room.Draft{Room: "a", From: fmt.Sprint("user-", i), Nonce: fmt.Sprint(n), Text: fmt.Sprint(i, "-", n)})
					assert.NoError(t, err)
				}
			}
		})
	}
	wg.Wait()
	one, two := follow(t, nodes[0], "a", 2*each), follow(t, nodes[1], "a", 2*each)
	assert.Equal(t, one, two)
	for i, h := range nodes {
		s, err := h.Session(fmt.Sprint("user-", i))
		require.NoError(t, err)
		require.NoError(t, h.Join(t.Context(), s, "a", nil))
		t.Cleanup(s.Close)
	}
	for _, h := range nodes {
		require.Eventually(t, func() bool { return assert.ObjectsAreEqual([]string{"user-0", "user-1"}, h.Present("a")) }, crash.Patience, time.Millisecond)
	}
}

// TestFeedsEnd: a feed is followed as long as a session uses it, and comes back complete.
func TestFeedsEnd(t *testing.T) {
	s := open(t, inProcess(t)(), "chat")
	for i := range 3 {
		_, err := s.Append(t.Context(), []room.Draft{{Room: "a", From: "ann", Nonce: fmt.Sprint(i), Text: "x"}})
		require.NoError(t, err)
		one, release, err := s.Watch(t.Context(), "a")
		require.NoError(t, err)
		two, again, err := s.Watch(t.Context(), "a")
		require.NoError(t, err)
		assert.Same(t, one, two)
		release()
		release()
		s.mu.Lock()
		assert.Len(t, s.feeds, 1)
		s.mu.Unlock()
		again()
		s.mu.Lock()
		assert.Empty(t, s.feeds)
		s.mu.Unlock()
		all, _ := one.Before(math.MaxUint64, 10)
		assert.Len(t, all, i+1)
	}
}

// TestMuchMissed: a node that begins to read a room of which the stream has dropped messages
// does not claim to have all: who resumes from before them is reset, and prev is right.
func TestMuchMissed(t *testing.T) {
	s := open(t, inProcess(t)(), "chat")
	for i := range 5 {
		var batch []room.Draft
		for j := range perRoom / 4 {
			batch = append(batch, room.Draft{Room: "a", From: "ann", Nonce: fmt.Sprint(i, "-", j), Text: "x"})
		}
		_, err := s.Append(t.Context(), batch)
		require.NoError(t, err)
	}
	f, release, err := s.Watch(t.Context(), "a")
	require.NoError(t, err)
	defer release()
	all, _ := f.Before(math.MaxUint64, perRoom)
	require.Len(t, all, room.Keep)
	assert.Equal(t, all[0].Pos-1, all[0].Prev)
	session := room.NewSession("bob")
	require.NoError(t, session.Join(f, &room.Cursor{Epoch: s.Epoch()}, func() {}))
	assert.Contains(t, string(session.Poll()[0].JSON()), `"reset"`)
}

// TestKilled: the server is killed with kill -9 under load. What was acknowledged is there
// once, and readers who were connected go on without a gap.
func TestKilled(t *testing.T) {
	addr, err := loopback.Addr()
	require.NoError(t, err)
	dir := t.TempDir()
	p := crash.Start(t, "nats", addr, dir)
	p.Match("^ready$")
	var nodes [2]*room.Hub
	for i := range nodes {
		conn, err := nats.Connect("nats://"+addr, nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
		require.NoError(t, err)
		t.Cleanup(conn.Close)
		nodes[i] = room.NewHub(room.Options{Store: open(t, conn, "chat"), UserRate: ratelimit.Inf, RoomRate: ratelimit.Inf})
		t.Cleanup(nodes[i].Close)
	}
	_, err = nodes[0].Send(t.Context(), room.Draft{Room: "a", From: "ann", Nonce: "first", Text: "first"})
	require.NoError(t, err)
	var acked crash.Ledger[uint64]
	const senders, each = 4, 60
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for n := range each {
				text := fmt.Sprint(i, "-", n)
				for {
					once, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					sent, err := nodes[i%2].Send(once, room.Draft{Room: "a", From: "ann", Nonce: text, Text: text})
					cancel()
					if err == nil {
						acked.Acknowledged(text, sent.Pos)
						break
					}
					if t.Context().Err() != nil {
						return
					}
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	seen := make(chan map[uint64]string, 1)
	go func() { seen <- follow(t, nodes[1], "a", senders*each+1) }()
	require.Eventually(t, func() bool { return acked.Len() > 40 }, crash.Patience, time.Millisecond)
	p.Kill()
	p = crash.Start(t, "nats", addr, dir)
	p.Match("^ready$")
	wg.Wait()
	texts := map[string]uint64{}
	for pos, text := range <-seen {
		require.Zero(t, texts[text], "%s twice", text)
		texts[text] = pos
	}
	require.Empty(t, acked.Check(func(text string, pos uint64) error {
		if texts[text] != pos {
			return errors.New("not at its position")
		}
		return nil
	}))
	t.Logf("%d acknowledged", acked.Len())
}

// TestAway: a server that is not there is an error at the start.
func TestAway(t *testing.T) {
	assert.Error(t, run(room.Config{Addr: "127.0.0.1:0"}, "nats://127.0.0.1:1", ""))
}
