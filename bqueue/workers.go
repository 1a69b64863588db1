package bqueue

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"

	"example.com/flatline/internal/flight"
)

// maxWorkers goroutines take a few GB of stacks, and are far more than any queue can keep
// busy.
const maxWorkers = 1 << 20

// Workers runs n goroutines that take items and call f with each, until the queue is
// closed and drained, and waits for them: then it returns nil, nil. The return of f
// counts as TaskDone.
//
// If f returns an error, no worker begins another item, the context that f is given is
// cancelled, and Workers returns the first such error when every f has returned. If ctx
// ends, the same happens, and the error is context.Cause(ctx). In both cases:
//
//   - unfinished holds the items that were taken but whose f did not return nil: at most
//     one per worker, in no order. For Join they are done; to try them again, Put them.
//   - An f that is running is not stopped: it should return when its context ends. If it
//     returns nil its item is finished.
//   - Items that no worker has taken stay in the queue, and a Put still waits for space:
//     a producer needs a context that ends when Workers returns, or a Close.
//
// To stop on SIGINT and finish what was accepted, call Close: Workers returns after the
// last item. To stop at once, cancel ctx, then call CloseNow for the items that are left.
//
// f may call Put on this queue, but if all workers wait in Put for space, none is left to
// take an item: they wait until ctx ends. Use TryPut, or a second queue, for work that
// produces more work.
//
// A panic in f does not end the process. It counts as an error of f, whose text is
// the panic's value and the stack; if the value is an error, errors.Is and errors.As
// see it. If f ends its goroutine by runtime.Goexit, that counts as ErrGoexit. The item
// is unfinished in either case.
//
// If n is below 1 or above 1,048,576, Workers returns an error that wraps ErrWorkers: each
// worker is a goroutine from the start.
func (q *Queue[T]) Workers(ctx context.Context, n int, f func(context.Context, T) error) (unfinished []T, err error) {
	q.made()
	if n < 1 || n > maxWorkers {
		return nil, fmt.Errorf("%w, got %d", ErrWorkers, n)
	}
	g, ctx := errgroup.WithContext(ctx)
	s := &shift[T]{q: q, group: g, f: f}
	for range n {
		g.Go(func() error { return s.work(ctx) })
	}
	err = g.Wait()
	return s.unfinished, err
}

// A shift is one call of Workers.
type shift[T any] struct {
	q     *Queue[T]
	group *errgroup.Group
	f     func(context.Context, T) error

	mu         sync.Mutex
	unfinished []T
}

func (s *shift[T]) work(ctx context.Context) error {
	for {
		v, err := s.q.Take(ctx)
		switch {
		case err == ErrClosed && context.Cause(ctx) != ErrClosed:
			return nil
		case err != nil:
			return err
		}
		if err := s.do(ctx, v); err != nil {
			return err
		}
	}
}

// do calls f with v, which was taken, and marks v as done, however f ends.
func (s *shift[T]) do(ctx context.Context, v T) (err error) {
	returned := false
	defer func() {
		if !returned || err != nil {
			s.mu.Lock()
			s.unfinished = append(s.unfinished, v)
			s.mu.Unlock()
		}
		s.q.finish() // false if f has called TaskDone for its item
		if returned {
			return
		}
		if p := recover(); p != nil {
			err = fmt.Errorf("bqueue: a job panicked: %w", &flight.Panic{Value: p, Stack: debug.Stack()})
			return
		}
		// This goroutine ends without returning an error, so another returns it.
		s.group.Go(func() error { return ErrGoexit })
	}()
	err = s.f(ctx, v)
	returned = true
	return err
}
