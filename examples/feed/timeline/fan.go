package timeline

import (
	"context"
	"errors"
)

// chunk is how many timelines are written to at once.
const chunk = 1000

// A Fan pushes posts. No field changes.
type Fan struct {
	Store Store
	Cache Cache
	Most  int // followers of an author whose posts are pushed
}

// Deliver pushes a post to its author's followers, or decides that the author is to be
// pulled. The push comes before Settle: until then the author's ceiling covers the post, so
// a fan-out that ends halfway has hidden nothing, and can be repeated. O(followers).
func (f Fan) Deliver(ctx context.Context, id ID) error {
	a, err := f.Store.Audience(ctx, id, f.Most)
	if errors.Is(err, ErrNotFound) {
		return nil // it was deleted
	}
	if err != nil {
		return err
	}
	for rest := a.Readers; len(rest) > 0; {
		n := min(chunk, len(rest))
		if err := f.Cache.Push(ctx, rest[:n], id); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return f.Store.Settle(ctx, id, a.Followers <= f.Most)
}

// Sweep delivers posts that wait, those of a node that died among them. It returns how many
// it has delivered, and the first error.
func (f Fan) Sweep(ctx context.Context, n int) (done int, err error) {
	ids, err := f.Store.Waiting(ctx, n)
	for _, id := range ids {
		if err = f.Deliver(ctx, id); err != nil {
			return done, err
		}
		done++
	}
	return done, err
}
