package minstack

import (
	"cmp"
	"fmt"
	"slices"

	"example.com/flatline/internal/invariant"
)

// checkRecords checks the records of the extremes of items under less.
func checkRecords[T any](r records, items []T, less func(a, b T) bool) {
	if len(items) == 0 {
		invariant.Must(r.at == 0 && len(r.below) == 0, "I1: an empty stack has the records %v", r)
		return
	}
	all := append(slices.Clone(r.below), r.at)
	k := 0
	for i, v := range items {
		if k == 0 || less(v, items[all[k-1]]) {
			invariant.Must(k < len(all) && all[k] == i, "I1: element %d beats all below, the records are %v", i, all)
			k++
		}
	}
	invariant.Must(k == len(all), "I1: %d records, not %d", len(all), k)
}

func same[T any](a, b T) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func (c *core[T]) checkInvariants(less func(a, b T) bool) {
	checkRecords(c.minima, c.items(), less)
	var zero T
	for _, v := range c.room[c.n:] {
		invariant.Must(same(v, zero), "I3: %v is left behind", v)
	}
}

func (s *Stack[T]) checkInvariants() { s.c.checkInvariants(cmp.Less[T]) }
func (s *StackFunc[T]) checkInvariants() {
	s.c.checkInvariants(func(a, b T) bool { return s.compare(a, b) < 0 })
}
func (s *Sync[T]) checkInvariants() { s.stack.checkInvariants() }

func (s *MinMax[T]) checkInvariants() {
	s.c.checkInvariants(cmp.Less[T])
	checkRecords(s.maxima, s.c.items(), func(a, b T) bool { return cmp.Less(b, a) })
}

func (s *Segmented[T]) checkInvariants() {
	items, minima := s.items.slice(), s.minima.slice()
	k := 0
	for i, v := range items {
		marked := s.items.at(i).bits[i%chunkLen/64]>>(i%64)&1 == 1
		beats := k == 0 || cmp.Less(v, minima[k-1])
		invariant.Must(marked == beats, "I2: element %d is marked: %v, beats all below: %v", i, marked, beats)
		if marked {
			invariant.Must(same(minima[k], v), "I1: record %d is %v, not %v", k, minima[k], v)
			k++
		}
	}
	invariant.Must(k == len(minima), "I1: %d records, %d marks", len(minima), k)
}

// slice returns the elements, lowest first, and checks that the free slots are zero.
func (p *pile[T]) slice() []T {
	all := make([]T, p.n)
	chunks := 0
	for c := p.top; c != nil; c = c.below {
		chunks++
	}
	invariant.Must(chunks == (p.n+chunkLen-1)/chunkLen, "I4: %d chunks for %d elements", chunks, p.n)
	var zero T
	for i := range chunks * chunkLen {
		v := p.at(min(i, p.n-1)).items[i%chunkLen]
		if i < p.n {
			all[i] = v
		} else {
			invariant.Must(same(v, zero), "I3: %v is left behind", v)
		}
	}
	if p.spare != nil {
		invariant.Must(p.spare.below == nil, "I4: the spare chunk hangs on to others")
		for _, v := range p.spare.items {
			invariant.Must(same(v, zero), "I3: %v is left behind in the spare chunk", v)
		}
	}
	return all
}

func (q *Queue[T]) checkInvariants() {
	q.out.checkInvariants(cmp.Less[T])
	if len(q.in) > 0 {
		invariant.Must(same(q.inMin, slices.MinFunc(q.in, cmp.Compare[T])), "I5: the minimum of %v is not %v", q.in, q.inMin)
	}
	var zero T
	for _, v := range q.in[len(q.in):cap(q.in)] {
		invariant.Must(same(v, zero), "I3: %v is left behind", v)
	}
}
