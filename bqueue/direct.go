package bqueue

import (
	"context"
	"runtime"
	"sync"
)

// direct is the form for strict order and for small capacities: a ring under one mutex. A
// Put hands its item to a waiting taker, and a Take hands the slot that it frees to a
// waiting putter. A waiter that is signaled has nothing left to do: its operation was
// completed for it, so no other caller can intervene.
//
// Takers wait only while the ring is empty, putters only while it is full.
type direct[T any] struct {
	mu      sync.Mutex // guards everything below
	ring    []T
	head, n int // the items are ring[head], … n of them, around the end
	closed  bool
	putters line[T] // each with its item
	takers  line[T]

	puts, takes         uint64
	putWaits, takeWaits uint64
}

// add accepts v if that is possible without waiting. It may return a taker that has been
// given v; the caller must signal it once the lock is released.
func (d *direct[T]) add(v T) (ok bool, w *waiter[T]) {
	if w = d.takers.pop(); w != nil {
		w.item, w.outcome = v, completed
		d.puts++
		d.takes++
		return true, w
	}
	if d.n == len(d.ring) {
		return false, nil
	}
	d.push(v)
	return true, nil
}

// remove removes the oldest item if there is one. It may return a putter whose item has
// taken the freed slot; the caller must signal it once the lock is released.
func (d *direct[T]) remove() (v T, ok bool, w *waiter[T]) {
	if d.n == 0 {
		return v, false, nil
	}
	p := &d.ring[d.head]
	var zero T
	v, *p = *p, zero
	if d.head++; d.head == len(d.ring) {
		d.head = 0
	}
	d.n--
	d.takes++
	if w = d.putters.pop(); w != nil {
		w.outcome = completed
		d.push(w.item)
	}
	return v, true, w
}

func (d *direct[T]) push(v T) {
	i := d.head + d.n
	if i >= len(d.ring) {
		i -= len(d.ring)
	}
	d.ring[i] = v
	d.n++
	d.puts++
}

func (d *direct[T]) put(ctx context.Context, v T) error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return ErrClosed
	}
	ok, w := d.add(v)
	if !ok {
		return d.putWaiting(ctx, v)
	}
	d.mu.Unlock()
	if w != nil {
		w.signal()
	}
	return nil
}

func (d *direct[T]) take(ctx context.Context) (T, error) {
	d.mu.Lock()
	v, ok, w := d.remove()
	if !ok {
		if d.closed {
			d.mu.Unlock()
			return v, ErrClosed
		}
		return d.takeWaiting(ctx)
	}
	d.mu.Unlock()
	if w != nil {
		w.signal()
	}
	return v, nil
}

// putWaiting waits until v has been accepted. It unlocks d.mu.
func (d *direct[T]) putWaiting(ctx context.Context, v T) error {
	w := d.putters.get()
	w.item = v
	d.putWaits++
	d.wait(ctx, w, &d.putters)
	o := w.outcome
	d.putters.put(w)
	return o.err(ctx)
}

// takeWaiting waits until it is given an item. It unlocks d.mu.
func (d *direct[T]) takeWaiting(ctx context.Context) (T, error) {
	w := d.takers.get()
	d.takeWaits++
	d.wait(ctx, w, &d.takers)
	v, o := w.item, w.outcome
	d.takers.put(w)
	return v, o.err(ctx)
}

// wait queues w until it is signaled or ctx ends. Then w is in no list, and w.outcome
// says whether its operation was completed: if it was, that result counts even if ctx has
// ended. It unlocks d.mu.
func (d *direct[T]) wait(ctx context.Context, w *waiter[T], l *line[T]) {
	l.pushBack(w)
	d.mu.Unlock()
	runtime.Gosched() // a signal that comes meanwhile costs neither side a channel operation
	if w.wait(ctx) {
		return
	}
	d.mu.Lock()
	queued := w.queued
	if queued {
		l.remove(w)
	}
	d.mu.Unlock()
	if !queued {
		w.await()
	}
}

func (d *direct[T]) putAll(ctx context.Context, vs []T) (accepted int, err error) {
	for {
		var out chain[T]
		d.mu.Lock()
		if d.closed {
			d.mu.Unlock()
			return accepted, ErrClosed
		}
		for accepted < len(vs) {
			ok, w := d.add(vs[accepted])
			if !ok {
				break
			}
			accepted++
			out.add(w)
		}
		if out.first != nil || accepted == len(vs) {
			d.mu.Unlock()
			signalAll(out.first)
		} else if err := d.putWaiting(ctx, vs[accepted]); err != nil {
			return accepted, err
		} else {
			accepted++
		}
		switch {
		case accepted == len(vs):
			return accepted, nil
		case ctx.Err() != nil:
			return accepted, context.Cause(ctx)
		}
	}
}

func (d *direct[T]) takeBatch(ctx context.Context, dst []T) (int, error) {
	d.mu.Lock()
	n, out := d.drain(dst)
	if n > 0 || d.closed {
		d.mu.Unlock()
		signalAll(out)
		if n == 0 {
			return 0, ErrClosed
		}
		return n, nil
	}
	v, err := d.takeWaiting(ctx)
	if err != nil {
		return 0, err
	}
	dst[0] = v
	return 1 + d.drainTo(dst[1:]), nil
}

func (d *direct[T]) drainTo(dst []T) int {
	d.mu.Lock()
	n, out := d.drain(dst)
	d.mu.Unlock()
	signalAll(out)
	return n
}

// drain moves items into dst, and after them the items of waiting putters, which the
// caller must signal once the lock is released.
func (d *direct[T]) drain(dst []T) (n int, out *waiter[T]) {
	var woken chain[T]
	for n < len(dst) {
		v, ok, w := d.remove()
		if !ok {
			break
		}
		dst[n] = v
		n++
		woken.add(w)
	}
	return n, woken.first
}

func (d *direct[T]) tryPut(v T) error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return ErrClosed
	}
	ok, w := d.add(v)
	d.mu.Unlock()
	if !ok {
		return ErrFull
	}
	if w != nil {
		w.signal()
	}
	return nil
}

func (d *direct[T]) tryPutAll(vs []T) (accepted int, err error) {
	var out chain[T]
	d.mu.Lock()
	closed := d.closed
	for accepted < len(vs) && !closed {
		ok, w := d.add(vs[accepted])
		if !ok {
			break
		}
		accepted++
		out.add(w)
	}
	d.mu.Unlock()
	signalAll(out.first)
	switch {
	case accepted == len(vs):
		return accepted, nil
	case closed:
		return accepted, ErrClosed
	}
	return accepted, ErrFull
}

func (d *direct[T]) tryTake() (T, error) {
	d.mu.Lock()
	v, ok, w := d.remove()
	closed := d.closed
	d.mu.Unlock()
	switch {
	case ok:
		if w != nil {
			w.signal()
		}
		return v, nil
	case closed:
		return v, ErrClosed
	}
	return v, ErrEmpty
}

func (d *direct[T]) close() {
	d.mu.Lock()
	d.closed = true
	putters, takers := d.putters.popAll(refused), d.takers.popAll(refused)
	d.mu.Unlock()
	signalAll(putters)
	signalAll(takers)
}

func (d *direct[T]) len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

func (d *direct[T]) counts() (taken, accepted uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.takes, d.puts
}

func (d *direct[T]) stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Stats{
		Puts: d.puts, Takes: d.takes,
		PutWaits: d.putWaits, TakeWaits: d.takeWaits,
		Parked: d.putters.n + d.takers.n,
	}
}
