package timemap

import (
	"fmt"
	"iter"
	"math"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestKeepLastAtChunkEdges: histories of lengths around a chunk, of which numbers of
// versions around a chunk are kept.
func TestKeepLastAtChunkEdges(t *testing.T) {
	edges := []int{1, 2, chunkLen - 1, chunkLen, chunkLen + 1, 2*chunkLen - 1, 2 * chunkLen, 2*chunkLen + 1}
	for _, total := range edges {
		for _, n := range append(edges, math.MaxInt) {
			each(t, func(t *testing.T, make func(SameTime) timemap) {
				m := make(LastWins)
				for i := range total {
					m.Set("k", int64(i), i)
				}
				kept := min(n, total)
				require.Equal(t, total-kept, m.KeepLast(n), "%d of %d", n, total)
				m.checkInvariants()
				require.Equal(t, kept, m.Versions())
				first, ok := m.Ceiling("k", math.MinInt64)
				require.True(t, ok)
				require.Equal(t, Version[int]{int64(total - kept), total - kept}, first)
			})
		}
	}
}

// TestKeepLastPanicsUnlocked: misuse panics before a lock is taken.
func TestKeepLastPanicsUnlocked(t *testing.T) {
	s := NewSync[string, int]()
	s.Set("k", 1, 1)
	for _, n := range []int{0, -1, math.MinInt} {
		want := fmt.Sprintf("timemap.KeepLast: n must be at least 1, got %d", n)
		assert.PanicsWithValue(t, want, func() { s.KeepLast(n) })
		assert.PanicsWithValue(t, want, func() { new(Map[string, int]).KeepLast(n) })
		assert.PanicsWithValue(t, want, func() { new(Sync[string, int]).KeepLast(n) })
	}
	assert.Equal(t, 1, s.Versions())
}

// TestTimeAtTheEnds: every time that an int64 can hold is itself, to the nanosecond.
func TestTimeAtTheEnds(t *testing.T) {
	for _, want := range []int64{
		math.MinInt64, math.MinInt64 + 1, math.MinInt64 + 145_224_191, math.MinInt64 + 145_224_192, -1, 0, 1,
		math.MaxInt64 - 854_775_808, math.MaxInt64 - 854_775_807, math.MaxInt64 - 1, math.MaxInt64,
	} {
		at := time.Unix(0, want)
		assert.Equal(t, want, Time(at))
		assert.Equal(t, want, Time(at.In(time.FixedZone("", -7200))))
	}
	assert.Equal(t, int64(math.MinInt64), Time(time.Unix(0, math.MinInt64).Add(-1)))
	assert.Equal(t, int64(math.MaxInt64), Time(time.Unix(0, math.MaxInt64).Add(1)))
	assert.Equal(t, int64(math.MinInt64), Time(time.Unix(math.MinInt64, 0)))
	assert.Equal(t, int64(math.MaxInt64), Time(time.Unix(1<<55, 0)))
}

// TestZeroView: a View without a map shows nothing.
func TestZeroView(t *testing.T) {
	var v View[string, int]
	_, ok := v.Get("k")
	assert.False(t, ok)
	for range v.All() {
		t.Fatal("there is nothing")
	}
	assert.Zero(t, v.At())
}

// TestCopyOfASync: a new value may be copied, and so may the zero value; once in use, a
// copy is the same map.
func TestCopyOfASync(t *testing.T) {
	s := struct{ m Sync[string, int] }{m: *NewSync[string, int]()}
	s.m.Set("k", 1, 1)
	v, _ := s.m.Get("k", 1)
	assert.Equal(t, 1, v)
	m := struct{ m Map[string, int] }{m: *New[string, int]()}
	m.m.Set("k", 1, 1)
	assert.Equal(t, 1, m.m.Len())
	m.m.checkInvariants()
}

// TestPanickingHash: no lock is held when the caller's function is called, and nothing
// has changed.
func TestPanickingHash(t *testing.T) {
	var s *Sync[int, int]
	s = NewSync(Options[int, int]{Hash: func(k int) uint64 {
		if k == 13 {
			panic("unlucky")
		}
		s.Len() // the hash function may call the map
		return uint64(k)
	}})
	s.Set(1, 1, 1)
	assert.PanicsWithValue(t, "unlucky", func() { s.Set(13, 1, 1) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Set(2, 2, 2)
		s.checkInvariants()
	}()
	<-done
	assert.Equal(t, 2, s.Len())
}

// allLoops are all the iterators of a map: those over the versions of one key, and
// those over keys.
func allLoops(m timemap) map[string]func(yield func() bool) {
	versions := func(seq iter.Seq2[int64, int]) func(func() bool) {
		return func(yield func() bool) { seq(func(int64, int) bool { return yield() }) }
	}
	return map[string]func(yield func() bool){
		"Range":    versions(m.Range("k", math.MinInt64, math.MaxInt64)),
		"History":  versions(m.History("k")),
		"Backward": versions(m.Backward("k")),
		"Changes": func(yield func() bool) {
			m.Changes("k")(func(int64, Change[int]) bool { return yield() })
		},
		"Keys": func(yield func() bool) { m.Keys()(func(string) bool { return yield() }) },
		"All":  func(yield func() bool) { m.AsOf(0).All()(func(string, int) bool { return yield() }) },
	}
}

// TestLoopsEndEarly: each iterator stops where the loop does, alone and nested.
func TestLoopsEndEarly(t *testing.T) {
	each(t, func(t *testing.T, make func(SameTime) timemap) {
		for _, n := range []int{1, 2, chunkLen, chunkLen + 1} {
			m := make(LastWins)
			for i := range n {
				m.Set("k", int64(i), i)
				m.Set(fmt.Sprint(i), 0, i)
			}
			m.Drop("0") // n keys in total
			for name, loop := range allLoops(m) {
				for _, stop := range []int{1, n - 1, n, n + 1} {
					seen := 0
					for range loop {
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
				for range loop {
					for range loop {
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
	})
}

// TestEveryMethodLocks runs all methods of a Sync at once, for the race detector.
func TestEveryMethodLocks(t *testing.T) {
	var s Sync[int, int]
	calls := map[string]func(i int){
		"Set":           func(i int) { s.Set(i%3, int64(i*7919%1000), i) },
		"Append":        func(i int) { s.Append(i%3, int64(i%1000), i) },
		"AppendDelete":  func(i int) { s.AppendDelete(i%3, int64(i%1000)) },
		"Count":         func(i int) { s.Count(i % 3) },
		"Changes":       func(i int) { drain2(s.Changes(i % 3)) },
		"Delete":        func(i int) { s.Delete(i%3, int64(i*104729%1000)) },
		"Get":           func(i int) { s.Get(i%3, int64(i)) },
		"Latest":        func(i int) { s.Latest(i % 3) },
		"Floor":         func(i int) { s.Floor(i%3, int64(i)) },
		"Ceiling":       func(i int) { s.Ceiling(i%3, int64(i)) },
		"Drop":          func(i int) { s.Drop(3 + i%3) },
		"Range":         func(i int) { drain2(s.Range(i%3, 100, 900)) },
		"History":       func(i int) { drain2(s.History(i % 3)) },
		"Backward":      func(i int) { drain2(s.Backward(i % 3)) },
		"AsOf":          func(i int) { drain2(s.AsOf(int64(i)).All()) },
		"Keys":          func(int) { _ = slices.Collect(s.Keys()) },
		"Len":           func(int) { s.Len() },
		"Versions":      func(int) { s.Versions() },
		"CompactBefore": func(i int) { s.CompactBefore(int64(i)) },
		"KeepLast":      func(i int) { s.KeepLast(700 - i%100) },
		"Clear":         func(i int) { s.Clear() },
	}
	var names []string
	for i := range reflect.TypeFor[*Sync[int, int]]().NumMethod() {
		names = append(names, reflect.TypeFor[*Sync[int, int]]().Method(i).Name)
	}
	var g sync.WaitGroup
	for _, name := range names {
		call := calls[name]
		require.NotNil(t, call, "%s is not called", name)
		rounds := 200
		if name == "Clear" {
			rounds = 2
		}
		if name == "Set" {
			rounds = 2000
		}
		for range 2 {
			g.Go(func() {
				for i := range rounds {
					call(i)
				}
			})
		}
	}
	g.Wait()
	s.checkInvariants()
}

func drain2[K, V any](seq iter.Seq2[K, V]) (n int) {
	for range seq {
		n++
	}
	return n
}

// TestLoopEnds: a loop that writes at the newest time in each step ends, also where all
// versions of a time are kept, so that the series grows while it is walked.
func TestLoopEnds(t *testing.T) {
	for _, n := range []int{1, chunkLen - 1, chunkLen, chunkLen + 1, 8 * chunkLen} {
		m := New(Options[string, int]{SameTime: KeepAll})
		for i := range n {
			m.Set("k", int64(i), i)
		}
		steps := 0
		for range m.History("k") {
			m.Set("k", int64(n-1), -1)
			if steps++; steps > 4*n {
				break
			}
		}
		assert.LessOrEqual(t, steps, 2*n, "%d versions", n)
		steps = 0
		for range m.Changes("k") {
			m.Set("k", int64(n-1), -1)
			if steps++; steps > 16*n {
				break
			}
		}
		assert.LessOrEqual(t, steps, 8*n, "%d versions", n)
	}
}
