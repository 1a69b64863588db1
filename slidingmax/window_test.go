package slidingmax

import (
	"cmp"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWindow(t *testing.T) {
	w := New[int](3)
	_, ok := w.Max()
	assert.False(t, ok)
	for i, v := range []int{5, 1, 4, 3, 2} {
		largest, full := w.Push(v)
		assert.Equal(t, []int{5, 5, 5, 4, 4}[i], largest)
		assert.Equal(t, i >= 2, full)
		assert.Equal(t, min(i+1, 3), w.Len())
		again, ok := w.Max()
		assert.True(t, ok)
		assert.Equal(t, largest, again)
	}
	assert.Equal(t, []int{4, 3, 2}, slices.Collect(w.All()))
	w.Clear()
	assert.Zero(t, w.Len())
	_, ok = w.Max()
	assert.False(t, ok)
	assert.Empty(t, slices.Collect(w.All()))
	_, full := w.Push(1)
	assert.False(t, full, "as new")
}

// TestWindowWorstPush counts the comparisons of pushes that beat any number of the k
// candidates, from none to all.
func TestWindowWorstPush(t *testing.T) {
	for k := 1; k <= 1<<14; k *= 2 {
		worst := 0
		for beaten := 0; beaten <= k; beaten += max(1, k/64) {
			asked := 0
			w := NewFunc(k+1, func(a, b int) int { asked++; return cmp.Compare(a, b) })
			for i := range k {
				w.Push(-i * 2)
			}
			asked = 0
			w.Push(-2*(k-beaten) + 1)
			assert.Equal(t, min(k-beaten+1, k+1), len(slices.Collect(w.All())))
			worst = max(worst, asked)
		}
		assert.LessOrEqual(t, worst, 2*bits.Len(uint(k-1))+3, k)
	}
}

// TestOrderedPushGallops: in the builtin order, whose comparisons cannot be counted, a push
// that beats a thousand candidates touches a few of them: the others lie dead.
func TestOrderedPushGallops(t *testing.T) {
	const k = 1000 // of the ring's 1024
	w := New[int](k + 1)
	for i := range k {
		w.Push(-i)
	}
	w.Push(1)
	assert.Equal(t, 1, w.r.q.len())
	assert.EqualValues(t, k-oneByOne-2-1, w.r.q.dirty-w.r.q.tail)
}

// TestWindowComparisons: the textbook makes at most 2 per element; a gallop that removes
// p candidates makes at most (p+1)*5/4.
func TestWindowComparisons(t *testing.T) {
	const n = 1 << 14
	for k := 1; k <= 1<<12; k *= 8 {
		for name, at := range map[string]func(i int) int{
			"ascending":  func(i int) int { return i },
			"descending": func(i int) int { return -i },
			"saw":        func(i int) int { return -(i % k) },
			"hills":      func(i int) int { return i * 7919 % 1009 },
		} {
			asked := 0
			w := NewFunc(k, func(a, b int) int { asked++; return cmp.Compare(a, b) })
			for i := range n {
				w.Push(at(i))
			}
			assert.LessOrEqualf(t, float64(asked)/n, 2.5, "%s, k=%d", name, k)
		}
	}
}

func TestPanickingCompare(t *testing.T) {
	w := NewFunc(3, func(a, b int) int {
		if b == 13 {
			panic("unlucky")
		}
		return cmp.Compare(a, b)
	})
	for _, v := range []int{9, 5, 3} {
		w.Push(v)
	}
	assert.PanicsWithValue(t, "unlucky", func() { w.Push(13) })
	assert.Equal(t, []int{9, 5, 3}, slices.Collect(w.All()), "as it was")
	largest, _ := w.Push(1)
	assert.Equal(t, 5, largest)
}

func TestWindowOfFloats(t *testing.T) {
	w := New[float64](2)
	nan := math.NaN()
	in := []float64{0, negativeZero, negativeZero, 0, nan, math.Inf(1), 1, nan, nan, math.Inf(-1)}
	want := []float64{0, 0, negativeZero, 0, nan, nan, math.Inf(1), nan, nan, nan}
	for i, v := range in {
		largest, _ := w.Push(v)
		assert.Truef(t, is(want[i], largest), "after %v: want %v, got %v", in[:i+1], want[i], largest)
	}
}

func TestAllWhileItChanges(t *testing.T) {
	w := New[int](4)
	for _, v := range []int{9, 8, 7, 6} {
		w.Push(v)
	}
	var seen []int
	for v := range w.All() {
		seen = append(seen, v)
		if len(seen) == 1 {
			w.Push(5) // removes 9
			w.Push(4) // and 8
		}
		if len(seen) == 4 {
			w.Clear()
		}
	}
	assert.Equal(t, []int{9, 7, 6, 5}, seen)
}

func TestPushAllocatesNothing(t *testing.T) {
	w := New[int](100)
	for i := range 1000 {
		w.Push(-i)
	}
	i := 0
	assert.Zero(t, testing.AllocsPerRun(1000, func() { i++; w.Push(i * 7919 % 1009) }))
}

// TestHugeWindow: memory is allocated only for the values in the window.
func TestHugeWindow(t *testing.T) {
	w := New[int](math.MaxInt)
	w.Push(1)
	largest, full := w.Push(2)
	assert.Equal(t, 2, largest)
	assert.False(t, full)
	assert.LessOrEqual(t, len(w.r.q.buf), 8)
}

// TestMemoryIsReleased: n beaten values can be garbage-collected after n/2 more pushes.
func TestMemoryIsReleased(t *testing.T) {
	type item struct {
		v int
		_ [64]byte
	}
	w := NewFunc(50, func(a, b *item) int { return cmp.Compare(a.v, b.v) })
	var weaks []weak.Pointer[item]
	push := func(v int) {
		p := &item{v: v}
		weaks = append(weaks, weak.Make(p))
		w.Push(p)
	}
	for i := range 50 {
		push(-i)
	}
	for i := range 26 { // each beats all others, so their slots are not reused
		push(1 + i)
	}
	runtime.GC()
	for i, p := range weaks[:50] {
		require.Nilf(t, p.Value(), "value %d is kept alive", i)
	}
	require.NotNil(t, weaks[75].Value())
	runtime.KeepAlive(w)
}

func TestValuesStops(t *testing.T) {
	pulled := 0
	numbers := func(yield func(int) bool) {
		for yield(pulled) {
			pulled++
		}
	}
	for v := range Values(numbers, 3) {
		if v == 5 {
			break
		}
	}
	assert.Equal(t, 5, pulled)
}
