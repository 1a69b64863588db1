package randset

import (
	"fmt"
	"iter"
	"slices"
	"sync"

	"example.com/flatline/internal/hash"
	"example.com/flatline/internal/option"
)

// Set is a set that can return one of its values at random. The zero value is empty and
// ready to use. It holds at most 2147483648 values; one more panics. It is not safe for
// concurrent use; [Sync] is.
type Set[T comparable] struct {
	_      [0]sync.Mutex // go vet reports copies: they would share memory
	index  index[T]
	seeded bool
	rand   source
}

// New returns an empty set. It panics if there is more than one Options or if its
// Capacity is negative.
func New[T comparable](opts ...Options[T]) *Set[T] {
	s := new(Set[T])
	s.init("randset.New", opts)
	return s
}

func (s *Set[T]) init(fn string, opts []Options[T]) {
	o := option.One(fn, opts)
	o.check(fn)
	s.seed(o.Hash)
	s.rand = source{o.Rand}
	s.index.reserve(o.Capacity)
}

func (o *Options[T]) check(fn string) {
	if o.Capacity < 0 || uint64(o.Capacity) > maxValues {
		panic(fmt.Sprintf("%s: Capacity must be 0 to %d, got %d", fn, uint64(maxValues), o.Capacity))
	}
}

// seed makes the hasher, once.
func (s *Set[T]) seed(fn func(T) uint64) {
	if !s.seeded {
		s.index.hash, s.seeded = hash.New(fn), true
	}
}

// Insert adds v and reports whether it was absent. A value that is not equal to itself
// (NaN, or a value that contains one) could never be found again: Insert reports false
// and leaves the set unchanged. O(1) amortised and expected. It panics, as a map does, if
// v is an interface that holds an uncomparable value.
func (s *Set[T]) Insert(v T) bool {
	s.seed(nil)
	h, ok := s.index.hash.Word(v)
	if !ok {
		h = s.index.hash.Hash(v)
	}
	return s.insert(uint32(h), v)
}

func (s *Set[T]) insert(h uint32, v T) bool {
	if v != v { // true for NaN
		return false
	}
	return s.index.insert(h, v)
}

// Delete removes v and reports whether it was present. The last value of the array moves
// into its place. O(1) expected.
func (s *Set[T]) Delete(v T) bool {
	if len(s.index.values) == 0 {
		return false
	}
	h, ok := s.index.hash.Word(v)
	if !ok {
		h = s.index.hash.Hash(v)
	}
	return s.index.delete(uint32(h), v)
}

// Contains reports whether v is in the set. O(1) expected.
func (s *Set[T]) Contains(v T) bool {
	if len(s.index.values) == 0 {
		return false
	}
	var h uint64
	var isText bool
	if s.index.hash.IsWord() {
		h = s.index.hash.OfWord(v)
	} else if h, isText = s.index.hash.Text(v); !isText {
		h = s.index.hash.Hash(v)
	}
	// The first two slots of the search are written out, because among so few instructions
	// a call matters. The choice between them is arithmetic: a branch would be mispredicted
	// for each value that is not in its home.
	slots, values := s.index.slots, s.index.values
	mask := uint32(len(slots) - 1)
	home, next := uint(uint32(h)&mask), uint((uint32(h)+1)&mask)
	if home < uint(len(slots)) && next < uint(len(slots)) { // false if Options.Hash has cleared the set
		slot, second := slots[home], slots[next]
		differs := uint64((slot ^ uint32(h)) &^ mask)
		slot ^= (slot ^ second) & uint32(-differs>>32) // the last factor is all ones unless differs is 0
		position := uint(slot&mask - 1)                // of a free slot: larger than any
		if position < uint(len(values)) && values[position] == v {
			return true
		}
	}
	return s.index.has(uint32(h), v)
}

// Random returns a value of the set, each with the same probability; false if the
// set is empty. O(1), no allocation.
func (s *Set[T]) Random() (v T, ok bool) {
	if len(s.index.values) == 0 {
		return v, false
	}
	return s.index.values[s.rand.below(len(s.index.values))], true
}

// Pop removes a value, each with the same probability, and returns it; false if
// the set is empty. O(1) expected.
func (s *Set[T]) Pop() (v T, ok bool) {
	vs := s.index.values
	if len(vs) == 0 {
		return v, false
	}
	i := s.rand.below(len(vs))
	v = vs[i]
	s.index.remove(s.index.slotOf(uint32(i)))
	return v, true
}

// Sample returns k different values in random order; every set of k values has the same
// probability. If there are no more than k, it returns all. It panics if k is negative.
// O(k) expected.
func (s *Set[T]) Sample(k int) []T {
	mustSample(k)
	k = min(k, s.Len())
	sample := make([]T, k)
	for i, at := range s.rand.draws(s.Len(), k) {
		sample[i] = s.index.values[at]
	}
	return sample
}

func mustSample(k int) {
	if k < 0 {
		panic(fmt.Sprintf("randset.Sample: k must be at least 0, got %d", k))
	}
}

// At returns the value at index i. It panics if i is not in 0..Len-1. Values are in the
// order of insertion until a deletion moves the last one into the gap. O(1).
func (s *Set[T]) At(i int) T {
	if uint(i) >= uint(s.Len()) {
		panic(fmt.Sprintf("randset: At(%d) of %d values", i, s.Len()))
	}
	return s.index.values[i]
}

// Len returns the number of values. O(1).
func (s *Set[T]) Len() int { return len(s.index.values) }

// Clear removes all values and releases the memory. O(1).
func (s *Set[T]) Clear() { s.index.clear() }

// Shrink releases the memory that the values do not need. O(n).
func (s *Set[T]) Shrink() { s.index.resize(s.Len()) }

// Clone returns another set of the same values, in the same order. It draws from
// the same Rand. O(n).
func (s *Set[T]) Clone() *Set[T] {
	c := &Set[T]{rand: s.rand}
	s.copyTo(c)
	return c
}

// copyTo gives c, which is empty, the values of s.
func (s *Set[T]) copyTo(c *Set[T]) {
	c.seeded = s.seeded
	c.index = s.index.copy()
}

// All yields the values from the last to the first, which is not a random order. The loop
// may delete the value that it was just given; if it changes more, a value that stays may
// be yielded twice. O(1) per step.
func (s *Set[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := s.Len() - 1; i >= 0; i-- {
			if i < s.Len() && !yield(s.index.values[i]) {
				return
			}
		}
	}
}

// Shuffled yields, in random order, the values that the set has when the loop begins;
// every order has the same probability. The loop may do anything with the set. It copies
// the values: O(n), then O(1) per step.
func (s *Set[T]) Shuffled() iter.Seq[T] {
	return func(yield func(T) bool) {
		shuffle(slices.Clone(s.index.values), s.rand, yield)
	}
}

// shuffle yields vs in random order, drawing as it goes.
func shuffle[T any](vs []T, r source, yield func(T) bool) {
	for i := range vs {
		j := i + r.below(len(vs)-i)
		vs[i], vs[j] = vs[j], vs[i]
		if !yield(vs[i]) {
			return
		}
	}
}
