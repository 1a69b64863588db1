package concmap

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/debug"
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

// TestCapacity: with a good hint no segment is ever replaced.
func TestCapacity(t *testing.T) {
	const n = 20_000
	m := New(Options[int, int]{Capacity: n})
	m.Store(0, 0)
	depth := m.Stats().Depth
	for i := range n {
		m.Store(i, i)
	}
	assert.Equal(t, depth, m.Stats().Depth)
	assert.Equal(t, 1<<depth, m.Stats().Segments)
}

// TestLargeKeys: the table of a segment takes 8 KiB at most, though none of its keys
// collide, and whatever the capacity.
func TestLargeKeys(t *testing.T) {
	for _, capacity := range []int{0, 500} {
		m := New(Options[[64]byte, int]{Capacity: capacity})
		for i := range 1000 {
			m.Store([64]byte{byte(i), byte(i >> 8)}, i)
		}
		m.checkInvariants(t)
		m.dir.Load().each(func(s *segment[[64]byte]) {
			assert.LessOrEqual(t, int(unsafe.Sizeof(group[[64]byte]{}))<<s.bits, maxBytes)
		})
	}
}

// TestHashedOnce: a custom hash is asked once about each key that is stored, however
// often its segment is replaced.
func TestHashedOnce(t *testing.T) {
	calls := 0
	m := New(Options[int, int]{Hash: func(k int) uint64 { calls++; return uint64(k) }})
	for k := range 2000 {
		m.Store(k, k)
	}
	assert.Equal(t, 2000, calls)
}

