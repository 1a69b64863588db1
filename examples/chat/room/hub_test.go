package room_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/ratelimit"
)

// newHub returns a hub on a Memory, or on the store that the options name.
func newHub(t testing.TB, o room.Options) *room.Hub {
	if o.Store == nil {
		o.Store = room.NewMemory()
	}
	h := room.NewHub(o)
	t.Cleanup(h.Close)
	return h
}

// say sends a message.
func say(t testing.TB, h *room.Hub, name, from, nonce, text string) room.Sent {
	sent, err := h.Send(t.Context(), room.Draft{Room: name, From: from, Nonce: nonce, Text: text})
	require.NoError(t, err)
	return sent
}

// enter joins a room in a new session.
func enter(t testing.TB, h *room.Hub, name, user string, c *room.Cursor) *room.Session {
	s, err := h.Session(user)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, h.Join(t.Context(), s, name, c))
	return s
}

// types returns the types of what a session is sent now.
func types(s *room.Session) (all []string) {
	for _, line := range poll(s) {
		all = append(all, strings.Split(line, `"`)[3])
	}
	return all
}

// TestPresence: a user is present while any node has a connection of the user, and at most
// TTL longer if the node has died (H6). A node that is new to a room hears who is there.
func TestPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := room.NewMemory()
		one, two := room.NewHub(room.Options{Store: store, Node: "one"}), room.NewHub(room.Options{Store: store, Node: "two"})
		defer two.Close()
		say(t, one, "a", "ann", "1", "x")
		present := func(want ...string) {
			t.Helper()
			time.Sleep(time.Second)
			synctest.Wait()
			for _, h := range []*room.Hub{one, two} {
				assert.Equal(t, want, h.Present("a"))
			}
		}
		ann, bob := enter(t, one, "a", "ann", nil), enter(t, two, "a", "bob", nil)
		present("ann", "bob")
		again := enter(t, two, "a", "ann", nil)
		ann2 := enter(t, one, "a", "ann", nil)
		ann.Close()
		present("ann", "bob")
		ann2.Close()
		_ = enter(t, one, "a", "cid", nil)
		present("ann", "bob", "cid")
		again.Close()
		present("bob", "cid")
		time.Sleep(time.Minute)
		present("bob", "cid")
		lines := poll(bob)
		last := lines[len(lines)-1]
		assert.Equal(t, `{"type":"presence","room":"a","users":["bob","cid"],"count":2}`, last)
		assert.LessOrEqual(t, len(lines), 3, "what was not read is replaced")

		store.Listen(func(n room.Note) { assert.NotEqual(t, "cid", n.Gone) })
		one.Kill() // and says no more
		time.Sleep(10 * time.Second)
		assert.Equal(t, []string{"bob", "cid"}, two.Present("a"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"bob"}, two.Present("a"))
		assert.Equal(t, []string{"presence"}, types(bob))
		bob.Close()
		assert.Nil(t, two.Present("a"))
	})
}

// TestTyping: who is typing is sent to readers at every node, once in a tick; a reader who
// comes later is not sent it.
func TestTyping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := room.NewMemory()
		one, two := room.NewHub(room.Options{Store: store}), room.NewHub(room.Options{Store: store})
		defer one.Close()
		defer two.Close()
		say(t, one, "a", "ann", "1", "x")
		readers := []*room.Session{enter(t, one, "a", "ann", nil), enter(t, two, "a", "bob", nil)}
		time.Sleep(time.Second)
		for _, s := range readers {
			types(s)
		}
		for range 100 {
			require.NoError(t, one.Typing("a", "ann"))
			require.NoError(t, one.Typing("a", "zoe"))
		}
		time.Sleep(time.Second)
		for _, s := range readers {
			assert.Equal(t, []string{`{"type":"typing","room":"a","users":["ann","zoe"],"count":2}`}, poll(s))
		}
		assert.Equal(t, []string{"joined", "presence"}, types(enter(t, two, "a", "bob", nil)))
		assert.ErrorIs(t, one.Typing("a", ""), room.ErrBad)
		assert.ErrorIs(t, one.Typing("A", "ann"), room.ErrBad)
	})
}

