package bqueue_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.com/flatline/bqueue"
)

// One goroutine produces, another consumes; Close ends the consumer's loop once
// everything has been taken.
func Example() {
	ctx := context.Background()
	q := bqueue.New[string](8)
	go func() {
		defer q.Close()
		for _, word := range []string{"first", "in,", "first", "out"} {
			if q.Put(ctx, word) != nil {
				return
			}
		}
	}()
	for word := range q.All(ctx) {
		fmt.Print(word, " ")
	}
	fmt.Println()
	// Output: first in, first out
}

// A Put that waits for space can have a deadline; if it fails, the item is not in the
// queue.
func ExampleQueue_Put() {
	q := bqueue.New[int](1)
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	fmt.Println(q.Put(context.Background(), 1))
	fmt.Println(q.Put(ctx, 2))
	fmt.Println(q.Len())
	// Output:
	// <nil>
	// context deadline exceeded
	// 1
}

// Load is shed when the queue is full, instead of waiting.
func ExampleQueue_TryPut() {
	q := bqueue.New[string](1)
	for _, job := range []string{"a", "b"} {
		if err := q.TryPut(job); errors.Is(err, bqueue.ErrFull) {
			fmt.Println("rejected", job)
		}
	}
	// Output: rejected b
}

// Workers take items until the queue is closed and drained, or one of them fails.
func ExampleQueue_Workers() {
	ctx := context.Background()
	q := bqueue.New[int](16)
	go func() {
		defer q.Close()
		for i := range 10 {
			if q.Put(ctx, i) != nil {
				return
			}
		}
	}()
	squares := make([]int, 10) // each worker writes different elements
	_, err := q.Workers(ctx, 4, func(_ context.Context, i int) error {
		squares[i] = i * i
		return nil
	})
	fmt.Println(squares, err)
	// Output: [0 1 4 9 16 25 36 49 64 81] <nil>
}

// Join waits until all items are done; the queue stays open.
func ExampleQueue_Join() {
	ctx := context.Background()
	q := bqueue.New[int](4)
	sum := 0
	go func() {
		for v := range q.All(ctx) {
			sum += v
			q.TaskDone()
		}
	}()
	_, _ = q.PutAll(ctx, []int{1, 2, 3, 4, 5, 6})
	fmt.Println(q.Join(ctx), sum)
	q.Close()
	// Output: <nil> 21
}

// TakeBatch waits for one item and takes all that are in the queue: they share the cost
// of waiting, and of a database round trip.
func ExampleQueue_TakeBatch() {
	ctx := context.Background()
	q := bqueue.New[string](100)
	_, _ = q.PutAll(ctx, []string{"a", "b", "c"})
	rows := make([]string, 50)
	n, err := q.TakeBatch(ctx, rows)
	fmt.Println(rows[:n], err)
	// Output: [a b c] <nil>
}

// On shutdown, CloseNow returns the items that were not taken.
func ExampleQueue_CloseNow() {
	ctx := context.Background()
	q := bqueue.New[string](100)
	_, _ = q.PutAll(ctx, []string{"a", "b", "c"})
	_, _ = q.Take(ctx)
	fmt.Println(q.CloseNow())
	fmt.Println(q.Put(ctx, "d"))
	// Output:
	// [b c]
	// bqueue: closed
}

// Write rows to a database in batches of 100, but no row later than 50 ms after it was
// put.
func ExampleQueue_TakeBatchWithin() {
	ctx := context.Background()
	q := bqueue.New[string](1000)
	_, _ = q.TryPutAll([]string{"a", "b", "c"})
	q.Close()
	rows := make([]string, 100)
	for {
		n, err := q.TakeBatchWithin(ctx, rows, 50*time.Millisecond)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("insert", rows[:n])
	}
	// Output:
	// insert [a b c]
	// bqueue: closed
}

// A job that fails ends Workers, which returns the items that were begun and not
// finished.
func ExampleQueue_Workers_failure() {
	q := bqueue.New[string](10)
	_, _ = q.TryPutAll([]string{"ok", "bad", "later"})
	q.Close()
	unfinished, err := q.Workers(context.Background(), 1, func(_ context.Context, job string) error {
		if job == "bad" {
			return errors.New("no such file")
		}
		return nil
	})
	fmt.Println(unfinished, err, q.CloseNow())
	// Output: [bad] no such file [later]
}
