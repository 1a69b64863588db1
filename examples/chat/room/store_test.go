package room_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/chat/room/roomtest"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/internal/wal/waltest"
)

func TestMemoryIsAStore(t *testing.T) {
	roomtest.Run(t, func(testing.TB) room.Store { return room.NewMemory() })
}

func TestDiskIsAStore(t *testing.T) {
	roomtest.Run(t, func(t testing.TB) room.Store { return openDisk(t, t.TempDir(), 100) })
}

func openDisk(t testing.TB, dir string, every int64) *room.Disk {
	d, err := room.OpenDisk(dir, every, wal.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// state is all that a store has, in order.
func state(t require.TestingT, m *room.Memory) string {
	var b strings.Builder
	require.NoError(t, m.Dump(json.NewEncoder(&b)))
	lines := strings.Split(b.String(), "\n")
	for i, l := range lines { // the rooms in no order
		if strings.HasPrefix(l, `{"Name":"q"`) {
			lines[i], lines[1] = lines[1], lines[i]
			break
		}
	}
	return strings.Join(lines, "\n")
}

// TestDiskReopens: a store that is opened again has the same state and epoch, from the log,
// from a snapshot, and from both.
func TestDiskReopens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		every := rapid.SampledFrom([]int64{1000, 5, 1}).Draw(rt, "every")
		epoch := ""
		for range rapid.IntRange(1, 3).Draw(rt, "rounds") {
			d, err := room.OpenDisk(dir, every, wal.Options{NoSync: true})
			require.NoError(rt, err)
			if epoch == "" {
				epoch = d.Epoch()
			}
			require.Equal(rt, epoch, d.Epoch())
			for range rapid.IntRange(0, 8).Draw(rt, "steps") {
				_, err := d.Append(t.Context(), drafts(rt))
				require.NoError(rt, err)
			}
			require.NoError(rt, d.Check())
			before := state(rt, d.Memory)
			require.NoError(rt, d.Close())
			d, err = room.OpenDisk(dir, every, wal.Options{NoSync: true})
			require.NoError(rt, err)
			require.Equal(rt, before, state(rt, d.Memory))
			require.NoError(rt, d.Check())
			require.NoError(rt, d.Close())
			_, err = d.Append(t.Context(), drafts(rt))
			require.ErrorIs(rt, err, wal.ErrClosed)
		}
	})
}

// TestSnapshotHasNonces: a repetition is known from a snapshot (H2).
func TestSnapshotHasNonces(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		d, err := room.OpenDisk(dir, 1, wal.Options{NoSync: true})
		require.NoError(t, err)
		sent, err := d.Append(t.Context(), []room.Draft{{Room: "a", From: "ann", Nonce: "n", Text: "x"}})
		require.NoError(t, err)
		assert.Equal(t, []room.Sent{{Pos: 1, Dup: round > 0}}, sent)
		require.NoError(t, d.Close())
	}
}

// TestLostLog: a log that was lost has another epoch, so a reader of the old one is reset,
// although its position is there again (H4).
func TestLostLog(t *testing.T) {
	one, two := openDisk(t, t.TempDir(), 100), openDisk(t, t.TempDir(), 100)
	assert.NotEqual(t, one.Epoch(), two.Epoch())
	for _, d := range []*room.Disk{one, two} {
		_, err := d.Append(t.Context(), []room.Draft{{Room: "a", From: "ann", Nonce: "n", Text: "x"}})
		require.NoError(t, err)
	}
	f, release, err := two.Watch(t.Context(), "a")
	require.NoError(t, err)
	s := room.NewSession("ann")
	require.NoError(t, s.Join(f, &room.Cursor{Pos: 1, Epoch: one.Epoch()}, release))
	assert.Equal(t, []string{`{"type":"reset","room":"a","pos":1,"epoch":"` + two.Epoch() + `"}`}, poll(s))
	assert.NotEqual(t, room.NewMemory().Epoch(), room.NewMemory().Epoch())
}

