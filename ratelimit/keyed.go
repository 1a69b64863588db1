package ratelimit

import (
	"fmt"
	"iter"
	"math/bits"
	"runtime"
	"sync/atomic"
	"time"

	"example.com/flatline/internal/clock"
	"example.com/flatline/internal/hash"
	"example.com/flatline/internal/option"
	"example.com/flatline/internal/pad"
)

// KeyedOptions are the settings of NewKeyed. The zero value stands for one rate for all
// keys and no cap.
type KeyedOptions[K comparable] struct {
	// MaxKeys is the maximum number of keys that are kept at once; 0, the default, is no
	// cap. Without a cap, a key is sure to be kept only while its bucket is not full; these
	// are at most the keys that were taken from within the time in which a bucket fills. At
	// the cap a new key replaces one whose bucket is full, which loses nothing. If there is
	// none, it replaces, of eight keys (of all if MaxKeys is less), the one whose bucket
	// will be full soonest, and that bucket's debt is forgiven. If the cap is less than 64
	// keys for each shard there are fewer shards, so that this holds on any number of
	// processors.
	MaxKeys int

	// RateFor returns the rate and the burst of a key; the default is the arguments of
	// NewKeyed. It is called once for each Allow and Take, with no lock held. If its
	// result for a key changes, a bucket that is not full keeps its tokens, as in
	// Bucket.Set; a full one stays full. A negative burst counts as 0.
	RateFor func(K) (Rate, int64)

	// MaxWaiting is the maximum number of callers that sleep in Wait and WaitN for one
	// key at once; 0, the default, is no bound. A further caller gets ErrBusy at once.
	MaxWaiting int

	// Now is the clock; the default is the monotonic one. For what a clock may do, see
	// Options.Now: each key keeps the latest time that its part of the table has seen.
	Now func() time.Time
}

// A Keyed is a token bucket for every key: eight bytes of state each, in addition to the
// key. A full bucket is equivalent to one that does not exist, so its key can be
// forgotten without loss. It is made by [NewKeyed], is safe for concurrent use and must
// not be copied.
//
// It decides as a Bucket does, except for settings whose burst takes more than 2^61 ticks
// or whose rate in lowest terms is of more than 2^20 events (for example 1000003 in 17
// days): there a token takes longer by up to one part in a million, and never less.
type Keyed[K comparable] struct {
	shards     []keyShard[K]
	shift      uint
	hash       hash.Hasher[K]
	clock      clock.Clock
	setting    setting
	rateFor    func(K) (Rate, int64)
	max        int64
	maxWaiting int // maximum number of sleepers of a key; 0 is no bound

	_     pad.Gap // the fields above are only read
	count atomic.Int64
	_     pad.Gap
}

// NewKeyed returns a limiter whose buckets are all full. It panics if burst, MaxKeys or
// MaxWaiting is negative and on more than one KeyedOptions.
func NewKeyed[K comparable](r Rate, burst int64, opts ...KeyedOptions[K]) *Keyed[K] {
	o := option.One("ratelimit.NewKeyed", opts)
	if burst < 0 {
		panic(fmt.Sprintf("ratelimit.NewKeyed: burst must not be negative, got %d", burst))
	}
	if o.MaxKeys < 0 {
		panic(fmt.Sprintf("ratelimit.NewKeyed: MaxKeys must not be negative, got %d", o.MaxKeys))
	}
	mustBound("ratelimit.NewKeyed", o.MaxWaiting)
	shards := shardsFor(runtime.GOMAXPROCS(0), o.MaxKeys)
	x := &Keyed[K]{
		shards:     make([]keyShard[K], shards),
		shift:      uint(64 - bits.TrailingZeros(uint(shards))),
		hash:       hash.New[K](nil),
		clock:      clock.New(o.Now),
		setting:    settingOf(r, burst),
		rateFor:    o.RateFor,
		max:        int64(o.MaxKeys),
		maxWaiting: o.MaxWaiting,
	}
	for i := range x.shards {
		x.shards[i].init(o.RateFor != nil)
	}
	return x
}

// shardsFor returns a power of two. With four shards for each processor that can run, two
// goroutines meet at one lock rarely; a shard costs 7 KiB when it has keys. Eviction
// compares the keys of one shard, so under a cap some shard must have many of them: 64 on
// average.
func shardsFor(procs, maxKeys int) int {
	n := 4
	for n < 4*procs && n < 256 {
		n *= 2
	}
	for maxKeys > 0 && n > 1 && n > maxKeys/64 {
		n /= 2
	}
	return n
}

// Allow takes a token from the bucket of k and reports whether there was one. O(1)
// expected; amortised for a new key, since memory grows and keys are forgotten. No
// allocation for a key that is kept.
func (x *Keyed[K]) Allow(k K) bool {
	c := &x.setting
	if x.rateFor != nil {
		c = x.settingFor(k, new(setting))
	}
	return x.take(k, 1, c, nil)
}

