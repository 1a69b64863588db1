// Package bqueue checks recorded histories of bqueue.Queue.
package bqueue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"example.com/flatline/bqueue"
	"example.com/flatline/evidence/internal/history"
)

type call struct {
	op     string
	v      int
	within time.Duration // how long Put and Take wait
}

type result struct {
	v   int
	err error
}

// state is what the model knows: the items, the oldest first, and what is counted.
type state struct {
	items       []int
	closed      bool
	taken, done int
}

func equal(a, b state) bool {
	return slices.Equal(a.items, b.items) && a.closed == b.closed && a.taken == b.taken && a.done == b.done
}

// input gives each client a leaning, so that the queue is empty and full at times.
func input(r *rand.Rand, client int) call {
	ops := []string{
		"Put", "TryPut", "Put", "Take", "TryTake", "Take", "TaskDone", "Len", "Join",
	}
	leaning := [][]string{{"Put", "TryPut", "Put"}, {"Take", "TryTake", "Take"}, {"Put", "Take", "Len"}}
	ops = append(ops, leaning[client%3]...)
	ops = append(ops, leaning[client%3]...)
	c := call{op: ops[r.IntN(len(ops))], v: r.IntN(1000), within: time.Duration(r.IntN(60)) * time.Microsecond}
	if r.IntN(80) == 0 {
		c.op = "Close"
	}
	return c
}

func do(q *bqueue.Queue[int], in call) (out result) {
	ctx, cancel := context.WithTimeout(context.Background(), in.within)
	defer cancel()
	switch in.op {
	case "Put":
		out.err = q.Put(ctx, in.v)
	case "Take":
		out.v, out.err = q.Take(ctx)
	case "TryPut":
		out.err = q.TryPut(in.v)
	case "TryTake":
		out.v, out.err = q.TryTake()
	case "TaskDone":
		out.err = q.TaskDone()
	case "Join":
		out.err = q.Join(ctx)
	case "Len":
		out.v = q.Len()
	case "Close":
		q.Close()
	}
	return out
}

// step returns a model for a capacity.
func step(capacity int) func(state, call, result) []state {
	return func(st state, in call, out result) []state {
		if errors.Is(out.err, context.DeadlineExceeded) {
			return history.Is(true, st) // it gave up, and nothing has changed
		}
		n := len(st.items)
		switch in.op {
		case "Put", "TryPut":
			switch out.err {
			case nil:
				next := st
				next.items = append(slices.Clone(st.items), in.v)
				return history.Is(!st.closed && n < capacity, next)
			case bqueue.ErrClosed:
				return history.Is(st.closed, st)
			case bqueue.ErrFull:
				return history.Is(in.op == "TryPut" && !st.closed && n == capacity, st)
			}
		case "Take", "TryTake":
			switch out.err {
			case nil:
				if n == 0 {
					return nil
				}
				next := st
				next.items = st.items[1:]
				next.taken++
				return history.Is(out.v == st.items[0], next)
			case bqueue.ErrClosed:
				return history.Is(st.closed && n == 0, st)
			case bqueue.ErrEmpty:
				return history.Is(in.op == "TryTake" && !st.closed && n == 0, st)
			}
		case "TaskDone":
			next := st
			next.done++
			if out.err != nil {
				return history.Is(st.done == st.taken, st)
			}
			return history.Is(st.done < st.taken, next)
		case "Join":
			return history.Is(out.err == nil && n == 0 && st.done == st.taken, st)
		case "Len":
			return history.Is(out.v == n, st)
		case "Close":
			st.closed = true
			return history.Is(true, st)
		}
		return nil
	}
}

func check(t *testing.T, name string, capacity, filled int, o bqueue.Options) {
	history.Check(t, history.Type[*bqueue.Queue[int], call, result, state]{
		Name: name,
		New: func(*rand.Rand) *bqueue.Queue[int] {
			q := bqueue.New[int](capacity, o)
			for v := range filled {
				_ = q.TryPut(v)
			}
			return q
		},
		Input: input,
		Do:    do,
		Init: func() (st state) {
			for v := range filled {
				st.items = append(st.items, v)
			}
			return st
		},
		Step:  step(capacity),
		Equal: equal,
	})
}

func TestDirect(t *testing.T) {
	for _, capacity := range []int{1, 2, 3} {
		check(t, fmt.Sprintf("bqueue.Queue, capacity %d", capacity), capacity, 0, bqueue.Options{})
	}
}

// TestShared: the shared form begins at capacity 8, so one type of history begins
// empty and one full.
func TestShared(t *testing.T) {
	check(t, "bqueue.Queue, capacity 8, from empty", 8, 0, bqueue.Options{})
	check(t, "bqueue.Queue, capacity 8, from full", 8, 8, bqueue.Options{})
}
