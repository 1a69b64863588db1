package bqueue_test

import (
	"sync"
	"testing"

	"example.com/flatline/bqueue"
	"example.com/flatline/internal/bench"
)

// Put and Take by one goroutine, which never waits, then each form with a producer and a
// consumer in different goroutines, waits included.
func BenchmarkQueue_PutTake(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		q := bqueue.New[int](n)
		for b.Loop() {
			_ = q.Put(bg, 1)
			_, _ = q.Take(bg)
		}
	})
	bench.Sweep(b, "strict", func(b *testing.B, n int) {
		q := bqueue.New[int](n, bqueue.Options{StrictFIFO: true})
		for b.Loop() {
			_ = q.Put(bg, 1)
			_, _ = q.Take(bg)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		q := newTextbook[int](n)
		for b.Loop() {
			_ = q.Put(1)
			_, _ = q.Take()
		}
	})
	bench.Sweep(b, "channel", func(b *testing.B, n int) {
		q := make(chan int, n)
		for b.Loop() {
			q <- 1
			<-q
		}
	})
	bench.Sweep(b, "pair", func(b *testing.B, n int) {
		q := bqueue.New[int](n)
		transfer(b, func() { _ = q.Put(bg, 1) }, func() bool { _, err := q.Take(bg); return err == nil }, q)
	})
	bench.Sweep(b, "textbook-pair", func(b *testing.B, n int) {
		q := newTextbook[int](n)
		transfer(b, func() { _ = q.Put(1) }, func() bool { _, err := q.Take(); return err == nil }, q)
	})
	bench.Sweep(b, "channel-pair", func(b *testing.B, n int) {
		q := make(channel, n)
		transfer(b, func() { q <- 1 }, func() bool { _, ok := <-q; return ok }, q)
	})
}

type channel chan int

func (c channel) Close() { close(c) }

// transfer measures put; take runs in another goroutine until q is closed and it fails.
func transfer(b *testing.B, put func(), take func() bool, q interface{ Close() }) {
	var wg sync.WaitGroup
	wg.Go(func() {
		for take() {
		}
	})
	for b.Loop() {
		put()
	}
	q.Close()
	wg.Wait()
}

func BenchmarkQueue_TryPutTryTake(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		q := bqueue.New[int](n)
		for b.Loop() {
			_ = q.TryPut(1)
			_, _ = q.TryTake()
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		q := newTextbook[int](n)
		for b.Loop() {
			_ = q.TryPut(1)
			_, _ = q.TryTake()
		}
	})
}

// n is the length of the batches. The textbook queue moves its items one by one.
func BenchmarkQueue_PutAllTakeBatch(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		q := bqueue.New[int](n)
		batch := make([]int, n)
		for b.Loop() {
			_, _ = q.PutAll(bg, batch)
			_, _ = q.TakeBatch(bg, batch)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		q := newTextbook[int](n)
		batch := make([]int, n)
		for b.Loop() {
			q.PutAll(batch)
			q.TakeBatch(batch)
		}
	})
}