// TestNothingToWrite: what finds nothing to write takes no lock, so that it leaves
// alone what a snapshot has frozen.
func TestNothingToWrite(t *testing.T) {
	var m Map[int, int]
	for k := range 100 {
		m.Store(k, k)
	}
	m.Snapshot() // the next write to a segment replaces it
	m.LoadOrStore(1, 0)
	_, _, _ = m.LoadOrCompute(1, nil)
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

// TestComingAndGoing: a key that comes and goes keeps its slot, also where the hashes
// of keys are stored, and where groups are full.
func TestComingAndGoing(t *testing.T) {
	for name, m := range map[string]*Map[int, int]{
		"default": {},
		"custom":  New(Options[int, int]{Hash: func(k int) uint64 { return uint64(k) }}),
		"collide": New(Options[int, int]{Hash: func(int) uint64 { return 1 }}),
	} {
		for k := range 10 {
			m.Store(k, k)
		}
		before := m.Stats()
		for range 100 {
			m.Delete(9)
			assert.Equal(t, 1, m.Stats().Tombstones, name)
			m.Store(9, 9)
		}
		assert.Equal(t, before, m.Stats(), name)
		m.checkInvariants(t)
	}
}

// TestTooLate: what a call finds when another has done its work before it.
func TestTooLate(t *testing.T) {
	var m Map[int, int]
	m.Store(1, 1)
	h := m.hashOf(1)
	s := m.dir.Load().at(h).segment.Load()
	m.replace(s)
	m.Store(1, 2)
	m.replace(s)
	v, ok := m.Load(1)
	assert.True(t, v == 2 && ok, "a segment is replaced once")
	m.Delete(1)
	_, ok = m.take(h, 1)
	assert.False(t, ok)
	m.Store(1, 3)
	assert.Equal(t, map[int]int{1: 3}, m.ToMap())
	m.checkInvariants(t)

	s = m.dir.Load().at(h).segment.Load()
	m.Clear()
	m.replace(s)
	assert.Empty(t, m.ToMap(), "what is cleared does not come back")
	m.checkInvariants(t)
}

// TestJoin: a join leaves both segments replaced, and to no one.
func TestJoin(t *testing.T) {
	m := New(Options[int, int]{Hash: func(k int) uint64 { return uint64(k) }})
	for k := range 200 {
		m.Store(k, k)
	}
	m.hot = 0 // with processors to feed, segments are not joined to so few
	var old []*segment[int]
	m.dir.Load().each(func(s *segment[int]) { old = append(old, s) })
	assert.Len(t, old, 2)
	for k := range 190 {
		m.Delete(k)
	}
	assert.Equal(t, 1, m.Stats().Segments)
	for _, s := range old {
		assert.True(t, s.frozen && s.replaced != 0 && s.turn.TryLock())
	}
	assert.Len(t, m.ToMap(), 10)
	m.checkInvariants(t)
}

// TestNoJoin with a neighbour that has too much, nor where the capacity asked for the
// segments.
func TestNoJoin(t *testing.T) {
	var m Map[int, int]
	m.Store(0, 0)
	m.hot = 0
	for k := range 200 {
		m.Store(k, k)
	}
	for k := range 200 {
		if path(m.hashOf(k))&1 == 0 {
			m.Delete(k)
		}
	}
	assert.Equal(t, 2, m.Stats().Segments)
	m.checkInvariants(t)

	hinted := New(Options[int, int]{Capacity: 1000})
	for k := range 1000 {
		hinted.Store(k, k)
	}
	hinted.hot = 0
	before := hinted.Stats().Segments
	for k := range 1000 {
		hinted.Delete(k)
	}
	assert.Equal(t, before, hinted.Stats().Segments)
	hinted.checkInvariants(t)
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

// TestValues: each layout gives back what it was given.
func TestValues(t *testing.T) {
	roundTrip(t, words, 0, math.MaxInt, -1)
	roundTrip(t, words, int8(-1), 0, 127)
	roundTrip(t, words, true, false)
	roundTrip(t, words, 0.5, math.Inf(1), math.Copysign(0, -1))
	roundTrip(t, words, [3]uint16{1, 2, 3}, [3]uint16{})
	roundTrip(t, words, struct{}{})
	roundTrip(t, words, struct {
		a int8
		b int32
	}{1, 2})
	roundTrip(t, boxes, "", "a", "some text")
	roundTrip(t, boxes, [2]uint64{1, 2})
	roundTrip[any](t, boxes, nil, 1, "x")
	roundTrip[error](t, boxes, nil, io.EOF)
	x := 1
	roundTrip(t, pointers, nil, &x)
	roundTrip(t, pointers, make(chan int), nil)
	assert.Equal(t, pointers, layoutOf[func()]())
	assert.Equal(t, pointers, layoutOf[map[int]int]())
	assert.Equal(t, boxes, layoutOf[[1]*int]())
	assert.Equal(t, words, layoutOf[[0]*int]())
	assert.Equal(t, boxes, layoutOf[struct{ p *int }]())
	assert.Equal(t, boxes, layoutOf[[]int]())
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

func TestCompute(t *testing.T) {
	var m Map[string, int]
	v, ok := m.Compute("a", func(old int, loaded bool) (int, Op) {
		assert.True(t, old == 0 && !loaded)
		return 1, Update
	})
	assert.True(t, v == 1 && ok)
	v, ok = m.Compute("a", func(old int, loaded bool) (int, Op) {
		assert.True(t, old == 1 && loaded)
		return 9, Keep
	})
	assert.True(t, v == 1 && ok)
	v, ok = m.Compute("a", func(int, bool) (int, Op) { return 9, Remove })
	assert.True(t, v == 0 && !ok)
	v, ok = m.Compute("a", func(int, bool) (int, Op) { return 9, Remove })
	assert.True(t, v == 0 && !ok)
	assert.PanicsWithValue(t, "concmap.Map.Compute: unknown Op 7", func() {
		m.Compute("a", func(int, bool) (int, Op) { return 9, 7 })
	})
	assert.Zero(t, m.Len())
}

// TestComputeRunsAgain: a write of the key while f runs makes f run again, on the
// new value.
func TestComputeRunsAgain(t *testing.T) {
	var m Map[string, int]
	m.Store("a", 1)
	runs := 0
	v, _ := m.Compute("a", func(old int, _ bool) (int, Op) {
		if runs++; runs == 1 {
			m.Store("a", 10)
		}
		return old + 1, Update
	})
	assert.Equal(t, 11, v)
	assert.Equal(t, 2, runs)
}

// TestCallbacksMayUseTheMap: none runs under a lock, whatever it does to the map.
func TestCallbacksMayUseTheMap(t *testing.T) {
	var m Map[int, int]
	grow := func() {
		for i := range 1000 {
			m.Store(1000+i, i)
		}
		m.Snapshot()
		m.Clear()
	}
	v, ok := m.Compute(1, func(int, bool) (int, Op) { grow(); return 2, Update })
	assert.True(t, v == 2 && ok)
	v, loaded, err := m.LoadOrCompute(2, func() (int, error) {
		grow()
		v, _, err := m.LoadOrCompute(3, func() (int, error) { return 5, nil })
		return v, err
	})
	assert.True(t, v == 5 && !loaded && err == nil)
	m.DeleteFunc(func(k, v int) bool { grow(); return true })
	m.Store(1, 1)
	for range m.All() {
		grow()
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
		"LoadOrCompute":  func() { _, _, _ = m.LoadOrCompute(-1, func() (any, error) { return nil, nil }) },
		"its f":          func() { _, _, _ = m.LoadOrCompute(1000, func() (any, error) { panic(bad) }) },
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
			"LoadOrCompute": func(k any) { _, _, _ = m.LoadOrCompute(k, func() (any, error) { return 1, nil }) },
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
			v, loaded, err := m.LoadOrCompute(nan, func() (int, error) { return 501, nil })
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
			m.Snapshot() // what follows meets frozen segments
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

// TestBadHash: keys that all collide cost time, and nothing else.
func TestBadHash(t *testing.T) {
	const n = 3000
	for name, hash := range map[string]func(int) uint64{
		"all equal": func(int) uint64 { return 42 },
		"few":       func(k int) uint64 { return uint64(k % 3) },
		"skewed":    func(k int) uint64 { return uint64(k) & -uint64(k) },
	} {
		m := New(Options[int, int]{Hash: hash})
		for i := range n {
			m.Store(i, i)
		}
		m.checkInvariants(t)
		assert.LessOrEqual(t, 1<<m.Stats().Depth, n, name)
		if name == "all equal" {
			assert.Zero(t, m.Stats().Depth, "dividing does not help")
		}
		for i := range n {
			v, ok := m.Load(i)
			assert.True(t, ok && v == i, name)
		}
		for i := range n {
			m.Delete(i)
		}
		assert.Zero(t, m.Len())
		m.checkInvariants(t)
	}
}

func TestLoadOrComputeOutcomes(t *testing.T) {
	var m Map[string, int]
	_, loaded, err := m.LoadOrCompute("a", func() (int, error) { return 7, io.EOF })
	assert.True(t, !loaded && err == io.EOF)
	assert.Zero(t, m.Len())
	v, loaded, err := m.LoadOrCompute("a", func() (int, error) {
		m.Store("a", 1) // a Store meanwhile wins
		return 2, nil
	})
	assert.True(t, v == 1 && loaded && err == nil)
	done := make(chan bool)
	go func() {
		defer close(done)
		_, _, _ = m.LoadOrCompute("b", func() (int, error) { runtime.Goexit(); return 0, nil })
	}()
	<-done
	v, loaded, err = m.LoadOrCompute("b", func() (int, error) { return 3, nil })
	assert.True(t, v == 3 && !loaded && err == nil)
	assert.Empty(t, m.flights.m)
}

// TestStoredMeanwhile: a value that comes after the first look, here when the key is
// hashed again, is found by the second; then f does not run.
func TestStoredMeanwhile(t *testing.T) {
	for name, call := range map[string]func(m *Map[int, int]) (int, bool){
		"LoadOrStore": func(m *Map[int, int]) (int, bool) { return m.LoadOrStore(1, 8) },
		"LoadOrCompute": func(m *Map[int, int]) (int, bool) {
			v, loaded, err := m.LoadOrCompute(1, func() (int, error) {
				assert.Fail(t, "nothing is left to compute")
				return 8, nil
			})
			assert.NoError(t, err)
			return v, loaded
		},
	} {
		var m *Map[int, int]
		asked := 0
		m = New(Options[int, int]{Hash: func(k int) uint64 {
			if k == 1 {
				if asked++; asked == 2 {
					m.Store(1, 7)
				}
			}
			return uint64(k)
		}})
		m.Store(0, 0)
		v, loaded := call(m)
		assert.True(t, v == 7 && loaded, name)
		assert.Equal(t, map[int]int{0: 0, 1: 7}, m.ToMap(), name)
		m.checkInvariants(t)
	}
}

// TestLoadOrComputeInTurn: of five callers the first two fail in their own ways,
// the third succeeds, the others get what it stored; f never runs twice at a time.
func TestLoadOrComputeInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Map[string, int]
		var runs, running atomic.Int32
		var errs, panics, stored, got int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				defer func() {
					if recover() != nil {
						mu.Lock()
						panics++
						mu.Unlock()
					}
				}()
				v, loaded, err := m.LoadOrCompute("k", func() (int, error) {
					assert.EqualValues(t, 1, running.Add(1))
					defer running.Add(-1)
					time.Sleep(time.Second)
					switch runs.Add(1) {
					case 1:
						return 0, io.EOF
					case 2:
						panic("f")
					}
					return 9, nil
				})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil:
					errs++
				case loaded:
					got++
				default:
					stored++
				}
				if err == nil {
					assert.Equal(t, 9, v)
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 3, runs.Load())
		assert.Equal(t, []int{1, 1, 1, 2}, []int{errs, panics, stored, got})
	})
}

// TestLoopMayChangeTheMap: every key present throughout is yielded exactly once,
// whatever the body does.
func TestLoopMayChangeTheMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{5, 100, 3000} {
		for name, body := range map[string]func(m *Map[int, int], k int){
			"nothing": func(*Map[int, int], int) {},
			"insert":  func(m *Map[int, int], k int) { m.Store(1_000_000+r.IntN(1_000_000), 1) },
			"update":  func(m *Map[int, int], k int) { m.Store(k, -1); m.Store((k+1)%n, -1) },
			"shrink": func(m *Map[int, int], k int) {
				for i := range 10 {
					m.Delete(500_000 + k*10 + i)
				}
			},
			"snapshot": func(m *Map[int, int], k int) { m.Snapshot(); m.Store(k, k) },
			"hot": func(m *Map[int, int], k int) {
				h := m.hashOf(k)
				if _, s := m.lock(h); s != nil {
					s.waits = hotWaits
					s.mu.Unlock()
				}
				m.Store(k, k)
			},
		} {
			var m Map[int, int]
			for k := range n {
				m.Store(k, k)
			}
			for k := range n * 10 {
				m.Store(500_000+k, k)
			}
			m.hot = 5 // as with two processors
			seen := make(map[int]int)
			for k := range m.Keys() {
				seen[k]++
				if k < n {
					body(&m, k)
				}
			}
			for k := range n {
				require.Equal(t, 1, seen[k], "%s, n=%d, key %d", name, n, k)
			}
			for k, times := range seen {
				require.Equal(t, 1, times, "%s, n=%d, key %d", name, n, k)
			}
			m.checkInvariants(t)
		}
	}
}

