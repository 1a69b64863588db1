package timeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"example.com/flatline/randset"
)

// A Why explains what a reader sees of a post.
type Why struct {
	Reader string    `json:"reader"`
	Post   ID        `json:"post"`
	Author string    `json:"author,omitempty"`
	Shown  bool      `json:"shown"`
	From   string    `json:"from,omitempty"` // FromTimeline or FromAuthor
	Since  time.Time `json:"since,omitzero"` // when the reader began to follow the author
	Reason string    `json:"reason"`
}

// Why explains what a reader sees of a post.
func (n *Node) Why(ctx context.Context, reader string, id ID) (w Why, err error) {
	w = Why{Reader: reader, Post: id}
	if err := CheckName(reader); err != nil {
		return w, err
	}
	posts, err := n.opts.Store.Posts(ctx, []ID{id})
	if err != nil {
		return w, err
	}
	if len(posts) == 0 {
		w.Reason = "it was deleted, or never was"
		return w, nil
	}
	w.Author = posts[0].Author
	view, err := n.opts.Store.View(ctx, reader)
	if err != nil {
		return w, err
	}
	since, follows, err := n.opts.Store.Since(ctx, reader, w.Author)
	if err != nil {
		return w, err
	}
	if follows {
		w.Since = since
	}
	ceiling, visible := view.Authors[w.Author]
	switch {
	case w.Author == reader:
		w.Shown, w.From, w.Reason = true, FromAuthor, "it is the reader's own: these are always pulled"
	case !follows:
		w.Reason = "the reader does not follow the author"
	case !visible:
		w.Reason = "one of the two has blocked the other"
	default:
		w.Shown = true
		w.From, w.Reason, err = n.from(ctx, reader, id, view, ceiling)
	}
	return w, err
}

// from says how a page that is made now gets a post that is on it.
func (n *Node) from(ctx context.Context, reader string, id ID, view View, ceiling ID) (from, reason string, err error) {
	if n.opts.Cache == nil {
		return FromAuthor, "there is no cache: all is pulled", nil
	}
	line, ok, err := n.opts.Cache.Get(ctx, reader)
	switch {
	case err != nil:
		return FromAuthor, "the cache does not answer: all is pulled", nil
	case !ok || line.Version != view.Version || line.Floor == Newest:
		return FromAuthor, "the reader has no timeline for the present follows: the next first page makes one", nil
	case id < line.Floor:
		return FromAuthor, fmt.Sprintf("it is below the timeline's floor, %v: all is pulled there", line.Floor), nil
	case slices.Contains(line.IDs, id):
		return FromTimeline, "it was pushed, or the timeline was made after it", nil
	}
	a, err := n.opts.Store.Audience(ctx, id, n.opts.Most)
	if err != nil {
		return "", "", err
	}
	if a.Followers > n.opts.Most {
		return FromAuthor, fmt.Sprintf("the author has more than %d followers, and is pulled", n.opts.Most), nil
	}
	return FromAuthor, fmt.Sprintf("it was not pushed, or not yet: the author's ceiling is %v", ceiling), nil
}

// sample bounds how many of those whom a reader follows are asked whom they follow.
const sample = 30

// Suggest returns at most n people whom those follow whom the reader follows: drawn, each
// with a probability in proportion to how many they are.
func (n *Node) Suggest(ctx context.Context, reader string, most int) (names []string, err error) {
	if err := CheckName(reader); err != nil {
		return nil, err
	}
	now := time.Now()
	mine, err := n.opts.Store.Follows(ctx, reader, now)
	if err != nil {
		return nil, err
	}
	friends := randset.New[string]()
	for _, f := range mine {
		friends.Insert(f)
	}
	var all randset.Weighted[string]
	for _, f := range friends.Sample(sample) {
		theirs, err := n.opts.Store.Follows(ctx, f, now)
		if err != nil {
			return nil, err
		}
		for _, name := range theirs {
			if name != reader && !friends.Contains(name) {
				weight, _ := all.Weight(name)
				_ = all.Set(name, weight+1) // a count is a weight
			}
		}
	}
	names = []string{}
	for len(names) < most {
		name, ok := all.Random()
		if !ok {
			break
		}
		all.Delete(name)
		names = append(names, name)
	}
	return names, nil
}
