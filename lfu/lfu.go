package lfu

import (
	"iter"
	"sync"
	"time"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/seq"
)

// Cache is an LFU cache in strict order. It is made by New and is not safe for
// concurrent use, reads included, since a Get counts; Sync and Sharded are.
type Cache[K comparable, V any] struct {
	_    [0]sync.Mutex      // lets go vet report copies
	made *cache.Cache[K, V] // nil in the zero value
}

// New returns an empty cache for at most capacity entries. Memory is taken as
// entries come. It panics if capacity is not in 1..4294967294, on more than one
// Options, and on Options that contradict themselves.
func New[K comparable, V any](capacity int, opts ...Options[K, V]) *Cache[K, V] {
	return &Cache[K, V]{made: cache.New(config("lfu.New", capacity, opts))}
}

const unmadeCache = "lfu: Cache must be made by New"

// impl returns the cache itself, which all copies of c share. Get, Put and
// GetOrPut do without it, to be small enough for the compiler to inline them.
func (c *Cache[K, V]) impl() *cache.Cache[K, V] {
	if c.made == nil {
		panic(unmadeCache)
	}
	return c.made
}

// Get returns the value of k and counts a use of its entry. Stats counts a hit or
// a miss. O(1) expected, no allocation; but with Exact a cache takes 1 KiB for each
// 64 different counts that it has at one time beyond those it ever had before.
func (c *Cache[K, V]) Get(k K) (v V, ok bool) {
	if c.made == nil {
		panic(unmadeCache)
	}
	v, ok = c.made.Get(k)
	return v, ok
}

// Peek returns the value of k and leaves order, frequency and counts alone. O(1)
// expected, no allocation.
func (c *Cache[K, V]) Peek(k K) (V, bool) { return c.impl().Peek(k) }

// Contains reports whether k has a live entry, as Peek does.
func (c *Cache[K, V]) Contains(k K) bool { return c.impl().Contains(k) }

// Frequency returns how often the entry of k was used, its first Put included, up
// to the largest uint64 (Exact) or 15 (Dynamic, TinyLFU), and false if k is absent.
// It is not a use. O(1) expected, no allocation.
func (c *Cache[K, V]) Frequency(k K) (n uint64, ok bool) {
	c.impl().Inspect(k, func(r cache.Rank, s uint32) { n, ok = frequency(r, s) })
	return n, ok
}

// Put gives k the value v, for the life of Options.TTL. A new entry has been used
// once; a new value for a key that has a live entry is one more use of it. Put
// reports whether a live entry was evicted for it: the least frequently used one
// before the new one is counted. If v alone costs more than MaxCost, it is not
// stored, which counts as evicted too, and the value that k had before leaves as
// well. A Put also removes up to two entries that have expired. O(1) expected;
// amortised while the cache grows to its capacity (a call that grows it moves all
// entries), and under MaxCost, where one heavy entry can evict many. At capacity it
// does not allocate, except as Get does with Exact.
//
// Expired entries leave before live ones are evicted: always, if their life is
// Options.TTL; with PutTTL as far as a constant number of steps finds them.
func (c *Cache[K, V]) Put(k K, v V) (evicted bool) {
	if c.made == nil {
		panic(unmadeCache)
	}
	return c.made.Put(k, v)
}

// PutTTL is Put for an entry that lives for ttl, whatever Options.TTL says. With a
// ttl of 0 or less the value has already expired: it leaves at once, as Expired. The
// longest Duration means no expiry. The first deadline of a cache without Options.TTL
// reserves memory for one deadline per entry: O(n), once.
func (c *Cache[K, V]) PutTTL(k K, v V, ttl time.Duration) (evicted bool) {
	return c.impl().PutTTL(k, v, ttl)
}

// GetOrPut returns the value of k and true, as Get does, or puts v and returns it
// and false.
func (c *Cache[K, V]) GetOrPut(k K, v V) (actual V, loaded bool) {
	if c.made == nil {
		panic(unmadeCache)
	}
	actual, loaded = c.made.GetOrPut(k, v)
	return actual, loaded
}

// Touch gives the entry of k a life of ttl from now on, keeps its value, and reports
// whether k has a live entry. It is not a use. With a ttl of 0 or less the entry expires
// at once, and OnEvict gets it as Expired; the longest Duration means no expiry. O(1)
// expected; the first deadline of a cache without Options.TTL takes O(n), as in PutTTL.
func (c *Cache[K, V]) Touch(k K, ttl time.Duration) bool { return c.impl().Touch(k, ttl) }

// Expiry returns how long the entry of k has left to live, and whether k has a live
// entry. No expiry is returned as the longest Duration. It is not a use. O(1) expected,
// no allocation.
func (c *Cache[K, V]) Expiry(k K) (left time.Duration, ok bool) { return c.impl().Expiry(k) }

