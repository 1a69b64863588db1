package lfu

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/option"
)

// Options are the settings of New, NewSync and NewSharded. The zero value is a
// cache with exact counts, without a time limit, bounded by its capacity alone.
type Options[K comparable, V any] struct {
	// Aging says how old uses are weighed against new ones. The default is Exact.
	Aging Aging

	// TTL is the life of an entry, counted from the Put that wrote it; a Get does
	// not prolong it. 0, the default, is for ever. PutTTL overrides it for one
	// entry. With a TTL every operation reads the clock.
	TTL time.Duration

	// MaxCost bounds the sum of the costs of the entries, beside their number.
	// 0, the default, is no bound. It needs Cost. In a Sharded each shard gets an
	// equal part.
	MaxCost int64

	// Cost weighs an entry; it must not be negative, which panics. It is called
	// once for each value that is put, with no lock held, before anything changes.
	Cost func(K, V) int64

	// OnEvict is called once for each value that leaves, after the operation that
	// made it leave is complete and its lock released, by the goroutine that ran
	// it; so it may use the cache. If it panics, the cache stays usable, and the
	// values that left in the same operation are still reported. Two operations
	// that run at the same time may report in either order.
	OnEvict func(K, V, Reason)

	// Hash is asked for the hash of every key; keys that are equal must hash
	// alike. The default is seeded anew for every cache, so that nobody can choose
	// keys that collide.
	Hash func(K) uint64

	// Now is the clock; the default is the monotonic one. A clock that goes back
	// stands still for the cache.
	Now func() time.Time

	// Shards is how many parts a Sharded has, rounded down to a power of two and
	// to two entries a part. The default is 16 for each processor (GOMAXPROCS),
	// but at least 64 entries a part. It is for NewSharded only.
	Shards int
}

// Aging is how a cache weighs old uses against new ones.
type Aging uint8

const (
	// Exact counts every use for as long as the entry stays: the entry with the
	// fewest leaves, of several the one that was used longest ago. The count ends
	// at the largest uint64. This is the LFU of the textbook, for a popularity that
	// does not change; what was popular once it keeps for ever.
	Exact Aging = iota

	// Dynamic is LFU with dynamic ageing (Arlitt and others, 2000): when an entry is
	// used, its priority becomes 1 + 4·(count-1), at most 15, above the floor, which
	// is the priority of the last entry that had to make room. The lowest priority
	// leaves, of several the one that was used longest ago. What is used no more
	// falls behind as the floor rises, however hot it was. The count ends at 15.
	Dynamic
)

// String returns the name of a in lower case. O(1).
func (a Aging) String() string {
	switch a {
	case Exact:
		return "exact"
	case Dynamic:
		return "dynamic"
	}
	return "Aging(" + strconv.Itoa(int(a)) + ")"
}

// rank returns what makes the rank for a.
func (a Aging) rank(fn string) cache.NewRank {
	switch a {
	case Exact:
		return newExact
	case Dynamic:
		return newDynamic
	}
	panic(fmt.Sprintf("%s: Aging must be Exact or Dynamic, got %v", fn, a))
}

// ErrCapacity is what the error of Resize wraps when the capacity is not at least
// 1 (for a Sharded: 2 a shard) and at most 4294967294.
var ErrCapacity = errors.New("lfu: capacity out of range")

// Reason says why a value left; lru and lfu share it. Its String method returns
// the name in lower case.
type Reason = cache.Reason

// The reasons. A value whose time was over leaves as Expired, whatever made the
// cache notice.
const (
	Capacity = cache.Capacity // made room: the cache held as many entries as it may
	Cost     = cache.Cost     // made room: the entries weighed more than MaxCost, or this one alone does
	Expired  = cache.Expired  // its time was over
	Deleted  = cache.Deleted  // taken out by Delete or PopLeastFrequent
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
		Func: fn, Capacity: capacity, ErrCapacity: ErrCapacity, Rank: o.Aging.rank(fn),
		TTL: o.TTL, MaxCost: o.MaxCost, Cost: o.Cost, OnEvict: o.OnEvict, Hash: o.Hash, Now: o.Now, Shards: o.Shards,
	}
}

// frequency is what Frequency returns of the entry in slot s of a cache with rank r.
func frequency(r cache.Rank, s uint32) (uint64, bool) {
	if s == 0 {
		return 0, false
	}
	return r.(interface{ Frequency(s uint32) uint64 }).Frequency(s), true
}
