package lru

import (
	"iter"
	"time"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/seq"
)

// Cache is an LRU cache in strict order. It is made by New and is not safe for
// concurrent use, reads included, since a Get reorders; Sync and Sharded are.
type Cache[K comparable, V any] struct {
	c cache.Cache[K, V]
}

// New returns an empty cache for at most capacity entries. Memory is taken as
// entries come. It panics if capacity is not in 1..4294967294, on more than one
// Options, and on Options that contradict themselves.
func New[K comparable, V any](capacity int, opts ...Options[K, V]) *Cache[K, V] {
	c := new(Cache[K, V])
	c.c.Init(config("lru.New", capacity, opts))
	return c
}

// Get returns the value of k and makes its entry the newest. It counts a hit or a
// miss. O(1) expected, no allocation.
func (c *Cache[K, V]) Get(k K) (V, bool) { return c.c.Get(k) }

// Peek returns the value of k and leaves the order and the counts alone. O(1)
// expected, no allocation.
func (c *Cache[K, V]) Peek(k K) (V, bool) { return c.c.Peek(k) }

// Contains reports whether k has a live entry, as Peek does.
func (c *Cache[K, V]) Contains(k K) bool { return c.c.Contains(k) }

// Put gives k the value v, for the life of Options.TTL, and makes its entry the
// newest. It reports whether an entry that was still alive had to leave to make
// room; for v itself it reports that too, if v costs more than MaxCost: v is not
// stored then, and what k had before leaves as well. A Put also takes out up to
// two entries that have expired. O(1) expected; amortised while the cache fills,
// since its memory grows, and under MaxCost, where one heavy entry can take the
// room of many. At capacity it does not allocate.
//
// Entries that have expired make room first: exactly, if their life is Options.TTL;
// with PutTTL as far as a constant number of steps finds them.
func (c *Cache[K, V]) Put(k K, v V) (evicted bool) { return c.c.Put(k, v) }

// PutTTL is Put for an entry that lives for ttl, whatever Options.TTL says. With a
// ttl of 0 or less the value is over already: it leaves at once, as Expired. For
// ever is the longest Duration.
func (c *Cache[K, V]) PutTTL(k K, v V, ttl time.Duration) (evicted bool) {
	return c.c.PutTTL(k, v, ttl)
}

// GetOrPut returns the value of k and true, as Get does, or puts v, as Put does, and
// returns it and false. O(1) expected; amortised as Put is.
func (c *Cache[K, V]) GetOrPut(k K, v V) (actual V, loaded bool) { return c.c.GetOrPut(k, v) }

// Delete takes k out and returns the value that it had. O(1) expected.
func (c *Cache[K, V]) Delete(k K) (V, bool) { return c.c.Delete(k) }

// Clear takes all entries out and gives their memory back. The counts stay. O(1),
// or O(n) with OnEvict.
func (c *Cache[K, V]) Clear() { c.c.Clear() }

// Resize sets another capacity and returns how many live entries had to leave,
// the oldest first. A smaller capacity gives memory back. An error, which wraps
// ErrCapacity, changes nothing. O(n) if the capacity shrinks, else O(1).
func (c *Cache[K, V]) Resize(capacity int) (evicted int, err error) { return c.c.Resize(capacity) }

// DeleteExpired takes out at most limit entries that have expired, all of them if
// limit is below 1, and returns their number. Nobody has to call it: an expired
// entry is never returned, never counted by Len, and each Put takes out two, before
// it lets a live one go. It is for a program that wants the memory, or OnEvict,
// sooner than the next Put or Len. O(1) amortised for each entry.
func (c *Cache[K, V]) DeleteExpired(limit int) int { return c.c.DeleteExpired(limit) }

// Oldest returns the least recently used entry, the next to leave, without using
// it. O(1); amortised if entries expire.
func (c *Cache[K, V]) Oldest() (K, V, bool) { return c.c.Last(false) }

// PopOldest takes out the least recently used entry and returns it. O(1); amortised
// if entries expire.
func (c *Cache[K, V]) PopOldest() (K, V, bool) { return c.c.Last(true) }

// Len returns the number of live entries. It takes out those that have expired:
// O(1), amortised if entries expire.
func (c *Cache[K, V]) Len() int { return c.c.Len() }

// Cap returns the capacity. O(1).
func (c *Cache[K, V]) Cap() int { return c.c.Cap() }

// Cost returns the sum of the costs of the live entries; 0 without Options.Cost.
// O(1), amortised if entries expire.
func (c *Cache[K, V]) Cost() int64 { return c.c.Cost() }

// Stats returns the counts since New. O(1).
func (c *Cache[K, V]) Stats() Stats { return statsOf(c.c.Stats()) }

// All yields the entries from the newest to the oldest, without using them. The
// loop may change the cache: entries that leave before their turn are not
// yielded, entries that are used or put are moved to the front, behind the loop,
// and not met (again). O(1) a step.
func (c *Cache[K, V]) All() iter.Seq2[K, V] { return c.c.All(false) }

// Backward yields the entries from the oldest to the newest, without using them.
// The loop may change the cache: entries that leave before their turn are not
// yielded, entries that are used or put move ahead of the loop, which may meet them
// (again). It ends after as many entries as there were at its beginning, or when
// Clear has taken them out. O(1) a step.
func (c *Cache[K, V]) Backward() iter.Seq2[K, V] { return c.c.All(true) }

// Keys yields the keys as All does.
func (c *Cache[K, V]) Keys() iter.Seq[K] { return seq.Keys(c.All()) }

// Values yields the values as All does.
func (c *Cache[K, V]) Values() iter.Seq[V] { return seq.Values(c.All()) }
