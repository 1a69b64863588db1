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

	"example.com/flatline/internal/bench"
)

// TestNoAllocation: a hit, a miss, a Peek, a new value for an old key, and above all a
// Put that evicts.
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
	one, many, values, found := New[int, int](100), make([]int, 40), make([]int, 40), make([]bool, 40)
	assert.Zero(t, testing.AllocsPerRun(500, func() { one.PeekAll(many, values, found) }), "PeekAll")
	s := New[string, string](4)
	words := []string{"a", "b", "c", "d", "e", "f", "g"}
	i := 0
	assert.Zero(t, testing.AllocsPerRun(500, func() { s.Put(words[i%7], "v"); s.Get(words[i%5]); i++ }), "string keys")
}

// TestWhatLeftIsCollected: after any kind of removal, nothing in the cache points to the
// removed key or value.
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

// TestMemoryGoesBack: memory is released when a cache is cleared or made smaller.
func TestMemoryGoesBack(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		const n = 1 << 13
		for name, shrink := range map[string]func(c twin[int, int]){
			"Clear":  func(c twin[int, int]) { c.Clear() },
			"Resize": func(c twin[int, int]) { _, err := c.Resize(1); require.NoError(t, err) },
		} {
			fill := func(c twin[int, int]) {
				for k := range n {
					c.Put(k, k)
				}
			}
			filled := func() twin[int, int] {
				c := mk(n, ints{TTL: time.Hour, Cost: func(int, int) int64 { return 1 }})
				fill(c)
				return c
			}
			full := bench.Bytes(func() any { return filled() })
			assert.Less(t, bench.Bytes(func() any {
				c := filled()
				shrink(c)
				return c
			}), full/8, name)
			c := filled()
			shrink(c)
			fill(c)
			c.check()
		}
	})
}

// TestBytesAnEntry: the bytes per entry that the essay states, in the best and in the
// worst case.
func TestBytesAnEntry(t *testing.T) {
	if testing.Short() {
		t.Skip("fills large caches")
	}
	type options = Options[int64, int64]
	const n = 1 << 18
	one := func(int64, int64) int64 { return 1 }
	fill := func(c *Cache[int64, int64], n int64) {
		for k := range n {
			c.Put(k, k)
		}
	}
	for _, tc := range []struct {
		name     string
		entries  int64
		capacity int
		opts     options
		more     func(c *Cache[int64, int64])
		bytes    float64
	}{
		{name: "full", entries: n, capacity: n, bytes: 36},
		{name: "up to 131,072 entries", entries: n / 2, capacity: n / 2, bytes: 40},
		{name: "just grown", entries: n + 1, capacity: 4 * n, bytes: 56},
		{name: "deadlines", entries: n, capacity: n, opts: options{TTL: time.Hour}, bytes: 52},
		{name: "lives that slide", entries: n / 2, capacity: n / 2, opts: options{TTL: time.Hour, Sliding: true}, bytes: 40 + 16 + 8},
		{name: "costs", entries: n, capacity: n, opts: options{Cost: one}, bytes: 44},
		{
			name: "nine in ten deleted", entries: n / 4, capacity: n / 4, bytes: 400,
			more: func(c *Cache[int64, int64]) {
				for k := range int64(n / 4) {
					if k%10 != 0 {
						c.Delete(k)
					}
				}
			},
		},
		{
			name: "resized after that", entries: n / 4, capacity: n / 4, bytes: 43,
			more: func(c *Cache[int64, int64]) {
				for k := range int64(n / 4) {
					if k%10 != 0 {
						c.Delete(k)
					}
				}
				_, err := c.Resize(c.Len())
				require.NoError(t, err)
			},
		},
	} {
		entries := 0
		bytes := bench.Bytes(func() any {
			c := New(tc.capacity, tc.opts)
			fill(c, tc.entries)
			if tc.more != nil {
				tc.more(c)
			}
			entries = c.Len()
			return c
		})
		each := float64(bytes) / float64(entries)
		t.Logf("%s: %.1f bytes an entry", tc.name, each)
		assert.InEpsilon(t, tc.bytes, each, 0.05, tc.name)
	}
	for ttl, bytes := range map[time.Duration]float64{0: 24, time.Hour: 16 + 8} {
		refreshed := bench.Bytes(func() any {
			c := NewSync(n/8, options{TTL: ttl, Refresh: time.Hour})
			for k := range int64(n / 8) {
				c.Put(k, k)
			}
			return c
		})
		assert.InEpsilon(t, 40+bytes, float64(refreshed)/(n/8), 0.05, "Refresh, with the TTL %v", ttl)
	}
}

// TestBytesAShard: the memory of an empty Sharded, and what the first deadline of a shard
// adds.
func TestBytesAShard(t *testing.T) {
	const shards = 1024
	mk := func() *Sharded[int, int] { return NewSharded(100_000, ints{Shards: shards}) }
	empty := float64(bench.Bytes(func() any { return mk() })) / shards
	timed := float64(bench.Bytes(func() any {
		c := mk()
		for k := range 20_000 {
			c.PutTTL(k, k, time.Hour)
			c.Delete(k)
		}
		return c
	}))/shards - empty
	t.Logf("%.0f bytes a shard, %.0f more with a deadline", empty, timed)
	assert.Less(t, empty, 640.0)
	assert.Less(t, timed, 7000.0)
}

// TestNothingToScan: where keys and values hold no pointers, a full cache adds almost
// nothing for the garbage collector to scan.
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
