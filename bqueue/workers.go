package bqueue

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// Workers runs n goroutines that take items and call f with each, until the queue
// is closed and drained, and waits for them: then it returns nil. The return of f
// counts as TaskDone. If f returns an error no worker begins another item, the
// context that the others have been given ends, and Workers returns the first such
// error; if ctx ends, it returns the cause. Items that were not begun stay in the
// queue. If n is below 1 it returns an error that wraps ErrWorkers.
func (q *Queue[T]) Workers(ctx context.Context, n int, f func(context.Context, T) error) error {
	if n < 1 {
		return fmt.Errorf("%w, got %d", ErrWorkers, n)
	}
	g, ctx := errgroup.WithContext(ctx)
	for range n {
		g.Go(func() error { return q.work(ctx, f) })
	}
	return g.Wait()
}

func (q *Queue[T]) work(ctx context.Context, f func(context.Context, T) error) error {
	for {
		v, err := q.Take(ctx)
		switch {
		case err == ErrClosed && context.Cause(ctx) != ErrClosed:
			return nil
		case err != nil:
			return err
		}
		if err := q.do(ctx, f, v); err != nil {
			return err
		}
	}
}

// do calls f; the item is done even if f ends its goroutine.
func (q *Queue[T]) do(ctx context.Context, f func(context.Context, T) error, v T) error {
	defer q.TaskDone() //nolint:errcheck // the item was taken just now
	return f(ctx, v)
}
