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

	// TTL is the life of an entry, counted from the Put that wrote it; a Get does not
	// extend it, unless Sliding is set. 0, the default, means no expiry. PutTTL and Touch
	// override it for one entry. With a TTL every operation reads the clock.
	TTL time.Duration

	// Sliding makes each use extend a life: when a Get, GetOrPut or GetOrLoad finds an
	// entry, the entry's life begins again, whether it is from TTL, Life, PutTTL or Touch.
	// So an entry that is used often enough never expires. The default, false, counts a life
	// from the Put. Sliding takes 8 bytes per entry, and a use moves one deadline: O(1).
	Sliding bool

	// Refresh is an age, counted from the Put. When a GetOrLoad finds an entry of at least
	// this age, it returns the value at once, and also loads the key again. The load runs in
	// a goroutine that ends with it, one for each key at a time; the new value is stored as
	// by Put. If the load fails, LoadErrors counts it, the value stays until its life ends,
	// and the next GetOrLoad tries again; a panic is raised only in callers that wait for
	// the load. A Put, Delete or Clear during the load wins over it. 0, the default, means
	// that only absent keys are loaded. It takes 24 bytes per entry (8 if entries can expire
	// anyway) and is for NewSync and NewSharded only.
	Refresh time.Duration

	// MaxCost bounds the sum of the costs of the entries, in addition to their number. 0,
	// the default, means no bound. It needs Cost. A heavy entry evicts others in the usual
	// order until it fits. Entries of cost 0 are evicted too, although that frees nothing.
	//
	// In a Sharded each shard gets an equal part of MaxCost, and a value that costs more
	// than that part is not stored. With the default number of shards, the part is at least
	// MaxCost/16. Set Shards to a smaller number for larger values.
	MaxCost int64

	// Cost returns the cost of an entry, in any unit; a negative cost panics. It is called
	// once by each Put, PutTTL, GetOrPut (even if it then finds a value) and load, with no
	// lock held, before anything changes.
	Cost func(K, V) int64

	// Life returns the life of an entry from its key and value, in place of TTL, with which
	// it cannot be set together. It is called once for each Put, each GetOrPut (even if it
	// then finds a value), each Compute that stores and each value that a loader returned,
	// with no lock held, before anything changes; PutTTL does not call it. Its result means
	// what the ttl of PutTTL means: with 0 or less the value is not stored, and leaves as
	// Expired; the longest Duration means no expiry.
	Life func(K, V) time.Duration

	// OnEvict is called once for each value that leaves: evicted, expired, deleted, replaced
	// or cleared. The goroutine that ran the operation calls it, after the operation is
	// complete and its lock released; so it may use the cache. Two operations that run at
	// the same time may report in either order.
	//
	// If OnEvict panics or calls runtime.Goexit, the cache stays usable. OnEvict is still
	// called for the other values that left in the same operation, by another goroutine;
	// then the first panic or Goexit continues, and later ones are dropped. A panic in a
	// load of GetOrLoad reaches the callers of that load.
	//
	// A Put in OnEvict may evict another entry, for which OnEvict is called within
	// the first call. So an OnEvict that puts every evicted entry back into a full
	// cache never ends, and overflows the stack.
	OnEvict func(K, V, Reason)

	// Hash returns the hash of a key; keys that are equal must have equal hashes. It is
	// called with no lock held. The default is seeded for each cache, so that an
	// attacker cannot choose keys that collide.
	Hash func(K) uint64

	// Seed, if it is not 0, replaces the random seed of the hash. Caches with one Seed that
	// see the same calls then evict the same entries, with TinyLFU and in a Sharded too. It
	// is for simulations and tests: an attacker who knows the Seed can choose keys that
	// collide. It covers integers, strings of up to 64 bytes and, with Hash, all keys.
	Seed uint64

	// Now is the clock. It is called by the constructor and, once anything can expire, by
	// each operation, with no lock held. The default is the machine's monotonic clock, which
	// setting the wall clock does not move. It stands still while the machine sleeps: a life
	// of an hour is an hour of running time. For lives that include sleep, use the wall
	// clock:
	//
	//	Now: func() time.Time { return time.Now().Round(0) }
	//
	// If the clock goes backwards, the cache keeps the latest time that it has read, and
	// nothing expires until the clock has passed it. So after one reading far in the future,
	// all entries that can expire have expired, and an entry that is put later stays until
	// the clock has passed that reading by the entry's life. A clock that returns the zero
	// time until it is set begins when it is set.
	//
	// Use a cache either inside a testing/synctest bubble or outside of one, not both: the
	// default clock jumps between the two.
	Now func() time.Time

	// Shards is the number of shards of a Sharded. It is rounded down to a power of two, and
	// so far that each shard has a capacity of at least two entries and a part of MaxCost
	// that is not 0. The default is 128 for each processor (GOMAXPROCS), but only so many
	// that each shard has a capacity of at least 256, or 1024 with TTL, Life or Refresh; or
	// it is 16 for each processor with a capacity of at least 64, if those are more. With
	// MaxCost it is 16 on any machine, with a capacity of at least 64. The more shards, the
	// less often an operation needs memory that another processor wrote last. A shard takes
	// 512 bytes, and 7 KiB more once it holds an entry that can expire. It is for NewSharded
	// only.
	Shards int
}

