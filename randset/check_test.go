package randset

import (
	"fmt"
	"math"
)

// must panics if an invariant of the essay does not hold.
func must(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

func (s *Set[T]) checkInvariants() {
	s.index.Check()
	for i := range s.Len() {
		must(s.index.Holds(uint32(i+1)), "I1: slot %d of %d is free", i+1, s.Len())
	}
}

func (s *Sync[T]) checkInvariants() { s.set.checkInvariants() }

func (b *Bag[T]) checkInvariants() {
	b.index.Check()
	seen := 0
	for slot := b.index.Next(0); slot != 0; slot = b.index.Next(slot) {
		of := b.index.At(slot).Value
		must(of.count > 0, "I2: a value without occurrences")
		n, prev := uint32(0), uint32(0)
		for o := of.first; o != 0; o = b.all[o-1].next {
			must(b.all[o-1].slot == slot, "I2: occurrence %d is in the list of another value", o)
			must(b.all[o-1].prev == prev, "I2: occurrence %d does not link back", o)
			prev = o
			n++
		}
		must(n == of.count, "I2: a list of %d, count %d", n, of.count)
		seen += int(n)
	}
	must(seen == len(b.all), "I2: %d occurrences in lists, %d in the array", seen, len(b.all))
}

func (w *Weighted[T]) checkInvariants() {
	w.index.Check()
	leaves := len(w.sums) / 2
	must(w.index.Len() <= leaves, "I3: %d values, %d leaves", w.index.Len(), leaves)
	for i := 1; i < leaves; i++ {
		must(w.sums[i] == w.sums[2*i]+w.sums[2*i+1], "I3: node %d is not the sum of its two", i)
	}
	for i := w.index.Len(); i < leaves; i++ {
		must(w.sums[leaves+i] == 0, "I3: free leaf %d weighs %v", i, w.sums[leaves+i])
	}
	must(w.Total() <= math.MaxFloat64, "I3: the total is %v", w.Total())
}
