package concmap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
)

func TestNew(t *testing.T) {
	assert.PanicsWithValue(t, "concmap.New: capacity must not be negative, got -1", func() {
		New(Options[int, int]{Capacity: -1})
	})
	assert.PanicsWithValue(t, "concmap.New: at most one Options, got 2", func() {
		New(Options[int, int]{}, Options[int, int]{})
	})
	for _, n := range []int{0, 1, 100, 200, 10_000} {
		m := New(Options[int, int]{Capacity: n})
		for i := range n {
			m.Store(i, i)
		}
		assert.Equal(t, n, m.Len())
		m.checkInvariants(t)
	}
	New(Options[int, int]{Capacity: math.MaxInt}) // a hint, and nothing is allocated yet
	assert.Equal(t, map[string]int{"a": 3, "b": 2}, Collect(func(yield func(string, int) bool) {
		_ = yield("a", 1) && yield("b", 2) && yield("a", 3)
	}).ToMap())
}

// TestNothingToWrite: an operation that finds nothing to write takes no lock, so it does
// not replace segments that a snapshot has frozen.
func TestNothingToWrite(t *testing.T) {
	var m Map[int, int]
	for k := range 100 {
		m.Store(k, k)
	}
	m.Snapshot() // the next write to a segment replaces it
	m.LoadOrStore(1, 0)
	_, _, _ = m.LoadOrCompute(bg, 1, nil)
	m.LoadAndDelete(-1)
	m.Compute(1, func(int, bool) (int, Op) { return 0, Keep })
	m.Compute(-1, func(int, bool) (int, Op) { return 0, Remove })
	CompareAndSwap(&m, 1, 0, 0)
	CompareAndDelete(&m, -1, 0)
	m.DeleteFunc(func(int, int) bool { return false })
	n := 0
	m.dir.Load().each(func(s *segment[int]) {
		n++
		assert.True(t, s.frozen && s.replaced == 0)
	})
	assert.Positive(t, n)
}

// TestZeroMap: every method works on a map that has never been written.
func TestZeroMap(t *testing.T) {
	var m Map[string, int]
	_, ok := m.Load("a")
	assert.False(t, ok)
	_, ok = m.LoadAndDelete("a")
	assert.False(t, ok)
	m.Delete("a")
	m.Clear()
	assert.Zero(t, m.Len())
	assert.Zero(t, m.DeleteFunc(func(string, int) bool { return true }))
	assert.Empty(t, m.ToMap())
	assert.Empty(t, maps.Collect(m.All()))
	assert.Zero(t, m.Stats().Entries)
	assert.LessOrEqual(t, m.Stats().Bytes, 1024, "an empty map is small")
	s := m.Snapshot()
	_, ok = s.Load("a")
	assert.False(t, ok || s.Len() != 0)
	assert.Empty(t, maps.Collect(s.All()))
	var zero Snapshot[string, int]
	_, ok = zero.Load("a")
	assert.False(t, ok)
	assert.False(t, CompareAndSwap(&m, "a", 0, 1))
	assert.False(t, CompareAndDelete(&m, "a", 0))
	v, present := m.Compute("a", func(old int, loaded bool) (int, Op) { return 7, Keep })
	assert.True(t, v == 0 && !present)
}

// TestValues: each layout returns the values that were stored. (A map of each type would
// take the compiler seconds.)
func TestValues(t *testing.T) {
	inCell(t, words, 0, math.MaxInt, -1)
	inCell(t, words, int8(-1), 0, 127)
	inCell(t, words, true, false)
	inCell(t, words, 0.5, math.Inf(1), math.Copysign(0, -1))
	inCell(t, words, [3]uint16{1, 2, 3}, [3]uint16{})
	inCell(t, words, struct{}{})
	inCell(t, boxes, [2]uint64{1, 2})
	inCell[error](t, boxes, nil, io.EOF)
	inCell(t, pointers, make(chan int), nil)
	roundTrip(t, words, struct {
		a int8
		b int32
	}{1, 2})
	roundTrip[any](t, boxes, nil, 1, "x")
	x := 1
	roundTrip(t, pointers, nil, &x)
	assert.Equal(t, pointers, layoutOf[func()]())
	assert.Equal(t, pointers, layoutOf[map[int]int]())
	assert.Equal(t, boxes, layoutOf[[1]*int]())
	assert.Equal(t, words, layoutOf[[0]*int]())
	assert.Equal(t, boxes, layoutOf[struct{ p *int }]())
	assert.Equal(t, boxes, layoutOf[[]int]())
}

