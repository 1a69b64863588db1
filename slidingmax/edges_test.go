package slidingmax

import (
	"cmp"
	"iter"
	"math"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestZeroValues: every method of a type that needs a constructor names it.
func TestZeroValues(t *testing.T) {
	now := time.Now()
	var w Window[int]
	var s Sync[int]
	var tw TimeWindow[int]
	var q Aggregator[int]
	for want, calls := range map[string][]func(){
		"slidingmax: Window must be made by New or NewFunc": {
			func() { w.Push(1) }, func() { w.Max() }, func() { w.Len() }, w.Clear, func() { w.All() },
		},
		"slidingmax: Sync must be made by NewSync": {
			func() { s.Push(1) }, func() { s.Max() }, func() { s.Len() }, s.Clear, func() { _ = slices.Collect(s.All()) },
		},
		"slidingmax: TimeWindow must be made by NewTimeWindow": {func() { tw.Push(now, 1) }, func() { tw.Max(now) }},
		"slidingmax: Aggregator must be made by NewAggregator": {
			func() { q.Push(1) }, func() { q.Evict() }, func() { q.Query() }, func() { q.Len() }, q.Clear,
		},
	} {
		for range 2 { // the first leaves no lock behind
			for _, call := range calls {
				assert.PanicsWithValue(t, want, call)
			}
		}
	}
	c := struct {
		w  Window[int]
		s  Sync[int]
		tw TimeWindow[int]
		q  Aggregator[int]
	}{*New[int](2), *NewSync[int](2), *NewTimeWindow[int](1), *NewAggregator(func(a, b int) int { return a + b })}
	for i := range 20 {
		c.w.Push(i)
		c.s.Push(i)
		c.tw.Push(now, i)
		c.q.Push(i)
	}
	c.w.checkInvariants()
	c.s.checkInvariants()
	c.tw.checkInvariants()
	sum, _ := c.q.Query()
	assert.Equal(t, 190, sum, "a copy of what a constructor returned")
}

// TestCallbackUsesItsStructure: the call panics with a message that says so, and the
// structure stays usable.
func TestCallbackUsesItsStructure(t *testing.T) {
	armed := 0
	arm := func(use func()) {
		if armed--; armed == 0 {
			use()
		}
	}
	var w *Window[int]
	for name, use := range map[string]func(){
		"Push small": func() { w.Push(-9) }, "Push large": func() { w.Push(9) }, "Clear": func() { w.Clear() },
		"Clear and Push": func() {
			w.Clear()
			for i := range 15 {
				w.Push(-i)
			}
		},
	} {
		for at := 1; at <= 4; at++ {
			w = NewFunc(30, func(a, b int) int { arm(use); return cmp.Compare(a, b) })
			for i := range 20 {
				w.Push(-i)
			}
			armed = at
			if push := func() { w.Push(5) }; name == "Clear" {
				assert.Panics(t, push, "the next comparison may find nothing")
			} else {
				assert.PanicsWithValue(t, "slidingmax: compare must not use the Window", push, "%s in comparison %d", name, at)
			}
			armed = 0
			w.checkInvariants()
			largest, _ := w.Push(100)
			assert.Equal(t, 100, largest)
		}
	}
	var q *Aggregator[int]
	for name, use := range map[string]func(){
		"Push": func() { q.Push(1) }, "Evict": func() { q.Evict() }, "Clear": func() { q.Clear() },
		"Push and Evict": func() { q.Push(1); q.Evict() },
	} {
		for call, change := range map[string]func(){"Push": func() { q.Push(1) }, "Evict": func() { q.Evict() }} {
			for n := 2; n < 20; n++ {
				for at := 1; at <= 3; at++ {
					q = NewAggregator(func(a, b int) int { arm(use); return a + b })
					for range n {
						q.Push(1)
					}
					armed = at
					func() {
						defer func() { _ = recover() }()
						change()
					}()
					armed = 0
					sum, _ := q.Query()
					require.Equal(t, q.Len(), sum, "%s in %s of %d, operation %d", name, call, n, at)
					q.Push(1)
					q.checkInvariants(slices.Repeat([]int{1}, q.Len()))
				}
			}
		}
	}
}

// TestNaNInAStream: it is the maximum for k pushes, and the remedies that New's doc names
// work.
func TestNaNInAStream(t *testing.T) {
	const k = 3
	in := []float64{1, math.NaN(), 2, 0, 5, math.NaN(), math.NaN(), math.NaN(), 4}
	w, f := New[float64](k), NewFunc(k, cmp.Compare[float64])
	nan := math.NaN()
	for i, v := range in {
		got, _ := w.Push(v)
		assert.True(t, is([]float64{1, nan, nan, nan, 5, nan, nan, nan, nan}[i], got), "New, %d: %v", i, got)
		got, _ = f.Push(v)
		assert.True(t, is([]float64{1, 1, 2, 2, 5, 5, 5, nan, 4}[i], got), "cmp.Compare, %d: %v", i, got)
	}
}

// TestTimesThatJump: when the clock goes backwards the window's time stands still, a
// reading far ahead counts until the clock reaches it, and a clock that began at the zero
// time works like any other.
func TestTimesThatJump(t *testing.T) {
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	max := func(w *TimeWindow[int], now time.Time) int {
		w.checkInvariants()
		v, ok := w.Max(now)
		if !ok {
			return -1
		}
		return v
	}
	w := NewTimeWindow[int](10 * time.Second)
	w.Push(at(0), 9)
	w.Push(at(5), 5)
	assert.Equal(t, 9, max(w, at(-3600)), "back by an hour")
	w.Push(at(-3600), 100)
	assert.Equal(t, 9, max(w, at(0)), "an hour late")
	w.Push(at(4), 7)
	assert.Equal(t, 7, max(w, at(10)), "late, but in the window")

	w.Push(at(1e6), 1)
	assert.Equal(t, 1, max(w, at(11)), "all before one far ahead has gone")
	w.Push(at(12), 100)
	w.Push(at(1e6-10), 100)
	assert.Equal(t, 1, max(w, at(13)), "and later pushes are late")
	w.Push(at(1e6-9), 50)
	assert.Equal(t, 50, max(w, at(14)), "until the clock has caught up")

	for name, first := range map[string]time.Time{"zero": {}, "before all": time.Unix(-1<<40, 0), "before the monotonic clock": start.AddDate(-300, 0, 0)} {
		w = NewTimeWindow[int](10 * time.Second)
		w.Max(first)
		w.Push(first, 8)
		assert.Equal(t, 8, max(w, first), name)
		w.Push(at(0), 3)
		assert.Equal(t, 3, max(w, at(0)), "%s: 8 is long gone", name)
		w.Push(at(9), 2)
		assert.Equal(t, 3, max(w, at(9)), name)
		assert.Equal(t, 2, max(w, at(10)), "%s: 3 is out", name)
		assert.Equal(t, -1, max(w, at(19)), name)
		assert.Equal(t, -1, max(w, first), name)
	}
	w = NewTimeWindow[int](math.MaxInt64)
	w.Push(time.Time{}, 8)
	w.Push(time.Time{}.Add(math.MaxInt64-1), 7)
	assert.Equal(t, 8, max(w, time.Time{}))
	w.Push(time.Time{}.Add(math.MaxInt64), 6)
	assert.Equal(t, 7, max(w, time.Time{}), "8 is 292 years old")
	assert.Equal(t, 6, max(w, time.Time{}.Add(math.MaxInt64).Add(math.MaxInt64-1)))
	assert.Equal(t, -1, max(w, time.Time{}.Add(math.MaxInt64).Add(math.MaxInt64)))
}

// TestParallelMaxOnAnyMachine: as many goroutines as processors, and the same result.
func TestParallelMaxOnAnyMachine(t *testing.T) {
	s := make([]int, 20*minShare)
	for i := range s {
		s[i] = i * 7919 % 10007
	}
	want := Max(s, 100)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for procs, workers := range map[int]int{1: 1, 2: 2, 6: 6, 16: 16, 192: 19} {
		runtime.GOMAXPROCS(procs)
		assert.Equal(t, workers, share(0, len(want), 100), "%d processors", procs)
		assert.True(t, slices.Equal(want, ParallelMax(nil, s, 100, 0)))
	}
}

// loops are all the iterators over candidates, n of them, and of maxima.
func loops(n int) map[string]iter.Seq[int] {
	w, f, s := New[int](n), NewFunc(n, cmp.Compare[int]), NewSync[int](n)
	falling := make([]int, n)
	for i := range n {
		falling[i] = -i
		w.Push(-i)
		f.Push(-i)
		s.Push(-i)
	}
	return map[string]iter.Seq[int]{"Window": w.All(), "Func": f.All(), "Sync": s.All(), "Values": Values(slices.Values(falling), 1)}
}

// TestLoopsEndEarly: each iterator stops where the loop does, alone and nested.
func TestLoopsEndEarly(t *testing.T) {
	for _, n := range []int{1, 2, 8, 9, 100} {
		for name, loop := range loops(n) {
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
}

// TestEveryMethodLocks runs all methods of a Sync at once, for the race detector.
func TestEveryMethodLocks(t *testing.T) {
	s := NewSync[int](20)
	calls := map[string]func(i int){
		"Push":  func(i int) { s.Push(i * 7919 % 101) },
		"Max":   func(int) { s.Max() },
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

// TestSyncAllIsASnapshot: another goroutine replaces the candidates during the loop.
func TestSyncAllIsASnapshot(t *testing.T) {
	s := NewSync[int](4)
	for i := range 4 {
		s.Push(-i)
	}
	var got []int
	var writer sync.WaitGroup
	for v := range s.All() {
		if got = append(got, v); len(got) == 1 {
			for range 4 {
				s.Push(7)
			}
			writer.Go(func() { s.Push(8) })
		}
	}
	writer.Wait()
	assert.Equal(t, []int{0, -1, -2, -3}, got)
}

// TestBytesOfAWindow: a candidate takes its value and 8 bytes, and the ring has room for
// at most twice the maximum number of candidates so far.
func TestBytesOfAWindow(t *testing.T) {
	assert.EqualValues(t, 8+8, unsafe.Sizeof(candidate[int64]{}))
	w, q := New[int64](math.MaxInt), NewAggregator(func(a, b int64) int64 { return a + b })
	assert.EqualValues(t, 8, unsafe.Sizeof(q.buf[0]))
	for n := 1; n <= 3000; n++ {
		w.Push(-int64(n))
		q.Push(1)
		assert.LessOrEqual(t, len(w.r.q.buf), max(8, 2*n))
		assert.LessOrEqual(t, len(q.buf), max(8, 2*n))
	}
}

// TestRingMoves counts what the growth of a ring copies over its whole life: together
// with the value that a Push stores, and the two slots of an Aggregator's step, these are
// the moves that the essay states.
func TestRingMoves(t *testing.T) {
	w, q := New[int](math.MaxInt), NewAggregator(func(a, b int) int { return a + b })
	copiedW, copiedQ, worst := 0, 0, 0.0
	for i := range 1<<13 + 1 {
		before := len(w.r.q.buf)
		w.Push(-i)
		if len(w.r.q.buf) != before {
			copiedW += i
		}
		before = len(q.buf)
		q.Push(i)
		if len(q.buf) != before {
			copiedQ += i
		}
		worst = max(worst, float64(max(copiedW, copiedQ))/float64(i+1))
	}
	assert.LessOrEqual(t, worst, 2.0)
	assert.Greater(t, worst, 1.9, "the essay names the worst")
}
