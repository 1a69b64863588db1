package timeline_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/feed/timeline"
	"example.com/flatline/examples/feed/timeline/timelinetest"
)

// modes are the ways to make a page.
var modes = []struct {
	name  string
	cache bool
	most  int
}{{"pull", false, 0}, {"push", true, 100}, {"hybrid", true, 2}, {"filled", true, 0}}

// TestPages: after any history each page is the one that a plain look at everything gives,
// whether posts are pushed, pulled or both (F1, F2, F5).
func TestPages(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var cache timeline.Cache
				if m.cache {
					cache = timeline.NewTimelines(rapid.IntRange(1, 8).Draw(t, "readers"), rapid.IntRange(1, 8).Draw(t, "keep"))
				}
				draw := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "n") }
				h := timelinetest.NewHistory(t, draw, timeline.NewMemory(), cache, m.most)
				for range rapid.IntRange(1, 60).Draw(t, "steps") {
					h.Step()
				}
				h.Finish()
			})
		})
	}
}

// feed is a store and a cache with a few people, for the tests that follow.
type feed struct {
	t     testing.TB
	store *timeline.Memory
	cache *timeline.Timelines
	fan   timeline.Fan
	timeline.Reader
}

func newFeed(t testing.TB, most int) *feed {
	s, c := timeline.NewMemory(), timeline.NewTimelines(100, timeline.Keep)
	return &feed{t, s, c, timeline.Fan{Store: s, Cache: c, Most: most}, timeline.Reader{Store: s, Cache: c, Fill: 200}}
}

func (f *feed) post(author, text string) timeline.ID {
	f.t.Helper()
	p, err := f.store.Post(f.t.Context(), author, text)
	require.NoError(f.t, err)
	return p.ID
}

func (f *feed) change(kind, from string, to ...string) {
	f.t.Helper()
	for _, name := range to {
		require.NoError(f.t, f.store.Change(f.t.Context(), timeline.Edge{Kind: kind, From: from, To: name}))
	}
}

func (f *feed) deliver() {
	f.t.Helper()
	_, err := f.fan.Sweep(f.t.Context(), 10_000)
	require.NoError(f.t, err)
}

func (f *feed) page(reader string, before timeline.ID, n int) timeline.Page {
	f.t.Helper()
	p, err := f.Page(f.t.Context(), reader, before, n)
	require.NoError(f.t, err)
	return p
}

func (f *feed) texts(reader string) []string { return texts(f.page(reader, timeline.Newest, 50)) }

func texts(p timeline.Page) []string {
	all := []string{}
	for _, x := range p.Posts {
		all = append(all, x.Text)
	}
	return all
}

// TestDrop: a timeline that is dropped changes no page, and is made again by the next one
// (F2).
func TestDrop(t *testing.T) {
	f := newFeed(t, 100)
	f.change(timeline.Follow, "ann", "bob", "cid")
	f.post("bob", "before")
	first := f.page("ann", timeline.Newest, 9)
	assert.True(t, first.Cost.Filled)
	f.post("cid", "pushed")
	f.deliver()
	kept := f.page("ann", timeline.Newest, 9)
	assert.Equal(t, []string{"pushed", "before"}, texts(kept))
	assert.Equal(t, timeline.Cost{Pulled: 1}, kept.Cost, "the reader's own: there is nothing below the floor")
	require.NoError(t, f.cache.Drop(t.Context(), "ann"))
	again := f.page("ann", timeline.Newest, 9)
	assert.Equal(t, kept.Posts, again.Posts)
	assert.True(t, again.Cost.Filled)
}

// TestPushIsEnough: where all was pushed, a page above the floor asks for nobody's posts but
// the reader's own.
func TestPushIsEnough(t *testing.T) {
	f := newFeed(t, 100)
	f.change(timeline.Follow, "ann", "bob", "cid", "dan")
	f.page("ann", timeline.Newest, 5)
	for i := range 20 {
		f.post([]string{"bob", "cid", "dan"}[i%3], fmt.Sprint(i))
	}
	f.deliver()
	p := f.page("ann", timeline.Newest, 5)
	assert.Equal(t, []string{"19", "18", "17", "16", "15"}, texts(p))
	assert.Equal(t, timeline.Cost{Pulled: 1}, p.Cost)
	for _, x := range p.Posts {
		assert.Equal(t, timeline.FromTimeline, x.From)
	}
}