// Aging is how a cache weighs old uses against new ones.
type Aging uint8

const (
	// Exact counts every use for as long as the entry stays. The entry with the lowest count
	// is evicted; of several, the one that was used longest ago. The count ends at the
	// largest uint64. This is the LFU of the textbook, for a popularity that does not
	// change; an entry that was popular once stays.
	Exact Aging = iota

	// Dynamic is LFU with dynamic ageing (Arlitt and others, 2000): when an entry is used,
	// its priority becomes 1 + 4·(count-1), at most 15, above the floor, which is the
	// priority of the last entry that was evicted. The entry with the lowest priority is
	// evicted; of several, the one that was used longest ago. An entry that is no longer
	// used falls behind as the floor rises, however hot it was. The count ends at 15.
	Dynamic

	// TinyLFU is Dynamic behind an admission policy (Einziger, Friedman and Manes, 2017). It
	// estimates how often keys were used lately, including keys that are not in the cache. A
	// new entry stays only if its key was used more often than that of the entry which would
	// be evicted for it. It has the most hits of the three, keeps a part of a loop that is
	// larger than the cache, and takes 10.25 bytes per entry more than Dynamic. The count
	// ends at 15.
	TinyLFU
)

// String returns the name of a in lower case. O(1).
func (a Aging) String() string {
	switch a {
	case Exact:
		return "exact"
	case Dynamic:
		return "dynamic"
	case TinyLFU:
		return "tinylfu"
	}
	return "Aging(" + strconv.Itoa(int(a)) + ")"
}

// rank returns the function that makes the rank for a.
func (a Aging) rank(fn string) cache.NewRank {
	switch a {
	case Exact:
		return newExact
	case Dynamic:
		return newDynamic
	case TinyLFU:
		return newTinyLFU
	}
	panic(fmt.Sprintf("%s: Aging must be Exact, Dynamic or TinyLFU, got %v", fn, a))
}

// ErrCapacity is what the error of Resize wraps when the capacity is not at least 1 (for
// a Sharded: 2 per shard) and at most 4294967294.
var ErrCapacity = errors.New("lfu: capacity out of range")

// Reason says why a value left; lru and lfu share it. Its String and MarshalText methods
// return the name in lower case.
type Reason = cache.Reason

// The reasons. A value whose life has ended leaves as Expired, whatever operation
// removes it.
const (
	Capacity = cache.Capacity // evicted: the cache was at its capacity
	Cost     = cache.Cost     // evicted: the entries cost more than MaxCost, or this one alone does
	Expired  = cache.Expired  // its life had ended
	Deleted  = cache.Deleted  // removed by Delete or PopLeastFrequent
	Replaced = cache.Replaced // its key was given another value
	Cleared  = cache.Cleared  // removed by Clear
)

// Op is what Compute does with an entry; lru and lfu share it.
type Op = cache.Op

// The operations of Compute.
const (
	Keep   = cache.Keep   // leave the entry as it is, present or absent
	Update = cache.Update // store the value
	Remove = cache.Remove // delete the entry
)

// Stats counts what a cache has done since it was made.
type Stats struct {
	Hits   uint64 // calls of Get, GetOrPut and GetOrLoad, and keys of GetOrLoadAll, that found a live entry
	Misses uint64 // those that found none: it was absent or had expired
	Joined uint64 // misses that waited for a load that another call had begun
	Loads  uint64 // keys for which a loader brought a value
	// LoadErrors counts the keys whose loader failed: by an error, a panic or Goexit.
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

// MarshalJSON returns all counts as a JSON object. Its field "Evicted" is an object with
// one count per reason, under the reason's name. O(1).
func (s Stats) MarshalJSON() ([]byte, error) {
	return cache.Stats{
		Hits: s.Hits, Misses: s.Misses, Joined: s.Joined, Loads: s.Loads, LoadErrors: s.LoadErrors, Evicted: s.evicted,
	}.JSON(), nil
}

func statsOf(s cache.Stats) Stats {
	return Stats{s.Hits, s.Misses, s.Joined, s.Loads, s.LoadErrors, s.Evicted}
}

// config turns the arguments of the constructor fn into those of cache.
func config[K comparable, V any](fn string, capacity int, opts []Options[K, V]) cache.Config[K, V] {
	o := option.One(fn, opts)
	return cache.Config[K, V]{
		Func: fn, Capacity: capacity, ErrCapacity: ErrCapacity, Rank: o.Aging.rank(fn),
		TTL: o.TTL, Sliding: o.Sliding, Refresh: o.Refresh, MaxCost: o.MaxCost, Cost: o.Cost, Life: o.Life, OnEvict: o.OnEvict, Hash: o.Hash, Seed: o.Seed, Now: o.Now, Shards: o.Shards,
	}
}

// frequency is what Frequency returns of the entry in slot s of a cache with rank r.
func frequency(r cache.Rank, s uint32) (uint64, bool) {
	if s == 0 {
		return 0, false
	}
	return r.(interface{ Frequency(s uint32) uint64 }).Frequency(s), true
}
