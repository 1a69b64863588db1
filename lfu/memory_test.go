package lfu

import (
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/bench"
	"example.com/flatline/internal/cache"
)

// TestRelease shows that a value which has left can be collected.
func TestRelease(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		type blob [1 << 10]byte
		c := New(2, Options[int, *blob]{Aging: a})
		var left []weak.Pointer[blob]
		put := func(k int) {
			v := new(blob)
			left = append(left, weak.Make(v))
			c.Put(k, v)
		}
		put(0)
		put(1)
		put(2) // evicts 0
		put(1) // replaces
		c.Delete(2)
		put(3)
		c.PopLeastFrequent()
		put(4)
		_, err := c.Resize(1)
		require.NoError(t, err)
		put(5)
		c.Clear()
		put(6)
		runtime.GC()
		for i, p := range left[:len(left)-1] {
			assert.Nil(t, p.Value(), "value %d is still held", i)
		}
		assert.NotNil(t, left[len(left)-1].Value())
		runtime.KeepAlive(c)
	})
}

// TestManyCounts gives every entry a different count, so that there are as many buckets
// as entries, and then removes the buckets again.
func TestManyCounts(t *testing.T) {
	for _, n := range []int{1, 10, pageSize - 2, pageSize - 1, pageSize, pageSize + 1, 2*pageSize - 1, 2 * pageSize, 300} {
		manyCounts(t, n)
	}
}

func manyCounts(t *testing.T, n int) {
	c := New[int, int](n)
	for k := range n {
		for range k + 1 {
			c.Put(k, k)
		}
	}
	c.impl().Check()
	pages := func() (n int) {
		c.impl().Inspect(0, func(r cache.Rank, _ uint32) {
			for _, p := range r.(*exact).pages {
				if p != nil {
					n++
				}
			}
		})
		return n
	}
	assert.Equal(t, (n+1+pageSize-1)/pageSize, pages())
	for k := range n { // all in one bucket, then in buckets that were open before
		for range n - k {
			c.Get(k)
		}
	}
	c.impl().Check()
	k, _, _ := c.LeastFrequent()
	assert.Equal(t, 0, k, "all counts are equal, 0 was used longest ago")
	for k := range n {
		for range k {
			c.Get(k)
		}
	}
	c.impl().Check()
	assert.Equal(t, (n+1+pageSize-1)/pageSize, pages(), "closed buckets are opened again")
	left := min(n, 10)
	evicted, err := c.Resize(left)
	require.NoError(t, err)
	assert.Equal(t, n-left, evicted)
	assert.Equal(t, 1, pages(), "a smaller cache gives pages back")
	c.impl().Check()
	for k := n - left; k < n; k++ {
		f, ok := c.Frequency(k)
		assert.True(t, ok)
		assert.EqualValues(t, n+1+k, f)
	}
}

// TestAllocations: a full cache allocates nothing.
func TestAllocations(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		const n = 1000
		for name, c := range allTypes(n, Options[int, int]{Aging: a}) {
			for k := range 4 * n { // the shards fill unevenly
				c.Put(k, k)
			}
			k := 4 * n
			hot, _, _ := c.LeastFrequent()
			for op, f := range map[string]func(){
				"Put, evicting":  func() { c.Put(k, k); k++ },
				"Put, replacing": func() { c.Put(k-1, k) },
				"Get":            func() { c.Get(hot) },
				"Get, another":   func() { c.Get(k - 1) },
				"Peek":           func() { c.Peek(hot) },
				"Contains":       func() { c.Contains(hot) },
				"Frequency":      func() { c.Frequency(hot) },
				"LeastFrequent":  func() { c.LeastFrequent() },
				"Delete and Put": func() { c.Delete(k - 1); c.Put(k-1, 0) },
				"Len":            func() { c.Len() },
			} {
				assert.Zero(t, testing.AllocsPerRun(1000, f), "%s: %s", name, op)
			}
		}
	})
}

// TestBytesAnEntry: the bytes per entry that the essay states.
func TestBytesAnEntry(t *testing.T) {
	if testing.Short() {
		t.Skip("fills large caches")
	}
	each(t, func(t *testing.T, a Aging) {
		const n = 1 << 18
		bytes := float64(bench.Bytes(func() any {
			c := New(n, Options[int64, int64]{Aging: a})
			for k := range int64(n) {
				c.Put(k, k)
			}
			return c
		})) / n
		t.Logf("%.1f bytes an entry", bytes)
		assert.InEpsilon(t, map[Aging]float64{Exact: 40, Dynamic: 37, TinyLFU: 47.25}[a], bytes, 0.03)
	})
	const n = 2000 // different counts, in whole pages
	empty, full := 0.0, 0.0
	for i, bytes := range []*float64{&empty, &full} {
		*bytes = float64(bench.Bytes(func() any {
			c := New[int64, int64](n)
			for k := range int64(n) {
				c.Put(k, k)
				for range int(k) * i {
					c.Get(k)
				}
			}
			return c
		})) / n
	}
	assert.InDelta(t, 16, full-empty, 2, "if all counts differ")
}