// TestBacklog: a post that waits for the fan-out is on the page at once, and so is one of an
// author who is not pushed; only those authors are pulled.
func TestBacklog(t *testing.T) {
	f := newFeed(t, 1)
	f.change(timeline.Follow, "ann", "bob", "cid", "star")
	f.change(timeline.Follow, "bob", "star")
	f.page("ann", timeline.Newest, 5)
	f.post("star", "of the many")
	f.deliver()
	f.post("bob", "waits")
	p := f.page("ann", timeline.Newest, 2)
	assert.Equal(t, []string{"waits", "of the many"}, texts(p))
	assert.Equal(t, []string{timeline.FromAuthor, timeline.FromAuthor}, []string{p.Posts[0].From, p.Posts[1].From})
	f.deliver()
	p = f.page("ann", timeline.Newest, 1)
	assert.Equal(t, timeline.FromTimeline, p.Posts[0].From)
	assert.Equal(t, timeline.Cost{Pulled: 2}, p.Cost, "the reader's own and the star's")
}

// TestThreshold: an author who was pulled, and is pushed from now on, has posts that no
// timeline has. They stay on the page.
func TestThreshold(t *testing.T) {
	f := newFeed(t, 0)
	f.change(timeline.Follow, "ann", "star")
	f.page("ann", timeline.Newest, 5)
	f.post("star", "pulled")
	f.deliver()
	assert.Equal(t, []string{"pulled"}, f.texts("ann"))
	f.fan.Most = 100
	f.post("star", "pushed")
	f.deliver()
	p := f.page("ann", timeline.Newest, 5)
	assert.Equal(t, []string{"pushed", "pulled"}, texts(p))
	assert.Equal(t, []string{timeline.FromTimeline, timeline.FromAuthor}, []string{p.Posts[0].From, p.Posts[1].From})
	require.NoError(t, f.cache.Drop(t.Context(), "ann"))
	f.texts("ann")
	f.post("star", "later")
	f.deliver()
	assert.Equal(t, []string{"later", "pushed", "pulled"}, f.texts("ann"))
}

// racing is a cache in which something happens between two calls of a page.
type racing struct {
	timeline.Cache
	begins, begun, gets, got func()
}

// run runs f, if there is one.
func run(f func()) {
	if f != nil {
		f()
	}
}

func (r racing) Get(ctx ctx, reader string) (timeline.Timeline, bool, error) {
	run(r.gets)
	defer run(r.got)
	return r.Cache.Get(ctx, reader)
}

func (r racing) Begin(ctx ctx, reader string, version uint64) (uint64, error) {
	run(r.begins)
	defer run(r.begun)
	return r.Cache.Begin(ctx, reader, version)
}

// TestFillRaces: a post that is stored and pushed while a timeline is made is in it, and so
// is the post of somebody who is followed meanwhile.
func TestFillRaces(t *testing.T) {
	f := newFeed(t, 100)
	f.change(timeline.Follow, "ann", "bob")
	slow := f.Reader
	slow.Cache = racing{Cache: f.cache, begun: func() {
		f.post("bob", "meanwhile")
		f.deliver()
		f.post("cid", "of another one")
		f.deliver()
		f.change(timeline.Follow, "ann", "cid")
	}}
	_, err := slow.Page(t.Context(), "ann", timeline.Newest, 5)
	require.NoError(t, err)
	assert.Equal(t, []string{"of another one", "meanwhile"}, f.texts("ann"))

	f.change(timeline.Follow, "eve", "bob")
	slow.Cache = racing{Cache: f.cache, begins: func() {
		f.post("bob", "early")
		f.deliver()
	}}
	_, err = slow.Page(t.Context(), "eve", timeline.Newest, 5)
	require.NoError(t, err)
	assert.Equal(t, []string{"early", "meanwhile"}, f.texts("eve"), "it was pushed before there was a timeline")

	f.change(timeline.Follow, "dan", "bob")
	slow.Cache = racing{Cache: f.cache, begun: func() { f.post("bob", "not delivered") }}
	_, err = slow.Page(t.Context(), "dan", timeline.Newest, 5)
	require.NoError(t, err)
	f.deliver()
	assert.Equal(t, []string{"not delivered", "early", "meanwhile"}, f.texts("dan"))
}

