package lfu

import (
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

// TestManyCounts gives every entry another count, so that there are as many buckets
// as entries, and takes them away again.
func TestManyCounts(t *testing.T) {
	n := 300
	c := New[int, int](n)
	for k := range n {
		for range k + 1 {
			c.Put(k, k)
		}
	}
	c.c.Check()
	pages := func() (n int) {
		c.c.Inspect(0, func(r cache.Rank, _ uint32) {
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
	c.c.Check()
	k, _, _ := c.LeastFrequent()
	assert.Equal(t, 0, k, "all counts are equal, 0 was used longest ago")
	for k := range n {
		for range k {
			c.Get(k)
		}
	}
	c.c.Check()
	assert.Equal(t, (n+1+pageSize-1)/pageSize, pages(), "closed buckets are opened again")
	evicted, err := c.Resize(10)
	require.NoError(t, err)
	assert.Equal(t, n-10, evicted)
	assert.Equal(t, 1, pages(), "a smaller cache gives pages back")
	c.c.Check()
	for k := n - 10; k < n; k++ {
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

// TestBytes holds the memory to its bound.
func TestBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a large cache")
	}
	each(t, func(t *testing.T, a Aging) {
		const n = 1_000_000
		heap := func() uint64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		before := heap()
		c := New(n, Options[int64, int64]{Aging: a})
		for k := range int64(n) {
			c.Put(k, k)
		}
		bytes := float64(heap()-before) / n
		runtime.KeepAlive(c)
		t.Logf("%.1f bytes an entry", bytes)
		assert.LessOrEqual(t, bytes, map[Aging]float64{Exact: 41, Dynamic: 38}[a])
	})
}
