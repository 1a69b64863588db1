package room_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/ratelimit"
)

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
	assert.Equal(t, []string{"joined"}, types(slow[999]))
	require.Equal(t, 2, f.Waiting())
	for i := range 2 * room.Keep / 10 { // more than a batch takes: it stays behind after one
		say(t, h, "a", "ann", fmt.Sprint("long-", i), strings.Repeat("x", 1000))
	}
	require.NotEmpty(t, types(slow[999]))
	require.Zero(t, f.Waiting(), "a reader that has read a batch, and is still behind, is not visited")
	for len(types(quick)) > 0 {
	}
	require.Equal(t, 1, f.Waiting())
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
	for _, s := range append(slow[:3], quick) {
		s.Close()
	}
	assert.Zero(t, f.Waiting(), "a session that has left is in no list")
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
