package bqueue_test

import (
	"context"
	"testing"
	"time"

	"example.com/flatline/bqueue"
	"example.com/flatline/internal/bench"
)

// The benchmarks of this file are for counting: examples/study counts their work. The
// times of the same operations are measured in bench_test.go.

// eachCall calls op with a queue of capacity n that holds n/2 items.
func eachCall(b *testing.B, op func(q *bqueue.Queue[int])) {
	bench.Work(b, func(b *testing.B, n int) {
		q := bqueue.New[int](n)
		for range n / 2 {
			_ = q.TryPut(1)
		}
		for b.Loop() {
			op(q)
		}
	})
}

// n items are put and taken again at once.
func BenchmarkQueue_PutAllDrainTo(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		q, batch := bqueue.New[int](n), make([]int, n)
		for b.Loop() {
			_, _ = q.PutAll(bg, batch)
			q.DrainTo(batch)
		}
	})
}

// n items are not done; each turn adds one and ends one.
func BenchmarkQueue_TryPutTryTakeTaskDone(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		q := bqueue.New[int](n + 1)
		for range n {
			_ = q.TryPut(1)
		}
		for b.Loop() {
			_ = q.TryPut(1)
			_, _ = q.TryTake()
			q.TaskDone()
		}
	})
}

// All items that were accepted are done, so that no Join waits.
func BenchmarkQueue_Join(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		q := bqueue.New[int](n)
		for range n {
			_ = q.TryPut(1)
			_, _ = q.TryTake()
			q.TaskDone()
		}
		for b.Loop() {
			_ = q.Join(bg)
		}
	})
}

func BenchmarkQueue_Len(b *testing.B) { eachCall(b, func(q *bqueue.Queue[int]) { q.Len() }) }
func BenchmarkQueue_Cap(b *testing.B) { eachCall(b, func(q *bqueue.Queue[int]) { q.Cap() }) }

func BenchmarkQueue_Unfinished(b *testing.B) {
	eachCall(b, func(q *bqueue.Queue[int]) { q.Unfinished() })
}

// The batch is full, so that no turn waits.
func BenchmarkQueue_TryPutAllTakeBatchWithin(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		q, batch := bqueue.New[int](n), make([]int, n)
		for b.Loop() {
			_, _ = q.TryPutAll(batch)
			_, _ = q.TakeBatchWithin(bg, batch, time.Hour)
		}
	})
}

func BenchmarkQueue_Stats(b *testing.B) { eachCall(b, func(q *bqueue.Queue[int]) { q.Stats() }) }
func BenchmarkQueue_Done(b *testing.B)  { eachCall(b, func(q *bqueue.Queue[int]) { q.Done() }) }

// The first Close closes a queue that holds n/2 items and has no waiter; later ones cost
// no more.
func BenchmarkQueue_Close(b *testing.B) { eachCall(b, func(q *bqueue.Queue[int]) { q.Close() }) }

func empty(capacity int) *bqueue.Queue[int] { return bqueue.New[int](capacity) }

// A queue can be closed only once: each turn makes one with n items.
func BenchmarkQueue_PutAllCloseNow(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		batch := make([]int, n)
		for b.Loop() {
			q := empty(n)
			_, _ = q.PutAll(bg, batch)
			q.CloseNow()
		}
	})
}

func BenchmarkQueue_PutAllAll(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		q, batch := bqueue.New[int](n), make([]int, n)
		for b.Loop() {
			_, _ = q.PutAll(bg, batch)
			left := n
			for range q.All(bg) {
				if left--; left == 0 {
					break
				}
			}
		}
	})
}

// One worker takes n items from a queue that is closed.
func BenchmarkQueue_PutAllCloseWorkers(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		batch := make([]int, n)
		for b.Loop() {
			q := empty(n)
			_, _ = q.PutAll(bg, batch)
			q.Close()
			_, _ = q.Workers(bg, 1, func(context.Context, int) error { return nil })
		}
	})
}
