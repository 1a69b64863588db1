package randset

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"

	"example.com/flatline/internal/hash"
	"example.com/flatline/internal/option"
	"example.com/flatline/internal/table"
)

// Errors of Weighted.Set.
var (
	// ErrWeight: the weight is negative, NaN or infinite, or it would make the total
	// infinite.
	ErrWeight = errors.New("randset: weight out of range")
	// ErrValue: the value is not equal to itself, so that it could not be found again.
	ErrValue = errors.New("randset: value is not equal to itself")
)

// Weighted is a set in which each value has a weight; Random returns a value with a
// probability that is proportional to it. The zero value is empty and ready to use.
// It is not safe for concurrent use.
//
// The weights are the leaves of a tree in which each node is the sum of the two below it.
// Set and Random walk one path of it: O(log n), where the type Set is O(1).
type Weighted[T comparable] struct {
	_      [0]sync.Mutex            // go vet reports copies: they would share memory
	index  table.Table[T, struct{}] // slot s is leaf s-1
	sums   []float64                // sums[1] is the root; sums[i] = sums[2i] + sums[2i+1]; leaf i is sums[len/2+i]
	hash   hash.Hasher[T]
	seeded bool
	rand   source
}

// NewWeighted returns an empty set. It panics as New does.
func NewWeighted[T comparable](opts ...Options[T]) *Weighted[T] {
	o := option.One("randset.NewWeighted", opts)
	o.check("randset.NewWeighted")
	w := &Weighted[T]{rand: source{o.Rand}}
	w.seed(o.Hash)
	w.index.Reserve(o.Capacity)
	return w
}

func (w *Weighted[T]) seed(fn func(T) uint64) {
	if !w.seeded {
		w.hash, w.seeded = hash.New(fn), true
	}
}

// Set gives v a weight and adds it if it is absent. A weight of 0 keeps v in the
// set, but it is never drawn. If the weight or the value cannot be accepted the
// error wraps ErrWeight or ErrValue, and nothing changes. O(log n), amortised where
// v is new.
func (w *Weighted[T]) Set(v T, weight float64) error {
	if v != v { // true for NaN
		return ErrValue
	}
	if !(weight >= 0 && weight <= math.MaxFloat64) {
		return fmt.Errorf("%w: %v is not a finite number of at least 0", ErrWeight, weight)
	}
	w.seed(nil)
	slot, found := w.index.FindOrAdd(uint32(w.hash.Hash(v)), v)
	if !found && int(slot) > len(w.sums)/2 {
		w.grow()
	}
	old := w.leaf(slot)
	if w.update(slot, weight+0); w.Total() <= math.MaxFloat64 { // + 0 turns -0 into 0
		return nil
	}
	w.update(slot, old)
	if !found {
		w.index.DeleteSwap(slot)
	}
	return fmt.Errorf("%w: %v makes the total infinite", ErrWeight, weight)
}

// grow doubles the number of leaves.
func (w *Weighted[T]) grow() {
	leaves := max(len(w.sums), 1)
	sums := make([]float64, 2*leaves)
	copy(sums[leaves:], w.sums[len(w.sums)/2:])
	w.sums = sums
	for i := leaves - 1; i > 0; i-- {
		w.sums[i] = w.sums[2*i] + w.sums[2*i+1]
	}
}

func (w *Weighted[T]) leaf(slot uint32) float64 { return w.sums[len(w.sums)/2+int(slot)-1] }

// update sets a leaf and recomputes the sums on the path above it. Adding the difference
// to each node instead, as a Fenwick tree does, would keep rounding errors after a huge
// weight was set and deleted.
func (w *Weighted[T]) update(slot uint32, weight float64) {
	i := len(w.sums)/2 + int(slot) - 1
	w.sums[i] = weight
	for i /= 2; i > 0; i /= 2 {
		w.sums[i] = w.sums[2*i] + w.sums[2*i+1]
	}
}

// Weight returns the weight of v; false if v is absent. O(1) expected.
func (w *Weighted[T]) Weight(v T) (weight float64, ok bool) {
	slot := w.find(v)
	if slot == 0 {
		return 0, false
	}
	return w.leaf(slot), true
}

func (w *Weighted[T]) find(v T) uint32 {
	if w.index.Len() == 0 {
		return 0
	}
	return w.index.Find(uint32(w.hash.Hash(v)), v)
}

// Contains reports whether v is in the set. O(1) expected.
func (w *Weighted[T]) Contains(v T) bool { return w.find(v) != 0 }

// Delete removes v and reports whether it was present. O(log n).
func (w *Weighted[T]) Delete(v T) bool {
	slot := w.find(v)
	if slot == 0 {
		return false
	}
	last := uint32(w.index.Len())
	weight := w.leaf(last)
	w.update(last, 0)
	if slot != last {
		w.update(slot, weight)
	}
	w.index.DeleteSwap(slot)
	return true
}

// subnormal is 2^53 times the smallest positive float. Sums up to it are exact multiples
// of that float.
const subnormal = math.SmallestNonzeroFloat64 * (1 << 53)

// Random returns a value with a probability that is proportional to its weight; false if
// no value weighs more than 0. It makes one draw of 53 bits, so weights below 2^-53 of
// the total are not drawn in exact proportion. O(log n), no allocation.
func (w *Weighted[T]) Random() (v T, ok bool) {
	total := w.Total()
	if total == 0 {
		return v, false
	}
	at := w.rand.float()
	if total > subnormal {
		at *= total
	} else { // rounding to the nearest multiple would favour values further right
		at = math.Floor(at*(total/math.SmallestNonzeroFloat64)) * math.SmallestNonzeroFloat64
	}
	i := 1
	for i < len(w.sums)/2 {
		i *= 2
		// Because of rounding, at may reach the sum of both nodes; never step onto a 0.
		if left := w.sums[i]; at >= left && w.sums[i+1] > 0 {
			at -= left
			i++
		}
	}
	return w.index.At(uint32(i - len(w.sums)/2 + 1)).Key, true
}

// Total returns the sum of the weights, rounded as a tree of additions rounds it.
// O(1).
func (w *Weighted[T]) Total() float64 {
	if len(w.sums) == 0 {
		return 0
	}
	return w.sums[1]
}

// Len returns the number of values, including those of weight 0. O(1).
func (w *Weighted[T]) Len() int { return w.index.Len() }

// Clear removes all values and releases the memory. O(1).
func (w *Weighted[T]) Clear() {
	w.index.Clear()
	w.sums = nil
}

// All yields the values with their weights in no useful order. The loop may change
// weights and delete the value that it was just given; if it changes more, a value that
// stays may be yielded twice. O(1) per step.
func (w *Weighted[T]) All() iter.Seq2[T, float64] {
	return func(yield func(T, float64) bool) {
		for s := uint32(w.index.Len()); s > 0; s-- {
			if int(s) <= w.index.Len() && !yield(w.index.At(s).Key, w.leaf(s)) {
				return
			}
		}
	}
}
