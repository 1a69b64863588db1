package ratelimit

import (
	"container/list"
	"slices"
	"time"
)

// A promise is n tokens at a future time: a Reservation, whose time is fixed, or a
// sleeper in WaitN, which moves up when others return tokens. Bucket.mu guards all
// fields.
type promise struct {
	s     *state // whose ticks the instants are in
	due   int128 // for a sleeper see queue
	mark  int128 // z just after p was made, plus s.given of that moment
	n     int64
	seq   uint64
	at    *list.Element // in Bucket.reserved or Bucket.sleepers, or nil
	timer *time.Timer   // of a sleeper
}

// promises are the promises of a Bucket that may not be due yet.
type promises struct {
	seq        uint64    // of the last promise
	reserved   list.List // reservations, in the order of their times
	disordered bool      // reserved is not in that order
	sleepers   queue
}

// instant returns the time of p in the ticks of the current state, with that state.
// O(1 + replacements since).
func (p *promise) instant() (*state, int128) {
	for ; p.s.next != nil; p.s = p.s.next {
		if p.s.rate == Inf {
			p.n = 0 // no debt is left
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

// since returns the ticks that have been taken, or have overflowed the burst, between p
// and a z of its state.
func (p *promise) since(z int128) int128 { return z.sub(p.mark).add(p.s.given) }

// promise promises n tokens within wait. b.mu is held.
func (b *Bucket) promise(n int64, wait time.Duration) (p *promise, now int128, ok bool) {
	s, now := b.current()
	due, ok := b.advance(s, now, n, wait)
	if !ok {
		return nil, now, false
	}
	if b.promises == nil {
		b.promises = new(promises)
	}
	b.seq++
	return &promise{s: s, due: due, mark: due.add(s.given), n: n, seq: b.seq}, now, true
}

// reserve adds a promise whose time is fixed and in the future. Promises that are due are
// no longer needed. reserve drops up to two of them, so that they do not pile up and no
// call has many to drop. O(1): after a Cancel, p may be due before an older promise; only
// the next Cancel, which walks all of them, sorts it in.
func (b *Bucket) reserve(p *promise, now int128) {
	for range 2 {
		if e := b.reserved.Front(); e != nil && e.Value.(*promise).left(now) == 0 {
			b.forget(e.Value.(*promise))
		}
	}
	p.at = b.reserved.PushBack(p)
	if e := p.at.Prev(); e != nil && later(e.Value.(*promise), p) > 0 {
		b.disordered = true
	}
}

// later compares the times of two promises.
func later(p, q *promise) int {
	_, a := p.instant()
	_, b := q.instant()
	return a.compare(b)
}

// order puts the reservations in the order of their times.
func (b *Bucket) order() {
	if !b.disordered {
		return
	}
	all := make([]*promise, 0, b.reserved.Len())
	for e := b.reserved.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*promise))
	}
	slices.SortStableFunc(all, later)
	for _, p := range all {
		b.reserved.MoveToBack(p.at)
	}
	b.disordered = false
}

// forget removes a reservation from the list.
func (b *Bucket) forget(p *promise) {
	if p.at != nil {
		b.reserved.Remove(p.at)
		p.at = nil
	}
}

// floor returns the smallest z that the reservations and the size of the bucket allow.
// Tokens reserved for a time P are already subtracted in z; if the bucket could become
// full before P, the subtraction would be lost. So P-z, plus all that is promised for P
// and later, must fit into the bucket. A sleeper sets no bound, because its time moves
// with z. O(1) without reservations that are not due, otherwise O(n log n) in their
// number, plus O(sleepers).
func (b *Bucket) floor(s *state, now int128) int128 {
	b.order()
	full := s.cost(s.burst)
	least := now.sub(full)
	sleeper, at := b.sleepers.Back(), b.sleepers.last
	var later int128
	for e := b.reserved.Back(); e != nil; e = e.Prev() {
		q := e.Value.(*promise)
		_, due := q.instant()
		if !now.less(due) {
			break
		}
		for ; sleeper != nil && !at.less(due); sleeper = sleeper.Prev() {
			p := sleeper.Value.(*promise)
			later, at = later.add(s.cost(p.n)), at.sub(p.due)
		}
		later = later.add(s.cost(q.n))
		least = least.max(due.add(later).sub(full))
	}
	return least
}