func inCell[V comparable](t *testing.T, want layout, values ...V) {
	t.Helper()
	l := layoutOf[V]()
	assert.Equal(t, want, l, "%T", values)
	g := newTable[int](0, l != words).first()
	for _, v := range values {
		g.poke(l, 3, pack(l, v))
		assert.True(t, unpack[V](l, g.peek(l, 3)) == v, "%T: %v", v, v)
	}
}

func roundTrip[V comparable](t *testing.T, want layout, values ...V) {
	t.Helper()
	assert.Equal(t, want, layoutOf[V](), "%T", values)
	var m Map[int, V]
	for i, v := range values {
		_, loaded := m.Swap(i, v)
		assert.False(t, loaded)
		got, ok := m.Load(i)
		assert.True(t, ok && got == v, "%T: %v", v, v)
		assert.True(t, CompareAndSwap(&m, i, v, v))
		got, ok = m.Swap(i, v)
		assert.True(t, ok && got == v)
		got, ok = m.Snapshot().Load(i)
		assert.True(t, ok && got == v)
		assert.True(t, CompareAndDelete(&m, i, v))
		m.Store(i, v) // revives the slot
		got, ok = m.LoadAndDelete(i)
		assert.True(t, ok && got == v)
	}
	assert.Zero(t, m.Len())
	m.checkInvariants(t)
}

// TestPanics: a callback that panics has no effect and leaves nothing locked.
func TestPanics(t *testing.T) {
	bad := errors.New("bad key")
	m := New(Options[int, any]{Hash: func(k int) uint64 {
		if k < 0 {
			panic(bad)
		}
		return uint64(k)
	}})
	for i := range 500 {
		m.Store(i, i)
	}
	for name, f := range map[string]func(){
		"Compute":        func() { m.Compute(1, func(any, bool) (any, Op) { panic(bad) }) },
		"LoadOrCompute":  func() { _, _, _ = m.LoadOrCompute(bg, -1, func(context.Context, int) (any, error) { return nil, nil }) },
		"its f":          func() { _, _, _ = m.LoadOrCompute(bg, 1000, func(context.Context, int) (any, error) { panic(bad) }) },
		"All":            func() { m.All()(func(int, any) bool { panic(bad) }) },
		"DeleteFunc":     func() { m.DeleteFunc(func(int, any) bool { panic(bad) }) },
		"Load":           func() { m.Load(-1) },
		"Store":          func() { m.Store(-1, 1) },
		"Swap":           func() { m.Swap(-1, 1) },
		"LoadOrStore":    func() { m.LoadOrStore(-1, 1) },
		"LoadAndDelete":  func() { m.LoadAndDelete(-1) },
		"CompareAndSwap": func() { CompareAndSwap[int, any](m, -1, 1, 1) },
		"Insert":         func() { m.Insert(func(func(int, any) bool) { panic(bad) }) },
	} {
		assert.PanicsWithValue(t, bad, f, name)
	}
	assert.Equal(t, 500, m.Len())
	for i := range 2000 {
		m.Store(i, i)
	}
	m.checkInvariants(t)

	// A first key that cannot be hashed.
	n := New(Options[int, int]{Hash: func(int) uint64 { panic(bad) }})
	assert.PanicsWithValue(t, bad, func() { n.Store(1, 1) })
	assert.Zero(t, n.Len())
}

// TestUncomparable: values and keys in interfaces.
func TestUncomparable(t *testing.T) {
	var m Map[any, any]
	m.Store("slice", []int{1})
	assert.Panics(t, func() { CompareAndSwap[any, any](&m, "slice", []int{1}, 2) })
	assert.Panics(t, func() { CompareAndDelete[any, any](&m, "slice", []int{1}) })
	assert.False(t, CompareAndSwap[any, any](&m, "slice", 1, 2), "other types are only not equal")
	m.Store("slice", 3)
	assert.True(t, CompareAndSwap[any, any](&m, "slice", 3, 4))

	custom := New(Options[any, any]{Hash: func(any) uint64 { return 1 }})
	for _, m := range []*Map[any, any]{&m, custom, {}} {
		for name, f := range map[string]func(k any){
			"Load":          func(k any) { m.Load(k) },
			"Store":         func(k any) { m.Store(k, 1) },
			"Swap":          func(k any) { m.Swap(k, 1) },
			"LoadOrStore":   func(k any) { m.LoadOrStore(k, 1) },
			"LoadAndDelete": func(k any) { m.LoadAndDelete(k) },
			"LoadOrCompute": func(k any) {
				_, _, _ = m.LoadOrCompute(bg, k, func(context.Context, any) (any, error) { return 1, nil })
			},
			"Compute":       func(k any) { m.Compute(k, func(any, bool) (any, Op) { return 1, Update }) },
			"Snapshot.Load": func(k any) { m.Snapshot().Load(k) },
		} {
			before := m.Len()
			assert.Panics(t, func() { f([]int{1}) }, name)
			assert.Panics(t, func() { f(struct{ a any }{func() {}}) }, name)
			assert.Equal(t, before, m.Len(), name)
		}
		m.Store("usable", 1)
		m.checkInvariants(t)
	}
}