// TestLoopAcrossAJoin: what a loop has seen is not yielded again where its segment
// has been joined with those that come next.
func TestLoopAcrossAJoin(t *testing.T) {
	var m Map[int, int]
	m.Store(0, 0)
	m.hot = 0 // with processors to feed, segments are not joined to so few
	for k := range 1000 {
		m.Store(k, k)
	}
	seen := make(map[int]int)
	for k := range m.All() {
		if seen[k]++; len(seen) > 1 {
			continue
		}
		for gone := range 1000 {
			if gone%50 != 0 && gone != k {
				m.Delete(gone)
			}
		}
		assert.Equal(t, 1, m.Stats().Segments)
	}
	for k := 0; k < 1000; k += 50 {
		assert.Equal(t, 1, seen[k])
	}
	for k, times := range seen {
		assert.Equal(t, 1, times, k)
	}
}

// TestLoopSkipsTheDeleted: an entry deleted by the body before its turn is not
// yielded, even if its segment has been replaced or the map cleared.
func TestLoopSkipsTheDeleted(t *testing.T) {
	replaced := func(m *Map[int, int]) { m.Snapshot(); m.Store(1<<30, 1); m.Delete(1 << 30) }
	for name, how := range map[string]struct {
		capacity int
		spoil    func(m *Map[int, int])
	}{
		"in place":    {0, func(*Map[int, int]) {}},
		"replaced":    {0, replaced},
		"not divided": {4000, replaced}, // the directory stays
	} {
		m := New(Options[int, int]{Capacity: how.capacity})
		for k := range 1000 {
			m.Store(k, k)
		}
		var gone []int
		for k := range m.All() {
			assert.NotContains(t, gone, k, name)
			if len(gone) < 500 {
				how.spoil(m)
				for i := range 10 {
					if d := (k*7 + i) % 1000; d != k {
						m.Delete(d)
						gone = append(gone, d)
					}
				}
			}
		}
	}
	var m Map[int, int]
	for k := range 1000 {
		m.Store(k, k)
	}
	n := 0
	for range m.All() {
		m.Clear()
		n++
	}
	assert.Equal(t, 1, n)
}