// TestViewBeforeTimeline: a post that is pushed while a page is made is on it, whether it
// was seen to wait or in the timeline.
func TestViewBeforeTimeline(t *testing.T) {
	for _, pushed := range []func(*feed) racing{
		func(f *feed) racing { return racing{Cache: f.cache, gets: f.deliver} },
		func(f *feed) racing { return racing{Cache: f.cache, got: f.deliver} },
	} {
		f := newFeed(t, 100)
		f.change(timeline.Follow, "ann", "bob")
		f.texts("ann")
		f.post("bob", "waits")
		slow := f.Reader
		slow.Cache = pushed(f)
		p, err := slow.Page(t.Context(), "ann", timeline.Newest, 5)
		require.NoError(t, err)
		assert.Equal(t, []string{"waits"}, texts(p))
	}
}

// away is a cache that does not answer.
type away struct{ timeline.Cache }

var errAway = errors.New("away")

func (away) Get(ctx, string) (timeline.Timeline, bool, error) {
	return timeline.Timeline{}, false, errAway
}

func (away) Push(ctx, []string, timeline.ID) error { return errAway }

// TestLostCache: a cache that does not answer costs time, and no post (F2).
func TestLostCache(t *testing.T) {
	f := newFeed(t, 100)
	f.change(timeline.Follow, "ann", "bob")
	f.texts("ann")
	f.post("bob", "x")
	f.fan.Cache, f.Cache = away{f.cache}, away{f.cache}
	_, err := f.fan.Sweep(t.Context(), 9)
	require.ErrorIs(t, err, errAway)
	p := f.page("ann", timeline.Newest, 5)
	assert.Equal(t, []string{"x"}, texts(p))
	assert.True(t, p.Cost.Lost)
	f.Cache = f.cache
	assert.Equal(t, []string{"x"}, f.texts("ann"), "it still waits")
}

// TestPaging: while posts arrive, all pages together have each post that existed at the start
// once (F3).
func TestPaging(t *testing.T) {
	for _, most := range []int{0, 100} {
		f := newFeed(t, most)
		f.Fill = 7
		f.change(timeline.Follow, "ann", "bob", "cid")
		var want []string
		for i := range 40 {
			text := fmt.Sprint("old ", i)
			want = append(want, text)
			f.post([]string{"bob", "cid", "ann"}[i%3], text)
			if i%5 == 0 {
				f.deliver()
				f.texts("ann")
			}
		}
		var got []string
		for before := timeline.Newest; before != 0; {
			p := f.page("ann", before, 3)
			got = append(got, texts(p)...)
			before = p.Next
			f.post("bob", "new")
			if len(got)%2 == 0 {
				f.deliver()
				require.NoError(t, f.cache.Drop(t.Context(), "ann"))
			}
		}
		slices.Reverse(got)
		assert.Equal(t, want, got)
	}
}

