package timeline

import (
	"context"
	"slices"
)

// candidates: one more for so many posts is looked at, since some may not be shown.
const candidates = 4

// Where a post on a page is from.
const (
	FromTimeline = "timeline" // the reader's
	FromAuthor   = "author"   // the author's own list
)

// A Shown is a post on a page.
type Shown struct {
	Post
	From string `json:"from"`
}

// A Page is posts, the newest first. Next is the place of the page after it: 0 if there is
// no further post.
type Page struct {
	Posts []Shown `json:"posts"`
	Next  ID      `json:"next,omitzero"`
	Cost  Cost    `json:"cost"`
}

// Cost is what a page took.
type Cost struct {
	Pulled int  `json:"pulled"` // lists of authors that were merged
	Filled bool `json:"filled"` // the timeline was made
	Lost   bool `json:"lost"`   // the cache did not answer
}

// A Reader makes pages from a store, with the help of a cache. No field changes.
type Reader struct {
	Store Store
	Cache Cache // nil is none: all is pulled
	Fill  int   // ids with which a timeline begins
}

// pull is a page that is being made.
type pull struct {
	Reader
	reader string
	view   View
	line   Timeline
	own    []string // authors to pull above the floor
	all    []string // authors to pull below it
	cost   Cost
}

// Page returns the newest n posts below before that the reader follows or has written. It
// takes one look at the store for the view, one at the cache, and then two at the store for
// each n posts, of which it may have to look at more if many cannot be shown.
//
// The view comes before the timeline: a post that no longer waits in the view was pushed
// before the timeline is read. A cache that fails costs time, not posts.
func (r Reader) Page(ctx context.Context, reader string, before ID, n int) (Page, error) {
	view, err := r.Store.View(ctx, reader)
	if err != nil {
		return Page{}, err
	}
	p := &pull{Reader: r, reader: reader, view: view, line: Timeline{Floor: Newest}}
	p.all = append(p.all, reader) // one's own are always pulled
	for a := range view.Authors {
		p.all = append(p.all, a)
	}
	if err := p.open(ctx, before); err != nil {
		return Page{}, err
	}
	page := Page{Posts: []Shown{}}
	for len(page.Posts) <= n { // one more than the page has, to know whether there is another page
		want := n + 1 - len(page.Posts)
		want += want / candidates
		ids, err := p.next(ctx, before, want)
		if err != nil {
			return Page{}, err
		}
		if err := p.show(ctx, ids, &page); err != nil {
			return Page{}, err
		}
		if len(ids) < want {
			break
		}
		before = ids[len(ids)-1]
	}
	if len(page.Posts) > n {
		page.Posts = page.Posts[:n]
		page.Next = page.Posts[n-1].ID
	}
	page.Cost = p.cost
	return page, nil
}

// open reads the reader's timeline. If there is none for this view, the first page makes
// it.
func (p *pull) open(ctx context.Context, before ID) error {
	if p.Cache != nil {
		line, ok, err := p.Cache.Get(ctx, p.reader)
		switch {
		case err != nil:
			p.cost.Lost = true
		case ok && line.Version == p.view.Version && line.Floor < Newest:
			p.line = line
		case before == Newest:
			if err := p.begin(ctx); err != nil {
				return err
			}
		}
	}
	p.own = []string{p.reader}
	for a, ceiling := range p.view.Authors {
		if ceiling > 0 && ceiling >= p.line.Floor {
			p.own = append(p.own, a)
		}
	}
	return nil
}

// begin makes the timeline. It takes pushes before the store is read, so each post is either
// read or pushed.
func (p *pull) begin(ctx context.Context) error {
	token, err := p.Cache.Begin(ctx, p.reader, p.view.Version)
	if err != nil {
		p.cost.Lost = true
		return nil
	}
	ids, err := p.Store.Recent(ctx, p.all, Newest, p.Fill)
	if err != nil {
		return err
	}
	p.cost.Filled = true
	p.cost.Pulled += len(p.all)
	line := Timeline{Version: p.view.Version, IDs: ids} // complete to the beginning
	if n := len(ids); n == p.Fill {
		line.Floor = ids[n-1]
	}
	if p.Cache.Fill(ctx, p.reader, token, ids, line.Floor) != nil {
		p.cost.Lost = true
	}
	p.line = line
	return nil
}

// next returns the next n ids below before that may be shown: fewer are all that there are.
func (p *pull) next(ctx context.Context, before ID, n int) (ids []ID, err error) {
	if floor := p.line.Floor; before > floor {
		if ids, err = p.pull(ctx, p.own, before, n); err != nil {
			return nil, err
		}
		ids = append(ids, p.pushed(before, n)...)
		ids = slices.DeleteFunc(ids, func(id ID) bool { return id < floor })
		slices.SortFunc(ids, descending)
		if ids = slices.Compact(ids); len(ids) >= n {
			return ids[:n], nil
		}
		before = floor
	}
	if before == 0 {
		return ids, nil
	}
	rest, err := p.pull(ctx, p.all, before, n-len(ids))
	return append(ids, rest...), err
}

func descending(a, b ID) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

func (p *pull) pull(ctx context.Context, authors []string, before ID, n int) ([]ID, error) {
	p.cost.Pulled += len(authors)
	return p.Store.Recent(ctx, authors, before, n)
}

// pushed returns the newest n ids of the timeline below before.
func (p *pull) pushed(before ID, n int) []ID {
	i, _ := slices.BinarySearchFunc(p.line.IDs, before-1, func(id, before ID) int { return descending(id, before) })
	rest := p.line.IDs[i:]
	return rest[:min(n, len(rest))]
}

// show appends the posts with the ids, but for those that were deleted and those by authors
// whom the reader does not follow, or may not read (F4).
func (p *pull) show(ctx context.Context, ids []ID, page *Page) error {
	if len(ids) == 0 {
		return nil
	}
	posts, err := p.Store.Posts(ctx, ids)
	if err != nil {
		return err
	}
	slices.SortFunc(posts, func(a, b Post) int { return descending(a.ID, b.ID) })
	for _, x := range posts {
		if _, visible := p.view.Authors[x.Author]; !visible && x.Author != p.reader {
			continue
		}
		from := FromAuthor
		if _, listed := slices.BinarySearchFunc(p.line.IDs, x.ID, descending); listed {
			from = FromTimeline
		}
		page.Posts = append(page.Posts, Shown{x, from})
	}
	return nil
}

// Rank permutes posts so that no author fills a page: first the newest post of each author,
// then the second one of each, and so on (F6). O(n log n).
func Rank(posts []Shown) {
	turn, of := map[string]int{}, map[ID]int{}
	for _, x := range posts {
		of[x.ID] = turn[x.Author]
		turn[x.Author]++
	}
	slices.SortStableFunc(posts, func(a, b Shown) int { return of[a.ID] - of[b.ID] })
}
