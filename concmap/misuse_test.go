package concmap

import (
	"context"
	"errors"
	"iter"
	"maps"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// usable calls every operation that takes a lock, in another goroutine, and returns when
// they have returned.
func usable(t *testing.T, m *Map[int, int]) {
	done := make(chan bool)
	go func() {
		defer close(done)
		for k := range 300 {
			m.Store(k, k)
			m.Compute(k, func(v int, _ bool) (int, Op) { return v + 1, Update })
			v, loaded, err := m.LoadOrCompute(bg, k, nil)
			assert.True(t, v == k+1 && loaded && err == nil)
		}
		m.Delete(1007)
		m.Delete(7)
		for _, k := range []int{7, 1007} {
			v, loaded, err := m.LoadOrCompute(bg, k, func(context.Context, int) (int, error) { return k, nil })
			assert.True(t, v == k && !loaded && err == nil)
		}
		assert.Equal(t, m.Len(), m.Snapshot().Len())
		m.DeleteFunc(func(k, _ int) bool { return k%2 == 0 })
		m.checkInvariants(t)
		m.Clear()
		assert.Zero(t, m.Len())
	}()
	<-done
}

// TestCallbacks: wherever a callback panics or ends its goroutine, the map is as before
// and no lock is left held.
func TestCallbacks(t *testing.T) {
	bad := errors.New("callback")
	for how, end := range map[string]func(){
		"panic":  func() { panic(bad) },
		"Goexit": runtime.Goexit,
	} {
		hash := func(k int) uint64 {
			if k < 0 {
				end()
			}
			return uint64(k)
		}
		for name, call := range map[string]func(m *Map[int, int]){
			"Compute": func(m *Map[int, int]) { m.Compute(7, func(int, bool) (int, Op) { end(); return 0, Update }) },
			"LoadOrCompute": func(m *Map[int, int]) {
				_, _, _ = m.LoadOrCompute(bg, 1007, func(context.Context, int) (int, error) { end(); return 0, nil })
			},
			"All":            func(m *Map[int, int]) { m.All()(func(int, int) bool { end(); return true }) },
			"Keys":           func(m *Map[int, int]) { m.Keys()(func(int) bool { end(); return true }) },
			"Values":         func(m *Map[int, int]) { m.Values()(func(int) bool { end(); return true }) },
			"Snapshot.All":   func(m *Map[int, int]) { m.Snapshot().All()(func(int, int) bool { end(); return true }) },
			"DeleteFunc":     func(m *Map[int, int]) { m.DeleteFunc(func(int, int) bool { end(); return true }) },
			"Insert":         func(m *Map[int, int]) { m.Insert(func(func(int, int) bool) { end() }) },
			"Load":           func(m *Map[int, int]) { m.Load(-1) },
			"Store":          func(m *Map[int, int]) { m.Store(-1, 1) },
			"Swap":           func(m *Map[int, int]) { m.Swap(-1, 1) },
			"LoadOrStore":    func(m *Map[int, int]) { m.LoadOrStore(-1, 1) },
			"LoadAndDelete":  func(m *Map[int, int]) { m.LoadAndDelete(-1) },
			"Delete":         func(m *Map[int, int]) { m.Delete(-1) },
			"hash in Comp.":  func(m *Map[int, int]) { m.Compute(-1, nil) },
			"hash in LoadOr": func(m *Map[int, int]) { _, _, _ = m.LoadOrCompute(bg, -1, nil) },
			"CompareAndSwap": func(m *Map[int, int]) { CompareAndSwap(m, -1, 1, 1) },
			"Snapshot.Load":  func(m *Map[int, int]) { m.Snapshot().Load(-1) },
		} {
			m := New(Options[int, int]{Hash: hash})
			for k := range 200 {
				m.Store(k, k)
			}
			want := m.ToMap()
			returned := make(chan bool, 1)
			done := make(chan any)
			go func() {
				defer func() { done <- recover() }()
				call(m)
				returned <- true
			}()
			got := <-done
			if how == "panic" {
				assert.Equal(t, bad, got, name)
			} else {
				assert.Nil(t, got, name)
			}
			assert.Empty(t, returned, "%s, %s: the callback was called", name, how)
			assert.Equal(t, want, m.ToMap(), "%s, %s", name, how)
			m.checkInvariants(t)
			usable(t, m)
		}
	}
}

// TestStripedCallback: the body of a loop over a Striped holds no lock.
func TestStripedCallback(t *testing.T) {
	var s Striped[int, int]
	for k := range 200 {
		s.Store(k, k)
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		for range s.All() {
			runtime.Goexit()
		}
	}()
	<-done
	for range s.All() {
		s.Clear()
		s.Store(1, 1)
		break
	}
	assert.Equal(t, 1, s.Len())
}

// copyOf returns a copy that go vet does not see.
func copyOf[T any](p *T) *T {
	c := new(T)
	reflect.ValueOf(c).Elem().Set(reflect.ValueOf(p).Elem())
	return c
}

// TestCopies: of two copies of a map in use, which go vet reports, one panics when it
// finds a segment that the other has replaced; it does not wait for it.
func TestCopies(t *testing.T) {
	for name, use := range map[string]func(m *Map[int, int], k int){
		"Store":       func(m *Map[int, int], k int) { m.Store(k, -k) },
		"Swap":        func(m *Map[int, int], k int) { m.Swap(k, -k) },
		"LoadOrStore": func(m *Map[int, int], k int) { m.LoadOrStore(-k, k) },
		"Delete":      func(m *Map[int, int], k int) { m.Delete(k) },
		"Compute":     func(m *Map[int, int], k int) { m.Compute(k, func(int, bool) (int, Op) { return 0, Remove }) },
		"LoadOrCompute": func(m *Map[int, int], k int) {
			_, _, _ = m.LoadOrCompute(bg, -k, func(context.Context, int) (int, error) { return 1, nil })
		},
		"DeleteFunc": func(m *Map[int, int], k int) { m.DeleteFunc(func(int, int) bool { return true }) },
	} {
		m := New[int, int]()
		for k := range 200 {
			m.Store(k, k)
		}
		c := copyOf(m)
		for k := range 5000 {
			m.Store(k, k) // replaces all segments that c knows
		}
		require.PanicsWithValue(t, "concmap: Map must not be copied", func() {
			for k := range 200 {
				use(c, k+1)
			}
		}, name)
		c.Load(1)
		c.Len()
		c.Snapshot()
		for range c.All() {
			break
		}
		c.Clear()
		assert.Equal(t, 5000, len(m.ToMap()), name)
		usable(t, m)
	}

	// Copies that go vet allows.
	m := *New[int, int]()
	usable(t, &m)
	s := *Collect(maps.All(map[int]int{1: 2})).Snapshot()
	v, ok := s.Load(1)
	assert.True(t, v == 2 && ok)
	assert.Equal(t, map[int]int{1: 2}, maps.Collect(s.All()))
}

// TestSeedsDiffer: no two maps hash alike, for any type of key: also for long strings,
// structs and interfaces, which are hashed by different code.
func TestSeedsDiffer(t *testing.T) {
	type point struct {
		x, y int
		name string
	}
	seedsDiffer(t, 1, 2, 3)
	seedsDiffer(t, "a", "b", "c")
	seedsDiffer(t, strings.Repeat("a", 40), strings.Repeat("b", 40), strings.Repeat("c", 40))
	seedsDiffer(t, point{1, 2, "a"}, point{3, 4, "b"}, point{})
	seedsDiffer[any](t, 1, "a", point{})
	seedsDiffer(t, [5]float64{1}, [5]float64{2}, [5]float64{3})
}

func seedsDiffer[K comparable](t *testing.T, keys ...K) {
	var a, b Map[K, int]
	var s, s2 Striped[K, int]
	for _, k := range keys {
		a.Store(k, 1)
		b.Store(k, 1)
		s.Store(k, 1)
		s2.Store(k, 1)
		assert.NotEqual(t, a.hash.Hash(k), b.hash.Hash(k), "%T", k)
		assert.NotEqual(t, s.hash.Hash(k), s2.hash.Hash(k), "%T", k)
	}
}

// TestBreak: every loop may end at each entry.
func TestBreak(t *testing.T) {
	const n = 20
	var words Map[int, int]
	var boxes Map[int, string]
	var striped Striped[int, int]
	for k := range n {
		words.Store(k, k)
		boxes.Store(k, "")
		striped.Store(k, k)
	}
	keys := func(all iter.Seq2[int, int]) iter.Seq[int] {
		return func(yield func(int) bool) {
			for k := range all {
				if !yield(k) {
					return
				}
			}
		}
	}
	for name, loop := range map[string]iter.Seq[int]{
		"All": keys(words.All()), "Keys": words.Keys(), "Values": words.Values(), "boxes": boxes.Keys(),
		"Snapshot.All": keys(words.Snapshot().All()), "Striped.All": keys(striped.All()),
	} {
		for after := range n + 1 {
			seen := make(map[int]bool)
			for k := range loop {
				if len(seen) == after {
					break
				}
				seen[k] = true
			}
			assert.Len(t, seen, after, name)
		}
		pairs := 0
		for range loop {
			for range loop {
				pairs++
			}
		}
		assert.Equal(t, n*n, pairs, "%s, one in the other", name)
	}
}
