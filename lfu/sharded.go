package lfu

import (
	"context"
	"iter"
	"sync"
	"time"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/seq"
)

// Sharded is an LFU cache in shards. Each shard is a strict LFU cache behind its own
// mutex, so that goroutines that use different keys rarely wait for each other. It is
// safe for concurrent use. It is made by [NewSharded].
//
// Two guarantees are weaker than those of a [Sync]. The order is strict only within a
// shard: the entry that is evicted is the least frequently used of its shard. And a shard
// may be full while others have room. The capacities of the shards add up to exactly the
// capacity of the cache, and each is at least 2 (unless that is less than 4).
type Sharded[K comparable, V any] struct {
	_    [0]sync.Mutex        // lets go vet report copies
	made *cache.Sharded[K, V] // nil in the zero value
}

// NewSharded returns an empty cache for at most capacity entries. It panics as [New]
// does.
func NewSharded[K comparable, V any](capacity int, opts ...Options[K, V]) *Sharded[K, V] {
	return &Sharded[K, V]{made: cache.NewSharded(config("lfu.NewSharded", capacity, opts))}
}

const unmadeSharded = "lfu: Sharded must be made by NewSharded"

// impl returns the cache itself, which all copies of c share. Get, Put and GetOrPut do
// not call it, so that they are small enough for the compiler to inline.
func (c *Sharded[K, V]) impl() *cache.Sharded[K, V] {
	if c.made == nil {
		panic(unmadeSharded)
	}
	return c.made
}

// Get returns the value of k and counts a use of its entry; see [Cache.Get]. O(1)
// expected.
func (c *Sharded[K, V]) Get(k K) (v V, ok bool) {
	if c.made == nil {
		panic(unmadeSharded)
	}
	v, ok = c.made.Get(k)
	return v, ok
}

// Peek returns the value of k and leaves order, frequency and counts alone. O(1)
// expected, no allocation.
func (c *Sharded[K, V]) Peek(k K) (V, bool) { return c.impl().Peek(k) }

// Contains reports whether k has a live entry, as Peek does.
func (c *Sharded[K, V]) Contains(k K) bool { return c.impl().Contains(k) }

// Frequency returns how often the entry of k was used; see [Cache.Frequency].
func (c *Sharded[K, V]) Frequency(k K) (n uint64, ok bool) {
	c.impl().Inspect(k, func(r cache.Rank, s uint32) { n, ok = frequency(r, s) })
	return n, ok
}

// Put gives k the value v, which is a use of its entry; see [Cache.Put]. If the shard is
// full, its least frequently used entry is evicted, even if other shards have room. A
// value that costs more than the shard's part of MaxCost is not stored: see
// [Options.MaxCost]. A load of k that is under way is superseded.
func (c *Sharded[K, V]) Put(k K, v V) (evicted bool) {
	if c.made == nil {
		panic(unmadeSharded)
	}
	return c.made.Put(k, v)
}

// PutTTL is Put for an entry that lives for ttl; see [Cache.PutTTL].
func (c *Sharded[K, V]) PutTTL(k K, v V, ttl time.Duration) (evicted bool) {
	return c.impl().PutTTL(k, v, ttl)
}

// GetOrPut returns the value of k and true, as Get does, or puts v and returns it and
// false, in one step: if many callers do so with one absent key, only one of them stores
// its value.
func (c *Sharded[K, V]) GetOrPut(k K, v V) (actual V, loaded bool) {
	if c.made == nil {
		panic(unmadeSharded)
	}
	actual, loaded = c.made.GetOrPut(k, v)
	return actual, loaded
}