// poll returns what a session is sent now.
func poll(s *room.Session) (all []string) {
	for _, f := range s.Poll() {
		all = append(all, string(f.JSON()))
	}
	return all
}

// TestDiskFails: what the disk has not taken is refused, and no reader sees it (H4).
func TestDiskFails(t *testing.T) {
	var broken error
	d, err := room.OpenDisk(t.TempDir(), 1000, waltest.Disk{Sync: func() error { return broken }}.Options())
	require.NoError(t, err)
	_, err = d.Append(t.Context(), []room.Draft{{Room: "a", From: "ann", Nonce: "1", Text: "x"}})
	require.NoError(t, err)
	f, release, err := d.Watch(t.Context(), "a")
	require.NoError(t, err)
	s := room.NewSession("ann")
	require.NoError(t, s.Join(f, nil, release))
	require.Len(t, s.Poll(), 1)
	broken = io.ErrShortWrite
	_, err = d.Append(t.Context(), []room.Draft{{Room: "a", From: "ann", Nonce: "2", Text: "lost"}, {Room: "b", From: "ann", Nonce: "2", Text: "lost"}})
	assert.ErrorIs(t, err, wal.ErrFailed)
	assert.Empty(t, s.Poll())
	_, _, err = d.Watch(t.Context(), "b")
	assert.ErrorIs(t, err, room.ErrNotFound)
	assert.EqualValues(t, 1, f.Last())
	assert.Error(t, d.Close())
}

// TestNotBeforeDurable: while a message is on its way to the disk no reader sees it (H4).
func TestNotBeforeDurable(t *testing.T) {
	begun, release := make(chan struct{}, 100), make(chan struct{}, 100)
	for range 2 { // the epoch and the first message
		release <- struct{}{}
	}
	d, err := room.OpenDisk(t.TempDir(), 1000, waltest.Disk{Sync: func() error {
		begun <- struct{}{}
		<-release
		return nil
	}}.Options())
	require.NoError(t, err)
	_, err = d.Append(t.Context(), []room.Draft{{Room: "a", From: "ann", Nonce: "1", Text: "x"}})
	require.NoError(t, err)
	f, leave, err := d.Watch(t.Context(), "a")
	require.NoError(t, err)
	s := room.NewSession("ann")
	require.NoError(t, s.Join(f, nil, leave))
	require.Len(t, s.Poll(), 1)
	for range 2 {
		<-begun
	}
	done := make(chan error)
	go func() {
		_, err := d.Append(t.Context(), []room.Draft{{Room: "a", From: "ann", Nonce: "2", Text: "y"}})
		done <- err
	}()
	<-begun
	assert.Empty(t, s.Poll())
	assert.EqualValues(t, 1, f.Last())
	release <- struct{}{}
	require.NoError(t, <-done)
	assert.Len(t, s.Poll(), 1)
	require.NoError(t, d.Close())
}

// TestManyRooms: a store takes so many rooms and no more, and the others go on.
func TestManyRooms(t *testing.T) {
	m := room.NewMemory()
	now := time.Now()
	for i := range room.MaxRooms {
		sent := m.Apply(now, room.Command{Send: []room.Draft{{Room: fmt.Sprint("r", i), From: "ann", Nonce: "n", Text: "x"}}})
		require.NoError(t, sent[0].Err)
	}
	sent := m.Apply(now, room.Command{Send: []room.Draft{{Room: "one-more", From: "ann", Nonce: "n", Text: "x"}, {Room: "r7", From: "bob", Nonce: "n", Text: "x"}}})
	assert.ErrorIs(t, sent[0].Err, room.ErrRooms)
	assert.Equal(t, room.Sent{Pos: 2}, sent[1])
	f, _, err := m.Watch(t.Context(), "r7")
	require.NoError(t, err)
	all, more := f.Before(math.MaxUint64, 1)
	assert.Len(t, all, 1)
	assert.True(t, more)
	assert.NoError(t, m.Check())
}
