package room_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
)

// TestJump: after a jump all readers are reset, the one that had read everything too, and
// what follows is after the new position.
func TestJump(t *testing.T) {
	f := room.NewFeed("a", "e", 0)
	f.Push(room.Message{Pos: 1})
	f.Push(room.Message{Pos: 3})
	whole, behind := room.NewSession("whole"), room.NewSession("behind")
	for _, s := range []*room.Session{whole, behind} {
		require.NoError(t, s.Join(f, &room.Cursor{Epoch: "e"}, func() {}))
	}
	assert.Equal(t, []string{"joined", "msg", "msg"}, types(whole))
	assert.Empty(t, whole.Poll())
	f.Jump(2)
	assert.Empty(t, whole.Poll(), "it is not ahead")
	f.Jump(7)
	for _, s := range []*room.Session{whole, behind} {
		lines := poll(s)
		assert.Equal(t, `{"type":"reset","room":"a","pos":7,"epoch":"e"}`, lines[len(lines)-1])
	}
	f.Push(room.Message{Pos: 9})
	all, more := f.Before(100, 10)
	assert.False(t, more)
	assert.Equal(t, []room.Message{{Pos: 9, Prev: 7}}, all)
	late := room.NewSession("late")
	require.NoError(t, late.Join(f, &room.Cursor{Pos: 3, Epoch: "e"}, func() {}))
	assert.Equal(t, []string{"reset"}, types(late))
}

// TestPushAgain: a message that is there already, or came too late, changes nothing.
func TestPushAgain(t *testing.T) {
	f := room.NewFeed("a", "e", 4)
	for _, pos := range []uint64{4, 6, 6, 5, 8} {
		f.Push(room.Message{Pos: pos})
	}
	all, _ := f.Before(100, 10)
	assert.Equal(t, []room.Message{{Pos: 6, Prev: 4}, {Pos: 8, Prev: 6}}, all)
}

// TestReach: a caller waits until a position is there, or its context ends, and is then in no
// list.
func TestReach(t *testing.T) {
	f := room.NewFeed("a", "e", 0)
	reached := make(chan error)
	go func() { reached <- f.Reach(t.Context(), 3) }()
	for f.Waiting() == 0 {
		f.Push(room.Message{Pos: 1})
	}
	f.Push(room.Message{Pos: 2})
	f.Push(room.Message{Pos: 3})
	require.NoError(t, <-reached)
	require.NoError(t, f.Reach(t.Context(), 2))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { reached <- f.Reach(ctx, 4) }()
	cancel()
	assert.ErrorIs(t, <-reached, context.Canceled)
	assert.Zero(t, f.Waiting())
}

// TestSnapshotOfFullRoom: a copy of a room whose oldest messages are gone knows that.
func TestSnapshotOfFullRoom(t *testing.T) {
	m := newMachine()
	for i := range room.Keep + 5 {
		m.Apply(epoch, room.Command{Send: []room.Draft{{Room: "a", From: "ann", Nonce: fmt.Sprint(i), Text: "x"}}})
	}
	again := copied(t, m)
	require.NoError(t, again.Check())
	f, _, err := again.Watch(t.Context(), "a")
	require.NoError(t, err)
	for pos, want := range map[uint64]string{4: "reset", 5: "joined"} {
		s := room.NewSession("bob")
		require.NoError(t, s.Join(f, &room.Cursor{Pos: pos, Epoch: "e"}, func() {}))
		assert.Equal(t, want, types(s)[0], pos)
	}
}
