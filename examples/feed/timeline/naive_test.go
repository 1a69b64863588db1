package timeline_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/feed/timeline"
)

// naive is the feed of a tutorial: each reader has a list, the newest first, and a post is
// written into the lists of all followers.
type naive struct {
	followers map[string][]string
	lists     map[string][]string
	writes    int
}

func (n *naive) post(author, text string) {
	for _, f := range n.followers[author] {
		n.lists[f] = append([]string{text}, n.lists[f]...)
		n.writes++
	}
}

// TestNaiveOffset: pages by offset. A post that arrives between two pages moves all others,
// so one is shown twice; a deletion hides one.
func TestNaiveOffset(t *testing.T) {
	n := &naive{followers: map[string][]string{"bob": {"ann"}}, lists: map[string][]string{}}
	for i := range 6 {
		n.post("bob", fmt.Sprint(i))
	}
	first := slices.Clone(n.lists["ann"][:3])
	n.post("bob", "new")
	second := n.lists["ann"][3:6]
	assert.Equal(t, []string{"5", "4", "3"}, first)
	assert.Equal(t, []string{"3", "2", "1"}, second, "naive: 3 is shown twice")

	f := newFeed(t, 100)
	f.change(timeline.Follow, "ann", "bob")
	for i := range 6 {
		f.post("bob", fmt.Sprint(i))
	}
	p := f.page("ann", timeline.Newest, 3)
	f.post("bob", "new")
	assert.Equal(t, first, texts(p))
	assert.Equal(t, []string{"2", "1", "0"}, texts(f.page("ann", p.Next, 3)))
}

// TestNaiveFanOutInRequest: the request of somebody with many followers writes to all of
// their lists before it is answered. Here the answer comes first, and the post is seen
// although nothing was written.
func TestNaiveFanOutInRequest(t *testing.T) {
	const many = 100_000
	n := &naive{followers: map[string][]string{}, lists: map[string][]string{}}
	for i := range many {
		n.followers["star"] = append(n.followers["star"], fmt.Sprint("fan", i))
	}
	n.post("star", "x")
	assert.Equal(t, many, n.writes, "naive: writes before the answer")

	f := newFeed(t, 1)
	f.change(timeline.Follow, "ann", "star")
	f.change(timeline.Follow, "bob", "star")
	pushed := 0
	f.fan.Cache = countingCache{f.cache, &pushed}
	f.texts("ann")
	f.post("star", "x")
	assert.Equal(t, []string{"x"}, f.texts("ann"))
	f.deliver()
	assert.Zero(t, pushed)
	assert.Equal(t, []string{"x"}, f.texts("ann"))
}

type countingCache struct {
	timeline.Cache
	pushed *int
}

func (c countingCache) Push(ctx ctx, readers []string, id timeline.ID) error {
	*c.pushed += len(readers)
	return c.Cache.Push(ctx, readers, id)
}

// TestNaiveUnfollow: the lists are the truth, so what was written stays after an unfollow, a
// block and a deletion, until somebody has cleaned all lists.
func TestNaiveUnfollow(t *testing.T) {
	n := &naive{followers: map[string][]string{"bob": {"ann"}}, lists: map[string][]string{}}
	n.post("bob", "x")
	n.followers["bob"] = nil
	assert.Equal(t, []string{"x"}, n.lists["ann"], "naive: ann has unfollowed bob")

	f := newFeed(t, 100)
	f.change(timeline.Follow, "ann", "bob")
	f.texts("ann")
	f.post("bob", "x")
	f.deliver()
	require.Equal(t, []string{"x"}, f.texts("ann"))
	f.change(timeline.Unfollow, "ann", "bob")
	line, _, err := f.cache.Get(t.Context(), "ann")
	require.NoError(t, err)
	assert.Len(t, line.IDs, 1, "it is in the list")
	assert.Empty(t, f.texts("ann"), "and not on the page")
}

// TestNaiveTimestamps: the time of a post as its place. Two posts of one millisecond have
// one place, and a page that ends between them loses the other one; when the clock goes
// backwards a post is placed before older ones.
func TestNaiveTimestamps(t *testing.T) {
	at := []int64{3, 2, 2, 1} // of posts, the newest first
	var got []int64
	for before, more := int64(9), true; more; {
		more = false
		var page []int64
		for _, x := range at {
			if x < before && len(page) < 2 {
				page = append(page, x)
			}
		}
		if len(page) > 0 {
			before, more = page[len(page)-1], true
			got = append(got, page...)
		}
	}
	assert.Equal(t, []int64{3, 2, 1}, got, "naive: one of the two posts at 2 is not shown")

	m := timeline.NewMemory()
	now := time.UnixMilli(1_800_000_000_000)
	for i, d := range []time.Duration{0, 0, 0, -time.Hour, 0} {
		m.Apply(now.Add(d), timeline.Command{Post: &timeline.Post{Author: "ann", Text: fmt.Sprint(i)}})
	}
	f := &feed{t: t, store: m, Reader: timeline.Reader{Store: m}}
	var all []string
	for before := timeline.Newest; before != 0; {
		p := f.page("ann", before, 2)
		all, before = append(all, texts(p)...), p.Next
	}
	assert.Equal(t, "4 3 2 1 0", strings.Join(all, " "))
}

// TestNaiveEmptyHome: the newest 100 of a list are looked at and filtered. If a deletion or a
// block hides them all, home is empty, although older posts exist (F5; mastodon#2619).
func TestNaiveEmptyHome(t *testing.T) {
	n := &naive{followers: map[string][]string{"bob": {"ann"}, "cid": {"ann"}}, lists: map[string][]string{}}
	n.post("cid", "cid's")
	for range 100 {
		n.post("bob", "bob's")
	}
	page := slices.DeleteFunc(slices.Clone(n.lists["ann"][:100]), func(text string) bool { return text == "bob's" })
	assert.Empty(t, page, "naive: ann has blocked bob, and cid's post exists")
	// The same history here: see TestFullPages.
}

// TestNaiveRebuild: a list that was lost is made again from the newest posts, which takes
// some time. What is pushed meanwhile goes to no list, and is missing from the new one
// (mastodon#290). Here the timeline takes pushes before the posts are read: TestFillRaces.
func TestNaiveRebuild(t *testing.T) {
	posts := []string{"old"}
	lists := map[string][]string{}
	push := func(text string) {
		posts = append(posts, text)
		if l, ok := lists["ann"]; ok {
			lists["ann"] = append([]string{text}, l...)
		}
	}
	read := slices.Clone(posts)
	push("meanwhile")
	lists["ann"] = read
	push("new")
	assert.NotContains(t, lists["ann"], "meanwhile", "naive: it is not in the list, and never will be")
}

// TestNaiveNumber: an id of 64 bits as a number in JSON is rounded by a browser, and is
// another post's.
func TestNaiveNumber(t *testing.T) {
	g := timeline.IDs{}
	id := g.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	id = g.Next(id.Time())
	var browser struct{ ID float64 }
	require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"id": %d}`, uint64(id|1)), &browser))
	assert.NotEqual(t, uint64(id|1), uint64(browser.ID), "naive")
	b, err := json.Marshal(timeline.Post{ID: id | 1})
	require.NoError(t, err)
	assert.Contains(t, string(b), fmt.Sprintf(`"id":"%d"`, uint64(id|1)))
}
