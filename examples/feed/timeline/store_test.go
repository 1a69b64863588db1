package timeline_test

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/feed/timeline"
	"example.com/flatline/examples/feed/timeline/timelinetest"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/internal/wal/waltest"
)

func TestMemoryIsAStore(t *testing.T) {
	timelinetest.Run(t, func(testing.TB) timeline.Store { return timeline.NewMemory() })
}

func TestDiskIsAStore(t *testing.T) {
	timelinetest.Run(t, func(t testing.TB) timeline.Store { return openDisk(t, t.TempDir(), 100) })
}

func TestTimelinesAreACache(t *testing.T) {
	timelinetest.RunCache(t, func(_ testing.TB, keep int) timeline.Cache { return timeline.NewTimelines(10, keep) })
}

func openDisk(t testing.TB, dir string, every int64) *timeline.Disk {
	d, err := timeline.OpenDisk(dir, every, wal.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// state is all that a store keeps for good, in order.
func state(t require.TestingT, m *timeline.Memory) string {
	var b strings.Builder
	require.NoError(t, m.Dump(json.NewEncoder(&b)))
	lines := strings.Split(b.String(), "\n")
	slices.Sort(lines[1:]) // the people in no order
	return strings.Join(lines, "\n")
}

// command draws a change.
func command(t *rapid.T, ids []timeline.ID) timeline.Command {
	names := []string{"a", "b", "c", "d"}
	by := rapid.SampledFrom(names).Draw(t, "by")
	if len(ids) > 0 && rapid.IntRange(0, 5).Draw(t, "delete") == 0 {
		return timeline.Command{Delete: &timeline.Post{Author: by, ID: rapid.SampledFrom(ids).Draw(t, "id")}}
	}
	if rapid.Bool().Draw(t, "post") {
		return timeline.Command{Post: &timeline.Post{Author: by, Text: "<x>"}}
	}
	return timeline.Command{Edge: &timeline.Edge{
		Kind: rapid.SampledFrom([]string{timeline.Follow, timeline.Unfollow, timeline.Block, timeline.Unblock}).Draw(t, "kind"),
		From: by, To: rapid.SampledFrom(names).Draw(t, "to"),
	}}
}

// TestMachine: the same commands give the same state and effects; a state that was dumped and
// loaded is the same one, and gives the same effects from then on.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := timeline.NewMemory(), timeline.NewMemory()
		now := time.UnixMilli(1_800_000_000_000)
		var ids []timeline.ID
		for range rapid.IntRange(1, 60).Draw(t, "commands") {
			c := command(t, ids)
			if c.Edge != nil && c.Edge.From == c.Edge.To {
				continue
			}
			now = now.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "ms")) * time.Millisecond)
			want := a.Apply(now, c)
			require.Equal(t, want, b.Apply(now, c))
			if c.Post != nil {
				require.True(t, len(ids) == 0 || want.Post.ID > ids[len(ids)-1], "ids ascend when the clock does not")
				ids = append(ids, want.Post.ID)
			}
			if rapid.IntRange(0, 9).Draw(t, "load") == 0 {
				var dump strings.Builder
				require.NoError(t, b.Dump(json.NewEncoder(&dump)))
				b = timeline.NewMemory()
				require.NoError(t, b.Load(json.NewDecoder(strings.NewReader(dump.String()))))
			}
			require.Equal(t, state(t, a), state(t, b))
			require.NoError(t, b.Check())
		}
	})
}

// TestDiskReopens: a store that is opened again has the same state, from the log, from a
// snapshot, and from both, and nothing waits in it.
func TestDiskReopens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		every := rapid.SampledFrom([]int64{1000, 5, 1}).Draw(rt, "every")
		for range rapid.IntRange(1, 3).Draw(rt, "rounds") {
			d, err := timeline.OpenDisk(dir, every, wal.Options{NoSync: true})
			require.NoError(rt, err)
			waiting, err := d.Waiting(t.Context(), 9)
			require.NoError(rt, err)
			require.Empty(rt, waiting)
			for range rapid.IntRange(0, 8).Draw(rt, "steps") {
				switch c := command(rt, nil); {
				case c.Post != nil:
					_, err = d.Post(t.Context(), c.Post.Author, c.Post.Text)
				case c.Edge.From != c.Edge.To:
					err = d.Change(t.Context(), *c.Edge)
				}
				require.NoError(rt, err)
			}
			before := state(rt, d.Memory)
			require.NoError(rt, d.Close())
			d, err = timeline.OpenDisk(dir, every, wal.Options{NoSync: true})
			require.NoError(rt, err)
			require.Equal(rt, before, state(rt, d.Memory))
			require.NoError(rt, d.Check())
			require.NoError(rt, d.Close())
			_, err = d.Post(t.Context(), "a", "x")
			require.ErrorIs(rt, err, wal.ErrClosed)
		}
	})
}

// TestSnapshotHasAll: a store that was opened from a snapshot has the blocks, gives larger ids,
// and has nothing that waits, as one that was opened from the log.
func TestSnapshotHasAll(t *testing.T) {
	for _, every := range []int64{1, 1000} {
		dir := t.TempDir()
		d := openDisk(t, dir, every)
		require.NoError(t, d.Change(t.Context(), timeline.Edge{Kind: timeline.Follow, From: "ann", To: "bob"}))
		require.NoError(t, d.Change(t.Context(), timeline.Edge{Kind: timeline.Block, From: "bob", To: "ann"}))
		g := timeline.IDs{}
		ahead := time.Now().Add(time.Hour)
		d.Apply(ahead, timeline.Command{Post: &timeline.Post{Author: "cid", Text: "the clock was an hour ahead"}})
		last, err := d.Post(t.Context(), "bob", "x")
		require.NoError(t, err)
		require.GreaterOrEqual(t, last.ID, g.Next(ahead))
		require.NoError(t, d.Close())
		d = openDisk(t, dir, every)
		waiting, err := d.Waiting(t.Context(), 9)
		require.NoError(t, err)
		assert.Empty(t, waiting)
		v, err := d.View(t.Context(), "ann")
		require.NoError(t, err)
		assert.Equal(t, 1, v.Excluded)
		next, err := d.Post(t.Context(), "bob", "y")
		require.NoError(t, err)
		if every == 1 { // the log has no command of an hour ahead
			assert.Greater(t, next.ID, last.ID)
		}
		require.NoError(t, d.Close())
	}
}

// TestDiskFails: what the disk has not taken is refused, and no reader sees it.
func TestDiskFails(t *testing.T) {
	var broken error
	d, err := timeline.OpenDisk(t.TempDir(), 1000, waltest.Disk{Sync: func() error { return broken }}.Options())
	require.NoError(t, err)
	p, err := d.Post(t.Context(), "ann", "x")
	require.NoError(t, err)
	broken = io.ErrShortWrite
	_, err = d.Post(t.Context(), "ann", "lost")
	assert.ErrorIs(t, err, wal.ErrFailed)
	assert.ErrorIs(t, d.Delete(t.Context(), "ann", p.ID), wal.ErrFailed)
	assert.ErrorIs(t, d.Change(t.Context(), timeline.Edge{Kind: timeline.Follow, From: "ann", To: "bob"}), wal.ErrFailed)
	page, err := timeline.Reader{Store: d}.Page(t.Context(), "ann", timeline.Newest, 9)
	require.NoError(t, err)
	require.Len(t, page.Posts, 1)
	assert.Equal(t, p, page.Posts[0].Post)
	v, err := d.View(t.Context(), "ann")
	require.NoError(t, err)
	assert.Empty(t, v.Authors)
	assert.Error(t, d.Close())
}
