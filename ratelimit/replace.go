package ratelimit

import "time"

// current returns the state and the time in its ticks. If the time no longer fits in its
// ticks, it first moves tick 0. b.mu is held.
func (b *Bucket) current() (*state, int128) { return b.currentAt(b.locked()) }

// currentAt is current at the time ns, which is not before any earlier call's.
func (b *Bucket) currentAt(ns int64) (*state, int128) {
	s := b.state.Load()
	if !s.wide && ns-s.base > s.span {
		s = b.replace(s, ns, s.rate, s.burst)
	}
	return s, s.now(ns)
}

// replace freezes the state old at the time ns, transfers what it holds to a new state,
// whose tick 0 is ns, and publishes it. Sleepers get new times. b.mu is held. O(1 +
// sleepers).
func (b *Bucket) replace(old *state, ns int64, r Rate, burst int64) *state {
	s, now := newState(r, burst, ns, narrow), old.now(ns)
	z := old.freeze()
	old.next, old.at = s, now
	z = old.translate(z.max(now.sub(old.cost(old.burst))))
	s.start(z.max(i128(0).sub(s.cost(burst))))
	b.state.Store(s)
	if b.promises != nil {
		b.sleepers.translate()
		b.sleepers.arm(i128(0))
	}
	return s
}

// advance moves z of s later by n tokens if they are due within wait, and in less than
// Never. It returns the instant at which they are due, which is z afterwards. If z would
// no longer fit in a word it replaces s by a wide state. b.mu is held.
func (b *Bucket) advance(s *state, now int128, n int64, wait time.Duration) (due int128, ok bool) {
	switch {
	case n < 1 || n > s.burst && s.rate != Inf:
		return now, false
	case s.rate == Inf:
		return now, true
	}
	for {
		z := s.load()
		ahead := z.max(now.sub(s.cost(s.burst))).sub(now).add(s.cost(n))
		if left := ahead.ceilDiv(s.n); left == Never || left > max(wait, 0) {
			return now, false
		}
		due = now.add(ahead)
		if !s.fits(due) { // so z is after now, and no taker can have moved it
			s = b.widen(s)
		}
		if s.swap(z, due) {
			return due, true
		}
	}
}

// widen replaces a narrow state by a wide one with the same ticks, so sleepers need not
// be updated. b.mu is held.
func (b *Bucket) widen(old *state) *state {
	s := newState(old.rate, old.burst, old.base, wide)
	s.start(old.freeze())
	old.next = s
	b.state.Store(s)
	return s
}
