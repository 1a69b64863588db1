package ratelimit

import (
	"container/list"
	"math"
	"time"

	"example.com/flatline/internal/debug"
)

// current returns the state and the time in its ticks. If the time has outrun
// them it first moves tick 0. b.mu is held.
func (b *Bucket) current() (*state, int128) {
	s := b.state.Load()
	ns := b.now()
	if !s.wide && ns-s.base > s.span {
		s = b.replace(s, ns, s.rate, s.burst)
	}
	return s, s.now(ns)
}

// replace freezes the state old at the time ns, hands what it holds over to a new
// one, whose tick 0 that is, and publishes it. Sleepers get new times. b.mu is
// held.
func (b *Bucket) replace(old *state, ns int64, r Rate, burst int64) *state {
	s, now := newState(r, burst, ns, false), old.now(ns)
	z := old.freeze()
	debug.Yield()
	old.next, old.at = s, now
	z = old.translate(z.max(now.sub(old.cost(old.burst))))
	s.start(z.max(i128(0).sub(s.cost(burst))))
	b.state.Store(s)
	for e := b.promises.Front(); e != nil; e = e.Next() {
		e.Value.(*promise).arm(i128(0))
	}
	return s
}

// advance moves z of s by n tokens if they are due within wait nanoseconds, and
// returns the instant at which they are: z afterwards. If z would no longer fit in
// a word it replaces s by a wide state. b.mu is held.
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
		if ahead.positive() && (ahead.ceilDiv(s.n) > wait || s.n > 0 && mul128(math.MaxInt64, s.n).less(ahead)) {
			return now, false
		}
		due = now.add(ahead)
		if !s.fits(due) { // so z lies ahead of now, and no taker can have moved it
			s = b.widen(s)
		}
		if s.swap(z, due) {
			return due, true
		}
	}
}

// widen replaces a narrow state by a wide one with the same ticks, so that no
// sleeper has to learn of it. b.mu is held.
func (b *Bucket) widen(old *state) *state {
	s := newState(old.rate, old.burst, old.base, true)
	s.start(old.freeze())
	old.next = s
	b.state.Store(s)
	return s
}

// A promise is n tokens at a time to come: a Reservation, whose time is fixed, or a
// sleeper in WaitN, who can be woken sooner. Bucket.promises holds those that are
// not due yet, in the order of their times. All fields belong to Bucket.mu.
type promise struct {
	s     *state // whose ticks the instants are in
	due   int128
	mark  int128 // z just after p was made, plus s.given of that moment
	n     int64
	seq   uint64
	timer *time.Timer   // of a sleeper
	at    *list.Element // in Bucket.promises, or nil
}

// instant returns the time of p in the ticks of the current state, with that state.
// O(1 + replacements since).
func (p *promise) instant() (*state, int128) {
	for ; p.s.next != nil; p.s = p.s.next {
		if p.s.rate == Inf {
			p.n = 0 // nothing is owed any more
		}
		p.due, p.mark = p.s.translate(p.due), p.s.translate(p.mark.sub(p.s.given))
	}
	return p.s, p.due
}

// left returns how long it is until p is due.
func (p *promise) left(now int128) time.Duration {
	if s, due := p.instant(); s.rate != Inf {
		return due.sub(now).ceilDiv(s.n)
	}
	return 0
}

// arm sets the timer of a sleeper anew. Since Go 1.23 no stale value can be in its
// channel afterwards.
func (p *promise) arm(now int128) {
	if p.timer != nil {
		p.timer.Reset(p.left(now))
	}
}

// promise makes a promise of n tokens within wait. b.mu is held.
func (b *Bucket) promise(n int64, wait time.Duration) (p *promise, now int128, ok bool) {
	s, now := b.current()
	due, ok := b.advance(s, now, n, wait)
	if !ok {
		return nil, now, false
	}
	for e := b.promises.Front(); e != nil && e.Value.(*promise).kept(now); e = b.promises.Front() {
		b.forget(e.Value.(*promise))
	}
	b.seq++
	p = &promise{s: s, due: due, mark: due.add(s.given), n: n, seq: b.seq}
	if p.left(now) > 0 {
		p.at = b.promises.PushBack(p)
		b.sort(p)
	}
	return p, now, true
}

// kept reports whether p is a promise to a caller who needs nothing any more, since
// its time has come.
func (p *promise) kept(now int128) bool { return p.timer == nil && p.left(now) == 0 }

