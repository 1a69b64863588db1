package randset

import (
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A loop is an iterator over n values, and the changes that a loop can make.
type loop struct {
	all            func(yield func() bool)
	insert, delete func(int)
	clear          func()
}

// loops are all the iterators of this package, each over n values.
func loops(t *testing.T, n int) map[string]loop {
	of := func(seq iter.Seq[int]) func(func() bool) {
		return func(yield func() bool) { seq(func(int) bool { return yield() }) }
	}
	s, y, b, w := new(Set[int]), new(Sync[int]), new(Bag[int]), new(Weighted[int])
	for v := range n {
		s.Insert(v)
		y.Insert(v)
		b.Insert(v / 2)
		require.NoError(t, w.Set(v, float64(v)))
	}
	set := func(v int) { _ = w.Set(v, 1) }
	return map[string]loop{
		"Set.All":       {of(s.All()), func(v int) { s.Insert(v) }, func(v int) { s.Delete(v) }, s.Clear},
		"Set.Shuffled":  {of(s.Shuffled()), func(v int) { s.Insert(v) }, func(v int) { s.Delete(v) }, s.Clear},
		"Sync.All":      {of(y.All()), func(v int) { y.Insert(v) }, func(v int) { y.Delete(v) }, y.Clear},
		"Sync.Shuffled": {of(y.Shuffled()), func(v int) { y.Insert(v) }, func(v int) { y.Delete(v) }, y.Clear},
		"Bag.All":       {of(b.All()), func(v int) { b.Insert(v) }, func(v int) { b.Delete(v / 2) }, b.Clear},
		"Weighted.All": {
			func(yield func() bool) { w.All()(func(int, float64) bool { return yield() }) },
			set, func(v int) { w.Delete(v) }, w.Clear,
		},
	}
}

// TestLoopsEndEarly: each iterator stops where the loop does, alone and nested.
func TestLoopsEndEarly(t *testing.T) {
	for _, n := range []int{1, 2, 8, 9, 100} {
		for name, l := range loops(t, n) {
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

// TestLoopsMayChange: a loop that inserts, deletes or clears ends, and yields no more
// than there was.
func TestLoopsMayChange(t *testing.T) {
	const n = 100
	for change, do := range map[string]func(l loop, i int){
		"insert":        func(l loop, i int) { l.insert(1000 + i) },
		"delete":        func(l loop, i int) { l.delete(i); l.delete(n - i) },
		"clear":         func(l loop, _ int) { l.clear() },
		"clear, insert": func(l loop, i int) { l.clear(); l.insert(i) },
	} {
		for name := range loops(t, n) {
			l, seen := loops(t, n)[name], 0 // two would share a set: each gets its own
			for range l.all {
				if seen++; seen > n {
					t.Fatalf("%s, %s: the loop does not end", name, change)
				}
				do(l, seen-1)
			}
			switch name {
			case "Set.Shuffled", "Sync.All", "Sync.Shuffled":
				assert.Equal(t, n, seen, "%s, %s: what there was when it began", name, change)
			default:
				assert.Positive(t, seen)
			}
		}
	}
}

// TestSyncLoopsAreSnapshots: another goroutine replaces all values during the loop, also
// under the race detector.
func TestSyncLoopsAreSnapshots(t *testing.T) {
	for name, seq := range map[string]func(*Sync[int]) iter.Seq[int]{"All": (*Sync[int]).All, "Shuffled": (*Sync[int]).Shuffled} {
		var s Sync[int]
		for v := range 5 {
			s.Insert(v)
		}
		var got []int
		var writer sync.WaitGroup
		change := func() {
			for v := range 5 {
				s.Delete(v)
				s.Insert(10 + v)
			}
		}
		for v := range seq(&s) {
			if got = append(got, v); len(got) == 1 {
				writer.Go(change)
			}
		}
		writer.Wait()
		slices.Sort(got)
		assert.Equal(t, []int{0, 1, 2, 3, 4}, got, name)
		got = nil
		for v := range seq(&s) {
			if got = append(got, v); len(got) == 1 {
				s.Clear()
				s.Insert(-1)
			}
		}
		slices.Sort(got)
		assert.Equal(t, []int{10, 11, 12, 13, 14}, got, name)
	}
}

// TestEveryMethodLocks runs all methods of a Sync at once, for the race detector.
func TestEveryMethodLocks(t *testing.T) {
	s := NewSync(Options[int]{Rand: rand.New(rand.NewPCG(1, 2))}) // safe for one goroutine at a time only
	calls := map[string]func(i int){
		"Insert":   func(i int) { s.Insert(i) },
		"Delete":   func(i int) { s.Delete(i) },
		"Contains": func(i int) { s.Contains(i) },
		"Random":   func(int) { s.Random() },
		"Pop":      func(int) { s.Pop() },
		"Sample":   func(int) { s.Sample(3) },
		"Len":      func(int) { s.Len() },
		"Clear":    func(int) { s.Clear() },
		"Shrink":   func(int) { s.Shrink() },
		"Clone":    func(int) { s.Clone() },
		"All":      func(int) { _ = slices.Collect(s.All()) },
		"Shuffled": func(int) { _ = slices.Collect(s.Shuffled()) },
	}
	of := reflect.TypeFor[*Sync[int]]()
	var g sync.WaitGroup
	for i := range of.NumMethod() {
		name := of.Method(i).Name
		call := calls[name]
		require.NotNil(t, call, "%s is not called", name)
		for range 2 {
			g.Go(func() {
				for i := range 200 {
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
	c := struct {
		s Set[int]
		y Sync[int]
		b Bag[int]
		w Weighted[int]
	}{*New[int](), *NewSync[int](), *NewBag[int](), *NewWeighted[int]()}
	for v := range 20 {
		c.s.Insert(v)
		c.y.Insert(v)
		c.b.Insert(v)
		assert.NoError(t, c.w.Set(v, 1))
	}
	assert.True(t, c.s.Delete(3) && c.y.Delete(3) && c.b.Delete(3) && c.w.Delete(3))
	c.s.checkInvariants()
	c.y.checkInvariants()
	c.b.checkInvariants()
	c.w.checkInvariants()
}

// TestPanickingHash: no lock is held when the caller's function is called, and nothing
// has changed.
func TestPanickingHash(t *testing.T) {
	o := Options[int]{Hash: func(v int) uint64 {
		if v == 13 {
			panic("unlucky")
		}
		return uint64(v)
	}}
	s, y, b, w := New(o), NewSync(o), NewBag(o), NewWeighted(o)
	for _, set := range []func(int){
		func(v int) { s.Insert(v) }, func(v int) { y.Insert(v) }, func(v int) { b.Insert(v) },
		func(v int) { assert.NoError(t, w.Set(v, 1)) },
	} {
		set(1)
		assert.PanicsWithValue(t, "unlucky", func() { set(13) })
		set(2)
	}
	assert.Equal(t, []int{2, 2, 2, 2}, []int{s.Len(), y.Len(), b.Len(), w.Len()})
	s.checkInvariants()
	y.checkInvariants()
	b.checkInvariants()
	w.checkInvariants()
}

// failing is a source that panics.
type failing struct{}

func (failing) Uint64() uint64 { panic("no numbers") }

// TestPanickingSource: the lock of a Sync is released, and nothing has changed.
func TestPanickingSource(t *testing.T) {
	s := NewSync(Options[int]{Rand: rand.New(failing{})})
	for v := range 10 {
		s.Insert(v)
	}
	for name, draw := range map[string]func(){
		"Random": func() { s.Random() }, "Pop": func() { s.Pop() }, "Sample": func() { s.Sample(2) }, "Shuffled": func() { _ = slices.Collect(s.Shuffled()) },
	} {
		assert.PanicsWithValue(t, "no numbers", draw, name)
		done := make(chan int)
		go func() { done <- s.Len() }()
		assert.Equal(t, 10, <-done, name)
	}
	s.checkInvariants()
}
