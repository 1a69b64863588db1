package room_test

import (
	"context"
	"fmt"
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