// TestLoopEnds though its body inserts and the map grows on and on.
func TestLoopEnds(t *testing.T) {
	var m Map[int, int]
	m.Store(0, 0)
	n := 0
	for k := range m.All() {
		for i := range 3 {
			m.Store(k*3+i+1, 0)
		}
		n++
	}
	assert.Positive(t, n)
	for range m.All() {
		break
	}
	for range m.Snapshot().All() {
		break
	}
	for range m.Values() {
		break
	}
}

// TestDeleteFuncJudgesAgain: an entry changed while it is judged is judged again.
func TestDeleteFuncJudgesAgain(t *testing.T) {
	var m Map[string, int]
	m.Store("a", 1)
	var judged []int
	n := m.DeleteFunc(func(_ string, v int) bool {
		judged = append(judged, v)
		if v == 1 {
			m.Store("a", 2)
			return true
		}
		return false
	})
	assert.Zero(t, n)
	assert.Equal(t, []int{1, 2}, judged)
	assert.Equal(t, map[string]int{"a": 2}, m.ToMap())
}

// TestDeleteFuncComesBack to a NaN whose segment was replaced while it was judged, and
// judges nothing else there again.
func TestDeleteFuncComesBack(t *testing.T) {
	var m Map[float64, int]
	for k := range 100 {
		m.Store(float64(k), k)
	}
	m.Store(math.NaN(), -1)
	judged := make(map[int]int)
	n := m.DeleteFunc(func(k float64, v int) bool {
		if judged[v]++; v == -1 && judged[v] == 1 {
			m.Snapshot() // now the segment must be replaced
		}
		return v == -1
	})
	assert.Equal(t, 1, n)
	assert.Len(t, judged, 101)
	for v, times := range judged {
		want := 1
		if v == -1 {
			want = 2
		}
		assert.Equal(t, want, times, v)
	}
}

