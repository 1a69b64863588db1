package minstack

import (
	"cmp"
	"iter"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// loops are all the iterators, each over n elements, and the changes that a loop can
// make.
func loops(n int) map[string]struct {
	all   iter.Seq[float64]
	push  func(float64)
	pop   func()
	clear func()
} {
	type loop = struct {
		all   iter.Seq[float64]
		push  func(float64)
		pop   func()
		clear func()
	}
	out := map[string]loop{}
	for name, make := range stacks {
		s := make()
		for i := range n {
			s.Push(float64(i))
		}
		out[name] = loop{s.All(), s.Push, func() { s.Pop() }, s.Clear}
	}
	var q Queue[float64]
	var p Persistent[float64]
	for i := range n {
		q.Push(float64(i))
		p = p.Push(float64(i))
		if i == n/2 {
			q.Pop() // both of its stacks hold elements
			q.Push(-1)
		}
	}
	out["Queue"] = loop{q.All(), q.Push, func() { q.Pop() }, q.Clear}
	out["Persistent"] = loop{p.All(), func(v float64) { p = p.Push(v) }, func() { p, _, _ = p.Pop() }, func() { p = Persistent[float64]{} }}
	return out
}

// TestLoopsEndEarly: each iterator stops where the loop does, alone and nested.
func TestLoopsEndEarly(t *testing.T) {
	for _, n := range []int{1, 2, chunkLen, chunkLen + 1} {
		for name, l := range loops(n) {
			for _, stop := range []int{1, n - 1, n, n + 1} {
				seen := 0
				for range l.all {
					if seen++; seen == stop {
						break
					}
				}
				want := min(stop, n)
				if stop < 1 {
					want = n // the limit is never reached
				}
				require.Equal(t, want, seen, "%s of %d, to end at %d", name, n, stop)
			}
			outer, inner := 0, 0
			for range l.all {
				for range l.all {
					inner++
					break
				}
				if outer++; outer == 2 {
					break
				}
			}
			require.Equal(t, []int{min(2, n), outer}, []int{outer, inner}, "%s of %d, nested", name, n)
		}
	}
}

// TestLoopsMayChange: a loop that pops, pushes or clears ends, and yields no more than
// there was.
func TestLoopsMayChange(t *testing.T) {
	const n = chunkLen + 10
	for change, do := range map[string]func(push func(float64), pop, clear func()){
		"push":         func(push func(float64), _, _ func()) { push(7) },
		"pop":          func(_ func(float64), pop, _ func()) { pop() },
		"clear":        func(_ func(float64), _, clear func()) { clear() },
		"clear, push":  func(push func(float64), _, clear func()) { clear(); push(7) },
		"pop and push": func(push func(float64), pop, _ func()) { pop(); pop(); push(7) },
	} {
		for name, l := range loops(n) {
			seen := 0
			for range l.all {
				if seen++; seen > n {
					t.Fatalf("%s, %s: the loop does not end", name, change)
				}
				do(l.push, l.pop, l.clear)
			}
			if name == "Sync" || name == "Persistent" {
				assert.Equal(t, n, seen, "%s, %s: a snapshot", name, change)
			}
		}
	}
}

// TestSyncAllIsASnapshot: the loop sees the elements of the moment when it began, even if
// their slots are reused.
func TestSyncAllIsASnapshot(t *testing.T) {
	var s Sync[int]
	want := []int{5, 4, 3, 2, 1}
	for i := range 5 {
		s.Push(i + 1)
	}
	var got []int
	var writer sync.WaitGroup
	for v := range s.All() {
		if got = append(got, v); len(got) == 1 {
			writer.Go(func() { // for the race detector, concurrently with the rest of the loop
				for range 5 {
					s.Pop()
				}
				for range 5 {
					s.Push(-1)
				}
			})
		}
	}
	writer.Wait()
	assert.Equal(t, want, got)
	got = nil
	for v := range s.All() {
		if got = append(got, v); len(got) == 1 {
			for range 5 {
				s.Pop()
			}
			s.Push(9)
		}
	}
	assert.Equal(t, slices.Repeat([]int{-1}, 5), got)
}

// TestEveryMethodLocks runs all methods of a Sync at once, for the race detector.
func TestEveryMethodLocks(t *testing.T) {
	var s Sync[int]
	calls := map[string]func(i int){
		"Push":  func(i int) { s.Push(-i) },
		"Pop":   func(int) { s.Pop() },
		"Peek":  func(int) { s.Peek() },
		"Min":   func(int) { s.Min() },
		"Len":   func(int) { s.Len() },
		"Clear": func(int) { s.Clear() },
		"All":   func(int) { _ = slices.Collect(s.All()) },
	}
	of := reflect.TypeFor[*Sync[int]]()
	var g sync.WaitGroup
	for i := range of.NumMethod() {
		name := of.Method(i).Name
		call := calls[name]
		require.NotNil(t, call, "%s is not called", name)
		for range 2 {
			g.Go(func() {
				for i := range 300 {
					call(i)
				}
			})
		}
	}
	g.Wait()
	s.checkInvariants()
}

// TestCopies: a new value may be copied, since nothing in it points to itself.
func TestCopies(t *testing.T) {
	s := struct{ f StackFunc[int] }{f: *NewFunc(cmp.Compare[int])}
	s.f.Push(2)
	s.f.Push(1)
	least, _ := s.f.Min()
	assert.Equal(t, 1, least)
	s.f.checkInvariants()
}

// TestCompareMayUseTheStack: it must not, but the stack stays usable after its changes.
func TestCompareMayUseTheStack(t *testing.T) {
	for name, use := range map[string]func(s *StackFunc[int]){
		"Push":  func(s *StackFunc[int]) { s.c.push(0) },
		"Pop":   func(s *StackFunc[int]) { s.Pop() },
		"Clear": func(s *StackFunc[int]) { s.Clear() },
	} {
		for _, v := range []int{-1000, 1000} {
			var s *StackFunc[int]
			armed := false
			s = NewFunc(func(a, b int) int {
				if armed {
					armed = false
					use(s)
				}
				return cmp.Compare(a, b)
			})
			for i := range 130 {
				s.Push(-i)
			}
			armed = true
			s.Push(v)
			for s.Len() > 0 {
				_, ok := s.Min()
				assert.True(t, ok)
				s.Pop()
			}
			s.Push(1)
			least, ok := s.Min()
			assert.True(t, ok, name)
			assert.Equal(t, 1, least, name)
		}
	}
}
