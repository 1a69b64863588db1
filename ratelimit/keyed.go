package ratelimit

import (
	"fmt"
	"iter"
	"runtime"
	"sync/atomic"
	"time"

	"example.com/flatline/internal/clock"
	"example.com/flatline/internal/debug"
	"example.com/flatline/internal/hash"
	"example.com/flatline/internal/option"
)

// KeyedOptions are the settings of NewKeyed. The zero value is one rate for all
// keys and no cap.
type KeyedOptions[K comparable] struct {
	// MaxKeys is the most keys that are kept at once; 0, the default, is no cap: then
	// only buckets that are not full are sure to be kept, at most as many as keys that
	// were taken from within the time in which a bucket fills. At the cap a new key
	// takes the place of a full bucket, which loses nothing; only if there is none, of
	// one that owes little, which is then forgiven.
	MaxKeys int

	// RateFor returns the rate and the burst of a key; the default is what NewKeyed
	// was given. It is called once for each Allow and Take, with no lock held. If its
	// answer for a key changes, a bucket that is not full keeps what it holds, as in
	// Bucket.Set; a full one stays full. A negative burst counts as 0.
	RateFor func(K) (Rate, int64)

	// Now is the clock; the default is the monotonic one. A clock that goes back
	// stands still.
	Now func() time.Time
}

// A Keyed is a token bucket for every key: eight bytes of state each, beside the
// key itself. A bucket that is full is no different from one that does not exist,
// so keys are forgotten without loss. It is made by NewKeyed, is safe for
// concurrent use and must not be copied.
//
// It decides as a Bucket does, except for settings whose burst takes more than 2^61
// ticks or whose rate in lowest terms is of more than 2^20 events (1000003 in 17
// days, say): there a token takes up to a part in a million longer. It never takes
// less.
type Keyed[K comparable] struct {
	shards  []keyShard[K]
	shift   uint
	hash    hash.Hasher[K]
	clock   clock.Clock
	setting setting
	rateFor func(K) (Rate, int64)
	max     int64

	_     [128]byte // what is above is only read
	count atomic.Int64
	_     [128]byte
}

// NewKeyed returns a limiter whose buckets are all full. It panics if burst or
// MaxKeys is negative and on more than one KeyedOptions.
func NewKeyed[K comparable](r Rate, burst int64, opts ...KeyedOptions[K]) *Keyed[K] {
	o := option.One("ratelimit.NewKeyed", opts)
	if burst < 0 {
		panic(fmt.Sprintf("ratelimit.NewKeyed: burst must not be negative, got %d", burst))
	}
	if o.MaxKeys < 0 {
		panic(fmt.Sprintf("ratelimit.NewKeyed: MaxKeys must not be negative, got %d", o.MaxKeys))
	}
	// Four shards for each processor that can run make two goroutines meet in one
	// lock about as seldom as a Go map's do; a shard costs 7 KiB when it has keys.
	shift := uint(62)
	for n := 4; n < 4*runtime.GOMAXPROCS(0) && n < 256; n *= 2 {
		shift--
	}
	x := &Keyed[K]{
		shards:  make([]keyShard[K], 1<<(64-shift)),
		shift:   shift,
		hash:    hash.New[K](nil),
		clock:   clock.New(o.Now),
		setting: settingOf(r, burst),
		rateFor: o.RateFor,
		max:     int64(o.MaxKeys),
	}
	for i := range x.shards {
		x.shards[i].init(o.RateFor != nil)
	}
	return x
}

// Allow takes a token from the bucket of k and reports whether there was one. O(1)
// expected; amortised for a new key, since memory grows and keys are forgotten. No
// allocation for a key that is kept.
func (x *Keyed[K]) Allow(k K) bool {
	ok, _ := x.take(k, 1, x.settingFor(k, new(setting)))
	return ok
}

// Take takes n tokens from the bucket of k, or none. Cost as Allow.
func (x *Keyed[K]) Take(k K, n int64) Decision {
	c := x.settingFor(k, new(setting))
	ok, debt := x.take(k, n, c)
	return c.decide(ok, n, debt)
}

// Key returns the limiter of one key, to be a tier of All, say. O(1).
func (x *Keyed[K]) Key(k K) Limiter { return &keyLimiter[K]{x, k} }

type keyLimiter[K comparable] struct {
	x *Keyed[K]
	k K
}

func (l *keyLimiter[K]) Take(n int64) Decision { return l.x.Take(l.k, n) }

// take takes n tokens from k, whose setting is c, and returns the ticks that its
// bucket lacks afterwards.
func (x *Keyed[K]) take(k K, n int64, c *setting) (ok bool, debt int64) {
	if c.rate == Inf {
		return n >= 1, 0
	}
	h := x.hash.Hash(k)
	s := &x.shards[h>>x.shift]
	ns := x.clock.Now()
	for {
		verdict, debt := s.take(x, uint32(h), k, n, c, ns)
		if verdict != unclear {
			return verdict == granted, debt
		}
		if debug.Enabled {
			debug.Yield()
		}
		x.makeRoom(s, ns)
	}
}

// settingFor returns the setting of k, in own if it is the key's own.
func (x *Keyed[K]) settingFor(k K, own *setting) *setting {
	if x.rateFor == nil {
		return &x.setting
	}
	r, burst := x.rateFor(k)
	*own = settingOf(r, max(burst, 0))
	return own
}

// oneMore counts a new key, unless that would be one too many.
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

// makeRoom takes out one key, so that there may be room for another: one whose
// bucket is full, wherever it is, else one of s, else any.
func (x *Keyed[K]) makeRoom(s *keyShard[K], ns int64) {
	for i := range x.shards {
		if x.shards[i].dropFull(x, ns) {
			return
		}
	}
	if s.dropCheapest(x) {
		return
	}
	for i := range x.shards {
		if x.shards[i].dropCheapest(x) {
			return
		}
	}
}

// Len returns the number of keys that are kept: those whose bucket is not full, and
// full ones that have not made room yet. It never exceeds MaxKeys. O(1).
func (x *Keyed[K]) Len() int { return int(x.count.Load()) }

// Delete forgets k, whose bucket is full then, and reports whether it was kept.
// O(1) expected.
func (x *Keyed[K]) Delete(k K) bool {
	h := x.hash.Hash(k)
	return x.shards[h>>x.shift].delete(x, uint32(h), k)
}

// All yields the keys whose buckets are not full, each with what Take(k, 0) would
// return, shard by shard: it copies a shard at a time, and sees each shard at one
// moment. The loop may do anything with the limiter. O(Len).
func (x *Keyed[K]) All() iter.Seq2[K, Decision] {
	return func(yield func(K, Decision) bool) {
		for i := range x.shards {
			for _, kept := range x.shards[i].snapshot(x, x.clock.Now()) {
				if !yield(kept.key, kept.setting.decide(false, 0, kept.debt)) {
					return
				}
			}
		}
	}
}

// peek returns whether take would take n, and the ticks that the bucket lacks now.
func (x *Keyed[K]) peek(k K, n int64, c *setting) (ok bool, debt int64) {
	if c.rate == Inf {
		return n >= 1, 0
	}
	h := x.hash.Hash(k)
	debt = x.shards[h>>x.shift].debt(x, uint32(h), k, c, x.clock.Now())
	_, ok = c.take(debt, n)
	return ok, debt
}

// refund gives n tokens of k back.
func (x *Keyed[K]) refund(k K, n int64) {
	if x.settingFor(k, new(setting)).rate != Inf {
		h := x.hash.Hash(k)
		x.shards[h>>x.shift].refund(x, uint32(h), k, n)
	}
}
