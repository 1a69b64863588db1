// Package lru holds the rows that compare flatline's lru with other caches.
package lru

import (
	"fmt"
	"math/bits"
	"strings"

	"example.com/flatline/evidence/internal/caches"
	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/evidence/internal/traces"
)

// Sizes of the caches: one that fits the processor's L1 or L2 cache, one that may fit its
// last-level cache if no other process needs that, and one that fits none.
const (
	small = 1_000
	large = 100_000
	huge  = 1_000_000
)

// Groups returns the rows.
func Groups() []measure.Group {
	var groups []measure.Group
	groups = append(groups, serial()...)
	groups = append(groups, lengths()...)
	groups = append(groups, parallel()...)
	return append(groups, values()...)
}

// A rival is a peer with its target, and with what a reader needs to know of the two.
type rival struct {
	kind   caches.Kind
	target float64
	note   string
}

// A work makes a side of a kind of cache.
type work func(caches.Kind) measure.Side

func group(name string, ours caches.Kind, do work, rivals ...rival) measure.Group {
	g := measure.Group{Name: name, Ours: func() measure.Side { return do(ours) }}
	for _, r := range rivals {
		note := r.kind.Note
		if r.note != "" {
			note = strings.TrimPrefix(note+"; "+r.note, "; ")
		}
		g.Peers = append(g.Peers, measure.Peer{
			Name: r.kind.Name, Target: r.target, Note: note,
			New: func() measure.Side { return do(r.kind) },
		})
	}
	return g
}

// serial are the rows of one goroutine. Cache is compared with caches that are not safe
// for concurrent use either, Sync with those that are.
func serial() []measure.Group {
	safe := func(hashicorp float64) []rival {
		return []rival{
			{kind: caches.Hashicorp, target: hashicorp},
			{kind: caches.Ristretto},
			{kind: caches.Otter},
			{kind: caches.Theine},
			{kind: caches.TTLCache},
			{kind: caches.GCacheLRU},
			{kind: caches.CodeHexLRU},
		}
	}
	return []measure.Group{
		group("Cache: Put, evicting, 1e5 entries", caches.LRU, putEvict(large),
			rival{kind: caches.SimpleLRU, target: 6}, rival{kind: caches.Textbook, target: 5}, rival{kind: caches.Ristretto, target: 2}),
		group("Cache: Get, hit, 1e5 entries", caches.LRU, getHit(large),
			rival{kind: caches.SimpleLRU, target: 3}, rival{kind: caches.Textbook}),
		group("Cache: Get, hit, 1e3 entries", caches.LRU, getHit(small),
			rival{kind: caches.SimpleLRU, target: 1.5}, rival{kind: caches.Textbook}),
		group("Cache: Get, hit, 1e6 entries", caches.LRU, getHit(huge),
			rival{kind: caches.SimpleLRU}, rival{kind: caches.Textbook}),
		group("Cache: 90 % Get, 10 % Put, Zipf keys, 1e5 entries", caches.LRU, mix(large),
			rival{kind: caches.SimpleLRU}, rival{kind: caches.Textbook}),
		group("Sync: Put, evicting, 1e5 entries", caches.LRUSync, putEvict(large), safe(5)...),
		group("Sync: Get, hit, 1e5 entries", caches.LRUSync, getHit(large), safe(0)...),
		group("Sync: Get, hit, 1e3 entries", caches.LRUSync, getHit(small), safe(0)...),
		group("Sync: 90 % Get, 10 % Put, Zipf keys, 1e5 entries", caches.LRUSync, mix(large), safe(0)...),
	}
}

// batch is the number of keys made at a time, outside the measured cache; they stay in
// the processor's L1 cache.
const batch = 256

// putEvict puts keys that never repeat into a cache of n entries.
func putEvict(n int) work {
	return func(kind caches.Kind) measure.Side {
		c := kind.New(n)
		keys, i := make([]int64, batch), uint64(0)
		run := func(m int) {
			for ; m > 0; m -= batch {
				part := keys[:min(m, batch)]
				for j := range part {
					part[j] = int64(traces.Mix(i))
					i++
				}
				c.PutAll(part)
			}
			c.Finish()
		}
		run(2 * n)
		return measure.Side{Run: run, Close: c.Close}
	}
}

// getHit gets the keys of a full cache of n entries in random order.
func getHit(n int) work {
	// 2 MiB or more, read from front to back, so that it is prefetched.
	stream := make([]int64, max(1<<18, 1<<bits.Len(uint(n))))
	for i := range stream {
		stream[i] = int64(traces.Mix(uint64(traces.Uniform(uint64(i), uint64(n)))))
	}
	return func(kind caches.Kind) measure.Side {
		c := kind.New(n)
		for i := range uint64(n) {
			k := int64(traces.Mix(i))
			c.Put(k, k)
		}
		c.Finish()
		at := 0
		run := func(m int) {
			hits, all := 0, m
			for m > 0 {
				part := stream[at:min(at+m, len(stream))]
				hits += c.GetAll(part)
				m -= len(part)
				at = (at + len(part)) % len(stream)
			}
			c.Finish()
			if float64(hits) < 0.98*float64(all) {
				panic(fmt.Sprintf("holds too little of what was put: %d hits in %d", hits, all))
			}
		}
		return measure.Side{Run: run, Close: c.Close}
	}
}

// zipf is the stream of the mixed rows: a million keys; a cache of 1e5 entries holds the
// keys of about nine in ten accesses.
var zipf = traces.Zipf(1<<20, 1_000_000, 1.01)

// mix gets the keys of the Zipf stream, and puts every tenth.
func mix(n int) work {
	return func(kind caches.Kind) measure.Side {
		c := kind.New(n)
		i := 0
		run := func(m int) {
			i = getPut(&c, i, m)
			c.Finish()
		}
		run(len(zipf))
		return measure.Side{Run: run, Close: c.Close}
	}
}

func getPut(c *caches.Cache, i, m int) int {
	for range m {
		k := zipf[i&(len(zipf)-1)]
		if i%10 == 0 {
			c.Put(k, k)
		} else {
			c.Get(k)
		}
		i++
	}
	return i
}

// getPutUniform does so with uniform keys, half of which the cache holds.
func getPutUniform(c *caches.Cache, i, m int) int {
	for range m {
		k := traces.Uniform(uint64(i), 2*large)
		if i%10 == 0 {
			c.Put(k, k)
		} else {
			c.Get(k)
		}
		i++
	}
	return i
}

// aside gets the keys of the Zipf stream and puts those that it misses.
func aside(c *caches.Cache, i, m int) int {
	for range m {
		k := zipf[i&(len(zipf)-1)]
		if _, ok := c.Get(k); !ok {
			c.Put(k, k)
		}
		i++
	}
	return i
}
