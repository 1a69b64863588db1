package ratelimit

import (
	"math/big"
	"sync"
	"time"
)

// A textbookBucket is two numbers behind a mutex, the tokens and the time of the last
// refill: each call costs a lock and an unlock, a reading of the full clock (wall and
// monotonic) and a few operations in floating point, whether it is allowed or refused.
type textbookBucket struct {
	mu     sync.Mutex
	rate   float64 // tokens per second
	burst  float64
	tokens float64
	last   time.Time
}

func newTextbook(rate, burst float64) *textbookBucket {
	return &textbookBucket{rate: rate, burst: burst, tokens: burst, last: time.Now()}
}

func (b *textbookBucket) Allow() bool { return b.AllowN(1) }

func (b *textbookBucket) AllowN(n float64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.tokens = min(b.burst, b.tokens+now.Sub(b.last).Seconds()*b.rate)
	b.last = now
	if b.tokens < n {
		return false
	}
	b.tokens -= n
	return true
}

// A textbookKeyed is a map of buckets behind a mutex: each call costs two locks and a
// lookup in the map, each key costs an allocation, and no key is ever forgotten.
type textbookKeyed struct {
	mu sync.Mutex
	m  map[int]*textbookBucket
}

func newTextbookKeyed() *textbookKeyed { return &textbookKeyed{m: make(map[int]*textbookBucket)} }

func (x *textbookKeyed) Allow(k int) bool {
	x.mu.Lock()
	b := x.m[k]
	if b == nil {
		b = newTextbook(1, 1<<40)
		x.m[k] = b
	}
	x.mu.Unlock()
	return b.AllowN(1)
}

// A textbookLog is a slice of the times of the last window behind a mutex: each call
// appends one time and drops those that are outside, O(1) amortised, at 24 bytes per
// event, and with a new array each time the slice has moved through the old one.
type textbookLog struct {
	mu  sync.Mutex
	now func() time.Time
	n   int
	per time.Duration
	at  []time.Time
}

func (l *textbookLog) Allow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for len(l.at) > 0 && now.Sub(l.at[0]) >= l.per {
		l.at = l.at[1:]
	}
	if len(l.at) == l.n {
		return false
	}
	l.at = append(l.at, now)
	return true
}

// A textbookCounter is two counters, of this window and of the one before: each call
// costs a reading of the clock, a division for the number of the window and a product in
// floating point. It compares before it adds, so that it admits one event too many.
type textbookCounter struct {
	begin     time.Time
	n         float64
	per       time.Duration
	window    int64
	prev, cur float64
}

func (c *textbookCounter) Allow() bool {
	t := time.Since(c.begin)
	if now := int64(t / c.per); now != c.window {
		if c.prev = 0; now == c.window+1 {
			c.prev = c.cur
		}
		c.window, c.cur = now, 0
	}
	if c.prev*(1-float64(t%c.per)/float64(c.per))+c.cur >= c.n {
		return false
	}
	c.cur++
	return true
}

// A ratBucket is a token bucket in rational arithmetic, which rounds nothing: the oracle
// of the model tests. It takes time in nanoseconds.
type ratBucket struct {
	rate   Rate
	burst  int64
	tokens *big.Rat
	last   int64
}

func newRat(r Rate, burst, tokens int64) *ratBucket {
	return &ratBucket{rate: r, burst: burst, tokens: rat(tokens)}
}

func rat(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// perNano is the rate in tokens per nanosecond; it is never called for Inf.
func (b *ratBucket) perNano() *big.Rat {
	n, d := b.rate.Fraction()
	return big.NewRat(n, int64(d))
}

func (b *ratBucket) at(now int64) {
	now = max(now, b.last)
	if b.rate == Inf {
		b.tokens = rat(b.burst)
	} else {
		gain := new(big.Rat).Mul(b.perNano(), rat(now-b.last))
		b.tokens = ratMin(rat(b.burst), gain.Add(gain, b.tokens))
	}
	b.last = now
}

func ratMin(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

// until returns the time, rounded up, until there are n tokens.
func (b *ratBucket) until(n int64) time.Duration {
	lack := new(big.Rat).Sub(rat(n), b.tokens)
	switch {
	case lack.Sign() <= 0:
		return 0
	case b.perNano().Sign() == 0:
		return Never
	}
	t := ratCeil(lack.Quo(lack, b.perNano()))
	if !t.IsInt64() {
		return Never
	}
	return time.Duration(t.Int64())
}

func ratFloor(x *big.Rat) *big.Int { return new(big.Int).Div(x.Num(), x.Denom()) }

func ratCeil(x *big.Rat) *big.Int {
	f := ratFloor(new(big.Rat).Neg(x))
	return f.Neg(f)
}

func (b *ratBucket) remaining() int64 {
	if b.tokens.Sign() < 0 {
		return 0 // the debt may be more than an int64 can hold
	}
	return ratFloor(b.tokens).Int64()
}

func (b *ratBucket) take(now, n int64) Decision {
	b.at(now)
	d := Decision{OK: n >= 1, Limit: b.burst, Remaining: b.burst}
	if b.rate == Inf {
		if !d.OK {
			d.RetryAfter = Never
		}
		return d
	}
	d.OK = d.OK && n <= b.burst && b.tokens.Cmp(rat(n)) >= 0
	switch {
	case d.OK:
		b.tokens = new(big.Rat).Sub(b.tokens, rat(n))
	case n < 1 || n > b.burst:
		d.RetryAfter = Never
	default:
		d.RetryAfter = b.until(n)
	}
	d.Remaining = b.remaining()
	d.ResetAfter = b.until(b.burst)
	return d
}

func (b *ratBucket) takeUpTo(now, n int64) int64 {
	if n < 1 {
		return 0
	}
	b.at(now)
	if b.rate == Inf {
		return n
	}
	k := min(n, b.remaining())
	b.tokens = new(big.Rat).Sub(b.tokens, rat(k))
	return k
}

// reserve takes n tokens if they are available now or will be within wait.
func (b *ratBucket) reserve(now, n int64, wait time.Duration) (time.Duration, bool) {
	b.at(now)
	if n < 1 || b.rate != Inf && n > b.burst {
		return 0, false
	}
	if b.rate == Inf {
		return 0, true
	}
	delay := b.until(n)
	if delay == Never || delay > max(wait, 0) {
		return 0, false
	}
	b.tokens = new(big.Rat).Sub(b.tokens, rat(n))
	return delay, true
}

func (b *ratBucket) refund(now, n int64) {
	if n < 1 {
		return
	}
	if b.at(now); b.rate != Inf {
		b.tokens = ratMin(rat(b.burst), new(big.Rat).Add(b.tokens, rat(n)))
	}
}

// set keeps the tokens, up to the new burst. They become a whole number of d-ths, rounded
// down; a debt is at most 2^126 d-ths, which is more than 2^63 tokens.
func (b *ratBucket) set(now int64, r Rate, burst int64) {
	b.at(now)
	b.rate, b.burst = r, burst
	if r == Inf {
		return
	}
	_, d := r.Fraction()
	parts := ratFloor(new(big.Rat).Mul(b.tokens, rat(int64(d))))
	if most := new(big.Int).Lsh(big.NewInt(-1), 126); parts.Cmp(most) < 0 {
		parts = most
	}
	b.tokens = ratMin(rat(burst), new(big.Rat).SetFrac(parts, big.NewInt(int64(d))))
}
