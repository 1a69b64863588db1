package ratelimit

import (
	"container/list"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/internal/clock"
	"example.com/flatline/internal/option"
	"example.com/flatline/internal/pad"
)

// Options are the settings of New. The zero value stands for a full bucket and the
// monotonic clock.
type Options struct {
	// Now is the clock; the default is the monotonic one, which stops while the machine
	// sleeps. The clock func() time.Time { return time.Now().Round(0) } continues meanwhile,
	// but follows every step of the wall clock. Inside a testing/synctest bubble the default
	// is the bubble's clock.
	//
	// The bucket keeps the latest time that it has seen. If the clock goes backwards, the
	// bucket's time stands still until the clock has caught up: after one reading an hour
	// ahead, for an hour. If the clock stands still, no tokens are gained. If the first
	// reading, by New, is the zero time, the bucket's time begins with the first reading
	// that is not within 292 years of the zero time. Wait sleeps in real time whatever Now
	// returns, and calls Now again when it wakes.
	Now func() time.Time

	// Initial is how many tokens there are at the start; nil, the default, is a full
	// bucket.
	Initial *int64

	// MaxWaiting is the maximum number of callers that sleep in Wait and WaitN at once;
	// 0, the default, is no bound. A further caller that would have to sleep gets ErrBusy
	// at once, and takes nothing. A sleeper counts until its call returns.
	MaxWaiting int
}

// A Bucket is a token bucket: it holds at most burst tokens, gains tokens at the rate,
// and allows n events if it can take n tokens. It is exact: it decides as a bucket in
// rational arithmetic does. It is made by [New], is safe for concurrent use and must not
// be copied.
type Bucket struct {
	state      atomic.Pointer[state]
	clock      clock.Clock
	foreign    bool // the clock is a caller's and may go backwards
	maxWaiting int  // maximum number of sleepers; 0 is no bound

	_         pad.Gap // the fields above are read by every call, those below are written by few
	last      atomic.Int64
	mu        sync.Mutex
	*promises // nil until the first one is made
}

// New returns a bucket that is full, or has the tokens that [Options.Initial] says. A
// burst of 0 refuses everything at any rate except Inf, since the bucket cannot hold a
// token. It panics if burst is negative, if Initial is not in 0..burst, if MaxWaiting is
// negative, and on more than one Options.
func New(r Rate, burst int64, opts ...Options) *Bucket {
	o := option.One("ratelimit.New", opts)
	if burst < 0 {
		panic(fmt.Sprintf("ratelimit.New: burst must not be negative, got %d", burst))
	}
	initial := burst
	if o.Initial != nil {
		if initial = *o.Initial; initial < 0 || initial > burst {
			panic(fmt.Sprintf("ratelimit.New: Initial must be in 0..%d, got %d", burst, initial))
		}
	}
	mustBound("ratelimit.New", o.MaxWaiting)
	b := &Bucket{clock: clock.New(o.Now), foreign: o.Now != nil, maxWaiting: o.MaxWaiting}
	s := newState(r, burst, 0, narrow)
	s.start(i128(0).sub(s.cost(initial)))
	b.state.Store(s)
	return b
}

func mustBound(fn string, waiting int) {
	if waiting < 0 {
		panic(fmt.Sprintf("%s: MaxWaiting must not be negative, got %d", fn, waiting))
	}
}

const bucketNotMade = "ratelimit: Bucket must be made by New"

// lock reads a caller's clock and locks mu: the clock may call the bucket, so it is not
// read under the lock.
func (b *Bucket) lock() {
	if b.state.Load() == nil {
		panic(bucketNotMade)
	}
	if b.foreign {
		b.forwards()
	}
	b.mu.Lock()
}

// enter locks mu at the time ns of the bucket's clock. It is for a Keyed, which has read
// that clock.
func (b *Bucket) enter(ns int64) {
	b.mu.Lock()
	if b.foreign {
		b.reach(ns)
	}
}

// locked returns the time of the bucket. mu is held.
func (b *Bucket) locked() int64 {
	if b.foreign {
		return b.last.Load()
	}
	return b.clock.Now()
}

// forwards reads a clock that may go backwards, and returns a time that is never less than
// it has returned before.
func (b *Bucket) forwards() int64 {
	return b.reach(b.clock.Now())
}

// reach advances the time of the bucket to t and returns it.
func (b *Bucket) reach(t int64) int64 {
	for {
		last := b.last.Load()
		if t <= last {
			return last
		}
		if b.last.CompareAndSwap(last, t) {
			return t
		}
	}
}

// Allow takes a token and reports whether there was one. O(1): a refusal writes
// nothing. No allocation.
func (b *Bucket) Allow() bool {
	// As AllowN, which the compiler does not inline.
	v, _, _, _ := b.try(1)
	if v == unclear {
		ok, _, _ := b.slow(1)
		return ok
	}
	return v == granted
}

// AllowN takes n tokens and reports true, or takes none and reports false if there are
// fewer. An n of 0 or less is refused. O(1), no allocation.
func (b *Bucket) AllowN(n int64) bool {
	v, _, _, _ := b.try(n)
	if v == unclear {
		ok, _, _ := b.slow(n)
		return ok
	}
	return v == granted
}

// Take is [Bucket.AllowN] that returns a [Decision]. O(1), no allocation.
func (b *Bucket) Take(n int64) Decision {
	ok, s, at := b.take(n)
	return s.decide(ok, n, at)
}

type verdict uint8

const (
	refused verdict = iota
	granted
	unclear   // the fast path cannot tell
	elsewhere // in a Keyed: the key is promised, and has its own Bucket
)

