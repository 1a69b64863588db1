package lru

import (
	"errors"
	"time"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/option"
)

// Options are the settings of New, NewSync and NewSharded. The zero value is a
// cache without a time limit, bounded by its capacity alone.
type Options[K comparable, V any] struct {
	// TTL is the life of an entry, counted from the Put that wrote it; a Get does
	// not prolong it. 0, the default, is for ever. PutTTL overrides it for one
	// entry. With a TTL every operation reads the clock.
	TTL time.Duration

	// MaxCost bounds the sum of the costs of the entries, beside their number.
	// 0, the default, is no bound. It needs Cost. In a Sharded each shard gets an
	// equal part, and what costs more than that is not stored.
	MaxCost int64

	// Cost weighs an entry; a negative cost panics. It is called once by each Put,
	// PutTTL, GetOrPut (which may not need the answer) and load, with no lock held,
	// before anything changes.
	Cost func(K, V) int64

	// OnEvict is called once for each value that leaves, after the operation that
	// made it leave is complete and its lock released, by the goroutine that ran
	// it; so it may use the cache. If it panics, the cache stays usable, and the
	// values that left in the same operation are still reported; a panic in a load
	// of GetOrLoad reaches the callers of that load. Two operations that run at the
	// same time may report in either order.
	OnEvict func(K, V, Reason)

	// Hash is asked for the hash of every key, with no lock held; keys that are
	// equal must hash alike. The default is seeded anew for every cache, so that nobody can choose
	// keys that collide.
	Hash func(K) uint64

	// Now is the clock, asked only while something can expire, with no lock held;
	// the default is the monotonic one. A clock that goes back stands still for the
	// cache.
	Now func() time.Time

	// Shards is how many parts a Sharded has, rounded down to a power of two, and
	// so that each has at least two entries and some part of MaxCost. The default is 16 for each processor (GOMAXPROCS),
	// but at least 64 entries a part. It is for NewSharded only.
	Shards int
}

// ErrCapacity is what the error of Resize wraps when the capacity is not at least
// 1 (for a Sharded: 2 a shard) and at most 4294967294.
var ErrCapacity = errors.New("lru: capacity out of range")

// Reason says why a value left; lru and lfu share it. Its String method returns
// the name in lower case.
type Reason = cache.Reason

// The reasons. A value whose time was over leaves as Expired, whatever made the
// cache notice.
const (
	Capacity = cache.Capacity // made room: the cache held as many entries as it may
	Cost     = cache.Cost     // made room: the entries weighed more than MaxCost, or this one alone does
	Expired  = cache.Expired  // its time was over
	Deleted  = cache.Deleted  // taken out by Delete or PopOldest
	Replaced = cache.Replaced // its key was given another value
	Cleared  = cache.Cleared  // taken out by Clear
)

// Stats counts what a cache has done since it was made.
type Stats struct {
	Hits   uint64 // Get, GetOrPut and GetOrLoad that found their key
	Misses uint64 // and those that did not
	Loads  uint64 // loaders that GetOrLoad ran and that brought a value
	// LoadErrors counts the loaders that failed: by an error, a panic or Goexit.
	LoadErrors uint64

	evicted [cache.Reasons]uint64
}

// Evicted returns how many values have left for the given reason. O(1).
func (s Stats) Evicted(r Reason) uint64 {
	if int(r) >= len(s.evicted) {
		return 0
	}
	return s.evicted[r]
}

func statsOf(s cache.Stats) Stats {
	return Stats{s.Hits, s.Misses, s.Loads, s.LoadErrors, s.Evicted}
}

// config turns the arguments of the constructor fn into those of cache.
func config[K comparable, V any](fn string, capacity int, opts []Options[K, V]) cache.Config[K, V] {
	o := option.One(fn, opts)
	return cache.Config[K, V]{
		Func: fn, Capacity: capacity, ErrCapacity: ErrCapacity,
		TTL: o.TTL, MaxCost: o.MaxCost, Cost: o.Cost, OnEvict: o.OnEvict, Hash: o.Hash, Now: o.Now, Shards: o.Shards,
	}
}
