package lfu

import (
	"iter"
	"sync"
	"time"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/seq"
)

// Cache is an LFU cache in strict order. It is made by [New]. It is not safe for
// concurrent use, even for reads, since a Get counts; [Sync] and [Sharded] are.
type Cache[K comparable, V any] struct {
	_    [0]sync.Mutex      // lets go vet report copies
	made *cache.Cache[K, V] // nil in the zero value
}

// New returns an empty cache for at most capacity entries. Memory is allocated as entries
// are added. New panics if capacity is not in 1..4294967294, on more than one Options,
// and on Options that contradict themselves.
func New[K comparable, V any](capacity int, opts ...Options[K, V]) *Cache[K, V] {
	return &Cache[K, V]{made: cache.New(config("lfu.New", capacity, opts))}
}

const unmadeCache = "lfu: Cache must be made by New"

// impl returns the cache itself, which all copies of c share. Get, Put and GetOrPut do
// not call it, so that they are small enough for the compiler to inline.
func (c *Cache[K, V]) impl() *cache.Cache[K, V] {
	if c.made == nil {
		panic(unmadeCache)
	}
	return c.made
}

// Get returns the value of k and counts a use of its entry. Stats counts a hit or a miss.
// O(1) expected, no allocation; but with Exact a cache allocates 1 KiB for each 64
// different counts that it has at one time beyond the most it ever had.
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

// PeekAll looks up all keys as Peek does. It stores the value of keys[i], or the zero
// value, in values[i], and whether there is one in found[i], and returns how many there
// are. It panics if values or found is shorter than keys. O(n) expected for n keys, no
// allocation. In a cache that is larger than the processor's, this is faster than n calls
// of Peek, since the processor waits for the memory of 16 keys at once. Only Cache has
// it: under a lock, others would wait for all n.
func (c *Cache[K, V]) PeekAll(keys []K, values []V, found []bool) int {
	return c.impl().PeekAll(keys, values, found)
}

// Contains reports whether k has a live entry, as Peek does.
func (c *Cache[K, V]) Contains(k K) bool { return c.impl().Contains(k) }

// Frequency returns how often the entry of k was used, its first Put included, up
// to the largest uint64 (Exact) or 15 (Dynamic, TinyLFU), and false if k is absent.
// It is not a use. O(1) expected, no allocation.
func (c *Cache[K, V]) Frequency(k K) (n uint64, ok bool) {
	c.impl().Inspect(k, func(r cache.Rank, s uint32) { n, ok = frequency(r, s) })
	return n, ok
}

// Put gives k the value v, for the life of [Options.TTL]. A new entry has been used once;
// a new value for a key that has a live entry is one more use of it. Put reports whether
// a live entry was evicted for it: the least frequently used one, not counting the new
// one. If v alone costs more than [Options.MaxCost], it is not stored, the previous value
// of k is removed, and Put reports true. A Put also removes up to two entries that have
// expired. O(1) expected; amortised while the cache grows to its capacity (a call that
// grows it moves all entries), and under MaxCost, where one heavy entry can evict many.
// At capacity it does not allocate, except as Get does with Exact.
//
// Expired entries are removed before live ones are evicted: always, if their life is
// Options.TTL; with PutTTL, as many as a constant number of steps finds.
func (c *Cache[K, V]) Put(k K, v V) (evicted bool) {
	if c.made == nil {
		panic(unmadeCache)
	}
	return c.made.Put(k, v)
}

// PutTTL is Put for an entry that lives for ttl, whatever [Options.TTL] says. With a ttl
// of 0 or less the value has already expired: it leaves at once, as Expired. The longest
// Duration means no expiry. The first deadline of a cache without Options.TTL reserves
// memory for one deadline per entry: O(n), once.
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
// expected; the first deadline of a cache without [Options.TTL] takes O(n), as in PutTTL.
func (c *Cache[K, V]) Touch(k K, ttl time.Duration) bool { return c.impl().Touch(k, ttl) }

// Expiry returns how long the entry of k has left to live, and whether k has a live
// entry. No expiry is returned as the longest Duration. It is not a use. O(1) expected,
// no allocation.
func (c *Cache[K, V]) Expiry(k K) (left time.Duration, ok bool) { return c.impl().Expiry(k) }

// Delete removes k and returns the value that it had. Its count is forgotten.
// O(1) expected.
func (c *Cache[K, V]) Delete(k K) (V, bool) { return c.impl().Delete(k) }

