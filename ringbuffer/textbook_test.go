package ringbuffer

import "sync"

// textbook is an array, a head and a count under one mutex: each operation is O(1) and
// costs a lock, an unlock and a division, and a slice costs that for each of its items. It
// is the oracle of the model tests and the baseline of the benchmarks.
type textbook[T any] struct {
	mu      sync.Mutex
	items   []T
	head    int
	count   int
	onFull  Policy
	dropped uint64
	stored  uint64 // items ever stored: the number of the next one
}

func newTextbook[T any](capacity int, onFull Policy) *textbook[T] {
	return &textbook[T]{items: make([]T, capacity), onFull: onFull}
}

func (b *textbook[T]) Push(v T) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count == len(b.items) {
		switch b.onFull {
		case Reject:
			return ErrFull
		case DropNewest:
			b.dropped++
			return nil
		}
		b.pop()
		b.dropped++
	}
	b.push(v)
	return nil
}

func (b *textbook[T]) PushEvict(v T) (evicted T, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count == len(b.items) {
		evicted, ok = b.pop(), true
	}
	b.push(v)
	return evicted, ok
}

func (b *textbook[T]) Pop() (v T, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count == 0 {
		return v, false
	}
	return b.pop(), true
}

func (b *textbook[T]) push(v T) {
	b.items[(b.head+b.count)%len(b.items)] = v
	b.count++
	b.stored++
}

func (b *textbook[T]) pop() T {
	v := b.items[b.head]
	b.head = (b.head + 1) % len(b.items)
	b.count--
	return v
}

// The rest is only for the tests: each does to a slice what the methods above do to its
// items.

func (b *textbook[T]) pushSlice(vs []T) (stored int) {
	for _, v := range vs {
		before := b.stored
		_ = b.Push(v)
		stored += int(b.stored - before)
	}
	return stored
}

func (b *textbook[T]) popInto(dst []T) (n int) {
	for i := range dst {
		v, ok := b.Pop()
		if !ok {
			return i
		}
		dst[i] = v
	}
	return len(dst)
}

func (b *textbook[T]) popN(n int) (vs []T) {
	for range min(n, b.count) {
		v, _ := b.Pop()
		vs = append(vs, v)
	}
	return vs
}

func (b *textbook[T]) all() (vs []T) {
	for i := range b.count {
		vs = append(vs, b.items[(b.head+i)%len(b.items)])
	}
	return vs
}

func (b *textbook[T]) resize(n int) bool {
	if n < 1 || n < b.count {
		return false
	}
	items := make([]T, n)
	copy(items, b.all())
	b.items, b.head = items, 0
	return true
}
