// Prodcons runs producers and consumers over a bounded queue.
//
// The question: "implement producer and consumer with a queue of limited size, with
// task_done and join". The traps are all at the end: a consumer that waits without end on
// a queue that is no longer filled, one sentinel per consumer, which goes wrong when
// their number changes, and a Join that returns while the last item is still being
// processed. Here the queue is closed, the consumers drain it and stop, and Join counts
// finished work, not removed items.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/bqueue"
)

// Process puts every job into a queue that holds at most capacity of them, from
// several producers, and works on them with several workers. It returns the number
// of jobs done when all are done, or the first error of a worker, or the context's.
func Process[T any](ctx context.Context, jobs [][]T, capacity, workers int, work func(context.Context, T) error) (int64, error) {
	q := bqueue.New[T](capacity)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var producers sync.WaitGroup
	for _, own := range jobs {
		producers.Go(func() {
			for _, j := range own {
				if q.Put(ctx, j) != nil {
					return // cancelled: the queue is full and no worker takes
				}
			}
		})
	}
	// Close says that no more jobs follow; the jobs in the queue are still taken.
	go func() {
		producers.Wait()
		q.Close()
	}()

	var done atomic.Int64
	_, err := q.Workers(ctx, workers, func(ctx context.Context, j T) error {
		if err := work(ctx, j); err != nil {
			return err
		}
		done.Add(1)
		return nil
	})
	cancel(err) // a failed worker stops the producers, which may be waiting for space
	producers.Wait()
	return done.Load(), err
}

func main() { run(os.Stdout) }

// run prints the transcript.
func run(w io.Writer) {
	ctx := context.Background()

	jobs := [][]int{{1, 2, 3, 4}, {10, 20, 30, 40}, {100, 200, 300, 400}}
	var sum atomic.Int64
	done, err := Process(ctx, jobs, 2, 3, func(_ context.Context, n int) error {
		sum.Add(int64(n))
		return nil
	})
	fmt.Fprintf(w, "3 producers, 3 workers, queue of 2: %d jobs, sum %d, error %v\n", done, sum.Load(), err)

	_, err = Process(ctx, jobs, 1, 2, func(_ context.Context, n int) error {
		if n == 30 {
			return fmt.Errorf("job %d failed", n)
		}
		return nil
	})
	fmt.Fprintf(w, "a worker fails: %v\n", err)

	// The same by hand: Take, TaskDone, Join.
	chores := []string{"wash", "rinse", "dry"}
	q := bqueue.New[string](8)
	for _, s := range chores {
		if err := q.Put(ctx, s); err != nil {
			fmt.Fprintln(w, err)
		}
	}
	var finished atomic.Int64
	looked := make(chan struct{})
	go func() {
		for s := range q.All(ctx) {
			if s == "dry" {
				<-looked // the last job takes until the wrong answer has returned
			}
			finished.Add(1)
			q.TaskDone()
		}
	}()
	waitUntilEmpty(q, time.Millisecond)
	fmt.Fprintf(w, "wrong, wait until the queue is empty: %d of %d jobs done\n", finished.Load(), len(chores))
	close(looked)
	err = q.Join(ctx) // returns after the last TaskDone
	fmt.Fprintf(w, "right, Join:                          %d of %d jobs done, error %v\n", finished.Load(), len(chores), err)
	q.Close()
	fmt.Fprintf(w, "after Close: %v\n", q.Put(ctx, "fold"))
}

// waitUntilEmpty is the wrong join, kept to be shown. It looks at q every poll: when q
// is empty, the last job has been taken, but is not done.
func waitUntilEmpty[T any](q *bqueue.Queue[T], poll time.Duration) {
	for q.Len() > 0 {
		time.Sleep(poll)
	}
}
