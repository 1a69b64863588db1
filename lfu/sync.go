package lfu

import (
	"context"
	"iter"
	"time"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/seq"
)

// Sync is an LFU cache in strict order behind one mutex. It is safe for concurrent
// use. It is made by NewSync.
type Sync[K comparable, V any] struct {
	c cache.Sync[K, V]
}

// NewSync returns an empty cache for at most capacity entries. It panics as New
// does.
func NewSync[K comparable, V any](capacity int, opts ...Options[K, V]) *Sync[K, V] {
	c := new(Sync[K, V])
	c.c.Init(config("lfu.NewSync", capacity, opts))
	return c
}

// Get returns the value of k and counts a use of its entry; see Cache.Get. O(1)
// expected.
func (c *Sync[K, V]) Get(k K) (V, bool) { return c.c.Get(k) }

// Peek returns the value of k and leaves order, frequency and counts alone. O(1)
// expected, no allocation.
func (c *Sync[K, V]) Peek(k K) (V, bool) { return c.c.Peek(k) }

// Contains reports whether k has a live entry, as Peek does.
func (c *Sync[K, V]) Contains(k K) bool { return c.c.Contains(k) }

// Frequency returns how often the entry of k was used; see Cache.Frequency.
func (c *Sync[K, V]) Frequency(k K) (n uint64, ok bool) {
	c.c.Inspect(k, func(r cache.Rank, s uint32) { n, ok = frequency(r, s) })
	return n, ok
}

// Put gives k the value v, which is a use of its entry; see Cache.Put. A load of k
// that is under way is superseded: what it brings is not stored.
func (c *Sync[K, V]) Put(k K, v V) (evicted bool) { return c.c.Put(k, v) }

// PutTTL is Put for an entry that lives for ttl; see Cache.PutTTL.
func (c *Sync[K, V]) PutTTL(k K, v V, ttl time.Duration) (evicted bool) { return c.c.PutTTL(k, v, ttl) }

// GetOrPut returns the value of k and true, as Get does, or puts v and returns it
// and false, in one step: of many callers with one absent key, one stores.
func (c *Sync[K, V]) GetOrPut(k K, v V) (actual V, loaded bool) { return c.c.GetOrPut(k, v) }

// GetOrLoad returns the value of k, as Get does, or what load brings for it, and
// stores that. Of many callers that miss k at the same time one runs load and all
// wait for it. An error is returned to all of them and not stored.
//
// The context of a caller ends its own wait only; load gets the values of the
// first caller's context, but not its end or deadline, and goes on. If load
// panics, each caller panics with an error that wraps the value and shows the
// stack of load; if it calls runtime.Goexit, each caller's goroutine ends. load
// may use the cache, but must not load k itself: it would wait for itself.
//
// A Put, Delete or Clear of k while it is being loaded wins: the callers of this
// load still get what it brings, but it is not stored, and the next to miss k
// loads anew.
func (c *Sync[K, V]) GetOrLoad(ctx context.Context, k K, load func(context.Context, K) (V, error)) (V, error) {
	return c.c.GetOrLoad(ctx, k, load)
}

// Delete takes k out and returns the value that it had. A load of k that is under
// way is superseded: what it brings is not stored. O(1) expected.
func (c *Sync[K, V]) Delete(k K) (V, bool) { return c.c.Delete(k) }

// Clear takes all entries out and supersedes all loads that are under way. O(1), or
// O(n) with OnEvict.
func (c *Sync[K, V]) Clear() { c.c.Clear() }

// Resize sets another capacity and returns how many live entries had to leave; see
// Cache.Resize.
func (c *Sync[K, V]) Resize(capacity int) (evicted int, err error) { return c.c.Resize(capacity) }

// DeleteExpired takes out at most limit entries that have expired; see
// Cache.DeleteExpired.
func (c *Sync[K, V]) DeleteExpired(limit int) int { return c.c.DeleteExpired(limit) }

// LeastFrequent returns the least frequently used entry without using it; see
// Cache.LeastFrequent.
func (c *Sync[K, V]) LeastFrequent() (K, V, bool) { return c.c.Last(false) }

// PopLeastFrequent takes out the least frequently used entry and returns it.
func (c *Sync[K, V]) PopLeastFrequent() (K, V, bool) { return c.c.Last(true) }

// Len returns the number of live entries. It takes out those that have expired:
// O(1), amortised if entries expire.
func (c *Sync[K, V]) Len() int { return c.c.Len() }

// Cap returns the capacity. O(1).
func (c *Sync[K, V]) Cap() int { return c.c.Cap() }

// Cost returns the sum of the costs of the live entries.
func (c *Sync[K, V]) Cost() int64 { return c.c.Cost() }

// Stats returns the counts since NewSync, all of one moment. O(1).
func (c *Sync[K, V]) Stats() Stats { return statsOf(c.c.Stats()) }

// All yields the entries from the most to the least frequently used as they are
// when the loop begins; the loop may do anything with the cache. It copies them:
// O(n).
func (c *Sync[K, V]) All() iter.Seq2[K, V] { return c.c.All(false) }

// Backward yields what All does in reverse.
func (c *Sync[K, V]) Backward() iter.Seq2[K, V] { return c.c.All(true) }

// Keys yields the keys as All does.
func (c *Sync[K, V]) Keys() iter.Seq[K] { return seq.Keys(c.All()) }

// Values yields the values as All does.
func (c *Sync[K, V]) Values() iter.Seq[V] { return seq.Values(c.All()) }
