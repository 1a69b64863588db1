package randset

import (
	"math"

	"example.com/flatline/internal/invariant"
)

func (x *index[T]) checkInvariants() {
	n, size := len(x.values), len(x.slots)
	if !x.hash.IsWord() {
		invariant.Must(len(x.hashes) == n && cap(x.hashes) >= cap(x.values), "I1: %d values, %d hashes", n, len(x.hashes))
	}
	invariant.Must(size&(size-1) == 0 && size >= 4*cap(x.values), "I2: %d slots, room for %d values", size, cap(x.values))
	var zero T
	for i, v := range x.values[n:cap(x.values)] {
		invariant.Must(v == zero, "I1: %v is left behind at %d", v, n+i)
	}
	seen := make([]bool, n)
	for at, s := range x.slots {
		if s == 0 {
			continue
		}
		i := x.position(at)
		invariant.Must(int(i) < n && !seen[i], "I2: slot %d has position %d of %d", at, i, n)
		seen[i] = true
		invariant.Must(s == x.slot(x.hashAt(i), i), "I2: slot %d has the tag of another hash", at)
		for from := int(x.hashAt(i)) & (size - 1); from != at; from = (from + 1) & (size - 1) {
			invariant.Must(x.slots[from] != 0, "I2: the search for slot %d ends at %d", at, from)
		}
	}
	for i, found := range seen {
		invariant.Must(found, "I2: no slot has position %d", i)
	}
}

func (s *Set[T]) checkInvariants() {
	s.index.checkInvariants()
	for i, v := range s.index.values {
		invariant.Must(uint32(s.index.hash.Hash(v)) == s.index.hashAt(uint32(i)), "I1: value %d has another hash", i)
	}
}

func (s *Sync[T]) checkInvariants() { s.set.checkInvariants() }

func (b *Bag[T]) checkInvariants() {
	b.index.Check()
	seen := 0
	for slot := b.index.Next(0); slot != 0; slot = b.index.Next(slot) {
		of := b.index.At(slot).Value
		invariant.Must(of.count > 0, "I3: a value without occurrences")
		n, prev := uint32(0), uint32(0)
		for o := of.first; o != 0; o = b.all[o-1].next {
			invariant.Must(b.all[o-1].slot == slot, "I3: occurrence %d is in the list of another value", o)
			invariant.Must(b.all[o-1].prev == prev, "I3: occurrence %d does not link back", o)
			prev = o
			n++
		}
		invariant.Must(n == of.count, "I3: a list of %d, count %d", n, of.count)
		seen += int(n)
	}
	invariant.Must(seen == len(b.all), "I3: %d occurrences in lists, %d in the array", seen, len(b.all))
}

func (w *Weighted[T]) checkInvariants() {
	w.index.Check()
	leaves := len(w.sums) / 2
	invariant.Must(w.index.Len() <= leaves, "I4: %d values, %d leaves", w.index.Len(), leaves)
	for i := 1; i < leaves; i++ {
		invariant.Must(w.sums[i] == w.sums[2*i]+w.sums[2*i+1], "I4: node %d is not the sum of its two", i)
	}
	for i := w.index.Len(); i < leaves; i++ {
		invariant.Must(w.sums[leaves+i] == 0, "I4: free leaf %d weighs %v", i, w.sums[leaves+i])
	}
	invariant.Must(w.Total() <= math.MaxFloat64, "I4: the total is %v", w.Total())
}
