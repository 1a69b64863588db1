// Package timelinetest checks that a timeline.Store and a timeline.Cache are ones: all of
// them pass the same tests.
package timelinetest

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/feed/timeline"
)

// Run checks the stores that open returns, which begin empty and stay open for the test.
func Run(t *testing.T, open func(t testing.TB) timeline.Store) {
	for name, test := range map[string]func(*testing.T, timeline.Store){
		"posts":    posts,
		"edges":    edges,
		"view":     view,
		"recent":   recent,
		"fan-out":  fanOut,
		"settled":  settled,
		"follows":  follows,
		"pages":    pages,
		"together": together,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func post(t require.TestingT, s timeline.Store, author, text string) timeline.ID {
	p, err := s.Post(context.Background(), author, text)
	require.NoError(t, err)
	return p.ID
}

func change(t require.TestingT, s timeline.Store, kind, from, to string) {
	require.NoError(t, s.Change(context.Background(), timeline.Edge{Kind: kind, From: from, To: to}))
}

func see(t require.TestingT, s timeline.Store, reader string) timeline.View {
	v, err := s.View(context.Background(), reader)
	require.NoError(t, err)
	return v
}

func posts(t *testing.T, s timeline.Store) {
	before := time.Now().Add(-time.Second)
	a, err := s.Post(t.Context(), "ann", "one\n<two> ' é")
	require.NoError(t, err)
	b, err := s.Post(t.Context(), "bob", "three")
	require.NoError(t, err)
	assert.Greater(t, b.ID, a.ID)
	assert.WithinRange(t, a.At, before, time.Now().Add(time.Second))
	assert.WithinDuration(t, a.At, a.ID.Time(), time.Second)
	got, err := s.Posts(t.Context(), []timeline.ID{b.ID, a.ID, 7})
	require.NoError(t, err)
	assert.ElementsMatch(t, []timeline.Post{a, b}, got)
	assert.ErrorIs(t, s.Delete(t.Context(), "bob", a.ID), timeline.ErrNotYours)
	require.NoError(t, s.Delete(t.Context(), "ann", a.ID))
	assert.ErrorIs(t, s.Delete(t.Context(), "ann", a.ID), timeline.ErrNotFound)
	got, err = s.Posts(t.Context(), []timeline.ID{a.ID, b.ID})
	require.NoError(t, err)
	assert.Equal(t, []timeline.Post{b}, got)
	got, err = s.Posts(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, got)
}

func edges(t *testing.T, s timeline.Store) {
	assert.Empty(t, see(t, s, "ann").Authors)
	for range 2 { // a repetition changes nothing
		change(t, s, timeline.Follow, "ann", "bob")
		change(t, s, timeline.Follow, "ann", "cid")
		assert.Equal(t, map[string]timeline.ID{"bob": 0, "cid": 0}, see(t, s, "ann").Authors)
	}
	for _, pair := range [][2]string{{"ann", "bob"}, {"bob", "ann"}} { // either direction
		change(t, s, timeline.Block, pair[0], pair[1])
		assert.Equal(t, map[string]timeline.ID{"cid": 0}, see(t, s, "ann").Authors)
		assert.Equal(t, 1, see(t, s, "ann").Excluded)
		change(t, s, timeline.Unblock, pair[0], pair[1])
		assert.Equal(t, map[string]timeline.ID{"bob": 0, "cid": 0}, see(t, s, "ann").Authors)
	}
	change(t, s, timeline.Unfollow, "ann", "bob")
	change(t, s, timeline.Unfollow, "ann", "bob")
	assert.Equal(t, map[string]timeline.ID{"cid": 0}, see(t, s, "ann").Authors)
	assert.Empty(t, see(t, s, "cid").Authors, "a follow has one direction")
}

// view: what a timeline cannot follow makes another version, and nothing else does.
func view(t *testing.T, s timeline.Store) {
	version := func(reader string) uint64 { return see(t, s, reader).Version }
	change(t, s, timeline.Follow, "ann", "bob")
	one := version("ann")
	change(t, s, timeline.Follow, "ann", "bob")
	post(t, s, "bob", "x")
	change(t, s, timeline.Block, "ann", "bob")
	change(t, s, timeline.Follow, "cid", "ann")
	assert.Equal(t, one, version("ann"))
	change(t, s, timeline.Unblock, "ann", "bob")
	two := version("ann")
	assert.NotEqual(t, one, two, "posts of the blocked are missing from a timeline that was made meanwhile")
	change(t, s, timeline.Follow, "bob", "ann")
	change(t, s, timeline.Block, "ann", "bob")
	theirs := version("bob")
	change(t, s, timeline.Unblock, "ann", "bob")
	assert.NotEqual(t, theirs, version("bob"), "it was a block in both directions")
	two = version("ann")
	change(t, s, timeline.Unfollow, "ann", "bob")
	assert.Equal(t, two, version("ann"))
	change(t, s, timeline.Follow, "ann", "bob")
	assert.NotEqual(t, two, version("ann"))
}

func recent(t *testing.T, s timeline.Store) {
	var ids []timeline.ID
	for i := range 9 {
		ids = append(ids, post(t, s, []string{"ann", "bob", "cid"}[i%3], "x"))
	}
	get := func(before timeline.ID, n int, authors ...string) []timeline.ID {
		got, err := s.Recent(t.Context(), authors, before, n)
		require.NoError(t, err)
		return append([]timeline.ID{}, got...)
	}
	assert.Equal(t, []timeline.ID{ids[8], ids[6], ids[5]}, get(timeline.Newest, 3, "cid", "ann", "nobody-yet"))
	assert.Equal(t, []timeline.ID{ids[3], ids[2], ids[0]}, get(ids[5], 3, "ann", "cid"))
	assert.Equal(t, []timeline.ID{ids[1]}, get(ids[4], 9, "bob"))
	assert.Empty(t, get(ids[0], 9, "ann", "bob", "cid"))
	assert.Empty(t, get(timeline.Newest, 9))
	require.NoError(t, s.Delete(t.Context(), "bob", ids[4]))
	assert.Equal(t, []timeline.ID{ids[7], ids[1]}, get(timeline.Newest, 2, "bob"), "n of those that there are")
}

// fanOut: a post waits, and covers itself by its author's ceiling, until it is settled.
func fanOut(t *testing.T, s timeline.Store) {
	for _, f := range []string{"bob", "cid"} {
		change(t, s, timeline.Follow, f, "ann")
	}
	ceiling := func() timeline.ID { return see(t, s, "bob").Authors["ann"] }
	assert.Zero(t, ceiling())
	a, b, c := post(t, s, "ann", "a"), post(t, s, "ann", "b"), post(t, s, "ann", "c")
	assert.Equal(t, c, ceiling())
	waiting, err := s.Waiting(t.Context(), 2)
	require.NoError(t, err)
	assert.Equal(t, []timeline.ID{a, b}, waiting)
	got, err := s.Audience(t.Context(), a, 2)
	require.NoError(t, err)
	slices.Sort(got.Readers)
	assert.Equal(t, timeline.Audience{Author: "ann", Followers: 2, Readers: []string{"bob", "cid"}}, got)
	got, err = s.Audience(t.Context(), a, 1)
	require.NoError(t, err)
	assert.Equal(t, timeline.Audience{Author: "ann", Followers: 2}, got, "they are too many")
	require.NoError(t, s.Settle(t.Context(), c, true))
	assert.Equal(t, b, ceiling())
	require.NoError(t, s.Settle(t.Context(), a, true))
	assert.Equal(t, b, ceiling(), "they need not be settled in order")
	require.NoError(t, s.Settle(t.Context(), b, false))
	require.NoError(t, s.Settle(t.Context(), b, true), "a repetition")
	assert.Equal(t, b, ceiling(), "it was never pushed")
	d := post(t, s, "ann", "d")
	require.NoError(t, s.Delete(t.Context(), "ann", d))
	require.NoError(t, s.Settle(t.Context(), d, true))
	_, err = s.Audience(t.Context(), d, 5)
	assert.ErrorIs(t, err, timeline.ErrNotFound)
	waiting, err = s.Waiting(t.Context(), 9)
	require.NoError(t, err)
	assert.Empty(t, waiting)
	assert.Equal(t, b, ceiling())
}

// settled: a post that was not pushed is covered also when a later one was.
func settled(t *testing.T, s timeline.Store) {
	change(t, s, timeline.Follow, "bob", "ann")
	a, b := post(t, s, "ann", "a"), post(t, s, "ann", "b")
	require.NoError(t, s.Settle(t.Context(), b, true))
	require.NoError(t, s.Settle(t.Context(), a, false))
	assert.Equal(t, a, see(t, s, "bob").Authors["ann"])
	c := post(t, s, "ann", "c")
	require.NoError(t, s.Settle(t.Context(), c, false))
	assert.Equal(t, c, see(t, s, "bob").Authors["ann"])
}

func follows(t *testing.T, s timeline.Store) {
	tick := func() time.Time { // a moment between two changes
		time.Sleep(2 * time.Millisecond)
		defer time.Sleep(2 * time.Millisecond)
		return time.Now()
	}
	start := tick()
	change(t, s, timeline.Follow, "ann", "cid")
	change(t, s, timeline.Follow, "ann", "bob")
	one := tick()
	change(t, s, timeline.Unfollow, "ann", "cid")
	two := tick()
	change(t, s, timeline.Follow, "ann", "cid")
	change(t, s, timeline.Follow, "ann", "cid") // does not begin again
	for _, c := range []struct {
		at   time.Time
		want []string
	}{{start, nil}, {one, []string{"bob", "cid"}}, {two, []string{"bob"}}, {tick(), []string{"bob", "cid"}}} {
		got, err := s.Follows(t.Context(), "ann", c.at)
		require.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
	since, ok, err := s.Since(t.Context(), "ann", "cid")
	require.NoError(t, err)
	assert.True(t, ok)
	assert.True(t, since.After(two), "%v %v", since, two)
	change(t, s, timeline.Unfollow, "ann", "cid")
	for _, name := range []string{"cid", "dan"} {
		_, ok, err = s.Since(t.Context(), "ann", name)
		require.NoError(t, err)
		assert.False(t, ok)
	}
}

// pages: whatever happens, pages are the oracle's (F1, F2, F5).
func pages(t *testing.T, s timeline.Store) {
	r := rand.New(rand.NewPCG(1, 2))
	h := NewHistory(t, r.IntN, s, timeline.NewTimelines(4, 6), 2)
	for range 400 {
		h.Step()
	}
	h.Finish()
}

// together: ids ascend for each author, whoever else posts at the same time.
func together(t *testing.T, s timeline.Store) {
	done := make(chan []timeline.ID)
	for _, author := range []string{"ann", "bob", "ann", "bob"} {
		go func() {
			var ids []timeline.ID
			for range 25 {
				p, err := s.Post(context.Background(), author, "x")
				if err != nil {
					t.Error(err)
				}
				ids = append(ids, p.ID)
			}
			done <- ids
		}()
	}
	seen := map[timeline.ID]bool{}
	for range 4 {
		ids := <-done
		assert.True(t, slices.IsSorted(ids), "%v", ids)
		for _, id := range ids {
			assert.False(t, seen[id], "%v is there twice", id)
			seen[id] = true
		}
	}
	got, err := s.Recent(t.Context(), []string{"ann", "bob"}, timeline.Newest, 200)
	require.NoError(t, err)
	assert.Len(t, got, 100)
}
