package timelinetest

import (
	"slices"

	"example.com/flatline/examples/feed/timeline"
)

// Oracle is the plain answer: all posts in a slice, and the graph as a set of edges. Its
// page is pulled from everything that there is.
type Oracle struct {
	posts   []timeline.Post
	follows map[[2]string]bool // from, to
	blocks  map[[2]string]bool
}

// NewOracle returns an oracle of an empty store.
func NewOracle() *Oracle {
	return &Oracle{follows: map[[2]string]bool{}, blocks: map[[2]string]bool{}}
}

// Post adds a post.
func (o *Oracle) Post(p timeline.Post) { o.posts = append(o.posts, p) }

// Delete removes a post.
func (o *Oracle) Delete(id timeline.ID) {
	o.posts = slices.DeleteFunc(o.posts, func(p timeline.Post) bool { return p.ID == id })
}

// Change changes an edge.
func (o *Oracle) Change(e timeline.Edge) {
	pair := [2]string{e.From, e.To}
	switch e.Kind {
	case timeline.Follow:
		o.follows[pair] = true
	case timeline.Unfollow:
		delete(o.follows, pair)
	case timeline.Block:
		o.blocks[pair] = true
	case timeline.Unblock:
		delete(o.blocks, pair)
	}
}

// Visible reports whether a reader's pages have an author's posts.
func (o *Oracle) Visible(reader, author string) bool {
	return reader == author || o.follows[[2]string{reader, author}] &&
		!o.blocks[[2]string{reader, author}] && !o.blocks[[2]string{author, reader}]
}

// Page returns the newest n posts below before that a reader sees, and whether there are
// more.
func (o *Oracle) Page(reader string, before timeline.ID, n int) (all []timeline.Post, more bool) {
	all = []timeline.Post{}
	for _, p := range o.posts {
		if p.ID < before && o.Visible(reader, p.Author) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b timeline.Post) int {
		if a.ID > b.ID {
			return -1
		}
		return 1
	})
	if len(all) > n {
		return all[:n], true
	}
	return all, false
}

// Posts returns all posts in the order in which they were stored.
func (o *Oracle) Posts() []timeline.Post { return o.posts }
