package lru

import (
	"fmt"

	"example.com/flatline/evidence/internal/caches"
	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/evidence/internal/traces"
)

// values are the rows that are measured once.
func values() []measure.Group {
	all := []caches.Kind{
		caches.SimpleLRU, caches.Textbook, caches.Hashicorp, caches.Ristretto, caches.Otter, caches.Theine,
		caches.TTLCache, caches.GCacheLRU, caches.CodeHexLRU,
	}
	found := func(name, unit string, bound float64, find func(caches.Kind) float64) measure.Group {
		g := measure.Group{Name: name, Unit: unit, OursValue: func() float64 { return find(caches.LRU) }}
		g.Peers = append(g.Peers, measure.Bound(bound))
		for _, kind := range all {
			g.Peers = append(g.Peers, measure.Peer{Name: kind.Name, Value: func() float64 { return find(kind) }})
		}
		return g
	}
	return []measure.Group{
		found("Cache: allocations of a Put, evicting", "allocs/op", 0, allocs),
		found("Cache: memory of 1e6 entries, int64 to int64", "B/entry", 38, bytes),
		{
			Name: "Cache: hits in 2^20 accesses, Zipf keys, 1e5 entries", Unit: "hits", Higher: true,
			OursValue: func() float64 { return hits(caches.LRU) },
			Peers: []measure.Peer{{
				Name: caches.SimpleLRU.Name, Target: 1, Note: "every access is a hit in both or a miss in both, or the row fails",
				Value: func() float64 { return sameHits(caches.LRU, caches.SimpleLRU) },
			}},
		},
	}
}

func allocs(kind caches.Kind) float64 {
	side := putEvict(large)(kind)
	if side.Close != nil {
		defer side.Close()
	}
	return measure.Allocs(large, side.Run)
}

func bytes(kind caches.Kind) float64 {
	const n = 1_000_000
	return measure.Heap(func() any {
		c := kind.New(n)
		for k := range int64(n) {
			c.Put(k, k)
		}
		c.Finish()
		return c
	}) / n
}

func hits(kind caches.Kind) (n float64) {
	c := kind.New(large)
	for _, k := range zipf {
		if _, ok := c.Get(k); ok {
			n++
		} else {
			c.Put(k, k)
		}
	}
	return n
}

// sameHits returns the hits of b and panics if a single access is a hit in one and
// a miss in the other, on Zipf keys, a loop that does not fit and a scan.
func sameHits(a, b caches.Kind) (n float64) {
	var loopAndScan []int64
	for i := range 1 << 19 {
		loopAndScan = append(loopAndScan, int64(i%(large+large/100)), int64(1<<40+i), traces.Uniform(uint64(i), large/2))
	}
	for t, keys := range [][]int64{zipf, loopAndScan} {
		x, y := a.New(large), b.New(large)
		for i, k := range keys {
			_, inX := x.Get(k)
			_, inY := y.Get(k)
			if inX != inY {
				panic(fmt.Sprintf("access %d of trace %d: %v and %v", i, t, inX, inY))
			}
			if !inX {
				x.Put(k, k)
				y.Put(k, k)
			} else if t == 0 {
				n++
			}
		}
	}
	return n
}
