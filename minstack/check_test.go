package minstack

import (
	"cmp"
	"fmt"
	"slices"
)

// must panics if an invariant of the essay does not hold.
func must(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

// marks returns the bit of every element, lowest first.
func (r *records[T]) marks(n int) []bool {
	must(len(r.full) == n/64, "I2: %d full words for %d elements", len(r.full), n)
	marks := make([]bool, n)
	for i := range marks {
		word := r.bits
		at := n%64 - 1 - i%64
		if i/64 < len(r.full) {
			word, at = r.full[i/64], 63-i%64
		}
		marks[i] = word>>at&1 == 1
	}
	return marks
}

// checkInvariants checks records of the extremes of items under less.
func (r *records[T]) checkInvariants(items []T, less func(a, b T) bool) {
	k := 0
	for i, marked := range r.marks(len(items)) {
		beats := k == 0 || less(items[i], r.values[k-1])
		must(marked == beats, "I2: element %d is marked: %v, beats all below: %v", i, marked, beats)
		if marked {
			must(k < len(r.values), "I1: %d records, more marks", len(r.values))
			must(same(r.values[k], items[i]), "I1: record %d is %v, not %v", k, r.values[k], items[i])
			k++
		}
	}
	must(k == len(r.values), "I1: %d records, %d marks", len(r.values), k)
	var zero T
	for _, v := range r.values[len(r.values):cap(r.values)] {
		must(same(v, zero), "I3: %v is left behind", v)
	}
}

func same[T any](a, b T) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func (c *core[T]) checkInvariants(less func(a, b T) bool) {
	c.minima.checkInvariants(c.items, less)
	var zero T
	for _, v := range c.items[len(c.items):cap(c.items)] {
		must(same(v, zero), "I3: %v is left behind", v)
	}
}

func (s *Stack[T]) checkInvariants() { s.c.checkInvariants(cmp.Less[T]) }
func (s *StackFunc[T]) checkInvariants() {
	s.c.checkInvariants(func(a, b T) bool { return s.compare(a, b) < 0 })
}
func (s *Sync[T]) checkInvariants() { s.stack.checkInvariants() }

func (s *MinMax[T]) checkInvariants() {
	s.c.checkInvariants(cmp.Less[T])
	s.maxima.checkInvariants(s.c.items, func(a, b T) bool { return cmp.Less(b, a) })
}

func (s *Segmented[T]) checkInvariants() {
	items, minima := s.items.slice(), s.minima.slice()
	k := 0
	for i, v := range items {
		marked := s.items.at(i).bits[i%chunkLen/64]>>(i%64)&1 == 1
		beats := k == 0 || cmp.Less(v, minima[k-1])
		must(marked == beats, "I2: element %d is marked: %v, beats all below: %v", i, marked, beats)
		if marked {
			must(same(minima[k], v), "I1: record %d is %v, not %v", k, minima[k], v)
			k++
		}
	}
	must(k == len(minima), "I1: %d records, %d marks", len(minima), k)
}

// slice returns the elements, lowest first, and checks that the free slots are zero.
func (p *pile[T]) slice() []T {
	all := make([]T, p.n)
	chunks := 0
	for c := p.top; c != nil; c = c.below {
		chunks++
	}
	must(chunks == (p.n+chunkLen-1)/chunkLen, "I4: %d chunks for %d elements", chunks, p.n)
	var zero T
	for i := range chunks * chunkLen {
		v := p.at(min(i, p.n-1)).items[i%chunkLen]
		if i < p.n {
			all[i] = v
		} else {
			must(same(v, zero), "I3: %v is left behind", v)
		}
	}
	if p.spare != nil {
		must(p.spare.below == nil, "I4: the spare chunk hangs on to others")
		for _, v := range p.spare.items {
			must(same(v, zero), "I3: %v is left behind in the spare chunk", v)
		}
	}
	return all
}

func (q *Queue[T]) checkInvariants() {
	q.out.checkInvariants(cmp.Less[T])
	if len(q.in) > 0 {
		must(same(q.least, slices.MinFunc(q.in, cmp.Compare[T])), "I5: the minimum of %v is not %v", q.in, q.least)
	}
	var zero T
	for _, v := range q.in[len(q.in):cap(q.in)] {
		must(same(v, zero), "I3: %v is left behind", v)
	}
}