// Delete removes k and returns the value that it had. Its count is forgotten.
// O(1) expected.
func (c *Cache[K, V]) Delete(k K) (V, bool) { return c.impl().Delete(k) }

// Compute replaces the entry of k by what f makes of it, in one step: f gets the value of
// k, or the zero value and false, and says what to do with the value that it returns. Compute
// returns the entry's value afterwards and whether it is present; after Remove, and after
// Keep of an absent entry, that is the zero value and false.
//
// Update stores as Put does, with the life and the cost that a Put would give; Remove
// deletes as Delete does; Keep changes nothing, not even the order. Compute counts neither
// a hit nor a miss.
//
// f may use the cache; what it does to k itself is overwritten by Update and Remove. If f
// panics, Compute panics and has no effect. It panics if f returns another Op. O(1)
// expected, amortised as Put is, in addition to f.
func (c *Cache[K, V]) Compute(k K, f func(old V, loaded bool) (V, Op)) (value V, present bool) {
	return c.impl().Compute(k, f)
}

// DeleteFunc deletes the entries for which f returns true, in the order of All, and returns
// their number. f may use the cache, as the body of a loop over All may; if it panics, the
// entries deleted before stay deleted. A NaN key is never found, and so not deleted. O(n).
func (c *Cache[K, V]) DeleteFunc(f func(K, V) bool) int { return c.impl().DeleteFunc(f) }

// Clear removes all entries, forgets their counts, and gives their memory back. Stats
// stays. O(1), or O(n) with OnEvict or if entries have expired.
func (c *Cache[K, V]) Clear() { c.impl().Clear() }

// Resize sets another capacity and returns how many live entries were evicted, the
// least frequently used first. Where entries must leave, those that have expired do
// so first. A smaller capacity gives memory back. An error, which wraps ErrCapacity,
// changes nothing. O(n) if the capacity shrinks, else O(1).
func (c *Cache[K, V]) Resize(capacity int) (evicted int, err error) { return c.impl().Resize(capacity) }

// DeleteExpired removes at most limit entries that have expired, all of them if limit
// is below 1, and returns their number. No program has to call it: an expired entry
// is never returned, never counted by Len, and each Put removes two, before it
// evicts a live one. It is for a program that needs the memory, or the call of
// OnEvict, sooner than the next Put or Len. O(1) amortised for each entry.
func (c *Cache[K, V]) DeleteExpired(limit int) int { return c.impl().DeleteExpired(limit) }

// LeastFrequent returns the least frequently used entry, the next to leave,
// without using it; of several, the one that was used longest ago. With Dynamic
// it is the one of the lowest priority, with TinyLFU often the last that was not
// admitted. O(1); amortised if entries expire.
func (c *Cache[K, V]) LeastFrequent() (K, V, bool) { return c.impl().Last(cache.Stays) }

// PopLeastFrequent removes the least frequently used entry and returns it. O(1);
// amortised if entries expire.
func (c *Cache[K, V]) PopLeastFrequent() (K, V, bool) { return c.impl().Last(cache.Leaves) }

// Len returns the number of live entries. It removes those that have expired:
// O(1), amortised if entries expire.
func (c *Cache[K, V]) Len() int { return c.impl().Len() }

// Cap returns the capacity. O(1).
func (c *Cache[K, V]) Cap() int { return c.impl().Cap() }

// Cost returns the sum of the costs of the live entries; 0 without Options.Cost.
// O(1), amortised if entries expire.
func (c *Cache[K, V]) Cost() int64 { return c.impl().Cost() }

// Stats returns the counts since New. O(1).
func (c *Cache[K, V]) Stats() Stats { return statsOf(c.impl().Stats()) }

// All yields the entries from the most to the least frequently used, of those
// with one count the last used first, without using them; with TinyLFU those of the
// window come before all others. The loop may change the cache: entries that leave
// before their turn are not yielded; an entry that is used before its turn moves
// towards the front and, if it passes the loop, is not met. O(1) a step.
func (c *Cache[K, V]) All() iter.Seq2[K, V] { return c.impl().All(cache.Forward) }

// Backward yields the entries from the least to the most frequently used, in the
// order in which they would leave, without using them. The loop may change the
// cache: entries that leave before their turn are not yielded, entries that are
// used move ahead of the loop; it ends after as many entries as there were at its
// beginning. O(1) a step.
func (c *Cache[K, V]) Backward() iter.Seq2[K, V] { return c.impl().All(cache.Backward) }

// Keys yields the keys as All does.
func (c *Cache[K, V]) Keys() iter.Seq[K] { return seq.Keys(c.All()) }

// Values yields the values as All does.
func (c *Cache[K, V]) Values() iter.Seq[V] { return seq.Values(c.All()) }
