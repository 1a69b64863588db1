package bqueue_test

import (
	"sync"
	"testing"

	"example.com/flatline/bqueue"
	"example.com/flatline/internal/bench"
)

// One goroutine: what the two operations cost that do not have to wait.
func BenchmarkQueue_PutTake(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		q := bqueue.New[int](n)
		m := bench.Steps(b, q.Steps())
		for b.Loop() {
			_ = q.Put(bg, 1)
			_, _ = q.Take(bg)
			m.Op()
		}
		m.Report()
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
}

// A producer and a consumer in different goroutines: an item on its way from one to
// the other, waits included.
func BenchmarkQueue_Transfer(b *testing.B) {
	bench.Sweep(b, "pair", func(b *testing.B, n int) {
		q := bqueue.New[int](n)
		transfer(b, func() { _ = q.Put(bg, 1) }, func() bool { _, err := q.Take(bg); return err == nil }, q.Close)
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		q := newTextbook[int](n)
		transfer(b, func() { _ = q.Put(1) }, func() bool { _, err := q.Take(); return err == nil }, q.Close)
	})
	bench.Sweep(b, "channel", func(b *testing.B, n int) {
		q := make(chan int, n)
		transfer(b, func() { q <- 1 }, func() bool { _, ok := <-q; return ok }, func() { close(q) })
	})
}

func transfer(b *testing.B, put func(), take func() bool, stop func()) {
	var wg sync.WaitGroup
	wg.Go(func() {
		for take() {
		}
	})
	for b.Loop() {
		put()
	}
	stop()
	wg.Wait()
}

// n is the length of the batch that goes in and comes out.
func BenchmarkQueue_PutAll(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		q := bqueue.New[int](n)
		batch := make([]int, n)
		m := bench.Steps(b, q.Steps())
		for b.Loop() {
			_, _ = q.PutAll(bg, batch)
			_, _ = q.TakeBatch(bg, batch)
			m.Op()
		}
		m.Report()
	})
}
