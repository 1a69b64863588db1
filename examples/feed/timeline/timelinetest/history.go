package timelinetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/feed/timeline"
)

var people = []string{"ann", "bob", "cid", "dan", "eve", "fay"}

var kinds = []string{timeline.Follow, timeline.Follow, timeline.Follow, timeline.Unfollow, timeline.Block, timeline.Unblock}

// A History is a store with a cache, on which anything happens, and an oracle.
type History struct {
	t      require.TestingT
	draw   func(n int) int // below n
	store  timeline.Store
	cache  *flaky // nil is none
	reader timeline.Reader
	most   int
	oracle *Oracle
}

// NewHistory returns an empty history, whose timelines are short. cache may be nil.
func NewHistory(t require.TestingT, draw func(n int) int, store timeline.Store, cache timeline.Cache, most int) *History {
	h := &History{t: t, draw: draw, store: store, most: most, oracle: NewOracle()}
	h.reader = timeline.Reader{Store: store, Fill: 1 + draw(6)}
	if cache != nil {
		h.cache = &flaky{Cache: cache, left: -1}
		h.reader.Cache = h.cache
	}
	return h
}

func (h *History) someone() string { return people[h.draw(len(people))] }

// Step does one thing.
func (h *History) Step() {
	ctx := context.Background()
	switch k := h.draw(20); {
	case k < 5:
		h.post(h.someone())
	case k < 8:
		if from, to := h.someone(), h.someone(); from != to {
			h.change(kinds[h.draw(len(kinds))], from, to)
		}
	case k < 9:
		if all := h.oracle.Posts(); len(all) > 0 {
			p := all[h.draw(len(all))]
			require.NoError(h.t, h.store.Delete(ctx, p.Author, p.ID))
			h.oracle.Delete(p.ID)
		}
	case k < 13:
		h.fanOut()
	case k < 14:
		if h.cache != nil {
			require.NoError(h.t, h.cache.Drop(ctx, h.someone(), h.someone()))
		}
	case k < 15:
		h.most = []int{0, 1, 2, 100}[h.draw(4)]
	case k < 16:
		h.fails(h.draw(3))
		h.page()
		h.fails(-1)
	case k < 18:
		h.scroll(h.someone(), 1+h.draw(3))
	default:
		h.page()
	}
}

func (h *History) post(author string) {
	p, err := h.store.Post(context.Background(), author, fmt.Sprint(author, " ", len(h.oracle.posts)))
	require.NoError(h.t, err)
	h.oracle.Post(p)
}

func (h *History) change(kind, from, to string) {
	e := timeline.Edge{Kind: kind, From: from, To: to}
	require.NoError(h.t, h.store.Change(context.Background(), e))
	h.oracle.Change(e)
}

// fails makes the cache fail after so many calls; -1 is never.
func (h *History) fails(after int) {
	if h.cache != nil {
		h.cache.left = after
	}
}

// fanOut delivers some of what waits; it may die halfway, or decide not to push.
func (h *History) fanOut() {
	if h.cache == nil {
		return
	}
	ctx := context.Background()
	fan := timeline.Fan{Store: h.store, Cache: h.cache, Most: h.most}
	if h.draw(4) == 0 {
		h.fails(h.draw(2))
	}
	_, err := fan.Sweep(ctx, 1+h.draw(3))
	require.True(h.t, err == nil || errors.Is(err, errDied), "%v", err)
	h.fails(-1)
}

// page compares a page with the oracle's.
func (h *History) page() {
	before := timeline.Newest
	if all := h.oracle.Posts(); len(all) > 0 && h.draw(3) == 0 {
		before = all[h.draw(len(all))].ID + timeline.ID(h.draw(2))
	}
	h.compare(h.someone(), before, 1+h.draw(8))
}

func (h *History) compare(reader string, before timeline.ID, n int) timeline.ID {
	page, err := h.reader.Page(context.Background(), reader, before, n)
	require.NoError(h.t, err)
	want, more := h.oracle.Page(reader, before, n)
	got := []timeline.Post{}
	for _, x := range page.Posts {
		got = append(got, x.Post)
	}
	assert.Equal(h.t, texts(want), texts(got), "F1: the page of %s before %v", reader, before)
	require.Equal(h.t, want, got)
	require.Equal(h.t, more, page.Next != 0, "whether there are more")
	if more {
		require.Equal(h.t, got[n-1].ID, page.Next)
	}
	return page.Next
}

// scroll compares all pages of a reader.
func (h *History) scroll(reader string, n int) {
	for before := timeline.Newest; before != 0; {
		before = h.compare(reader, before, n)
	}
}

// Read compares the first page of somebody.
func (h *History) Read() { h.compare(h.someone(), timeline.Newest, 1+h.draw(8)) }

// Finish settles everything, and compares all that there is.
func (h *History) Finish() {
	for h.cache != nil {
		fan := timeline.Fan{Store: h.store, Cache: h.cache, Most: h.most}
		done, err := fan.Sweep(context.Background(), 100)
		require.NoError(h.t, err)
		if done == 0 {
			break
		}
	}
	for _, p := range people {
		h.scroll(p, 3)
		h.compare(p, timeline.Newest, 50)
	}
}

func texts(posts []timeline.Post) (all []string) {
	for _, p := range posts {
		all = append(all, p.Text)
	}
	return all
}

var errDied = errors.New("the cache has died")

// flaky is a cache that fails after a number of calls; a push then reaches some of the
// readers.
type flaky struct {
	timeline.Cache
	left int // -1 is no failure
}

func (f *flaky) dies() bool {
	if f.left > 0 {
		f.left--
	}
	return f.left == 0
}

func (f *flaky) Get(ctx context.Context, reader string) (timeline.Timeline, bool, error) {
	if f.dies() {
		return timeline.Timeline{}, false, errDied
	}
	return f.Cache.Get(ctx, reader)
}

func (f *flaky) Begin(ctx context.Context, reader string, version uint64) (uint64, error) {
	if f.dies() {
		return 0, errDied
	}
	return f.Cache.Begin(ctx, reader, version)
}

func (f *flaky) Fill(ctx context.Context, reader string, token uint64, ids []timeline.ID, floor timeline.ID) error {
	if f.dies() {
		return errDied
	}
	return f.Cache.Fill(ctx, reader, token, ids, floor)
}

func (f *flaky) Push(ctx context.Context, readers []string, id timeline.ID) error {
	if f.dies() {
		if err := f.Cache.Push(ctx, readers[:len(readers)/2], id); err != nil {
			return err
		}
		return errDied
	}
	return f.Cache.Push(ctx, readers, id)
}