// TestRates: a user and a room have their rates; what is refused takes nothing.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := room.NewHub(room.Options{Store: room.NewMemory(), UserRate: ratelimit.Per(2, time.Second), RoomRate: ratelimit.Per(3, time.Second)})
		defer h.Close()
		nonce := 0
		try := func(name, from string) (accepted int) {
			for range 20 {
				nonce++
				_, err := h.Send(t.Context(), room.Draft{Room: name, From: from, Nonce: fmt.Sprint(nonce), Text: "x"})
				if err == nil {
					accepted++
					continue
				}
				require.ErrorIs(t, err, ratelimit.ErrLimited)
			}
			return accepted
		}
		assert.Equal(t, 4, try("a", "ann"), "two seconds of the user's rate")
		assert.Equal(t, 2, try("a", "bob"), "two seconds of the room's")
		assert.Equal(t, 2, try("b", "bob"), "what the room refused, the user still has")
		time.Sleep(time.Second)
		assert.Equal(t, 2, try("a", "ann"))
	})
}

// slowStore is a Memory whose Append waits.
type slowStore struct {
	*room.Memory
	release chan struct{}
	writes  [][]room.Draft
}

func (s *slowStore) Append(ctx context.Context, drafts []room.Draft) ([]room.Sent, error) {
	<-s.release
	s.writes = append(s.writes, slices.Clone(drafts))
	return s.Memory.Append(ctx, drafts)
}

// TestBatches: drafts that wait for the log are one write; too many are refused at once;
// those that were accepted are written when the hub is closed.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowStore{Memory: room.NewMemory(), release: make(chan struct{})}
		h := room.NewHub(room.Options{Store: store, UserRate: ratelimit.Inf, RoomRate: ratelimit.Inf})
		var wg sync.WaitGroup
		var mu sync.Mutex
		busy, accepted := 0, 0
		for i := range 5000 {
			wg.Go(func() {
				_, err := h.Send(t.Context(), room.Draft{Room: "a", From: "ann", Nonce: fmt.Sprint(i), Text: "x"})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					accepted++
				} else {
					assert.ErrorIs(t, err, room.ErrBusy)
					busy++
				}
			})
		}
		synctest.Wait()
		mu.Lock()
		refused := busy
		mu.Unlock()
		assert.Positive(t, refused)
		close(store.release)
		h.Close()
		wg.Wait()
		assert.Equal(t, 5000, accepted+busy)
		assert.Equal(t, refused, busy)
		assert.LessOrEqual(t, len(store.writes), accepted/256+2)
		_, err := h.Send(t.Context(), room.Draft{Room: "a", From: "ann", Nonce: "late", Text: "x"})
		assert.ErrorIs(t, err, room.ErrClosed)
	})
}