func TestNaN(t *testing.T) {
	nan := math.NaN()
	for name, m := range map[string]*Map[float64, int]{
		"default": {},
		"custom":  New(Options[float64, int]{Hash: func(f float64) uint64 { return math.Float64bits(f) }}),
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 500 { // grows past several sizes
				m.Store(nan, i)
				m.Store(float64(i), i)
			}
			assert.Equal(t, 1000, m.Len())
			m.checkInvariants(t)
			_, ok := m.Load(nan)
			assert.False(t, ok)
			m.Delete(nan)
			_, loaded := m.Swap(nan, 500)
			assert.False(t, loaded)
			v, loaded, err := m.LoadOrCompute(bg, nan, func(context.Context, float64) (int, error) { return 501, nil })
			assert.True(t, v == 501 && !loaded && err == nil)
			seen := make(map[int]int)
			for k, v := range m.All() {
				if k != k {
					seen[v]++
				}
			}
			assert.Len(t, seen, 502, "iteration finds each")
			for _, n := range seen {
				assert.Equal(t, 1, n)
			}
			m.Snapshot() // the operations below find frozen segments
			n := m.DeleteFunc(func(k float64, v int) bool { return k != k && v%2 == 0 })
			assert.Equal(t, 251, n)
			n = m.DeleteFunc(func(k float64, v int) bool {
				if v%100 == 1 {
					for i := range 300 { // replaces the segments under way
						m.Store(1000+float64(v*1000+i), 1)
					}
				}
				return k != k
			})
			assert.Equal(t, 251, n)
			m.checkInvariants(t)
			m.Store(nan, 1)
			m.Store(nan, 2)
			n = m.DeleteFunc(func(k float64, v int) bool { // two that want the same
				return k != k && m.DeleteFunc(func(k float64, w int) bool { return k != k && v == w }) == 1
			})
			assert.Zero(t, n)
			m.Store(nan, 1)
			m.Store(nan, 2)
			n = 0
			for k := range m.All() {
				if k != k {
					n++
					m.Clear()
					m.Store(1, 1)
				}
			}
			assert.Equal(t, 1, n)
			m.Clear()
			assert.Zero(t, m.Len())
		})
	}
}

// TestMemoryIsReleased: values are released at once, keys when their segment is rebuilt,
// everything by Clear.
func TestMemoryIsReleased(t *testing.T) {
	type big struct{ _ [1 << 10]byte }
	gone := func(what string, p weak.Pointer[big]) {
		t.Helper()
		for range 10 {
			if p.Value() == nil {
				return
			}
			runtime.GC()
		}
		assert.Fail(t, what+" is still there")
	}
	var m Map[int, *big]
	store := func(k int) weak.Pointer[big] {
		v := new(big)
		m.Store(k, v)
		return weak.Make(v)
	}
	p := store(1)
	m.Delete(1)
	gone("a deleted value", p)
	p = store(2)
	m.Store(2, nil)
	gone("a replaced value", p)
	p = store(3)
	m.Clear()
	gone("a cleared value", p)

	var keyed Map[*big, int]
	keyOf := func() weak.Pointer[big] {
		k := new(big)
		keyed.Store(k, 1)
		keyed.Delete(k)
		return weak.Make(k)
	}
	p = keyOf()
	for range groupSlots { // more dead than alive
		keyOf()
	}
	gone("a deleted key", p)
	runtime.KeepAlive(&m)
	runtime.KeepAlive(&keyed)
}

func TestAllocations(t *testing.T) {
	var ints Map[int, int]
	var texts Map[string, *int]
	x := 1
	for i := range 1000 {
		ints.Store(i, i)
		texts.Store(fmt.Sprint(i), &x)
	}
	s := ints.Snapshot()
	for i := range 1000 {
		ints.Store(i, i) // replaces what the snapshot froze
	}
	i := 0
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		i = (i + 1) % 1000
		ints.Load(i)
		ints.Load(-i - 1)
		ints.Store(i, i)
		ints.Swap(i, 2)
		ints.LoadOrStore(i, 3)
		ints.Compute(i, func(old int, _ bool) (int, Op) { return old + 1, Update })
		CompareAndSwap(&ints, i, 3, 4)
		_, _, _ = ints.LoadOrCompute(bg, i, nil)
		s.Load(i)
		ints.Len()
		texts.Load("77")
		texts.Store("77", &x)
	}))
}
