package concmap

import (
	"iter"
	"maps"
	"sync"

	"example.com/flatline/internal/hash"
	"example.com/flatline/internal/pad"
)

// stripes is the number of locks of a Striped. Among p goroutines with random keys, two
// meet in a stripe with a probability of about p²/128: 1 in 8 for four, 1 in 2 for eight.
const stripes = 64

// Striped is the answer that an interviewer expects: 64 Go maps, each behind its own
// mutex, and a hash that chooses the map of a key. Goroutines wait for each other only
// when their keys share a stripe. Each map grows by itself, so no resize has to be
// handled.
//
// The zero value is an empty map, ready to use. It must not be copied after first
// use. All methods are safe for concurrent use. A write of a key happens before
// the Load that returns its value.
//
// Why not a sync.RWMutex per stripe? Both lock and unlock with one atomic operation each,
// on the same word, so parallel readers of one stripe would not be faster; critical
// sections as short as these gain nothing from sharing. Use Map where reads matter: its
// readers do not write to any shared word.
type Striped[K comparable, V any] struct {
	seed   sync.Once
	hash   hash.Hasher[K]
	stripe [stripes]stripe[K, V]
}

type stripe[K comparable, V any] struct {
	mu sync.Mutex
	m  map[K]V
	// Processors fetch cache lines in pairs: without the gap, neighbours would take each
	// other's cache line (false sharing).
	_ pad.Gap
}

// of returns the stripe of k, locked. It panics, with nothing locked, if k is an
// interface that holds an uncomparable value.
func (s *Striped[K, V]) of(k K) *stripe[K, V] {
	s.seed.Do(func() { s.hash = hash.New[K](nil) })
	p := &s.stripe[s.hash.Hash(k)%stripes]
	p.mu.Lock()
	return p
}

// put stores v under k; the caller holds the lock.
func (p *stripe[K, V]) put(k K, v V) {
	if p.m == nil {
		p.m = make(map[K]V)
	}
	p.m[k] = v
}

// Load returns the value of k. O(1) expected, no allocation.
func (s *Striped[K, V]) Load(k K) (V, bool) {
	p := s.of(k)
	defer p.mu.Unlock()
	v, ok := p.m[k]
	return v, ok
}

// Store gives k the value v. O(1) expected and amortised: a stripe's map may grow.
func (s *Striped[K, V]) Store(k K, v V) {
	p := s.of(k)
	defer p.mu.Unlock()
	p.put(k, v)
}

// LoadOrStore returns the value of k and true if k is present; otherwise it stores v and
// returns it and false. O(1) expected and amortised.
func (s *Striped[K, V]) LoadOrStore(k K, v V) (actual V, loaded bool) {
	p := s.of(k)
	defer p.mu.Unlock()
	if old, ok := p.m[k]; ok {
		return old, true
	}
	p.put(k, v)
	return v, false
}

// LoadAndDelete deletes k and returns the value that it had. O(1) expected.
func (s *Striped[K, V]) LoadAndDelete(k K) (V, bool) {
	p := s.of(k)
	defer p.mu.Unlock()
	v, ok := p.m[k]
	delete(p.m, k)
	return v, ok
}

// Delete deletes k. O(1) expected.
func (s *Striped[K, V]) Delete(k K) { s.LoadAndDelete(k) }

// Swap stores v under k and returns the value that k had. O(1) expected and
// amortised.
func (s *Striped[K, V]) Swap(k K, v V) (previous V, loaded bool) {
	p := s.of(k)
	defer p.mu.Unlock()
	previous, loaded = p.m[k]
	p.put(k, v)
	return previous, loaded
}

// Len returns the number of entries, counted stripe by stripe: while others write
// it may be a number that was never true at one moment. O(64).
func (s *Striped[K, V]) Len() (n int) {
	for i := range s.stripe {
		p := &s.stripe[i]
		p.mu.Lock()
		n += len(p.m)
		p.mu.Unlock()
	}
	return n
}

// Clear empties one stripe after the other and releases their memory; entries stored
// meanwhile may stay. O(64).
func (s *Striped[K, V]) Clear() {
	for i := range s.stripe {
		p := &s.stripe[i]
		p.mu.Lock()
		p.m = nil
		p.mu.Unlock()
	}
}

// All yields the entries of one stripe after the other, each stripe as it is when the
// loop reaches it. No lock is held during the loop's body, which may change the map.
// O(n), with a copy of one stripe at a time.
func (s *Striped[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for i := range s.stripe {
			p := &s.stripe[i]
			p.mu.Lock()
			m := maps.Clone(p.m)
			p.mu.Unlock()
			for k, v := range m {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}