// TestSlowReader: a reader that reads nothing takes no memory and is not in the list that a
// push visits, while another one gets every message (H5).
func TestSlowReader(t *testing.T) {
	store := room.NewMemory()
	h := newHub(t, room.Options{Store: store, UserRate: ratelimit.Inf, RoomRate: ratelimit.Inf, Tick: time.Hour})
	say(t, h, "a", "ann", "first", "x")
	f, release, err := store.Watch(t.Context(), "a")
	require.NoError(t, err)
	defer release()
	quick := enter(t, h, "a", "quick", nil)
	var slow []*room.Session
	for i := range 1000 {
		slow = append(slow, enter(t, h, "a", fmt.Sprint("slow-", i), nil))
	}
	assert.Equal(t, []string{"joined"}, types(quick))
	round := func(n int) {
		for i := range room.Keep {
			say(t, h, "a", "ann", fmt.Sprint(n, "-", i), strings.Repeat("x", 100))
			require.LessOrEqual(t, f.Waiting(), 1)
			require.Equal(t, []string{"msg"}, types(quick))
			require.Empty(t, poll(quick))
			require.Equal(t, 1, f.Waiting(), "only the one that has read everything")
		}
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	round(1) // the ring is full
	before := heap()
	round(2)
	round(3)
	assert.Less(t, heap(), before+4<<20, "1,000 readers are 2,048 messages further behind; a queue for each would have 16 bytes for each: 33 MB")
	for _, s := range slow[:3] {
		assert.Equal(t, []string{"joined", "reset"}, types(s))
	}
}

// TestBatchSize: a reader that is behind gets everything in few batches, of 64 KiB at most
// and one message; rooms take turns.
func TestBatchSize(t *testing.T) {
	h := newHub(t, room.Options{UserRate: ratelimit.Inf, RoomRate: ratelimit.Inf, Tick: time.Hour})
	for _, name := range []string{"a", "b"} {
		say(t, h, name, "ann", "first", "x")
	}
	s := enter(t, h, "a", "bob", nil)
	require.NoError(t, h.Join(t.Context(), s, "b", nil))
	assert.Equal(t, []string{"joined", "joined"}, types(s))
	for i := range 100 {
		for _, name := range []string{"a", "b"} {
			say(t, h, name, "ann", fmt.Sprint(i), strings.Repeat("x", 4000))
		}
	}
	var turns []string
	batches, messages := 0, 0
	for batch := s.Poll(); len(batch) > 0; batch = s.Poll() {
		size := 0
		turns = append(turns, strings.Split(string(batch[0].JSON()), `"`)[7])
		for _, f := range batch {
			size += len(f.Event())
			messages++
		}
		batches++
		assert.LessOrEqual(t, size, 64<<10+5000)
	}
	assert.Equal(t, 200, messages)
	assert.Less(t, batches, 20)
	assert.Equal(t, []string{"a", "b", "a"}, turns[:3])
}

// TestJoins: a session has at most a hundred rooms, joining again begins again, and what it
// leaves is not sent to it. Unknown rooms cost nothing.
func TestJoins(t *testing.T) {
	h := newHub(t, room.Options{UserRate: ratelimit.Inf, Tick: time.Hour})
	for i := range room.MaxJoins + 1 {
		say(t, h, fmt.Sprint("r", i), "ann", "1", "x")
	}
	s, err := h.Session("bob")
	require.NoError(t, err)
	for i := range 10_000 {
		err := h.Join(t.Context(), s, fmt.Sprint("r", i%(room.MaxJoins+1)), nil)
		if i%(room.MaxJoins+1) == room.MaxJoins {
			require.ErrorIs(t, err, room.ErrBad)
		} else {
			require.NoError(t, err)
		}
		require.ErrorIs(t, h.Join(t.Context(), s, fmt.Sprint("none-", i), nil), room.ErrNotFound)
	}
	assert.Len(t, s.Poll(), room.MaxJoins*1)
	assert.Equal(t, room.MaxJoins, h.Status().Rooms)
	assert.Equal(t, 1, h.Status().Sessions)
	s.Leave("r0")
	s.Leave("r0")
	s.Leave("none")
	say(t, h, "r0", "ann", "2", "x")
	say(t, h, "r1", "ann", "2", "x")
	assert.Equal(t, []string{"msg"}, types(s))
	s.Close()
	say(t, h, "r1", "ann", "3", "x")
	assert.Empty(t, s.Poll())
	assert.Zero(t, h.Status().Rooms)
	assert.Zero(t, h.Status().Sessions)
	_, err = h.Session("a\nb")
	assert.ErrorIs(t, err, room.ErrBad)
}

// TestJoinsAtOnce: sessions that join and leave at the same time leave nothing behind.
func TestJoinsAtOnce(t *testing.T) {
	store := room.NewMemory()
	h := newHub(t, room.Options{Store: store, Tick: time.Millisecond, Beat: time.Millisecond})
	say(t, h, "a", "ann", "1", "x")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 200 {
				s, err := h.Session(fmt.Sprint("user-", i%3))
				assert.NoError(t, err)
				assert.NoError(t, h.Join(context.Background(), s, "a", nil))
				s.Poll()
				s.Close()
			}
		})
	}
	wg.Wait()
	f, release, err := store.Watch(t.Context(), "a")
	require.NoError(t, err)
	defer release()
	assert.Zero(t, f.Waiting())
	assert.Zero(t, h.Status().Rooms)
	assert.Equal(t, []string{"ann"}, func() []string { enter(t, h, "a", "ann", nil); return h.Present("a") }())
}

// TestStatus: the peak is the most messages a second, to all readers.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := room.NewHub(room.Options{Store: room.NewMemory(), Node: "n"})
		defer h.Close()
		say(t, h, "a", "ann", "1", "x")
		s := enter(t, h, "a", "bob", nil)
		for i := range 5 {
			say(t, h, "a", "ann", fmt.Sprint("n", i), "x")
		}
		s.Poll()
		time.Sleep(1500 * time.Millisecond)
		st := h.Status()
		assert.Equal(t, []any{"n", int64(5), int64(5), 1, 1}, []any{st.Node, st.Sent, st.Peak, st.Rooms, st.Sessions})
		time.Sleep(2 * time.Minute)
		assert.Zero(t, h.Status().Peak)
	})
}