// TestFilterAtRead: what was pushed is hidden by a deletion, a block in either direction and
// an unfollow as soon as they are acknowledged, and shown again when a block ends (F4).
func TestFilterAtRead(t *testing.T) {
	f := newFeed(t, 100)
	f.change(timeline.Follow, "ann", "bob", "cid")
	f.texts("ann")
	f.post("bob", "bob's")
	id := f.post("cid", "cid's")
	f.deliver()
	require.Equal(t, []string{"cid's", "bob's"}, f.texts("ann"))
	for _, pair := range [][2]string{{"ann", "bob"}, {"bob", "ann"}} {
		f.change(timeline.Block, pair[0], pair[1])
		assert.Equal(t, []string{"cid's"}, f.texts("ann"))
		f.change(timeline.Unblock, pair[0], pair[1])
		assert.Equal(t, []string{"cid's", "bob's"}, f.texts("ann"))
	}
	f.change(timeline.Unfollow, "ann", "bob")
	assert.Equal(t, []string{"cid's"}, f.texts("ann"))
	require.NoError(t, f.store.Delete(t.Context(), "cid", id))
	assert.Empty(t, f.texts("ann"))
	f.change(timeline.Follow, "ann", "bob")
	assert.Equal(t, []string{"bob's"}, f.texts("ann"))
}

// TestUnblock: a timeline that was made during a block has nothing of the blocked, who is
// back when the block ends.
func TestUnblock(t *testing.T) {
	f := newFeed(t, 100)
	f.change(timeline.Follow, "ann", "bob", "cid")
	f.post("bob", "bob's")
	f.post("cid", "cid's")
	f.deliver()
	for _, pair := range [][2]string{{"ann", "bob"}, {"bob", "ann"}} {
		f.change(timeline.Block, pair[0], pair[1])
		require.NoError(t, f.cache.Drop(t.Context(), "ann"))
		require.Equal(t, []string{"cid's"}, f.texts("ann"))
		f.change(timeline.Unblock, pair[0], pair[1])
		assert.Equal(t, []string{"cid's", "bob's"}, f.texts("ann"))
	}
}

// TestFullPages: a page has n posts if n exist, however many candidates cannot be shown
// (F5).
func TestFullPages(t *testing.T) {
	f := newFeed(t, 100)
	f.change(timeline.Follow, "ann", "bob", "cid")
	f.texts("ann")
	want := []string{}
	for i := range 12 {
		want = append(want, fmt.Sprint(i))
		f.post("cid", fmt.Sprint(i))
	}
	slices.Reverse(want)
	var hidden []timeline.ID
	for range 500 {
		hidden = append(hidden, f.post("bob", "hidden"))
	}
	f.deliver()
	for _, id := range hidden[:100] {
		require.NoError(t, f.store.Delete(t.Context(), "bob", id))
	}
	f.change(timeline.Block, "bob", "ann")
	p := f.page("ann", timeline.Newest, 10)
	assert.Equal(t, want[:10], texts(p))
	assert.Equal(t, want[10:], texts(f.page("ann", p.Next, 10)))
	assert.Equal(t, want, texts(f.page("ann", timeline.Newest, 12)))
	assert.Zero(t, f.page("ann", timeline.Newest, 12).Next, "there is no further page")
}

// TestRanking: a ranked page has the same posts, and no author twice before each was there
// once; the next page does not depend on it (F6).
func TestRanking(t *testing.T) {
	f := newFeed(t, 100)
	f.change(timeline.Follow, "ann", "bob", "cid")
	for i := range 8 {
		f.post("bob", fmt.Sprint("b", i))
	}
	f.post("cid", "c0")
	f.post("bob", "b8")
	f.post("bob", "b9")
	p := f.page("ann", timeline.Newest, 4)
	plain := slices.Clone(p.Posts)
	timeline.Rank(p.Posts)
	assert.ElementsMatch(t, plain, p.Posts)
	assert.Equal(t, []string{"b9", "c0", "b8", "b7"}, texts(p))
	assert.Equal(t, []string{"b6", "b5"}, texts(f.page("ann", p.Next, 2)))
	rapid.Check(t, func(t *rapid.T) {
		posts := []timeline.Shown{}
		for i := range rapid.IntRange(0, 9).Draw(t, "n") {
			posts = append(posts, timeline.Shown{Post: timeline.Post{ID: timeline.ID(100 - i), Author: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "by")}})
		}
		ranked := slices.Clone(posts)
		timeline.Rank(ranked)
		require.ElementsMatch(t, posts, ranked)
	})
}
