package lru

import (
	"math"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/debug"
)

// TestNoAllocation: a hit, a miss, a look, a new value for an old key, and above
// all a Put that evicts.
func TestNoAllocation(t *testing.T) {
	evicted := 0
	for name, opts := range map[string]ints{
		"plain":   {},
		"TTL":     {TTL: time.Hour},
		"Cost":    {MaxCost: 1 << 40, Cost: func(int, int) int64 { return 1 }},
		"OnEvict": {OnEvict: func(int, int, Reason) { evicted++ }},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
				c := mk(100, opts)
				for k := range 200 {
					c.Put(k, k)
				}
				k := 200
				for op, f := range map[string]func(){
					"Put new":     func() { c.Put(k, k); k++ },
					"Put old":     func() { c.Put(k-1, k) },
					"PutTTL":      func() { c.PutTTL(k, k, time.Minute); k++ },
					"Get hit":     func() { c.Get(k - 1) },
					"Get miss":    func() { c.Get(-1) },
					"Peek":        func() { c.Peek(k - 1) },
					"Contains":    func() { c.Contains(-1) },
					"GetOrPut":    func() { c.GetOrPut(k-1, k) },
					"Oldest":      func() { c.Oldest() },
					"Len":         func() { c.Len() },
					"Stats":       func() { c.Stats() },
					"Delete none": func() { c.Delete(-1) },
				} {
					assert.Zero(t, testing.AllocsPerRun(500, f), op)
				}
				if opts.OnEvict == nil {
					assert.Zero(t, testing.AllocsPerRun(500, func() {
						c.Delete(k - 1)
						c.Put(k-1, k)
						c.PopOldest()
						c.Put(k, k)
						k++
					}), "Delete, PopOldest")
				}
			})
		})
	}
	s := New[string, string](4)
	words := []string{"a", "b", "c", "d", "e", "f", "g"}
	i := 0
	assert.Zero(t, testing.AllocsPerRun(500, func() { s.Put(words[i%7], "v"); s.Get(words[i%5]); i++ }), "string keys")
}

// TestWhatLeftIsCollected: whatever took it out, nothing in the cache still points
// to a key or value that has left.
func TestWhatLeftIsCollected(t *testing.T) {
	type big [64]int
	for name, leave := range map[string]func(c twin[int, *big]){
		"Capacity": func(c twin[int, *big]) { c.Put(2, nil); c.Put(3, nil) },
		"Replaced": func(c twin[int, *big]) { c.Put(1, nil) },
		"Deleted":  func(c twin[int, *big]) { c.Delete(1) },
		"Pop":      func(c twin[int, *big]) { c.PopOldest() },
		"Expired":  func(c twin[int, *big]) { c.PutTTL(1, nil, -1) },
		"Cleared":  func(c twin[int, *big]) { c.Clear() },
		"Resize":   func(c twin[int, *big]) { c.Put(2, nil); _, _ = c.Resize(1) },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, mk func(int, Options[int, *big]) twin[int, *big]) {
				c := mk(2, Options[int, *big]{})
				v := new(big)
				gone := weak.Make(v)
				c.Put(1, v)
				runtime.GC()
				require.NotNil(t, gone.Value())
				runtime.KeepAlive(v)
				leave(c)
				runtime.GC()
				assert.Nil(t, gone.Value())
				runtime.KeepAlive(c)
			})
		})
	}
}

// TestMemoryGoesBack when a cache is cleared or made smaller.
func TestMemoryGoesBack(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		const n = 1 << 16
		for name, shrink := range map[string]func(c twin[int, int]){
			"Clear":  func(c twin[int, int]) { c.Clear() },
			"Resize": func(c twin[int, int]) { _, err := c.Resize(1); require.NoError(t, err) },
		} {
			before := heap()
			c := mk(n, ints{TTL: time.Hour, Cost: func(int, int) int64 { return 1 }})
			for k := range n {
				c.Put(k, k)
			}
			full := heap() - before
			shrink(c)
			assert.Less(t, heap()-before, full/8, name)
			for k := range n {
				c.Put(k, k)
			}
			c.check()
		}
	})
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestBytesAnEntry: what the essay says.
func TestBytesAnEntry(t *testing.T) {
	if debug.Enabled || testing.Short() {
		t.Skip("a million entries")
	}
	const n = 1_000_000
	before := heap()
	c := New[int64, int64](n)
	for k := range int64(n) {
		c.Put(k, k)
	}
	bytes := float64(heap()-before) / n
	t.Logf("%.1f bytes an entry", bytes)
	assert.Less(t, bytes, 38.0)
	runtime.KeepAlive(c)
}

// TestNothingToScan: where keys and values hold no pointers, a full cache adds next
// to nothing for the garbage collector to follow.
func TestNothingToScan(t *testing.T) {
	scannable := func() int64 {
		runtime.GC()
		sample := []metrics.Sample{{Name: "/gc/scan/heap:bytes"}}
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	const n = 1 << 17
	before := scannable()
	c := New[int64, [4]float64](n)
	for k := range int64(n) {
		c.Put(k, [4]float64{math.Pi})
	}
	assert.Less(t, scannable()-before, int64(n), "not one byte an entry")
	runtime.KeepAlive(c)
	b := newTextbook[int64, [4]float64](n)
	for k := range int64(n) {
		b.Put(k, [4]float64{math.Pi})
	}
	assert.Greater(t, scannable()-before, int64(n*32), "the control")
	runtime.KeepAlive(b)
}

// TestSteps counts what an operation does: it follows a chain of the hash table,
// one and a half entries on average, and moves one entry, whatever n is.
func TestSteps(t *testing.T) {
	if !debug.Enabled {
		t.Skip("steps are counted under -tags debug")
	}
	sizes := []int{1 << 8, 1 << 11, 1 << 14, 1 << 17}
	if testing.Short() {
		sizes = sizes[:3]
	}
	for _, kind := range []string{"Cache", "Sync"} {
		for _, n := range sizes {
			c := makers[int, int]()[kind](n, ints{})
			key := func(i int) int { return int(uint64(i) * 0x5851F42D4C957F2D >> 1) } // far apart, as keys are
			old := func(i int) int { return key(i * 7919 & (n - 1)) }
			for i := range n {
				c.Put(key(i), i)
			}
			for op, claim := range map[string]struct {
				f    func(i int)
				mean float64
			}{
				"Get":        {func(i int) { c.Get(old(i)) }, 1 + 1.25},
				"Peek":       {func(i int) { c.Peek(old(i)) }, 1.25},
				"Put of old": {func(i int) { c.Put(old(i), i) }, 1 + 1.25},
				"miss":       {func(i int) { c.Get(key(-1 - i)) }, 0.5},
			} {
				mean, worst := stepsOf(c, 4*n, claim.f)
				assert.InDelta(t, claim.mean, mean, 0.3, "%s %s, n=%d", kind, op, n)
				assert.LessOrEqual(t, worst, 1+14, "%s %s, n=%d", kind, op, n)
			}
			mean, worst := stepsOf(c, 4*n, func(i int) { c.Put(key(n+i), i) })
			assert.InDelta(t, 1+0.5+0.25, mean, 0.4, "%s evicting Put, n=%d", kind, n)
			assert.LessOrEqual(t, worst, 1+2*14, "%s evicting Put, n=%d", kind, n)
		}
	}
}

func stepsOf(c twin[int, int], ops int, f func(i int)) (mean float64, worst int) {
	sum := 0
	c.steps().Take()
	for i := range ops {
		f(i)
		n := c.steps().Take()
		sum += n
		worst = max(worst, n)
	}
	return float64(sum) / float64(ops), worst
}
