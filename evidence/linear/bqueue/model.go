// Package bqueue checks recorded histories of bqueue.Queue.
package bqueue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"example.com/flatline/bqueue"
	"example.com/flatline/evidence/internal/history"
)

type call struct {
	op     string
	v      int
	n      int // the number of items of a batch, or its capacity
	within int // how long it may wait: a number of yields of another goroutine
}

type result struct {
	v   int
	vs  []int // that a batch took
	err error
}

// state is the state of the model: the items, the oldest first, and the counts.
type state struct {
	items       []int
	closed      bool
	taken, done int
}

func equal(a, b state) bool {
	return slices.Equal(a.items, b.items) && a.closed == b.closed && a.taken == b.taken && a.done == b.done
}

// batch is the items of a PutAll.
func (in call) batch() (vs []int) {
	for i := range in.n {
		vs = append(vs, in.v+1000*i)
	}
	return vs
}

// split divides an operation on a batch into single operations. A batch that was not
// filled found an empty queue.
func split(in call, out result) (steps []history.Step[call, result]) {
	add := func(in call, out result) { steps = append(steps, history.Step[call, result]{In: in, Out: out}) }
	takes := func() {
		for _, v := range out.vs {
			add(call{op: "Take"}, result{v: v})
		}
	}
	switch in.op {
	case "PutAll", "TryPutAll":
		for _, v := range in.batch()[:out.v] {
			add(call{op: "Put", v: v}, result{})
		}
		if out.v < in.n {
			add(call{op: strings.TrimSuffix(in.op, "All")}, result{err: out.err})
		} else if out.err != nil {
			add(call{op: "never"}, out)
		}
	case "TakeBatch", "DrainTo":
		takes()
		switch {
		case out.err != nil:
			add(call{op: "Take"}, result{err: out.err})
		case len(out.vs) < in.n:
			add(call{op: "Len"}, result{})
		}
		if in.op == "TakeBatch" && len(out.vs) == 0 && out.err == nil {
			add(call{op: "never"}, out)
		}
	case "TakeBatchWithin":
		takes()
		if len(out.vs) == 0 {
			add(call{op: "Take"}, result{err: out.err})
		}
	case "CloseNow":
		add(call{op: "Close"}, result{})
		takes()
		add(call{op: "Len"}, result{})
		add(call{op: "finish", n: len(out.vs)}, result{})
	default:
		add(in, out)
	}
	return steps
}

// step returns a model for a capacity.
func step(capacity int) func(state, call, result) []state {
	return func(st state, in call, out result) []state {
		if errors.Is(out.err, context.Canceled) {
			return history.Is(true, st) // it gave up and changed nothing
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
				return history.Is(st.done >= st.taken, st)
			}
			return history.Is(st.done < st.taken, next)
		case "Join":
			return history.Is(out.err == nil && n == 0 && st.done >= st.taken, st)
		case "Len":
			return history.Is(out.v == n, st)
		case "Takes":
			return history.Is(out.v == st.taken, st)
		case "finish": // clients here call TaskDone for items that CloseNow holds, too
			st.done += in.n
			return history.Is(true, st)
		case "Close":
			st.closed = true
			return history.Is(true, st)
		}
		return nil
	}
}

// operate does an operation with a context.
func operate(ctx context.Context, q *bqueue.Queue[int], in call) (out result) {
	dst := make([]int, in.n)
	n := 0
	switch in.op {
	case "Put":
		out.err = q.Put(ctx, in.v)
	case "PutAll":
		out.v, out.err = q.PutAll(ctx, in.batch())
	case "Take":
		out.v, out.err = q.Take(ctx)
	case "TakeBatch":
		n, out.err = q.TakeBatch(ctx, dst)
		out.vs = dst[:n]
	case "TakeBatchWithin": // its time is longer than a history: it ends with ctx or a Close
		n, out.err = q.TakeBatchWithin(ctx, dst, time.Hour)
		out.vs = dst[:n]
	case "TryPutAll":
		out.v, out.err = q.TryPutAll(in.batch())
	case "DrainTo":
		out.vs = dst[:q.DrainTo(dst)]
	case "TryPut":
		out.err = q.TryPut(in.v)
	case "TryTake":
		out.v, out.err = q.TryTake()
	case "TaskDone":
		out.err = taskDone(q)
	case "Join":
		out.err = q.Join(ctx)
	case "Len":
		out.v = q.Len()
	case "Takes":
		out.v = int(q.Stats().Takes)
	case "Close":
		q.Close()
	case "CloseNow":
		out.vs = q.CloseNow()
	}
	return out
}

// Call is an operation: v is the item of a Put or the first of a PutAll, and n the number
// of items of a batch or its capacity. A patient operation has no context that ends.
func Call(op string, v, n int, patient bool) call {
	within := 1
	if patient {
		within = 0
	}
	return call{op, v, n, within}
}

// Op returns the name of an operation and whether it is patient.
func (in call) Op() (op string, patient bool) { return in.op, in.within == 0 }

// Operate does an operation with a context.
func Operate(ctx context.Context, q *bqueue.Queue[int], in call) result { return operate(ctx, q, in) }

// Failed reports whether an operation returned an error, and how many items it took.
func (out result) Failed() (failed bool, taken int) { return out.err != nil, len(out.vs) }

// Type is the histories of a queue of a capacity, of which the items 0 to filled-1 are in
// it at the start. T holds the queue; an operation whose name is not a method of a queue
// changes nothing.
func Type[T any](name string, capacity, filled int, make func() T, do func(T, call) result) history.Type[T, call, result, state] {
	known := step(capacity)
	return history.Type[T, call, result, state]{
		Name: name, New: func(*rand.Rand) T { return make() }, Do: do, Split: split, Equal: equal,
		Init: func() (st state) {
			for v := range filled {
				st.items = append(st.items, v)
			}
			return st
		},
		Step: func(st state, in call, out result) []state {
			if in.op == "cancel" || in.op == "end" {
				return history.Is(true, st)
			}
			return known(st, in, out)
		},
	}
}

// In is an operation.
type In = call

// Out is what an operation returned.
type Out = result

// taskDone returns the panic of a TaskDone without an item as an error.
func taskDone(q *bqueue.Queue[int]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	q.TaskDone()
	return nil
}
