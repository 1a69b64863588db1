// Package randset holds the rows that compare flatline's randset with other sets.
package randset

import (
	"fmt"
	"math/rand/v2"

	mapset "github.com/deckarep/golang-set/v2"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/randset"
)

// Groups returns the rows.
func Groups() []measure.Group {
	var groups []measure.Group
	for _, n := range []int{100, 10_000, 100_000, 1_000_000} {
		groups = append(groups, build(n), churn(n), hit(n), draw(n))
	}
	groups = append(groups, lengths()...)
	return append(groups, words(), memory(), pops())
}

// A set has the methods that the rows need of flatline's, the textbook's and golang-set's
// sets.
type set interface {
	insert(v int)
	remove(v int)
	has(v int) bool
	random() int
}

type ours struct{ randset.Set[int] }

func (s *ours) insert(v int)   { s.Insert(v) }
func (s *ours) remove(v int)   { s.Delete(v) }
func (s *ours) has(v int) bool { return s.Contains(v) }
func (s *ours) random() int    { v, _ := s.Random(); return v }

// mapSlice is the textbook's answer.
type mapSlice struct {
	at map[int]int
	vs []int
}

func (s *mapSlice) insert(v int) {
	if _, found := s.at[v]; !found {
		s.at[v] = len(s.vs)
		s.vs = append(s.vs, v)
	}
}

func (s *mapSlice) remove(v int) {
	if i, found := s.at[v]; found {
		last := s.vs[len(s.vs)-1]
		s.vs[i], s.at[last] = last, i
		s.vs = s.vs[:len(s.vs)-1]
		delete(s.at, v)
	}
}

func (s *mapSlice) has(v int) bool { _, found := s.at[v]; return found }
func (s *mapSlice) random() int    { return s.vs[rand.IntN(len(s.vs))] }

// mapSet has no random draw: Pop removes the member with which the iteration of a map
// happens to begin.
type mapSet struct{ mapset.Set[int] }

func (s mapSet) insert(v int)   { s.Add(v) }
func (s mapSet) remove(v int)   { s.Remove(v) }
func (s mapSet) has(v int) bool { return s.ContainsOne(v) }
func (s mapSet) random() int    { v, _ := s.Pop(); s.Add(v); return v }

func newOurs() set     { return new(ours) }
func newMapSlice() set { return &mapSlice{at: map[int]int{}} }
func newMapSet() set   { return mapSet{mapset.NewThreadUnsafeSet[int]()} }

func fill(s set, n int) set {
	for v := range n {
		s.insert(v)
	}
	return s
}

// compare makes a group of one kind of work; work returns what Run does.
func compare(name string, target float64, work func(set) func(m int)) measure.Group {
	side := func(make func() set) func() measure.Side {
		return func() measure.Side { return measure.Side{Run: work(make())} }
	}
	return measure.Group{
		Name: name, Ours: side(newOurs),
		Peers: []measure.Peer{
			{Name: "map and slice", Target: target, New: side(newMapSlice)},
			{Name: "golang-set", Note: "unsynchronised form; its Random is Pop and Add", New: side(newMapSet)},
		},
	}
}

// keys are random members of 0..n-1, the same for all sides.
func keys(n int) []int {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	ks := make([]int, 1<<16)
	for i := range ks {
		ks[i] = r.IntN(n)
	}
	return ks
}

func build(n int) measure.Group {
	g := measure.Group{Name: fmt.Sprintf("Set: n Insert from empty, n=%.0e", float64(n)), Unit: "ns/build CPU"}
	side := func(make func() set) func() measure.Side {
		return func() measure.Side {
			return measure.Side{Run: func(m int) {
				for range m {
					fill(make(), n)
				}
			}}
		}
	}
	g.Ours = side(newOurs)
	g.Peers = []measure.Peer{{Name: "map and slice", New: side(newMapSlice)}, {Name: "golang-set", New: side(newMapSet)}}
	return g
}

// churn: a random member is deleted and inserted again. A target of 0.7 of their time
// means 1/0.7 times as fast.
func churn(n int) measure.Group {
	ks := keys(n)
	return compare(fmt.Sprintf("Set: Delete and Insert, n=%.0e", float64(n)), 1/0.7, func(s set) func(int) {
		fill(s, n)
		i := 0
		return func(m int) {
			for range m {
				k := ks[i&(len(ks)-1)]
				i++
				s.remove(k)
				s.insert(k)
			}
		}
	})
}

