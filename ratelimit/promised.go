package ratelimit

import (
	"context"
	"time"
)

// The state of a key that has promised tokens, to sleepers in Keyed.Wait or to
// reservations, does not fit in one word: such a key has its own Bucket until its
// promises are due. It is then in keyShard.promised and not in keyShard.table.

// Wait is [Keyed.WaitN] for one token.
func (x *Keyed[K]) Wait(ctx context.Context, k K) error { return x.WaitN(ctx, k, 1) }

// WaitN takes n tokens from the bucket of k and sleeps until they are available. The
// callers that wait for one key are served in the order in which they came; callers for
// other keys are not affected. It returns what [Bucket.WaitN] returns, and [ErrBusy] if
// [KeyedOptions.MaxWaiting] callers already sleep for k.
//
// A change of RateFor reaches the sleepers of a key with the next call for it that is not
// under Inf. If the key is deleted, or replaced at MaxKeys, its sleepers keep their
// times.
//
// The cost is that of Allow; if it has to sleep it allocates, about a kilobyte for the
// first sleeper of a key and O(1) for each other one.
func (x *Keyed[K]) WaitN(ctx context.Context, k K, n int64) error {
	x.made()
	if ctx.Err() != nil {
		return ended(ctx)
	}
	c := x.settingFor(k, new(setting))
	if x.take(k, n, c, nil) {
		return nil
	}
	if n < 1 || n > c.maxTake {
		return ErrNever
	}
	wait := patience(ctx)
	h, s := x.shard(k)
	b := s.promise(x, h, k, c)
	p, err := b.enqueue(n, wait)
	s.release(x, h, k, b)
	if p == nil {
		return err
	}
	err = b.sleep(ctx, p)
	s.demoteIfDue(x, h, k)
	return err
}

// Reserve takes n tokens of k that are available now or will be within maxWait, and
// returns a [Reservation] that says when, as [Bucket.Reserve] does. A change of RateFor
// reaches a reservation as it does a sleeper in WaitN. The cost is that of Allow if the
// tokens are available now or only after maxWait; otherwise it allocates, about a
// kilobyte for the first reservation of a key.
func (x *Keyed[K]) Reserve(k K, n int64, maxWait time.Duration) (*Reservation, bool) {
	x.made()
	c := x.settingFor(k, new(setting))
	var d Decision
	if x.take(k, n, c, &d) {
		return &Reservation{due: true}, true
	}
	if d.RetryAfter == Never || d.RetryAfter > maxWait {
		return nil, false
	}
	h, s := x.shard(k)
	b := s.promise(x, h, k, c)
	defer s.release(x, h, k, b)
	return b.reserveWithin(n, maxWait)
}

// Refund returns n tokens to the bucket of k, up to its burst, and wakes callers that
// wait for k sooner. It uses the rate and the burst of the last call that took from the
// bucket: RateFor is not called. An n of 0 or less does nothing. O(1) expected.
func (x *Keyed[K]) Refund(k K, n int64) {
	x.made()
	if n >= 1 {
		x.refund(k, n)
	}
}

// promise returns k's own bucket, and makes it if k has none. It returns with the locks
// of the shard and the bucket held; release unlocks them.
func (s *keyShard[K]) promise(x *Keyed[K], h uint32, k K, c *setting) *Bucket {
	for {
		ns := x.clock.Now()
		s.mu.Lock()
		s.advanceClock(x, ns)
		if b := s.own(x, h, k); b != nil {
			b.enter(s.now)
			b.follow(c)
			return b
		}
		if b := s.promote(x, h, k, c); b != nil {
			b.mu.Lock()
			return b
		}
		s.mu.Unlock()
		x.dropOne(s, ns)
	}
}

// release unlocks what promise locked, and demotes the bucket if nothing was promised.
func (s *keyShard[K]) release(x *Keyed[K], h uint32, k K, b *Bucket) {
	b.mu.Unlock()
	s.own(x, h, k)
	s.mu.Unlock()
}

// demoteIfDue demotes the bucket of k if all its promises are due.
func (s *keyShard[K]) demoteIfDue(x *Keyed[K], h uint32, k K) {
	ns := x.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanceClock(x, ns)
	s.own(x, h, k)
}

// own returns k's own bucket, nil if it has none. If all promises of k are due it moves k
// back into the table; the shard's time may then be later than before. mu is held, as in
// all functions below. O(1) expected.
func (s *keyShard[K]) own(x *Keyed[K], h uint32, k K) *Bucket {
	slot := s.promised.Find(h, k)
	if slot == 0 || s.demote(x, slot) {
		return nil
	}
	return s.promised.At(slot).Value
}

// promote moves k from the table to its own bucket, which holds as many tokens. It
// returns nil if k is new and the Keyed is at its cap. First it checks two other promised
// keys and demotes them if all their promises are due, so that promised keys do not pile
// up even if no call asks for them.
func (s *keyShard[K]) promote(x *Keyed[K], h uint32, k K, c *setting) *Bucket {
	for range min(2, s.promised.Len()) {
		if s.promisedHand = s.promised.Next(s.promisedHand); s.promisedHand != 0 {
			s.demote(x, s.promisedHand)
		}
	}
	ns, debt := s.now, int64(0)
	if slot := s.table.Find(h, k); slot != 0 {
		word := &s.table.At(slot).Value
		if s.settings != nil && !s.settings.has(slot, c) {
			s.rename(slot, word, c, ns)
		}
		debt = c.debt(*word, ns)
		s.remove(slot)
	} else if !x.oneMore() {
		return nil
	}
	b := &Bucket{clock: x.clock, foreign: x.clock.Foreign(), maxWaiting: x.maxWaiting}
	b.last.Store(ns)
	st := newState(c.rate, c.burst, ns, narrow)
	if debt == 0 {
		st.start(i128(0).sub(st.cost(c.burst)))
	} else {
		st.start(i128(debt-c.full).scale(st.d, c.d))
	}
	b.state.Store(st)
	slot, _ := s.promised.FindOrAdd(h, k)
	s.promised.At(slot).Value = b
	return b
}

// demote moves the key of a slot of promised back into the table, or forgets it if its
// bucket is full. It reports false if one of its promises is not due.
func (s *keyShard[K]) demote(x *Keyed[K], slot uint32) bool {
	e := s.promised.At(slot)
	k, b := e.Key, e.Value
	b.enter(s.now)
	defer b.mu.Unlock()
	ns := s.advanceClock(x, b.locked())
	st, now := b.currentAt(ns)
	if !b.idle(st, now) {
		return false
	}
	s.promised.Delete(slot)
	c := settingOf(st.rate, st.burst)
	held := i128(0).sub(st.load().sub(now).scale(c.d, st.d)) // rounded down
	if lack, _ := i128(c.full).sub(held).max(i128(0)).word(); lack == 0 || st.rate == Inf {
		x.count.Add(-1) // it is full
	} else {
		s.insert(uint32(x.hash.Hash(k)), k, &c, lack, ns)
	}
	return true
}

// dropPromised forgets a key that has its own bucket, if there is one. The promises of
// the bucket keep their times.
func (s *keyShard[K]) dropPromised(x *Keyed[K]) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.promised.Next(0)
	if slot != 0 {
		s.promised.Delete(slot)
		x.count.Add(-1)
	}
	return slot != 0
}
