package concmap

import (
	"fmt"
	"math/rand/v2"

	"example.com/flatline/evidence/internal/measure"
)

var sizes = []int{100, 10_000, 1_000_000}

// Groups returns the rows. Targets are set beside xsync and sync.Map.
func Groups() []measure.Group {
	groups := rows("int keys", func(i int) int { return i * 7 }, peers(ofInts), 1)
	groups = append(groups, rows("string keys", func(i int) string { return fmt.Sprintf("key:%08d", i) }, peers(ofTexts), 0.9)...)
	return append(groups, worst())
}

// rows are the rows for one type of key; slack weakens the targets.
func rows[K comparable](what string, key func(int) K, peers []kind[K], slack float64) (groups []measure.Group) {
	timed := func(name string, n, procs int, xsync, std float64, side func(kind[K], int) measure.Side) {
		g := measure.Group{
			Name: fmt.Sprintf("%s, %s, n=%.0e, %d procs", name, what, float64(n), procs),
			Ours: func() measure.Side { return side(ours[K](), n) }, Procs: procs, Wall: procs > 1,
		}
		for i, p := range peers {
			g.Peers = append(g.Peers, measure.Peer{
				Name: p.name, Note: p.note, New: func() measure.Side { return side(p, n) },
				Target: slack * []float64{xsync, std, 0, 0, 0, 0}[i],
			})
		}
		groups = append(groups, g)
	}
	for _, n := range sizes {
		large := n >= 1_000_000
		for _, procs := range []int{1, 2} {
			reads := 1.0
			if large {
				reads = 1.3
			}
			timed("Load", n, procs, reads, 2, mixed(key, 100, 0, procs))
			timed("90/10 stores and deletes", n, procs, 1, 3, mixed(key, 90, 5, procs))
			timed("Store to existing keys", n, procs, 1.5, 3.5, mixed(key, 0, 0, procs))
		}
		timed("growth from empty", n, 1, 2, 4, growth(key))
		timed("iteration", n, 1, 5, 8, iteration(key))
	}
	g := measure.Group{
		Name: "memory of 1e6 entries, " + what, Unit: "B/entry",
		OursValue: func() float64 { return bytes(ours[K](), key) },
	}
	for i, p := range peers {
		g.Peers = append(g.Peers, measure.Peer{
			Name: p.name, Target: slack * []float64{1 / 0.75, 1 / 0.35, 0, 0, 0, 0}[i],
			Value: func() float64 { return bytes(p, key) },
		})
	}
	return append(groups, g)
}

func fill[K comparable](k kind[K], keys []K) table[K] {
	m := k.new()
	for i, k := range keys {
		m.Store(k, i)
	}
	return m
}

func all[K comparable](n int, key func(int) K) []K {
	keys := make([]K, n)
	for i := range keys {
		keys[i] = key(i)
	}
	return keys
}

// mixed reads in so many of 100 operations, deletes in so many, and stores in the
// others, uniform keys that are all there at first.
func mixed[K comparable](key func(int) K, reads, deletes uint32, procs int) func(kind[K], int) measure.Side {
	return func(kd kind[K], n int) measure.Side {
		keys := all(n, key)
		m := fill(kd, keys)
		r := rand.New(rand.NewPCG(uint64(n), 1))
		stream := make([]K, 1<<19)
		for i := range stream {
			stream[i] = keys[r.IntN(n)]
		}
		at := 0
		return measure.Side{Run: func(n int) {
			at += n
			measure.Parallel(procs, n, func(worker, n int) {
				x := uint32(worker*7919+at) | 1
				for i := at + worker*100_000; n > 0; i, n = i+1, n-1 {
					x ^= x << 13
					x ^= x >> 17
					x ^= x << 5
					switch k, p := stream[i&(len(stream)-1)], x%100; {
					case p < reads:
						m.Load(k)
					case p < reads+deletes:
						m.Delete(k)
					default:
						m.Store(k, i)
					}
				}
			})
		}}
	}
}

// growth fills maps of n entries, one after the other.
func growth[K comparable](key func(int) K) func(kind[K], int) measure.Side {
	return func(kd kind[K], n int) measure.Side {
		keys := all(n, key)
		m, at := kd.new(), 0
		return measure.Side{Run: func(ops int) {
			for range ops {
				if at == n {
					m, at = kd.new(), 0
				}
				m.Store(keys[at], at)
				at++
			}
		}}
	}
}

// iteration counts an entry as an operation.
func iteration[K comparable](key func(int) K) func(kind[K], int) measure.Side {
	return func(kd kind[K], n int) measure.Side {
		m := fill(kd, all(n, key))
		sum := 0
		return measure.Side{Run: func(ops int) {
			for ops > 0 {
				m.each(func(_ K, v int) bool {
					sum += v
					ops--
					return ops > 0
				})
			}
		}}
	}
}

func bytes[K comparable](kd kind[K], key func(int) K) float64 {
	const n = 1_000_000
	keys := all(n, key)
	return measure.Heap(func() any { return fill(kd, keys) }) / n
}