// TestSnapshotStays as it was, whatever happens to the map.
func TestSnapshotStays(t *testing.T) {
	var m Map[int, int]
	for k := range 5000 {
		m.Store(k, k)
	}
	a := m.Snapshot()
	b := m.Snapshot()
	for k := range 5000 {
		m.Store(k, -k)
		m.Store(k+5000, k)
	}
	m.DeleteFunc(func(k, _ int) bool { return k%2 == 0 })
	m.Clear()
	for _, s := range []*Snapshot[int, int]{a, b} {
		assert.Equal(t, 5000, s.Len())
		for k, v := range s.All() {
			require.Equal(t, k, v)
		}
		v, ok := s.Load(77)
		assert.True(t, ok && v == 77)
		_, ok = s.Load(5001)
		assert.False(t, ok)
	}
}

// TestSnapshotOfFew: where nothing has been stored there is nothing to find.
func TestSnapshotOfFew(t *testing.T) {
	m := New(Options[int, int]{Capacity: 1000})
	m.Store(0, 1)
	s := m.Snapshot()
	for k := range 100 {
		v, ok := s.Load(k)
		assert.Equal(t, k == 0, ok && v == 1)
	}
}

// TestMemoryIsReleased: values at once, keys when their segment is rebuilt, all by
// Clear.
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

