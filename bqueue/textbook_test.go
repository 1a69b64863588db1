package bqueue_test

import (
	"errors"
	"sync"
)

// textbook is a slice, a mutex and two condition variables: each operation is O(1) and
// costs a lock, and each item signals a waiter, which then has to get the lock again.
//
// It is correct, it is the oracle of the model test, and it shows what condition variables
// cannot do: Wait has no context, so a Put that waits can be ended only by Close, never
// by a deadline.
type textbook[T any] struct {
	mu       sync.Mutex
	notEmpty sync.Cond
	notFull  sync.Cond
	allDone  sync.Cond
	items    []T
	capacity int
	open     int // accepted and not done, for Join
	closed   bool
}

var (
	errClosed = errors.New("closed")
	errFull   = errors.New("full")
	errEmpty  = errors.New("empty")
)

func newTextbook[T any](capacity int) *textbook[T] {
	q := &textbook[T]{capacity: capacity}
	q.notEmpty.L, q.notFull.L, q.allDone.L = &q.mu, &q.mu, &q.mu
	return q
}

func (q *textbook[T]) Put(v T) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == q.capacity && !q.closed {
		q.notFull.Wait()
	}
	return q.put(v)
}

func (q *textbook[T]) TryPut(v T) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.put(v)
}

func (q *textbook[T]) put(v T) error {
	switch {
	case q.closed:
		return errClosed
	case len(q.items) == q.capacity:
		return errFull
	}
	q.items = append(q.items, v)
	q.open++
	q.notEmpty.Signal()
	return nil
}

func (q *textbook[T]) Take() (T, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.notEmpty.Wait()
	}
	return q.take()
}

func (q *textbook[T]) TryTake() (T, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.take()
}

func (q *textbook[T]) take() (v T, err error) {
	switch {
	case len(q.items) > 0:
		v, q.items = q.items[0], q.items[1:]
		q.notFull.Signal()
		return v, nil
	case q.closed:
		return v, errClosed
	}
	return v, errEmpty
}

// PutAll and TakeBatch put and take item by item.
func (q *textbook[T]) PutAll(vs []T) {
	for _, v := range vs {
		_ = q.Put(v)
	}
}

func (q *textbook[T]) TakeBatch(dst []T) {
	for i := range dst {
		dst[i], _ = q.Take()
	}
}

func (q *textbook[T]) TaskDone() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.open--; q.open == 0 {
		q.allDone.Broadcast()
	}
}

func (q *textbook[T]) Join() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.open > 0 {
		q.allDone.Wait()
	}
}

func (q *textbook[T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.notEmpty.Broadcast()
	q.notFull.Broadcast()
}

// upTo takes n items, or all if there are fewer.
func (q *textbook[T]) upTo(n int) (vs []T) {
	for range n {
		v, err := q.TryTake()
		if err != nil {
			return vs
		}
		vs = append(vs, v)
	}
	return vs
}

// CloseNow closes and returns the items that are left.
func (q *textbook[T]) CloseNow() []T {
	q.Close()
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.items
	q.items = nil
	if q.open -= len(left); q.open == 0 {
		q.allDone.Broadcast()
	}
	return left
}

func (q *textbook[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}
