package ratelimit

import (
	"context"
	"fmt"
	"time"
)

// A Pacer is a leaky bucket: it lets callers through one by one, evenly spaced, in
// the order in which they came. It is made by NewPacer, is safe for concurrent use
// and must not be copied.
//
// With slack s, up to s turns that nobody used can be made up for, at once; slack
// does not come back but by turns that nobody uses. (A leaky bucket that spaces
// evenly is a token bucket of depth 1, and slack is further depth, empty at first.)
type Pacer struct{ b *Bucket }

// NewPacer returns a pacer whose first turn is now. It panics if slack is negative
// or the largest int64.
func NewPacer(r Rate, slack int64) *Pacer {
	if slack < 0 || slack+1 < 0 {
		panic(fmt.Sprintf("ratelimit.NewPacer: slack must be at least 0, got %d", slack))
	}
	one := int64(1)
	return &Pacer{New(r, slack+1, Options{Initial: &one})}
}

// Wait sleeps until it is the caller's turn. It returns an error that wraps ctx's
// when ctx is over, at once if its deadline comes before the turn; the turn then
// goes to the next. O(1 + sleepers behind it).
func (p *Pacer) Wait(ctx context.Context) error { return p.b.WaitN(ctx, 1) }

// TryNext takes the turn and reports true if it is now, and returns the time until
// the next turn if not. O(1).
func (p *Pacer) TryNext() (time.Duration, bool) {
	d := p.b.Take(1)
	return d.RetryAfter, d.OK
}

// Set changes the rate; sleepers get new times.
func (p *Pacer) Set(r Rate) {
	_ = p.b.Set(r, p.b.state.Load().burst) // only a negative burst is an error
}
