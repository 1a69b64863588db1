package lfu

import (
	"context"
	"iter"
	"time"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/seq"
)

// Sharded is an LFU cache in parts, each a strict LFU cache behind a mutex of its
// own, so that goroutines that use different keys seldom meet. It is safe for
// concurrent use. It is made by NewSharded.
//
// What is weaker than in a Sync: the order is strict within a shard only, so that
// the entry that leaves is the least frequently used of its shard; and a shard may
// be full while others have room. The capacities of the shards add up to the whole
// exactly, and each is at least 2 (unless the whole is less than 4).
type Sharded[K comparable, V any] struct {
	c cache.Sharded[K, V]
}

// NewSharded returns an empty cache for at most capacity entries. It panics as New
// does.
func NewSharded[K comparable, V any](capacity int, opts ...Options[K, V]) *Sharded[K, V] {
	c := new(Sharded[K, V])
	c.c.Init(config("lfu.NewSharded", capacity, opts))
	return c
}

// Get returns the value of k and counts a use of its entry; see Cache.Get. O(1)
// expected.
func (c *Sharded[K, V]) Get(k K) (V, bool) { return c.c.Get(k) }

// Peek returns the value of k and leaves order, frequency and counts alone. O(1)
// expected, no allocation.
func (c *Sharded[K, V]) Peek(k K) (V, bool) { return c.c.Peek(k) }

// Contains reports whether k has a live entry, as Peek does.
func (c *Sharded[K, V]) Contains(k K) bool { return c.c.Contains(k) }

// Frequency returns how often the entry of k was used; see Cache.Frequency.
func (c *Sharded[K, V]) Frequency(k K) (n uint64, ok bool) {
	c.c.Inspect(k, func(r cache.Rank, s uint32) { n, ok = frequency(r, s) })
	return n, ok
}

// Put gives k the value v, which is a use of its entry; see Cache.Put. If the
// shard is full its least frequently used entry leaves, though other shards may
// have room. A value that costs more than the shard's part of MaxCost is not
// stored. A load of k that is under way is superseded.
func (c *Sharded[K, V]) Put(k K, v V) (evicted bool) { return c.c.Put(k, v) }

// PutTTL is Put for an entry that lives for ttl; see Cache.PutTTL.
func (c *Sharded[K, V]) PutTTL(k K, v V, ttl time.Duration) (evicted bool) {
	return c.c.PutTTL(k, v, ttl)
}

// GetOrPut returns the value of k and true, as Get does, or puts v and returns it
// and false, in one step: of many callers with one absent key, one stores.
func (c *Sharded[K, V]) GetOrPut(k K, v V) (actual V, loaded bool) { return c.c.GetOrPut(k, v) }

// GetOrLoad returns the value of k or what load brings for it, one load a key at a
// time; see Sync.GetOrLoad, which differs in nothing.
func (c *Sharded[K, V]) GetOrLoad(ctx context.Context, k K, load func(context.Context, K) (V, error)) (V, error) {
	return c.c.GetOrLoad(ctx, k, load)
}

// Delete takes k out and returns the value that it had. A load of k that is under
// way is superseded: what it brings is not stored. O(1) expected.
func (c *Sharded[K, V]) Delete(k K) (V, bool) { return c.c.Delete(k) }

// Clear clears one shard after the other; an entry that is put meanwhile may stay.
func (c *Sharded[K, V]) Clear() { c.c.Clear() }

// Resize divides another capacity among the shards, whose number stays, and
// returns how many live entries had to leave. It resizes one shard after the
// other. See Cache.Resize.
func (c *Sharded[K, V]) Resize(capacity int) (evicted int, err error) { return c.c.Resize(capacity) }

// DeleteExpired takes out at most limit entries that have expired; see
// Cache.DeleteExpired.
func (c *Sharded[K, V]) DeleteExpired(limit int) int { return c.c.DeleteExpired(limit) }

// LeastFrequent returns the least frequently used entry of one shard without using
// it.
func (c *Sharded[K, V]) LeastFrequent() (K, V, bool) { return c.c.Last(false) }

// PopLeastFrequent takes out the least frequently used entry of one shard and
// returns it. Calls take the shards in turn. It reports false only after it has
// found every shard empty.
func (c *Sharded[K, V]) PopLeastFrequent() (K, V, bool) { return c.c.Last(true) }

// Len returns the number of live entries, shard by shard: what it returns while
// others write may never have been true at one moment, but never exceeds Cap.
// O(shards), amortised if entries expire.
func (c *Sharded[K, V]) Len() int { return c.c.Len() }

// Cap returns the capacity, the sum over the shards. O(shards).
func (c *Sharded[K, V]) Cap() int { return c.c.Cap() }

// Cost returns the sum of the costs of the live entries, as Len counts them.
func (c *Sharded[K, V]) Cost() int64 { return c.c.Cost() }

// Stats returns the counts since NewSharded, shard by shard. O(shards).
func (c *Sharded[K, V]) Stats() Stats { return statsOf(c.c.Stats()) }

// All yields the entries of one shard after the other, from the most to the least
// frequently used of each, as they are when the loop comes to the shard; the loop
// may do anything with the cache. It copies a shard at a time: O(n).
func (c *Sharded[K, V]) All() iter.Seq2[K, V] { return c.c.All(false) }

// Backward yields the entries of one shard after the other, from the least to the
// most frequently used of each, as All does.
func (c *Sharded[K, V]) Backward() iter.Seq2[K, V] { return c.c.All(true) }

// Keys yields the keys as All does.
func (c *Sharded[K, V]) Keys() iter.Seq[K] { return seq.Keys(c.All()) }

// Values yields the values as All does.
func (c *Sharded[K, V]) Values() iter.Seq[V] { return seq.Values(c.All()) }
