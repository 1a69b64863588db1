package lru

import (
	"fmt"

	"example.com/flatline/evidence/internal/caches"
	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/internal/pad"
)

// parallel are the rows of several goroutines with GOMAXPROCS to match: as many as
// the machine measured on has cores, and four times as many.
func parallel() []measure.Group {
	rows := func(workers int, targets map[string][2]float64, notes map[string][2]string) []measure.Group {
		var groups []measure.Group
		for i, w := range []struct {
			name string
			do   func(c *caches.Cache, i, m int) int
		}{
			{"90 % Get, 10 % Put", getPut},
			{"cache-aside (Get, and Put after a miss)", aside},
		} {
			var rivals []rival
			for _, kind := range []caches.Kind{caches.Hashicorp, caches.Otter, caches.Ristretto, caches.Theine} {
				rivals = append(rivals, rival{kind, targets[kind.Name][i], notes[kind.Name][i]})
			}
			name := fmt.Sprintf("Sharded: %s, Zipf keys, 1e5 entries, %d goroutines, GOMAXPROCS=%d", w.name, workers, workers)
			g := group(name, caches.LRUSharded, together(workers, large, w.do), rivals...)
			g.Wall, g.Procs = true, workers
			groups = append(groups, g)
		}
		return groups
	}
	uniform := group("Sharded: 90 % Get, 10 % Put, uniform keys, 1e5 entries, 2 goroutines, GOMAXPROCS=2", caches.LRUSharded,
		together(2, large, getPutUniform), rival{kind: caches.Hashicorp}, rival{kind: caches.Otter, target: 1})
	uniform.Wall, uniform.Procs = true, 2
	groups := rows(2, map[string][2]float64{caches.Hashicorp.Name: {1.5, 3.5}, caches.Otter.Name: {1.2, 1.2}},
		map[string][2]string{
			caches.Hashicorp.Name: {limit + "; the target was 3.5 once"},
			caches.Otter.Name:     {limit + "; the target was 1.8 once", "the target was 3 once, for the same reason"},
		})
	groups = append(groups, uniform)
	return append(groups, rows(8, map[string][2]float64{caches.Otter.Name: {1, 1}}, nil)...)
}

// limit is why two goroutines cannot come near twice the speed of one. The figures are of
// hits with uniform keys:
//
//	go test -C evidence -run '^$' -bench 'Shards/op=Get/shards=256/n=100000$' -cpu 1,2 ./rows/lru
const limit = "a hit takes its shard's lock, whose cache line the other core wrote last in half of all cases: " +
	"it takes 40 ns where only one core works, and 63 ns on each of two (BenchmarkShards)"

// together has several workers do the same work on one cache, each from another offset of
// the stream.
func together(workers, n int, do func(c *caches.Cache, i, m int) int) work {
	return func(kind caches.Kind) measure.Side {
		c := kind.New(n)
		at := make([]struct {
			i int
			_ pad.Gap // each worker's own cache line
		}, workers)
		for w := range at {
			at[w].i = w * len(zipf) / workers
		}
		run := func(m int) {
			measure.Parallel(workers, m, func(w, m int) { at[w].i = do(&c, at[w].i, m) })
			c.Finish()
		}
		run(len(zipf))
		return measure.Side{Run: run, Close: c.Close}
	}
}