// GetOrLoad returns the value of k, as Get does, or loads it and stores it, as Put does.
// If many callers miss k at the same time, one of them runs load and all wait for it. An
// error is returned to all of them and not stored.
//
// Cancelling a caller's context ends only that caller's wait; load runs with the
// first caller's context values, without its cancellation or deadline. A caller whose
// context has ended starts no load; it gets the value if there is one, or an error that is
// context.Cause(ctx). If load panics, each caller panics with an error
// that wraps the value and shows the stack of load; if it calls runtime.Goexit, each
// caller's goroutine ends.
//
// A Put, Delete or Clear of k while it is being loaded wins: the callers of this
// load still get its value, but it is not stored, and the next caller that misses k
// loads again.
//
// With [Options.Refresh], the value of an entry that is at least that old is returned at
// once, and loaded again in the background.
//
// A value that costs more than MaxCost (in a Sharded: than its shard's part of it) is
// returned and not stored, so that each later call loads it again.
//
// load should not call PutTTL(k, …) to choose the life of the value that it returns: that
// call supersedes the load, and may store a value that a Delete during the load has made
// out of date. [Options.Life] chooses the life of a loaded value.
//
// load may use the cache, but it must not load k: it would wait for itself. Two loads
// that need each other's key wait for each other, so a loader that loads other keys
// should do so with a context that ends. After Delete(k), or a Put, later callers no
// longer wait for a load of k that hangs.
func (c *Sharded[K, V]) GetOrLoad(ctx context.Context, k K, load func(context.Context, K) (V, error)) (V, error) {
	return c.impl().GetOrLoad(ctx, k, load)
}

// Touch gives the entry of k a life of ttl from now on, keeps its value, and reports
// whether k has a live entry. It is not a use. With a ttl of 0 or less the entry expires
// at once, and OnEvict gets it as Expired; the longest Duration means no expiry. O(1)
// expected; the first deadline of a cache without [Options.TTL] takes O(n), as in PutTTL.
func (c *Sharded[K, V]) Touch(k K, ttl time.Duration) bool { return c.impl().Touch(k, ttl) }

// Expiry returns how long the entry of k has left to live, and whether k has a live
// entry. No expiry is returned as the longest Duration. It is not a use. O(1) expected,
// no allocation.
func (c *Sharded[K, V]) Expiry(k K) (left time.Duration, ok bool) { return c.impl().Expiry(k) }

// GetOrLoadAll returns the values of keys, as Get does, and loads those that are absent
// by one call of load. It does not load a key that another call is already loading, but
// waits for that load. It stores the values that load returns, as Put does, and returns
// them. If load returns no value for a key, the key is absent from the result; that is no
// error. Values of keys that load was not asked for are dropped.
//
// The error is that of load, that of another call's load of one of the keys, or
// context.Cause(ctx). The values that were found are returned with it. A load that fails
// stores nothing. Contexts, panics, a Put or Delete during the load and [Options.Refresh]
// are treated as in GetOrLoad. If a GetOrLoad waits for load, and load returns no value
// for its key, that GetOrLoad runs its own loader. Stats counts each key. O(keys),
// expected.
func (c *Sharded[K, V]) GetOrLoadAll(ctx context.Context, keys []K, load func(context.Context, []K) (map[K]V, error)) (map[K]V, error) {
	return c.impl().GetOrLoadAll(ctx, keys, load)
}

// WaitLoads waits until every load that was under way when it was called has ended, and
// OnEvict has been called for the values that these loads evicted. It returns nil, or an
// error that is context.Cause(ctx) if ctx ends first. At shutdown, first stop the callers
// of GetOrLoad, then call WaitLoads, then close what the loaders use. A loader that calls
// WaitLoads waits for itself.
func (c *Sharded[K, V]) WaitLoads(ctx context.Context) error { return c.impl().WaitLoads(ctx) }

// Delete removes k and returns the value that it had. A load of k that is under
// way is superseded: its value is not stored. O(1) expected.
func (c *Sharded[K, V]) Delete(k K) (V, bool) { return c.impl().Delete(k) }

