package bqueue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"example.com/flatline/bqueue"
	"example.com/flatline/evidence/internal/history"
)

// draw biases each client, so that the queue is sometimes empty and sometimes full.
func draw(ops []string, leaning [3][]string, most int) func(r *rand.Rand, client int) call {
	return func(r *rand.Rand, client int) call {
		all := slices.Concat(ops, leaning[client], leaning[client])
		c := call{op: all[r.IntN(len(all))], v: r.IntN(1000), n: 1 + r.IntN(most), within: r.IntN(200)}
		switch r.IntN(160) {
		case 0, 1:
			c.op = "Close"
		case 2:
			if slices.Contains(ops, "PutAll") {
				c.op = "CloseNow"
			}
		}
		return c
	}
}

func do(q *bqueue.Queue[int], in call) result {
	ctx := context.Background()
	switch in.op {
	case "Put", "PutAll", "Take", "TakeBatch", "TakeBatchWithin", "Join":
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() { // a timer would wait for a millisecond when all clients wait
			for range in.within {
				runtime.Gosched()
			}
			cancel()
		}()
	}
	return operate(ctx, q, in)
}

// subject returns the histories of a queue of a capacity that begins with filled items.
func subject(name string, capacity, filled int, o bqueue.Options) history.Type[*bqueue.Queue[int], call, result, state] {
	return history.Type[*bqueue.Queue[int], call, result, state]{
		Name: name,
		New: func(*rand.Rand) *bqueue.Queue[int] {
			q := bqueue.New[int](capacity, o)
			for v := range filled {
				_ = q.TryPut(v)
			}
			return q
		},
		Do:    do,
		Split: split,
		Init: func() (st state) {
			for v := range filled {
				st.items = append(st.items, v)
			}
			return st
		},
		Step:  step(capacity),
		Equal: equal,
	}
}

// check runs histories with single items, and with batches.
func check(t *testing.T, name string, capacity, filled int, o bqueue.Options) {
	t.Run("single", func(t *testing.T) {
		ty := subject(name, capacity, filled, o)
		ty.Input = draw([]string{"Put", "TryPut", "Put", "Take", "TryTake", "Take", "TaskDone", "Len", "Join"},
			[3][]string{{"Put", "TryPut", "Put"}, {"Take", "TryTake", "Take"}, {"Put", "Take", "Len"}}, 1)
		history.Check(t, ty)
	})
	t.Run("batch", func(t *testing.T) {
		ty := subject(name+", batches", capacity, filled, o)
		ty.Ops = 6
		ty.Input = draw([]string{"Put", "PutAll", "TryPutAll", "Take", "TakeBatch", "TakeBatchWithin", "DrainTo", "TaskDone", "Takes", "Join"},
			[3][]string{{"PutAll", "Put", "PutAll"}, {"TakeBatch", "Take", "DrainTo"}, {"PutAll", "TakeBatch", "Len"}}, min(capacity+2, 5))
		history.Check(t, ty)
	})
}

// TestDirect: the direct form has the small capacities.
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
