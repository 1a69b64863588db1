package lru

import (
	"context"
	"fmt"
	"math/bits"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/evidence/internal/caches"
	"example.com/flatline/evidence/internal/traces"
	"example.com/flatline/lru"
)

// BenchmarkShards is the basis for the default number of shards, on an idle machine: hits
// only, from as many goroutines as there are processors, with the default (0; see
// Options.Shards) and with other numbers of shards.
//
//	go test -C evidence -run '^$' -bench Shards -count 6 ./rows/lru | tee shards.txt
//	go tool -modfile=tools/go.mod benchstat -col /shards shards.txt
//
// misses/op are the keys for which their shard had no space, since it was full while
// others were not: the price of many shards for few entries.
func BenchmarkShards(b *testing.B) {
	load := func(_ context.Context, k int64) (int64, error) { return k, nil }
	ctx := context.Background()
	for _, op := range []struct {
		name string
		ttl  time.Duration
		do   func(c *lru.Sharded[int64, int64], k int64)
	}{
		{"Get", 0, func(c *lru.Sharded[int64, int64], k int64) { c.Get(k) }},
		{"GetOrLoad", 0, func(c *lru.Sharded[int64, int64], k int64) { _, _ = c.GetOrLoad(ctx, k, load) }},
		{"GetTTL", time.Hour, func(c *lru.Sharded[int64, int64], k int64) { c.Get(k) }},
	} {
		for _, n := range []int{small, 10_000, large, huge} {
			keys := make([]int64, max(1<<16, 1<<bits.Len(uint(n))))
			for i := range keys {
				keys[i] = int64(traces.Mix(uint64(traces.Uniform(uint64(i), uint64(n)))))
			}
			for _, shards := range []int{0, 16, 64, 256, 1024} {
				b.Run(fmt.Sprintf("op=%s/shards=%d/n=%d", op.name, shards, n), func(b *testing.B) {
					c := lru.NewSharded(2*n, lru.Options[int64, int64]{Shards: shards, TTL: op.ttl})
					for i := range uint64(n) {
						k := int64(traces.Mix(i))
						c.Put(k, k)
					}
					var goroutines atomic.Int64
					b.ResetTimer()
					b.RunParallel(func(pb *testing.PB) {
						for i := int(goroutines.Add(1)) * len(keys) / 8; pb.Next(); i++ {
							op.do(c, keys[i&(len(keys)-1)])
						}
					})
					b.ReportMetric(float64(c.Stats().Misses)/float64(b.N), "misses/op")
				})
			}
		}
	}
}

// TestHitsInShards: the hit ratios that the essay states. That a shard can be full while
// others are not costs few hits.
func TestHitsInShards(t *testing.T) {
	for shards, percent := range map[int]float64{1: 76.91, 256: 76.90, 1024: 76.85} {
		kind := caches.Kind{New: func(capacity int) caches.Cache {
			// The hash is the same in each run, so that the hits are.
			hash := func(k int64) uint64 { return traces.Mix(uint64(k)) }
			c := lru.NewSharded(capacity, lru.Options[int64, int64]{Shards: shards, Hash: hash})
			return caches.Cache{Get: c.Get, Put: func(k, v int64) { c.Put(k, v) }}
		}}
		assert.InDelta(t, percent, 100*hits(kind)/float64(len(zipf)), 0.03, "%d shards", shards)
	}
}