// Take takes n tokens from the bucket of k, or none. It costs what [Keyed.Allow] costs.
func (x *Keyed[K]) Take(k K, n int64) (d Decision) {
	x.take(k, n, x.settingFor(k, new(setting)), &d)
	return d
}

// Key returns the limiter of one key, for example as a tier of [All]. O(1).
func (x *Keyed[K]) Key(k K) Limiter {
	x.made()
	return &keyLimiter[K]{x, k}
}

type keyLimiter[K comparable] struct {
	x *Keyed[K]
	k K
}

func (l *keyLimiter[K]) Take(n int64) Decision { return l.x.Take(l.k, n) }

// take takes n tokens from k, whose setting is c, and writes what it decided to d, unless
// d is nil.
func (x *Keyed[K]) take(k K, n int64, c *setting, d *Decision) (ok bool) {
	if c.rate == Inf {
		if d != nil {
			*d = c.decide(n >= 1, n, 0)
		}
		return n >= 1
	}
	x.made()
	h := x.hash.Hash(k)
	s := &x.shards[h>>x.shift] // as shard, which is not inlined
	var ns int64
	if x.clock.Foreign() {
		ns = x.clock.Now()
	} else {
		ns = x.clock.Monotonic()
	}
	for {
		verdict, debt := s.take(x, uint32(h), k, n, c, ns)
		if verdict <= granted {
			if d != nil {
				*d = c.decide(verdict == granted, n, debt)
			}
			return verdict == granted
		}
		if verdict == unclear {
			x.dropOne(s, ns)
		} else if ok, found := s.takeOwn(x, uint32(h), k, n, c, ns, d); found {
			return ok
		}
	}
}

// shard returns the shard of k and the hash of k in its tables.
func (x *Keyed[K]) shard(k K) (uint32, *keyShard[K]) {
	x.made()
	h := x.hash.Hash(k)
	return uint32(h), &x.shards[h>>x.shift]
}

func (x *Keyed[K]) made() {
	if x.shards == nil {
		panic("ratelimit: Keyed must be made by NewKeyed")
	}
}

// settingFor returns the setting of k; it is stored in own if RateFor chose it.
func (x *Keyed[K]) settingFor(k K, own *setting) *setting {
	if x.rateFor == nil {
		return &x.setting
	}
	r, burst := x.rateFor(k)
	*own = settingOf(r, max(burst, 0))
	return own
}

// oneMore counts a new key. It reports false, and does not count, if there are MaxKeys
// already.
func (x *Keyed[K]) oneMore() bool {
	if x.max == 0 {
		x.count.Add(1)
		return true
	}
	for {
		n := x.count.Load()
		if n >= x.max {
			return false
		}
		if x.count.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// dropOne drops one key: a key whose bucket is full, in any shard; else the cheapest key
// of a shard that has enough keys to choose from, s if it has. At the cap some shard has
// at least the average number of keys, which is 64 unless there is only one shard. It
// finds fewer only while others add and delete keys, or where most keys have promised
// tokens. A key with promises is dropped only if all keys have promises.
func (x *Keyed[K]) dropOne(s *keyShard[K], ns int64) {
	for i := range x.shards {
		if x.shards[i].dropFull(x, ns) {
			return
		}
	}
	for _, least := range [...]int{sample, 1} {
		if s.dropCheapest(x, least) {
			return
		}
		for i := range x.shards {
			if x.shards[i].dropCheapest(x, least) {
				return
			}
		}
	}
	for i := range x.shards {
		if x.shards[i].dropPromised(x) {
			return
		}
	}
}

// Len returns the number of keys that are kept: those whose bucket is not full, and those
// with a full bucket that have not been dropped yet. It never exceeds MaxKeys. O(1).
func (x *Keyed[K]) Len() int {
	x.made()
	return int(x.count.Load())
}

// Delete forgets k, whose bucket then counts as full, and reports whether k was kept.
// O(1) expected.
func (x *Keyed[K]) Delete(k K) bool {
	h, s := x.shard(k)
	return s.delete(x, h, k)
}

// All yields the keys whose buckets are not full, each with what Take(k, 0) would
// return, shard by shard: it copies a shard at a time, and sees each shard at one
// moment. The loop may do anything with the limiter. O(Len).
func (x *Keyed[K]) All() iter.Seq2[K, Decision] {
	x.made()
	return func(yield func(K, Decision) bool) {
		for i := range x.shards {
			for _, kept := range x.shards[i].snapshot(x, x.clock.Now()) {
				if !yield(kept.key, kept.Decision) {
					return
				}
			}
		}
	}
}

// peek returns what take would decide about n, with what the bucket has now.
func (x *Keyed[K]) peek(k K, n int64, c *setting) Decision {
	if c.rate == Inf {
		return c.decide(n >= 1, n, 0)
	}
	h, s := x.shard(k)
	return s.peek(x, h, k, n, c, x.clock.Now())
}

// refund returns n tokens to k.
func (x *Keyed[K]) refund(k K, n int64) {
	if x.settingFor(k, new(setting)).rate != Inf {
		h, s := x.shard(k)
		s.refund(x, h, k, n, x.clock.Now())
	}
}
