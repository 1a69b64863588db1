package cache

import (
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"example.com/flatline/internal/clock"
	"example.com/flatline/internal/hash"
	"example.com/flatline/internal/table"
)

// A Config is what New, NewSync and NewSharded of lru and lfu were given.
type Config[K comparable, V any] struct {
	Func     string // "lru.New": the prefix of panics
	Capacity int
	TTL      time.Duration
	Sliding  bool
	Refresh  time.Duration
	MaxCost  int64
	Cost     func(K, V) int64
	Life     func(K, V) time.Duration
	OnEvict  func(K, V, Reason)
	Hash     func(K) uint64
	Now      func() time.Time
	Shards   int
	Seed     uint64  // of the hash; 0: a random one
	Rank     NewRank // nil: least recently used
	// ErrCapacity is what the error of Resize wraps.
	ErrCapacity error
}

// A form is one of the three forms of a cache.
type form uint8

const (
	ofCache form = iota
	ofSync
	ofSharded
)

// check panics on arguments that no program should pass to the constructor of a form.
func (c *Config[K, V]) check(f form) {
	must := func(ok bool, format string, args ...any) {
		if !ok {
			panic(c.Func + ": " + fmt.Sprintf(format, args...))
		}
	}
	must(c.Capacity >= 1, "capacity must be at least 1, got %d", c.Capacity)
	must(uint64(c.Capacity) <= table.MaxSlots, "capacity must be at most %d, got %d", uint64(table.MaxSlots), c.Capacity)
	must(c.TTL >= 0, "TTL must not be negative, got %v", c.TTL)
	must(c.Refresh >= 0, "Refresh must not be negative, got %v", c.Refresh)
	must(c.Refresh == 0 || f != ofCache, "Refresh is for NewSync and NewSharded only")
	must(c.MaxCost >= 0, "MaxCost must not be negative, got %d", c.MaxCost)
	must(c.MaxCost == 0 || c.Cost != nil, "MaxCost needs Cost")
	must(c.TTL == 0 || c.Life == nil, "TTL and Life exclude each other")
	must(c.Shards >= 0, "Shards must not be negative, got %d", c.Shards)
	must(c.Shards == 0 || f == ofSharded, "Shards is for NewSharded only")
}

// An env holds what an operation needs before it takes the lock: above all the user's
// functions, none of which is called with the lock held.
type env[K comparable, V any] struct {
	hash    hash.Hasher[K]
	onEvict func(K, V, Reason)
	cost    func(K, V) int64
	lifeOf  func(K, V) time.Duration
	// hasFuncs is set if cost or lifeOf is.
	hasFuncs bool
	clock    clock.Clock
	ttl      int64
	maxCost  int64
	name     string // of the package, for the panic on a negative cost

	errCapacity error
	// timed is set before the first entry with a deadline is stored. Until then no
	// operation reads the clock.
	timed atomic.Bool
}

func (e *env[K, V]) init(c *Config[K, V]) {
	e.hash = hash.New(c.Hash)
	if c.Seed != 0 {
		e.hash = hash.Seeded(c.Hash, c.Seed)
	}
	e.onEvict, e.cost, e.clock, e.ttl = c.OnEvict, c.Cost, clock.New(c.Now), int64(c.TTL)
	e.lifeOf, e.hasFuncs = c.Life, c.Cost != nil || c.Life != nil
	if e.maxCost = c.MaxCost; e.maxCost == 0 {
		e.maxCost = math.MaxInt64
	}
	e.name, _, _ = strings.Cut(c.Func, ".")
	e.errCapacity = c.ErrCapacity
	e.timed.Store(c.TTL > 0 || c.Life != nil || c.Refresh > 0)
}

// checkCapacity checks the argument of Resize. It returns an error, since the argument
// may come from a configuration.
func (e *env[K, V]) checkCapacity(capacity, minimum int) error {
	if capacity < minimum || uint64(capacity) > table.MaxSlots {
		return fmt.Errorf("%w: must be %d to %d, got %d", e.errCapacity, minimum, uint64(table.MaxSlots), capacity)
	}
	return nil
}

// now returns the time if any entry can expire, and 0 otherwise.
func (e *env[K, V]) now() int64 {
	if !e.timed.Load() {
		return 0
	}
	return e.clock.Now()
}

// callFuncs calls the user's functions for the life and the cost of an item.
func (e *env[K, V]) callFuncs(it *item[K, V]) {
	if e.lifeOf != nil {
		it.ttl = e.life(e.lifeOf(it.key, it.value))
	}
	if e.cost != nil {
		e.weigh(it)
	}
}

// weigh calls the user's function for the cost of an item.
func (e *env[K, V]) weigh(it *item[K, V]) {
	if it.cost = e.cost(it.key, it.value); it.cost < 0 {
		panic(fmt.Sprintf("%s: Cost must not be negative, got %d", e.name, it.cost))
	}
}

// orAll returns the limit that the argument of DeleteExpired means.
func orAll(limit int) int {
	if limit < 1 {
		return math.MaxInt
	}
	return limit
}

// life turns the argument of PutTTL or the result of Options.Life into the ttl of an
// item.
func (e *env[K, V]) life(ttl time.Duration) int64 {
	if ttl <= 0 {
		return -1
	}
	if !e.timed.Load() { // processors share the cache line: write it only once
		e.timed.Store(true)
	}
	return int64(ttl)
}

// Unless Options.Shards says otherwise, there are fewShards for each processor, each of at
// least fewEntries, or manyShards, each of at least manyEntries, whichever are more. With
// more shards, an operation meets another processor in its shard less often. With fewer
// entries in a shard, the shards differ more in how full they are: by 1/√entries, 6 % of
// 256; and their own memory weighs more.
const (
	fewShards   = 16
	fewEntries  = 64
	manyShards  = 128
	manyEntries = 256
	// timedEntries is manyEntries where entries expire: each shard then has a wheel of 7 KiB.
	timedEntries = 1024
)

// shardsUnderCost is the number of shards under MaxCost on any machine, unless
// Options.Shards says otherwise: the largest value that can be stored is one shard's part
// of MaxCost, and a program must not lose values because it has moved to a machine with
// more processors.
const shardsUnderCost = 16

const maxShards = 1 << 16

// shards returns how many shards to make: a power of two.
func (c *Config[K, V]) shards() int {
	n := min(c.Shards, c.Capacity/2, maxShards)
	if c.Shards == 0 {
		n = min(c.defaultShards(), maxShards)
	}
	if c.MaxCost > 0 {
		n = int(min(int64(n), c.MaxCost)) // a share of 0 would hold nothing
	}
	return 1 << max(bits.Len(uint(n))-1, 0)
}

func (c *Config[K, V]) defaultShards() int {
	few := c.Capacity / fewEntries
	if c.MaxCost > 0 {
		return min(shardsUnderCost, few)
	}
	entries := manyEntries
	if c.TTL > 0 || c.Life != nil || c.Refresh > 0 {
		entries = timedEntries
	}
	procs := runtime.GOMAXPROCS(0)
	return max(min(fewShards*procs, few), min(manyShards*procs, c.Capacity/entries))
}

// share returns the part of shard i in a total. The parts of all n shards add up to it
// exactly.
func share(total int64, n, i int) int64 {
	part := total / int64(n)
	if int64(i) < total%int64(n) {
		part++
	}
	return part
}