// back moves z back by that many ticks, but not below floor. With z it moves the sleeper
// at first and those behind it: the sleepers that came after p, or all if p is nil. b.mu
// is held.
func (b *Bucket) back(s *state, now, ticks, floor int128, p *promise, first *list.Element) {
	for {
		z := s.load()
		least, undo := floor, p != nil && !p.since(z).positive()
		if undo { // p was the last to take: undo it completely
			least = now.sub(s.cost(s.burst))
		}
		by := z.sub(least).min(ticks).max(i128(0))
		if s.swap(z, z.sub(by)) {
			if !undo {
				s.given = s.given.add(by)
			}
			if first != nil {
				b.sleepers.moveUp(first, by, now)
			}
			return
		}
	}
}

// cancel undoes p. b.mu is held.
//
// While p is not due, nothing can have overflowed since p was made, because z was after
// now all the time: z moves back by all of p. If p is due, the bucket might have been
// full without p, just before the tokens that were taken since. Then z moves back at most
// to the point that is later than the z of a full bucket by those tokens.
func (b *Bucket) cancel(p *promise) {
	_, now := b.current()
	s, due := p.instant()
	ticks, full := s.cost(p.n), now.sub(s.cost(s.burst))
	var behind *list.Element
	if p.timer != nil {
		due = b.sleepers.due(p, now)
		behind = b.sleepers.remove(p, now)
	} else {
		b.forget(p)
		behind = b.sleepers.after(p.seq)
	}
	if !now.less(due) {
		ticks = ticks.min(i128(0).sub(p.since(full)))
	}
	b.back(s, now, ticks, b.floor(s, now), p, behind)
}

// idle reports whether all promises of b are due, and drops those that are. b.mu is held.
// O(1), plus O(1) for each that it drops.
func (b *Bucket) idle(s *state, now int128) bool {
	if b.promises == nil {
		return !now.less(s.load())
	}
	for e := b.reserved.Front(); e != nil && e.Value.(*promise).left(now) == 0; e = b.reserved.Front() {
		b.forget(e.Value.(*promise))
	}
	return b.sleepers.Len() == 0 && b.reserved.Len() == 0 && !now.less(s.load())
}

// A Reservation is a promise of tokens at a future time. It is made by [Bucket.Reserve]
// and [Keyed.Reserve], and its methods are safe for concurrent use.
type Reservation struct {
	b    *Bucket
	p    *promise
	due  bool // it was due at once, so it has no bucket
	over bool // Cancel was called; guarded by b.mu
}

func (r *Reservation) lock() {
	if r.b == nil {
		panic("ratelimit: Reservation must be made by Bucket.Reserve or Keyed.Reserve")
	}
	r.b.lock()
}

// Reserve takes n tokens that are available now or will be within maxWait. The caller
// waits for [Reservation.Delay] and then acts, without asking again. Reserve reports
// false, and takes nothing, if the tokens would be available later or never, or if n is 0
// or less. O(1).
func (b *Bucket) Reserve(n int64, maxWait time.Duration) (*Reservation, bool) {
	b.lock()
	defer b.mu.Unlock()
	return b.reserveWithin(n, maxWait)
}

// reserveWithin is Reserve. b.mu is held.
func (b *Bucket) reserveWithin(n int64, maxWait time.Duration) (*Reservation, bool) {
	p, now, ok := b.promise(n, maxWait)
	if !ok {
		return nil, false
	}
	if p.left(now) > 0 {
		b.reserve(p, now)
	}
	return &Reservation{b: b, p: p}, true
}

// Delay returns how long the caller must still wait before it acts, 0 if it need
// not. If Set has changed the rate since Reserve, it is the time at the new rate, and
// Never at rate 0. O(1 + calls of Set since).
func (r *Reservation) Delay() time.Duration {
	if r.due {
		return 0
	}
	r.lock()
	defer r.b.mu.Unlock()
	if r.over {
		return 0
	}
	_, now := r.b.current()
	return r.p.left(now)
}

// Cancel says, before the reserved time, that the caller will not act. It returns the
// tokens to the bucket, except those that would allow more than burst + rate·time in some
// window, since later reservations keep their times. Callers that sleep in Wait are
// served sooner. Once Delay is 0 the caller may have acted: Cancel then returns no
// tokens, so a call of it can be deferred. Use [Bucket.Refund] for work that was not done
// after all. A second Cancel does nothing. O(n log n) in the reservations that are not
// due, plus O(sleepers).
func (r *Reservation) Cancel() {
	if r.due {
		return
	}
	r.lock()
	defer r.b.mu.Unlock()
	if r.over {
		return
	}
	r.over = true
	if _, now := r.b.current(); r.p.left(now) > 0 {
		r.b.cancel(r.p)
	}
}