// try is the fast path: it takes n tokens if the bucket has them. It returns z after
// that, bounded below by the full bucket, and the time now, both in ticks of s.
func (b *Bucket) try(n int64) (v verdict, s *state, z, now int64) {
	if s = b.state.Load(); s == nil {
		panic(bucketNotMade)
	}
	if b.foreign {
		now = b.forwards()
	} else {
		now = b.clock.Monotonic()
	}
	now -= s.base
	if uint64(n-1) >= uint64(s.maxTake) || now > s.span {
		return unclear, s, 0, 0
	}
	now *= s.n
	for {
		old := s.z.Load()
		z = max(old, now-s.full)
		to := z + n*s.d
		switch {
		case to > now && old == frozen:
			return unclear, s, 0, 0
		case to > now:
			return refused, s, z, now
		case s.z.CompareAndSwap(old, to):
			return granted, s, to, now
		}
	}
}

// An instant is a z, bounded below by the full bucket, and the time at which it was seen.
type instant struct{ z, now int128 }

// take is AllowN that also returns the state that it used, and z afterwards.
func (b *Bucket) take(n int64) (ok bool, s *state, at instant) {
	v, s, z, now := b.try(n)
	if v == unclear {
		return b.slow(n)
	}
	return v == granted, s, instant{i128(z), i128(now)}
}

// slow is take for a state that is being replaced or is wide, and for an n out of range.
func (b *Bucket) slow(n int64) (ok bool, s *state, at instant) {
	b.lock()
	defer b.mu.Unlock()
	return b.takeLocked(n)
}

// takeLocked is take while b.mu is held.
func (b *Bucket) takeLocked(n int64) (ok bool, s *state, at instant) {
	s, now := b.current()
	if due, ok := b.advance(s, now, n, 0); ok {
		return true, s, instant{due, now}
	}
	return false, s, instant{s.load().max(now.sub(s.cost(s.burst))), now}
}

// decide makes a Decision from the result of take.
func (s *state) decide(ok bool, n int64, at instant) Decision {
	d := Decision{OK: ok, Limit: s.burst, Remaining: s.burst}
	if s.rate == Inf {
		if !ok {
			d.RetryAfter = Never
		}
		return d
	}
	d.Remaining = at.now.sub(at.z).floorDiv(s.d)
	d.ResetAfter = at.z.add(s.cost(s.burst)).sub(at.now).ceilDiv(s.n)
	switch {
	case ok:
	case n < 1 || n > s.burst:
		d.RetryAfter = Never
	default:
		d.RetryAfter = at.z.add(s.cost(n)).sub(at.now).ceilDiv(s.n)
	}
	return d
}

// TakeUpTo takes as many tokens as the bucket has, at most n, and returns their number: 0
// if there are none or n is 0 or less. Under Inf it returns n. O(1), no allocation.
func (b *Bucket) TakeUpTo(n int64) int64 {
	b.lock()
	defer b.mu.Unlock()
	if n < 1 {
		return 0
	}
	s, now := b.current()
	if s.rate == Inf {
		return n
	}
	for {
		z := s.load()
		from := z.max(now.sub(s.cost(s.burst)))
		k := min(n, now.sub(from).floorDiv(s.d))
		if k == 0 || s.swap(z, from.add(s.cost(k))) {
			return k
		}
	}
}

// Tokens returns the number of tokens, rounded once to the nearest float64. It is
// negative while reservations and sleepers are waiting for tokens (see [Bucket.Set] for a
// debt beyond 2^63). Under Inf it returns the burst. O(1).
func (b *Bucket) Tokens() float64 {
	b.lock()
	defer b.mu.Unlock()
	s, now := b.current()
	if s.rate == Inf {
		return float64(s.burst)
	}
	return now.sub(s.load()).min(s.cost(s.burst)).float(s.d)
}

// Refund returns n tokens to the bucket, up to its burst, and wakes sleepers sooner. It
// is for work that cost less than was taken for it; the tokens can be taken again at
// once. To give back a reservation, call [Reservation.Cancel] before its time: that never
// returns too much. An n of 0 or less does nothing. O(1).
func (b *Bucket) Refund(n int64) {
	b.lock()
	defer b.mu.Unlock()
	if n >= 1 {
		b.refund(n)
	}
}

// refund is Refund of at least 1. b.mu is held.
func (b *Bucket) refund(n int64) {
	s, now := b.current()
	var first *list.Element
	if b.promises != nil {
		first = b.sleepers.Front()
	}
	b.back(s, now, s.cost(n), now.sub(s.cost(s.burst)), nil, first)
}

// Set changes the rate and the burst of a bucket in use. The bucket keeps its tokens, up
// to the new burst, and its debt for reservations; sleepers in Wait get new times.
// Existing reservations are not notified; [Reservation.Delay] reflects the new rate. A
// debt of up to 2^63 tokens stays exact; a larger one, which takes several reservations
// at a rate of thousands of millions per second, may be cut to 2^63. After [Inf] there is
// no debt, and the tokens are those of a full bucket with the old burst. A negative burst
// is an error that wraps [ErrBurst] and changes nothing. O(1 + sleepers); it allocates.
func (b *Bucket) Set(r Rate, burst int64) error {
	b.lock()
	defer b.mu.Unlock()
	if burst < 0 {
		return fmt.Errorf("%w, got %d", ErrBurst, burst)
	}
	b.replace(b.state.Load(), b.locked(), r, burst)
	return nil
}

// follow does Set(c), unless b already has the setting c. b.mu is held.
func (b *Bucket) follow(c *setting) {
	if s := b.state.Load(); s.rate != c.rate || s.burst != c.burst {
		b.replace(s, b.locked(), c.rate, c.burst)
	}
}
