package randset

import (
	"iter"
	"math"
	"sync"

	"example.com/flatline/internal/hash"
	"example.com/flatline/internal/option"
	"example.com/flatline/internal/table"
)

// Bag is a Set that may contain a value several times; Random returns a value with a
// probability that is proportional to its count. The zero value is empty and ready to
// use. It holds at most 4294967294 values, including repeats; one more panics. It is not
// safe for concurrent use.
//
// In addition to the dense array of all occurrences, a list links the occurrences of each
// value. They are interchangeable, so Delete removes the first of the list.
type Bag[T comparable] struct {
	_      [0]sync.Mutex // go vet reports copies: they would share memory
	index  table.Table[T, own]
	all    []occurrence
	hash   hash.Hasher[T]
	seeded bool
	rand   source
}

// own is a bag's data about a value.
type own struct {
	first uint32 // number of its first occurrence
	count uint32
}

// An occurrence is numbered by its index in the array plus 1; 0 is none.
type occurrence struct {
	slot       uint32 // of its value in the table
	prev, next uint32 // occurrences of the same value
}

// NewBag returns an empty bag. It panics as New does.
func NewBag[T comparable](opts ...Options[T]) *Bag[T] {
	o := option.One("randset.NewBag", opts)
	o.check("randset.NewBag")
	b := &Bag[T]{all: make([]occurrence, 0, o.Capacity), rand: source{o.Rand}}
	b.seed(o.Hash)
	return b
}

func (b *Bag[T]) seed(fn func(T) uint64) {
	if !b.seeded {
		b.hash, b.seeded = hash.New(fn), true
	}
}

// Insert adds v once more. It reports false, and does nothing, for a value that is
// not equal to itself (NaN). O(1) amortised and expected.
func (b *Bag[T]) Insert(v T) bool {
	if v != v { // true for NaN
		return false
	}
	if uint64(len(b.all)) == math.MaxUint32-1 {
		panic("randset: a Bag is full")
	}
	b.seed(nil)
	slot, _ := b.index.FindOrAdd(uint32(b.hash.Hash(v)), v)
	of := &b.index.At(slot).Value
	number := uint32(len(b.all) + 1)
	b.all = append(b.all, occurrence{slot: slot, next: of.first})
	if of.first != 0 {
		b.all[of.first-1].prev = number
	}
	of.first = number
	of.count++
	return true
}

// Delete removes one occurrence of v and reports whether there was one. O(1) expected.
func (b *Bag[T]) Delete(v T) bool {
	slot := b.find(v)
	if slot == 0 {
		return false
	}
	of := &b.index.At(slot).Value
	gap := of.first
	if of.first = b.all[gap-1].next; of.first != 0 {
		b.all[of.first-1].prev = 0
	}
	if of.count--; of.count == 0 {
		b.index.Delete(slot)
	}
	last := uint32(len(b.all))
	if gap != last {
		b.move(last, gap)
	}
	b.all = b.all[:last-1]
	return true
}

// move gives an occurrence another number.
func (b *Bag[T]) move(from, to uint32) {
	o := b.all[from-1]
	b.all[to-1] = o
	if o.prev == 0 {
		b.index.At(o.slot).Value.first = to
	} else {
		b.all[o.prev-1].next = to
	}
	if o.next != 0 {
		b.all[o.next-1].prev = to
	}
}

// find returns the slot of v, 0 if there is none.
func (b *Bag[T]) find(v T) uint32 {
	if len(b.all) == 0 {
		return 0
	}
	return b.index.Find(uint32(b.hash.Hash(v)), v)
}

// Count returns how many times v is in the bag. O(1) expected.
func (b *Bag[T]) Count(v T) int {
	slot := b.find(v)
	if slot == 0 {
		return 0
	}
	return int(b.index.At(slot).Value.count)
}

// Contains reports whether v is in the bag. O(1) expected.
func (b *Bag[T]) Contains(v T) bool { return b.find(v) != 0 }

// Random returns a value of the bag, each occurrence with the same probability;
// false if the bag is empty. O(1), no allocation.
func (b *Bag[T]) Random() (v T, ok bool) {
	if len(b.all) == 0 {
		return v, false
	}
	return b.value(b.rand.below(len(b.all))), true
}

// Pop removes one occurrence, each with the same probability, and returns its value; false
// if the bag is empty. O(1) expected.
func (b *Bag[T]) Pop() (v T, ok bool) {
	if len(b.all) == 0 {
		return v, false
	}
	v = b.value(b.rand.below(len(b.all)))
	return v, b.Delete(v)
}

// Sample returns the values of k different occurrences in random order; every set of k
// occurrences has the same probability. If there are no more than k, it returns the
// values of all. A value occurs at most as many times as in the bag. It panics if k is
// negative. O(k) expected.
func (b *Bag[T]) Sample(k int) []T {
	mustSample(k)
	sample := make([]T, min(k, len(b.all)))
	for i, at := range b.rand.draws(len(b.all), len(sample)) {
		sample[i] = b.value(at)
	}
	return sample
}

func (b *Bag[T]) value(i int) T { return b.index.At(b.all[i].slot).Key }

// Len returns the number of values, including repeats. O(1).
func (b *Bag[T]) Len() int { return len(b.all) }

// Distinct returns the number of different values. O(1).
func (b *Bag[T]) Distinct() int { return b.index.Len() }

// Clear removes all values and releases the memory. O(1).
func (b *Bag[T]) Clear() {
	b.index.Clear()
	b.all = nil
}

// All yields each value as many times as it is in the bag, in no useful order. The loop
// may delete the value that it was just given, once. If it changes more, it may miss or
// repeat values because of those changes. O(1) per step.
func (b *Bag[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := len(b.all) - 1; i >= 0; i-- {
			if i < len(b.all) && !yield(b.value(i)) {
				return
			}
		}
	}
}
