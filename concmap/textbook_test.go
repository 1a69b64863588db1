package concmap

import "sync"

// Textbook is one Go map behind one sync.RWMutex: each operation costs a hash lookup and
// two atomic writes to a lock word that all goroutines share, readers too, and a write
// that makes the map grow stops every other goroutine. It is the oracle of the model
// tests and the baseline of the benchmarks.
type Textbook[K comparable, V any] struct {
	mu sync.RWMutex
	m  map[K]V
}

func NewTextbook[K comparable, V any]() *Textbook[K, V] {
	return &Textbook[K, V]{m: make(map[K]V)}
}

func (t *Textbook[K, V]) Load(k K) (V, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	v, ok := t.m[k]
	return v, ok
}

func (t *Textbook[K, V]) Store(k K, v V) { t.Swap(k, v) }

func (t *Textbook[K, V]) Swap(k K, v V) (V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, ok := t.m[k]
	t.m[k] = v
	return old, ok
}

func (t *Textbook[K, V]) LoadOrStore(k K, v V) (V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old, ok := t.m[k]; ok {
		return old, true
	}
	t.m[k] = v
	return v, false
}

func (t *Textbook[K, V]) LoadAndDelete(k K) (V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, ok := t.m[k]
	delete(t.m, k)
	return old, ok
}

func (t *Textbook[K, V]) Delete(k K) { t.LoadAndDelete(k) }

func (t *Textbook[K, V]) Compute(k K, f func(V, bool) (V, Op)) (V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, ok := t.m[k]
	v, op := f(old, ok)
	switch op {
	case Update:
		t.m[k] = v
	case Remove:
		delete(t.m, k)
	}
	v, ok = t.m[k]
	return v, ok
}

func (t *Textbook[K, V]) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.m)
}

func (t *Textbook[K, V]) Clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.m)
}