// Compute reads and changes the entry of k in one step. It calls f with the value of k
// and true, or with the zero value and false if k is absent. f returns a value, and an
// [Op] that says what to do with it. Compute returns the entry's value afterwards and
// whether it is present; after Remove, and after Keep of an absent entry, that is the
// zero value and false.
//
// Update stores as Put does, with the life and the cost that a Put would give; Remove
// deletes as Delete does; Keep changes nothing, not even the order. Compute counts neither
// a hit nor a miss.
//
// f may use the cache; what it does to k itself is overwritten by Update and Remove. If f
// panics, Compute panics and has no effect. It panics if f returns an unknown Op. O(1)
// expected, amortised as Put is, in addition to f.
func (c *Cache[K, V]) Compute(k K, f func(old V, loaded bool) (V, Op)) (value V, present bool) {
	return c.impl().Compute(k, f)
}

// DeleteFunc deletes the entries for which f returns true, in the order of All, and
// returns their number. f may use the cache, as the body of a loop over [Cache.All] may.
// If f panics, the entries that were deleted before stay deleted. A NaN key is never
// found, and so not deleted. O(n).
func (c *Cache[K, V]) DeleteFunc(f func(K, V) bool) int { return c.impl().DeleteFunc(f) }

// Clear removes all entries, forgets how often they were used, and releases their memory.
// The counts of Stats stay. O(1), or O(n) with OnEvict or if entries have expired.
func (c *Cache[K, V]) Clear() { c.impl().Clear() }

// Resize sets a new capacity and returns how many live entries were evicted, the least
// frequently used first. If entries must be removed, the expired ones are removed first.
// A smaller capacity releases memory. On an error, which wraps [ErrCapacity], nothing
// changes. O(n) if the capacity shrinks, else O(1).
func (c *Cache[K, V]) Resize(capacity int) (evicted int, err error) { return c.impl().Resize(capacity) }

// DeleteExpired removes at most limit entries that have expired, or all of them if limit
// is less than 1, and returns their number. No program has to call it: an expired entry
// is never returned, never counted by Len, and each Put removes up to two before it
// evicts a live one. It is for a program that needs the memory, or the call of OnEvict,
// sooner than the next Put or Len. O(1) amortised for each entry.
func (c *Cache[K, V]) DeleteExpired(limit int) int { return c.impl().DeleteExpired(limit) }

// LeastFrequent returns the least frequently used entry, the next to be evicted, without
// using it; of several, the one that was used longest ago. With Dynamic it is the entry
// with the lowest priority; with TinyLFU it is the last entry of the window, if that would
// not be admitted, and otherwise the last of the order. O(1); amortised if entries expire.
func (c *Cache[K, V]) LeastFrequent() (K, V, bool) { return c.impl().Last(cache.Stays) }

// PopLeastFrequent removes the least frequently used entry and returns it. O(1);
// amortised if entries expire.
func (c *Cache[K, V]) PopLeastFrequent() (K, V, bool) { return c.impl().Last(cache.Leaves) }

// Len returns the number of live entries. It removes those that have expired:
// O(1), amortised if entries expire.
func (c *Cache[K, V]) Len() int { return c.impl().Len() }

// Cap returns the capacity. O(1).
func (c *Cache[K, V]) Cap() int { return c.impl().Cap() }

// Cost returns the sum of the costs of the live entries; 0 without [Options.Cost]. O(1),
// amortised if entries expire.
func (c *Cache[K, V]) Cost() int64 { return c.impl().Cost() }

// Stats returns the counts since New. O(1).
func (c *Cache[K, V]) Stats() Stats { return statsOf(c.impl().Stats()) }

// All yields the entries from the most to the least frequently used, without using them.
// Of entries with the same count, the last used comes first; with TinyLFU those of the
// window come before all others. The loop may change the cache. An entry that leaves
// before the loop reaches it is not yielded. An entry that is used before the loop
// reaches it moves towards the front and, if it passes the loop, is not yielded. O(1) per
// step.
func (c *Cache[K, V]) All() iter.Seq2[K, V] { return c.impl().All(cache.Forward) }

// Backward yields the entries from the least to the most frequently used, in the order in
// which they would be evicted, without using them; with TinyLFU it begins with the main
// part, and the next victim is that of LeastFrequent. The loop may change the cache. An
// entry that leaves before the loop reaches it is not yielded. An entry that is used
// moves ahead of the loop. The loop ends after as many entries as there were when it
// began. O(1) per step.
func (c *Cache[K, V]) Backward() iter.Seq2[K, V] { return c.impl().All(cache.Backward) }

// Keys yields the keys as All does.
func (c *Cache[K, V]) Keys() iter.Seq[K] { return seq.Keys(c.All()) }

// Values yields the values as All does.
func (c *Cache[K, V]) Values() iter.Seq[V] { return seq.Values(c.All()) }