// forget takes p out of the list.
func (b *Bucket) forget(p *promise) {
	if p.at != nil {
		b.promises.Remove(p.at)
		p.at = nil
	}
}

// sort moves p to the front as far as its time demands.
func (b *Bucket) sort(p *promise) {
	_, due := p.instant()
	for e := p.at.Prev(); e != nil; e = p.at.Prev() {
		if _, before := e.Value.(*promise).instant(); !due.less(before) {
			return
		}
		b.promises.MoveBefore(p.at, e)
	}
}

// floor returns the least z that the promises and the size of the bucket allow.
// What has been promised for a time P is already missing in z; if the bucket could
// become full without it by then, that would be forgotten. So P-z, and all that is
// promised for P and later, must fit into the bucket. A sleeper sets no bound, since
// it moves with z.
func (b *Bucket) floor(s *state, now int128) int128 {
	full := s.cost(s.burst)
	least := now.sub(full)
	var later int128
	for e := b.promises.Back(); e != nil; e = e.Prev() {
		q := e.Value.(*promise)
		later = later.add(s.cost(q.n))
		if _, due := q.instant(); q.timer == nil && now.less(due) {
			least = least.max(due.add(later).sub(full))
		}
	}
	return least
}

// back moves z back by so many ticks, but not below floor, and with it the sleepers
// that came after p: all of them if p is nil. b.mu is held.
func (b *Bucket) back(s *state, now, ticks, floor int128, p *promise) {
	var seq uint64
	if p != nil {
		seq = p.seq
	}
	for {
		z := s.load()
		least, undo := floor, p != nil && !p.since(z).positive()
		if undo { // p was the last to take: it is as if it never had
			least = now.sub(s.cost(s.burst))
		}
		by := z.sub(least).min(ticks).max(i128(0))
		if s.swap(z, z.sub(by)) {
			if ticks = by; !undo {
				s.given = s.given.add(by)
			}
			break
		}
	}
	for e := b.promises.Front(); e != nil; {
		q := e.Value.(*promise)
		e = e.Next()
		if q.timer != nil && q.seq > seq {
			_, due := q.instant()
			q.due = due.sub(ticks)
			b.sort(q)
			q.arm(now)
		}
	}
}

// since returns the ticks that have been taken, or have run over the rim, between
// p and a z of its state.
func (p *promise) since(z int128) int128 { return z.sub(p.mark).add(p.s.given) }

// cancel undoes p. b.mu is held.
//
// If nothing ran over the rim since, z goes back by all of p. But without p the
// bucket may have been full just before what was taken since; then z would now be
// that much above the full bucket.
func (b *Bucket) cancel(p *promise) {
	_, now := b.current()
	s, _ := p.instant()
	b.forget(p)
	full := now.sub(s.cost(s.burst))
	missing := i128(0).sub(p.since(full))
	b.back(s, now, s.cost(p.n).min(missing), b.floor(s, now), p)
}

// A Reservation is a promise of tokens at a time to come. It is made by Reserve,
// and its methods are safe for concurrent use.
type Reservation struct {
	b    *Bucket
	p    *promise
	over bool // guarded by b.mu
}

// Reserve takes n tokens that are there or will be within maxWait, and returns
// when: the caller waits for Delay and then acts, without asking again. It reports
// false, and takes nothing, if they come later or never, or if n is 0 or less. A
// maxWait of 0 or less is AllowN with a way back. O(1).
func (b *Bucket) Reserve(n int64, maxWait time.Duration) (*Reservation, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, _, ok := b.promise(n, min(max(maxWait, 0), Never-1))
	if !ok {
		return nil, false
	}
	return &Reservation{b: b, p: p}, true
}

// Delay returns how long the caller must still wait before it acts, 0 if it need
// not. If Set has changed the rate since Reserve, it is the time at the new rate.
// O(1 + calls of Set since).
func (r *Reservation) Delay() time.Duration {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	if r.over {
		return 0
	}
	_, now := r.b.current()
	return r.p.left(now)
}

// Cancel says that the caller will not act. It gives the tokens back, less what
// would let more than the burst and what the time brings happen in some window,
// seeing that later reservations keep the times that they were given. Sleepers in
// Wait move up. A second Cancel does nothing. O(1 + promises that are not due).
func (r *Reservation) Cancel() {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	if !r.over {
		r.over = true
		r.b.cancel(r.p)
	}
}
