package ratelimit

import (
	"math"
	"sync/atomic"

	"example.com/flatline/internal/pad"
)

// A narrow state keeps times below these numbers of ticks, so that no sum on the fast
// path overflows: now <= 2^61, z < 2^62, and a burst is at most 2^61 ticks.
const (
	edge   = 1 << 61
	frozen = 1 << 62 // the z of a state that the fast path must leave alone
)

// A state is one setting of a bucket and its z. This is the essay's picture with the
// fields of a state, in ticks:
//
//	──────────┬──────────────┬────────────────┬─────▶ ticks since base
//	     now − full          z               now
//	                         ├── tokens · d ──┤
//
// B is burst, T is d ticks, B·T is full. A state is replaced as a whole: by Set, before
// the ticks overflow, and when z no longer fits in a word.
type state struct {
	rate  Rate
	burst int64
	n, d  int64 // ticks in a nanosecond; ticks in a token
	// maxTake is the largest n that the fast path may take: burst, or 0 if the path must not
	// use z.
	maxTake int64
	full    int64 // ticks in maxTake
	base    int64 // tick 0, in nanoseconds of the bucket's clock
	span    int64 // the latest time after base that z fits, in nanoseconds

	// Bucket.mu guards the rest.
	wide  bool   // z is in big, and the word stays frozen
	big   int128 // z, if wide
	given int128 // by how much z has been moved back in total
	// Once replaced: its successor, and the instant that is the successor's tick 0.
	next *state
	at   int128

	_ pad.Gap      // the fields above are only read, by every processor; z is written by all
	z atomic.Int64 // the instant at which the bucket was, or will be, just empty
	_ pad.Gap      // keeps the next allocation off z's cache line
}

// A width says which kind of state newState makes.
type width bool

const (
	narrow width = false // one word, if z fits
	wide   width = true
)

// newState returns a state whose tick 0 is base, without a z. Under Inf, where a token
// takes no ticks, it is wide: one taker that advances z must never cause another, with an
// older reading of the clock, to be refused.
func newState(r Rate, burst, base int64, w width) *state {
	n, d := r.Fraction()
	s := &state{rate: r, burst: burst, n: n, d: int64(d), base: base, span: math.MaxInt64}
	full, fits := s.cost(burst).word()
	s.wide = w == wide || r == Inf || !fits || full > edge || n > 1<<32
	if !s.wide {
		s.maxTake, s.full = burst, full
		if n > 0 {
			s.span = edge / n
		}
	}
	return s
}

// cost returns the ticks that k tokens take.
func (s *state) cost(k int64) int128 { return mul128(k, s.d) }

// now returns the tick at a time of the bucket's clock.
func (s *state) now(ns int64) int128 { return mul128(max(ns-s.base, 0), s.n) }

// start sets the z of a state that is not published yet. If it does not fit in a
// word the state becomes wide.
func (s *state) start(z int128) {
	w, fits := z.word()
	if s.wide = s.wide || !fits || w >= frozen || w <= -frozen; s.wide {
		s.big, s.maxTake, s.full = z, 0, 0
		w = frozen
	}
	s.z.Store(w)
}

// load returns z. Bucket.mu is held, so the state is not replaced; if it is narrow, z may
// still change.
func (s *state) load() int128 {
	if s.wide {
		return s.big
	}
	return i128(s.z.Load())
}

// swap sets z to to if it is from. Bucket.mu is held, and to fits.
func (s *state) swap(from, to int128) bool {
	if s.wide {
		s.big = to
		return true
	}
	old, _ := from.word()
	z, _ := to.word()
	return s.z.CompareAndSwap(old, z)
}

// fits reports whether the state can hold this z.
func (s *state) fits(z int128) bool {
	w, ok := z.word()
	return s.wide || ok && w < frozen
}

// freeze permanently stops the fast path on s and returns the last z. From here to the
// publication of a successor every call locks Bucket.mu, which is held.
func (s *state) freeze() int128 {
	if s.wide {
		return s.big
	}
	return i128(s.z.Swap(frozen))
}

// translate converts an instant from the ticks of s into those of its successor, rounded
// towards later: a token was s.d ticks and is next.d ticks. A debt that does not fit in
// 126 bits (more than 2^63 tokens) is cut to 126 bits; z and the promises are cut alike,
// so their order stays. A bucket at the rate Inf was full, and all its promises were due.
func (s *state) translate(t int128) int128 {
	if s.rate == Inf {
		return i128(0).sub(s.next.cost(s.burst))
	}
	return t.sub(s.at).scale(s.next.d, s.d)
}