// Compute reads and changes the entry of k in one step. It calls f with the value of k
// and true, or with the zero value and false if k is absent. f returns a value, and an
// [Op] that says what to do with it. f can run more than once. Compute returns the
// entry's value afterwards and whether it is present; after Remove, and after Keep of an
// absent entry, that is the zero value and false.
//
// Update stores as Put does, with the life and the cost that a Put would give; Remove
// deletes as Delete does; Keep changes nothing, not even the order. Compute counts neither
// a hit nor a miss.
//
// f runs with no lock held, and its result counts only if nothing has written or deleted
// k meanwhile; otherwise f runs again. So f should have no side effects. It may use the
// cache, but must not write k: it would run without end. If f panics, Compute panics and
// has no effect. It panics if f returns an unknown Op. O(1) expected, amortised as Put
// is, in addition to f; one or two small allocations.
func (c *Sharded[K, V]) Compute(k K, f func(old V, loaded bool) (V, Op)) (value V, present bool) {
	return c.impl().Compute(k, f)
}

// DeleteFunc deletes the entries for which f returns true, and returns their number. f
// runs with no lock held and may use the cache. If a key gets a new value while f looks
// at the previous one, the new value stays. (A loop over All that calls Delete would
// delete it.) Entries are deleted in batches: f looks at up to 256 entries, then those
// that it chose are deleted. If f panics, earlier batches stay deleted. Entries that are
// put meanwhile may not be visited. O(n), and as much memory as All takes.
func (c *Sharded[K, V]) DeleteFunc(f func(K, V) bool) int { return c.impl().DeleteFunc(f) }

// Clear clears one shard after the other; an entry that is put meanwhile may stay.
func (c *Sharded[K, V]) Clear() { c.impl().Clear() }

// Resize divides a new capacity among the shards, whose number stays the same, and
// returns how many live entries were evicted; see [Cache.Resize]. It resizes one shard
// after the other. If two calls overlap, the second waits for the first.
func (c *Sharded[K, V]) Resize(capacity int) (evicted int, err error) {
	return c.impl().Resize(capacity)
}

// DeleteExpired removes at most limit entries that have expired, 256 at a time under the
// lock; see [Cache.DeleteExpired].
func (c *Sharded[K, V]) DeleteExpired(limit int) int { return c.impl().DeleteExpired(limit) }

// LeastFrequent returns the least frequently used entry of one shard without using
// it.
func (c *Sharded[K, V]) LeastFrequent() (K, V, bool) { return c.impl().Last(cache.Stays) }

// PopLeastFrequent removes the least frequently used entry of one shard and
// returns it. Calls take the shards in turn. It reports false only after it has
// found every shard empty.
func (c *Sharded[K, V]) PopLeastFrequent() (K, V, bool) { return c.impl().Last(cache.Leaves) }

// Len returns the number of live entries, counted shard by shard. While others write, it
// may be a number that was never true at one moment, but it never exceeds Cap. Len
// removes those that have expired, 256 at a time under a shard's lock. O(shards),
// amortised if entries expire.
func (c *Sharded[K, V]) Len() int { return c.impl().Len() }

// Cap returns the capacity, the sum over the shards. O(shards).
func (c *Sharded[K, V]) Cap() int { return c.impl().Cap() }

// Cost returns the sum of the costs of the live entries, as Len counts them.
func (c *Sharded[K, V]) Cost() int64 { return c.impl().Cost() }

// Stats returns the counts since NewSharded, shard by shard. O(shards).
func (c *Sharded[K, V]) Stats() Stats { return statsOf(c.impl().Stats()) }

// All yields the entries of one shard after the other, from the most to the least
// frequently used of each, as they are when the loop comes to the shard; the loop
// may do anything with the cache. It copies a shard at a time: O(n).
func (c *Sharded[K, V]) All() iter.Seq2[K, V] { return c.impl().All(cache.Forward) }

// Backward yields the entries of one shard after the other, from the least to the
// most frequently used of each, as All does.
func (c *Sharded[K, V]) Backward() iter.Seq2[K, V] { return c.impl().All(cache.Backward) }

// Keys yields the keys as All does.
func (c *Sharded[K, V]) Keys() iter.Seq[K] { return seq.Keys(c.All()) }

// Values yields the values as All does.
func (c *Sharded[K, V]) Values() iter.Seq[V] { return seq.Values(c.All()) }
