// Package errgroup stands for golang.org/x/sync/errgroup in a build into which
// schedules are woven.
package errgroup

import (
	"context"

	"example.com/flatline/internal/weave/sched"
	"example.com/flatline/internal/weave/sched/atomic"
	"example.com/flatline/internal/weave/sched/sync"
)

// Group is an errgroup.Group.
type Group struct {
	ctx   *sched.Context
	n     atomic.Int64 // that have not returned
	first sync.Once
	err   error
}

// WithContext returns a group, and a context that ends with the first error.
func WithContext(ctx context.Context) (*Group, context.Context) {
	g := &Group{ctx: sched.WithCancel(ctx)}
	return g, g.ctx
}

func (g *Group) Go(f func() error) {
	g.n.Add(1)
	sched.Spawn(func() {
		defer g.n.Add(-1)
		if err := f(); err != nil {
			g.first.Do(func() {
				g.err = err
				g.ctx.Cancel(err)
			})
		}
	})
}

func (g *Group) Wait() error {
	g.n.Await(0)
	g.ctx.Cancel(context.Canceled)
	return g.err
}
