// Package lru holds the rows of flatline's lru beside other caches.
package lru

import (
	"math/rand/v2"

	simplelru "github.com/hashicorp/golang-lru/v2/simplelru"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/lru"
)

// Groups returns the rows.
func Groups() []measure.Group {
	return []measure.Group{putEvict(100_000)}
}

func keys(n int) []int64 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	ks := make([]int64, 1<<20)
	for i := range ks {
		ks[i] = r.Int64()
	}
	return ks
}

func putEvict(n int) measure.Group {
	ks := keys(n)
	put := func(put func(k, v int64)) measure.Side {
		i := 0
		run := func(m int) {
			for range m {
				k := ks[i&(len(ks)-1)]
				i++
				put(k, k)
			}
		}
		run(n)
		return measure.Side{Run: run}
	}
	return measure.Group{
		Name: "Put, evicting, 1e5 entries",
		Ours: func() measure.Side {
			c := lru.New[int64, int64](n)
			return put(func(k, v int64) { c.Put(k, v) })
		},
		Peers: []measure.Peer{
			{Name: "hashicorp/golang-lru simplelru", Target: 6, New: func() measure.Side {
				c, _ := simplelru.NewLRU[int64, int64](n, nil)
				return put(func(k, v int64) { c.Add(k, v) })
			}},
		},
	}
}
