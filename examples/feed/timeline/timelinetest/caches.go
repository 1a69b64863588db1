package timelinetest

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/feed/timeline"
)

// RunCache checks the caches that open returns, which begin empty and keep so many ids of a
// timeline.
func RunCache(t *testing.T, open func(t testing.TB, keep int) timeline.Cache) {
	for name, test := range map[string]func(*testing.T, func(testing.TB, int) timeline.Cache){
		"begin":    begin,
		"absent":   absent,
		"tokens":   tokens,
		"trimmed":  trimmed,
		"overrun":  overrun,
		"disorder": disorder,
		"pages":    cachePages,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

func start(t require.TestingT, c timeline.Cache, reader string, version uint64) uint64 {
	token, err := c.Begin(context.Background(), reader, version)
	require.NoError(t, err)
	return token
}

func fill(t require.TestingT, c timeline.Cache, reader string, token uint64, floor timeline.ID, ids ...timeline.ID) {
	require.NoError(t, c.Fill(context.Background(), reader, token, ids, floor))
}

func push(t require.TestingT, c timeline.Cache, id timeline.ID, readers ...string) {
	require.NoError(t, c.Push(context.Background(), readers, id))
}

func line(t require.TestingT, c timeline.Cache, reader string) timeline.Timeline {
	l, ok, err := c.Get(context.Background(), reader)
	require.NoError(t, err)
	require.True(t, ok)
	return l
}

// begin: a timeline takes pushes from Begin on, and is of use from Fill on.
func begin(t *testing.T, open func(testing.TB, int) timeline.Cache) {
	c := open(t, 9)
	token := start(t, c, "ann", 7)
	push(t, c, 50, "ann", "bob")
	assert.Equal(t, timeline.Timeline{Version: 7, Floor: timeline.Newest, IDs: []timeline.ID{50}}, line(t, c, "ann"))
	fill(t, c, "ann", token, 20, 40, 20)
	push(t, c, 60, "ann")
	push(t, c, 60, "ann")
	want := timeline.Timeline{Version: 7, Floor: 20, IDs: []timeline.ID{60, 50, 40, 20}}
	assert.Equal(t, want, line(t, c, "ann"), "the newest first, each once")
	big := timeline.ID(1<<62 + 1) // beyond 53 bits
	push(t, c, big, "ann")
	assert.Equal(t, big, line(t, c, "ann").IDs[0])
	assert.Equal(t, uint64(8), func() uint64 { start(t, c, "ann", 8); return line(t, c, "ann").Version }())
	assert.Empty(t, line(t, c, "ann").IDs)
}

// absent: a push makes no timeline, and neither does a Fill.
func absent(t *testing.T, open func(testing.TB, int) timeline.Cache) {
	c := open(t, 9)
	token := start(t, c, "ann", 1)
	require.NoError(t, c.Drop(t.Context(), "ann", "bob"))
	push(t, c, 50, "ann", "bob")
	fill(t, c, "ann", token, 1, 40)
	for _, r := range []string{"ann", "bob"} {
		_, ok, err := c.Get(t.Context(), r)
		require.NoError(t, err)
		assert.False(t, ok)
	}
	require.NoError(t, c.Push(t.Context(), nil, 1))
}

// tokens: what was read for a timeline that has been replaced fills no other one.
func tokens(t *testing.T, open func(testing.TB, int) timeline.Cache) {
	c := open(t, 9)
	old := start(t, c, "ann", 1)
	push(t, c, 50, "ann")
	token := start(t, c, "ann", 1)
	assert.NotEqual(t, old, token)
	fill(t, c, "ann", old, 1, 40)
	assert.Equal(t, timeline.Timeline{Version: 1, Floor: timeline.Newest, IDs: []timeline.ID{}}, line(t, c, "ann"))
	fill(t, c, "ann", token, 1, 50, 40)
	assert.Equal(t, timeline.Timeline{Version: 1, Floor: 1, IDs: []timeline.ID{50, 40}}, line(t, c, "ann"))
}

// trimmed: a timeline that is full drops its oldest id, and its floor rises above that.
func trimmed(t *testing.T, open func(testing.TB, int) timeline.Cache) {
	c := open(t, 3)
	fill(t, c, "ann", start(t, c, "ann", 1), 1, 30, 20)
	push(t, c, 40, "ann")
	assert.Equal(t, timeline.Timeline{Version: 1, Floor: 1, IDs: []timeline.ID{40, 30, 20}}, line(t, c, "ann"))
	push(t, c, 50, "ann")
	l := line(t, c, "ann")
	assert.Equal(t, []timeline.ID{50, 40, 30}, l.IDs)
	assert.Greater(t, l.Floor, timeline.ID(20))
	assert.LessOrEqual(t, l.Floor, timeline.ID(30))
}

// overrun: so many pushes come between Begin and Fill that some are dropped. The floor is
// above those, wherever Fill puts it.
func overrun(t *testing.T, open func(testing.TB, int) timeline.Cache) {
	c := open(t, 3)
	token := start(t, c, "ann", 1)
	for id := range timeline.ID(5) {
		push(t, c, 50+id, "ann")
	}
	fill(t, c, "ann", token, 1, 30, 20)
	l := line(t, c, "ann")
	assert.Equal(t, []timeline.ID{54, 53, 52}, l.IDs)
	assert.Greater(t, l.Floor, timeline.ID(51))
}

// disorder: ids that come late, as those of two authors may, are put where they belong.
func disorder(t *testing.T, open func(testing.TB, int) timeline.Cache) {
	c := open(t, 4)
	fill(t, c, "ann", start(t, c, "ann", 1), 1, 30, 10)
	push(t, c, 50, "ann")
	push(t, c, 40, "ann")
	assert.Equal(t, []timeline.ID{50, 40, 30, 10}, line(t, c, "ann").IDs)
	push(t, c, 20, "ann")
	l := line(t, c, "ann")
	assert.Equal(t, []timeline.ID{50, 40, 30, 20}, l.IDs)
	assert.Greater(t, l.Floor, timeline.ID(10))
	push(t, c, 5, "ann")
	got := line(t, c, "ann")
	assert.Equal(t, l.Floor, got.Floor, "one below the floor changes nothing")
	assert.Equal(t, l.IDs, slices.DeleteFunc(got.IDs, func(id timeline.ID) bool { return id < got.Floor }))
}

// cachePages: whatever happens, pages are the oracle's (F1, F2, F5).
func cachePages(t *testing.T, open func(testing.TB, int) timeline.Cache) {
	r := rand.New(rand.NewPCG(3, 4))
	h := NewHistory(t, r.IntN, timeline.NewMemory(), open(t, 6), 2)
	for range 400 {
		h.Step()
	}
	h.Finish()
}
