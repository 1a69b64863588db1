package randset

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"example.com/flatline/internal/option"
)

// ReservoirOptions are the settings of NewReservoir. The zero value draws from the
// runtime's generator.
type ReservoirOptions struct {
	// Rand, if not nil, is the generator for all draws: with a seeded source a run
	// repeats. It must not be used elsewhere at the same time.
	Rand *rand.Rand
}

// Reservoir is a uniform sample of k values of a stream whose length is not known: after n
// values each set of k of them is the sample with the same probability. It must be made by
// NewReservoir: the methods of the zero value panic. It is not safe for concurrent use.
//
// This is algorithm R: value number n replaces a random one of the sample with probability
// k/n.
type Reservoir[T any] struct {
	_      [0]sync.Mutex // go vet reports copies: they would share memory
	k      int
	seen   int
	sample []T
	rand   source
}

// NewReservoir returns an empty sample of at most k values. It allocates memory only for
// the values that it holds. It panics if k is less than 1 and on more than one
// ReservoirOptions.
func NewReservoir[T any](k int, opts ...ReservoirOptions) *Reservoir[T] {
	o := option.One("randset.NewReservoir", opts)
	if k < 1 {
		panic(fmt.Sprintf("randset.NewReservoir: k must be at least 1, got %d", k))
	}
	return &Reservoir[T]{k: k, rand: source{o.Rand}}
}

func (r *Reservoir[T]) mustBeMade() {
	if r.k == 0 {
		panic("randset: Reservoir must be made by NewReservoir")
	}
}

// Add adds the next value of the stream and reports whether it is now in the sample.
// O(1), amortised while the sample grows.
func (r *Reservoir[T]) Add(v T) bool {
	r.mustBeMade()
	if len(r.sample) < r.k {
		r.seen++
		if n := len(r.sample); n == cap(r.sample) { // twice as many, so that the mean does not depend on k
			r.sample = append(make([]T, 0, min(r.k, max(8, 2*n))), r.sample...)
		}
		r.sample = append(r.sample, v)
		return true
	}
	i := r.rand.below(r.seen + 1)
	r.seen++ // only now, in case Rand panics
	if i >= r.k {
		return false
	}
	r.sample[i] = v
	return true
}

// Sample returns a copy of the sample, in no useful order: all values while there are no
// more than k. O(k).
func (r *Reservoir[T]) Sample() []T {
	r.mustBeMade()
	return append([]T(nil), r.sample...)
}

// Seen returns how many values were added. O(1).
func (r *Reservoir[T]) Seen() int {
	r.mustBeMade()
	return r.seen
}

// Len returns the number of values in the sample, at most Cap. O(1).
func (r *Reservoir[T]) Len() int {
	r.mustBeMade()
	return len(r.sample)
}

// Cap returns k. O(1).
func (r *Reservoir[T]) Cap() int {
	r.mustBeMade()
	return r.k
}

// Clear forgets the stream and releases the memory. O(1).
func (r *Reservoir[T]) Clear() {
	r.mustBeMade()
	r.seen, r.sample = 0, nil
}
