package lfu

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/debug"
	"example.com/flatline/internal/list"
)

// The kinds of work whose steps are counted, for a cache that is full.
const (
	puts = "Put of new keys, nothing was used twice"
	cold = "Put of new keys, all entries but one are hot" // each Put replaces that one
	gets = "Get of random keys"
)

var kinds = []string{puts, cold, gets}

// TestGrowth counts the steps of an operation and asserts that the worst is the
// same in a cache of a hundred entries and in one of a million. The heap of the
// textbook, driven likewise, is the control: there it must grow.
func TestGrowth(t *testing.T) {
	if !debug.Enabled {
		t.Skip("steps are counted under -tags debug")
	}
	sizes := []int{1e2, 1e3, 1e4, 1e5, 1e6}
	if testing.Short() {
		sizes = sizes[:3]
	}
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			var exacts, dynamics, heaps []int
			for _, n := range sizes {
				exacts = append(exacts, rankSteps(newExact, kind, n))
				dynamics = append(dynamics, rankSteps(newDynamic, kind, n))
				heaps = append(heaps, heapSteps(kind, n))
			}
			t.Logf("worst steps at n = %v: Exact %v, Dynamic %v, heap %v", sizes, exacts, dynamics, heaps)
			for i := range sizes {
				assert.Equal(t, exacts[0], exacts[i], "Exact at n=%d", sizes[i])
				assert.Equal(t, dynamics[0], dynamics[i], "Dynamic at n=%d", sizes[i])
			}
			assert.Greater(t, heaps[len(sizes)-1], heaps[0]*3/2, "the control")
		})
	}
}

// rankSteps returns the worst steps of an operation on a rank and the order that it
// keeps, without the hash table in front, whose steps depend on luck.
func rankSteps(newRank cache.NewRank, kind string, n int) (worst int) {
	order := list.New[uint32](1)
	var steps debug.Counter
	rank := newRank(&order, &steps)
	order.Grow(n + 1)
	rank.Grow(n + 1)
	use := func(s uint32) {
		if before := rank.Use(s); before != s {
			order.MoveBefore(s, before)
		}
	}
	for s := uint32(1); int(s) <= n; s++ {
		order.InsertBefore(s, rank.Insert(s))
	}
	if kind == cold {
		for s := uint32(2); int(s) <= n; s++ {
			use(s)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range max(n, 10_000) {
		steps.Take()
		if kind == gets {
			use(1 + uint32(r.IntN(n)))
		} else {
			s := order.Prev(0)
			rank.Remove(s, cache.Capacity)
			order.Remove(s)
			order.InsertBefore(s, rank.Insert(s))
		}
		worst = max(worst, 1+steps.Take()) // 1: what the cache counts for the move
	}
	return worst
}

// heapSteps returns the worst number of comparisons of an operation on the textbook
// form.
func heapSteps(kind string, n int) (worst int) {
	c := full(newTextbook[int, int](n), n)
	if kind == cold {
		c = hot(newTextbook[int, int](n), n)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for k := range max(n/4, 10_000) {
		c.heap.steps = 0
		if kind == gets {
			c.Get(r.IntN(n))
		} else {
			c.Put(n+k, 0)
		}
		worst = max(worst, c.heap.steps)
	}
	return worst
}

// TestGrowthOfCache counts the steps of the whole cache, where those of the hash
// table are constant on average only.
func TestGrowthOfCache(t *testing.T) {
	if !debug.Enabled {
		t.Skip("steps are counted under -tags debug")
	}
	sizes := []int{1e2, 1e3, 1e4, 1e5, 1e6}
	if testing.Short() {
		sizes = sizes[:3]
	}
	each(t, func(t *testing.T, a Aging) {
		for _, n := range sizes {
			c := hot(New(n, Options[int, int]{Aging: a}), n)
			c.c.Steps().Take()
			const times = 100_000
			for k := range times {
				c.Put(n+k, k)
			}
			mean := float64(c.c.Steps().Take()) / times
			t.Logf("n=%d: %.2f steps a Put", n, mean)
			require.Less(t, mean, 6.0, "n=%d", n)
		}
	})
}