// hit looks up random members. Of 1e6 values most time is spent on cache misses: ours has
// two for each value, one after the other, and a Go map has two that overlap.
func hit(n int) measure.Group {
	ks := keys(n)
	target, note := 1.2, ""
	if n >= 1_000_000 {
		target, note = 1, "the time is that of cache misses: two one after the other here, two that overlap in a Go map"
	}
	g := compare(fmt.Sprintf("Set: Contains, hit, n=%.0e", float64(n)), target, func(s set) func(int) {
		fill(s, n)
		i := 0
		return func(m int) {
			for range m {
				if !s.has(ks[i&(len(ks)-1)]) {
					panic("lost a value")
				}
				i++
			}
		}
	})
	g.Peers[0].Note = note
	return g
}

func draw(n int) measure.Group {
	return compare(fmt.Sprintf("Set: Random, n=%.0e", float64(n)), 0.95, func(s set) func(int) {
		fill(s, n)
		return func(m int) {
			for range m {
				s.random()
			}
		}
	})
}

// wordsNote says why the target is not that of ints.
const wordsNote = "each string is hashed three times, and its bytes are outside both tables: " +
	"there is less to save than with ints"

// words does what churn and hit do for strings of 16 bytes.
func words() measure.Group {
	const n = 100_000
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%016x", uint64(i)*0x9e3779b97f4a7c15)
	}
	ks := keys(n)
	return measure.Group{
		Name: "Set: Contains, Delete and Insert, strings, n=1e+05",
		Ours: func() measure.Side {
			var s randset.Set[string]
			for _, v := range all {
				s.Insert(v)
			}
			i := 0
			return measure.Side{Run: func(m int) {
				for range m {
					v := all[ks[i&(len(ks)-1)]]
					i++
					s.Contains(v)
					s.Delete(v)
					s.Insert(v)
				}
			}}
		},
		Peers: []measure.Peer{{Name: "map and slice", Target: 1.2, Note: wordsNote, New: func() measure.Side {
			at, vs := map[string]int{}, []string{}
			for _, v := range all {
				at[v] = len(vs)
				vs = append(vs, v)
			}
			i, found := 0, 0
			return measure.Side{Run: func(m int) {
				for range m {
					v := all[ks[i&(len(ks)-1)]]
					i++
					if _, ok := at[v]; ok {
						found++
					}
					gap, last := at[v], vs[n-1]
					vs[gap], at[last] = last, gap
					delete(at, v)
					vs[n-1], at[v] = v, n-1
				}
			}}
		}}},
	}
}

func memory() measure.Group {
	const n = 1_000_000
	each := func(make func() set) func() float64 {
		return func() float64 { return measure.Heap(func() any { return fill(make(), n) }) / n }
	}
	return measure.Group{
		Name: "Set: memory of 1e6 ints", Unit: "B/value", OursValue: each(newOurs),
		Peers: []measure.Peer{
			{Name: "map and slice", Target: 1 / 0.55, Value: each(newMapSlice)},
			{Name: "golang-set", Value: each(newMapSet), Note: "a map alone: no random member"},
		},
	}
}

// pops draws by Pop from a set of 1000 and measures by chi-square how far that is from
// uniform: about 999 if it is uniform. Lower than the bound is fair.
func pops() measure.Group {
	const n, each = 1000, 200
	chi := func(pop func() int) float64 {
		var counts [n]int
		for range n * each {
			counts[pop()]++
		}
		x := 0.0
		for _, c := range counts {
			x += float64(c-each) * float64(c-each) / each
		}
		return x
	}
	return measure.Group{
		Name: "Set: Pop and Insert, chi-square of 2e5 draws over 1000 values", Unit: "chi², df 999",
		OursValue: func() float64 {
			s := fill(new(ours), n).(*ours)
			return chi(func() int { v, _ := s.Pop(); s.Insert(v); return v })
		},
		Peers: []measure.Peer{
			{Name: "six deviations above uniform", Target: 1, Value: func() float64 { return 999 + 6*44.7 }},
			{Name: "golang-set", Target: 10, Value: func() float64 {
				s := fill(newMapSet(), n).(mapSet)
				return chi(func() int { v, _ := s.Pop(); s.Add(v); return v })
			}},
		},
	}
}