// TestShrink: after everything is deleted at most a quarter of the peak remains.
func TestShrink(t *testing.T) {
	for _, n := range []int{100, 1000, 30_000} {
		var m Map[int, int]
		for k := range n {
			m.Store(k, k)
		}
		peak := m.Stats()
		for k := range n {
			m.Delete(k)
		}
		rest := m.Stats()
		assert.Zero(t, rest.Entries)
		assert.LessOrEqual(t, 4*rest.Bytes, peak.Bytes, "n=%d", n)
		m.checkInvariants(t)
		for k := range n { // and it grows again
			m.Store(k, k)
		}
		assert.Equal(t, n, m.Len())
		m.checkInvariants(t)
	}
}

// TestStatsBytes: Stats says what the heap holds, in a directory and in boxes.
func TestStatsBytes(t *testing.T) {
	heap := func() int {
		runtime.GC()
		runtime.GC() // what the first one put aside
		var ms runtime.MemStats
		runtime.ReadMemStats(&ms)
		return int(ms.HeapAlloc)
	}
	before := heap()
	hinted := New(Options[int, int]{Capacity: 1 << 20})
	hinted.Store(1, 1)
	assert.InEpsilon(t, heap()-before, hinted.Stats().Bytes, 0.1)
	before = heap()
	var boxed Map[int, [8]int64]
	for k := range 10_000 {
		boxed.Store(k, [8]int64{})
	}
	assert.InEpsilon(t, heap()-before, boxed.Stats().Bytes, 0.1)
	runtime.KeepAlive(hinted)
	runtime.KeepAlive(&boxed)
}

func TestAllocations(t *testing.T) {
	if debug.Enabled {
		t.Skip("counts the instruments too")
	}
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
		_, _, _ = ints.LoadOrCompute(i, nil)
		s.Load(i)
		ints.Len()
		texts.Load("77")
		texts.Store("77", &x)
	}))
}

// TestConstantWork: a search visits as many groups at every size, and a Store
// moves at most the entries of one segment.
func TestConstantWork(t *testing.T) {
	if !debug.Enabled {
		t.Skip("counts under -tags debug")
	}
	for _, n := range []int{1 << 10, 1 << 13, 1 << 16} {
		var m Map[int, int]
		worst := 0
		for k := range n {
			steps.Take()
			m.Store(k, k)
			worst = max(worst, steps.Take())
		}
		assert.LessOrEqual(t, worst, int(limit(maxBits))+64, "n=%d", n)
		steps.Take()
		for k := range n {
			m.Load(k)
		}
		mean := float64(steps.Take()) / float64(n)
		assert.Less(t, mean, 1.1, "n=%d", n)
	}
}

// TestDirectoryIsCopiedAhead shows that no Store copies a long directory: it has been
// copied, a few places with each replacement, when the Store comes that needs it.
func TestDirectoryIsCopiedAhead(t *testing.T) {
	m := new(Map[int, int])
	m.Store(0, 0)
	doubled := 0
	for k := range 100_000 {
		d, copied := m.dir.Load(), m.copied
		m.Store(k, k)
		if m.dir.Load() != d && d.len() >= 256 {
			doubled++
			require.Equal(t, d.len(), copied)
		}
	}
	require.GreaterOrEqual(t, doubled, 2)
}
