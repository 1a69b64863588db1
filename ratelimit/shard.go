package ratelimit

import (
	"sync"

	"example.com/flatline/internal/pad"
	"example.com/flatline/internal/table"
	"example.com/flatline/internal/wheel"
)

// A keyShard is one part of a Keyed: a table from key to word, and a wheel with the times
// at which to check whether a bucket is full. The word is the instant at which the bucket
// will be full, in ticks of the key's setting. mu guards everything.
type keyShard[K comparable] struct {
	mu    sync.Mutex
	table table.Table[K, uint64]
	// looks holds, for each slot, a time at which its bucket may be full: the time
	// computed at the last look. Takes since then can only have made it later, so a take
	// need not move it.
	looks    *wheel.Wheel
	slots    int
	now      int64     // the latest time seen; it never goes backwards
	swept    int64     // the time of the last look at all buckets that were due
	hand     uint32    // the slot that dropCheapest looked at last
	settings *settings // nil if all keys have the same setting

	promised     table.Table[K, *Bucket] // the promised keys, with their Buckets
	promisedHand uint32                  // the slot of promised that promote checked last
	_            pad.Gap                 // the next shard's lock
}

func (s *keyShard[K]) init(named bool) {
	if named {
		s.settings = newSettings()
	}
}

// take takes n tokens from k. Its verdict is unclear if k is new and the Keyed is at its
// cap, and elsewhere if k has its own Bucket; in both cases nothing has changed.
func (s *keyShard[K]) take(x *Keyed[K], h uint32, k K, n int64, c *setting, ns int64) (v verdict, debt int64) {
	s.mu.Lock() // not deferred: nothing below calls a caller's function
	if ns >= s.now && ns-s.swept <= sweep {
		s.now = ns // as advanceClock, which is not inlined
	} else {
		ns = s.advanceClock(x, ns)
	}
	if slot := s.table.Find(h, k); slot != 0 {
		word := &s.table.At(slot).Value
		if s.settings != nil && !s.settings.has(slot, c) {
			s.rename(slot, word, c, ns)
		}
		var ok bool
		if debt, ok = c.take(c.debt(*word, ns), n); ok {
			*word, v = c.ticks(ns)+uint64(debt), granted
		}
	} else if s.promised.Len() > 0 && s.promised.Find(h, k) != 0 {
		v = elsewhere
	} else {
		v, debt = s.first(x, h, k, n, c, ns)
	}
	s.mu.Unlock()
	return v, debt
}

// takeOwn takes n tokens from k's own Bucket, and writes the Decision to d, unless d is
// nil. It reports found as false, and does nothing, if k no longer has one.
func (s *keyShard[K]) takeOwn(x *Keyed[K], h uint32, k K, n int64, c *setting, ns int64, d *Decision) (ok, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanceClock(x, ns)
	b := s.own(x, h, k)
	if b == nil {
		return false, false
	}
	b.enter(s.now)
	defer b.mu.Unlock()
	b.follow(c)
	ok, st, at := b.takeLocked(n)
	if d != nil {
		*d = st.decide(ok, n, at)
	}
	return ok, true
}

// first takes n tokens from k, which is not kept. mu is held, as in all functions below.
func (s *keyShard[K]) first(x *Keyed[K], h uint32, k K, n int64, c *setting, ns int64) (verdict, int64) {
	debt, ok := c.take(0, n)
	if !ok {
		return refused, debt
	}
	s.dropDue(x, 2)
	if !x.oneMore() {
		return unclear, 0
	}
	s.insert(h, k, c, debt, ns)
	return granted, debt
}

// rename gives a slot another setting, and converts its word to the ticks of that
// setting.
func (s *keyShard[K]) rename(slot uint32, word *uint64, c *setting, ns int64) {
	old := s.settings.of(slot)
	debt := c.convert(old, old.debt(*word, ns))
	s.settings.set(slot, c)
	*word = c.ticks(ns) + uint64(debt)
	s.relook(slot, c.left(debt))
}

// sweep is the time after which all slots that are due are looked at. A word more than
// 2^62 ticks in the past would be read as one in the future.
const sweep = edge / 2 / maxTicks

// advanceClock advances the shard's time to ns and returns it; it never moves backwards.
// O(1) amortised; after a pause it catches up in steps of 18 minutes.
func (s *keyShard[K]) advanceClock(x *Keyed[K], ns int64) int64 {
	ns = max(s.now, ns)
	if ns-s.swept > sweep {
		s.catchUp(x, ns)
	}
	s.now = ns
	return ns
}

// catchUp looks at the slots that are due, in steps of sweep. A slot that is never due
// needs no look: its bucket does not fill, so its word keeps its meaning.
func (s *keyShard[K]) catchUp(x *Keyed[K], ns int64) {
	for ns-s.swept > sweep {
		if s.looks == nil || s.looks.Len() == 0 {
			s.swept = ns
			return
		}
		s.swept += sweep
		s.now = max(s.now, s.swept)
		s.dropDue(x, -1)
	}
}

// setting returns the setting under which the word of a slot is to be read.
func (s *keyShard[K]) setting(x *Keyed[K], slot uint32) *setting {
	if s.settings == nil {
		return &x.setting
	}
	return s.settings.of(slot)
}

// insert adds k, whose bucket lacks debt.
func (s *keyShard[K]) insert(h uint32, k K, c *setting, debt, ns int64) {
	slot, _ := s.table.FindOrAdd(h, k)
	if n := s.table.Slots(); n != s.slots {
		s.resize(n)
	}
	s.table.At(slot).Value = c.ticks(ns) + uint64(debt)
	if s.settings != nil {
		s.settings.set(slot, c)
	}
	s.looks.Advance(ns)
	s.looks.Add(slot, c.left(debt), wheel.OutOfTurn)
}

// resize makes the side slices as long as the table.
func (s *keyShard[K]) resize(slots int) {
	s.slots = slots
	if s.looks == nil {
		s.looks = wheel.New(slots)
	} else {
		s.looks.Grow(slots)
	}
	if s.settings != nil {
		s.settings.grow(slots)
	}
}

// relook schedules a look at slot after that many nanoseconds, at least one.
func (s *keyShard[K]) relook(slot uint32, left int64) {
	s.looks.Remove(slot)
	s.looks.Advance(s.now)
	s.looks.Add(slot, max(left, 1), wheel.OutOfTurn)
}

// dropDue looks at up to limit slots that are due (all if limit is negative), and drops
// those whose buckets are full; it returns their number. O(1) amortised for each: if a
// look finds a bucket not full, tokens have been taken since the last look.
func (s *keyShard[K]) dropDue(x *Keyed[K], limit int) (dropped int) {
	if s.looks == nil {
		return 0
	}
	steps := wheel.Steps
	if limit < 0 {
		steps *= s.looks.Len() + 1
	}
	s.looks.Advance(s.now)
	for ; limit != 0; limit-- {
		slot := s.looks.Due(steps)
		switch {
		case slot != 0 && s.look(x, slot):
			dropped++
		case slot == 0 && limit < 0:
			return dropped
		}
	}
	return dropped
}

// look drops the key of a slot that is due, if its bucket is full.
func (s *keyShard[K]) look(x *Keyed[K], slot uint32) (dropped bool) {
	c := s.setting(x, slot)
	if debt := c.debt(s.table.At(slot).Value, s.now); debt > 0 {
		s.relook(slot, c.left(debt))
		return false
	}
	s.drop(x, slot)
	return true
}

// drop forgets the key of a slot.
func (s *keyShard[K]) drop(x *Keyed[K], slot uint32) {
	s.remove(slot)
	x.count.Add(-1)
}

// remove removes a slot from the table.
func (s *keyShard[K]) remove(slot uint32) {
	s.looks.Remove(slot)
	if s.settings != nil {
		s.settings.free(slot)
	}
	s.table.Delete(slot)
	if n := s.table.Len(); s.slots > 64 && n < s.slots/4 {
		s.table.Compact(0, func(from, to uint32) {
			s.looks.Renumber(from, to)
			if s.settings != nil {
				s.settings.renumber(from, to)
			}
		})
		s.resize(max(s.table.Slots(), 1))
	}
}

// dropFull drops a key whose bucket is full, if there is one.
func (s *keyShard[K]) dropFull(x *Keyed[K], ns int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ns = s.advanceClock(x, ns)
	for s.looks != nil {
		s.looks.Advance(ns)
		slot := s.looks.Due((s.looks.Len() + 1) * wheel.Steps)
		if slot == 0 {
			break
		}
		if s.look(x, slot) {
			return true
		}
	}
	return false
}

// sample is how many keys an eviction compares.
const sample = 8

// dropCheapest drops, of the next sample keys, the one whose bucket will be full soonest,
// unless the shard has fewer than atLeast keys. So in a flood, new keys replace each
// other, not keys with a large debt. A new key gets the slot of the key that it replaces,
// so a flood costs at most one key with a large debt in each run of sample slots. Among
// buckets that never fill, the one with the smallest debt is the cheapest.
func (s *keyShard[K]) dropCheapest(x *Keyed[K], atLeast int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.table.Len() < atLeast {
		return false
	}
	best, soonest, least := uint32(0), int64(0), int64(0)
	for range min(sample, s.table.Len()) {
		if s.hand = s.table.Next(s.hand); s.hand == 0 {
			s.hand = s.table.Next(0)
		}
		c := s.setting(x, s.hand)
		debt := c.debt(s.table.At(s.hand).Value, s.now)
		left := c.left(debt)
		if best == 0 || left < soonest || left == soonest && debt < least {
			best, soonest, least = s.hand, left, debt
		}
	}
	s.drop(x, best)
	return true
}

func (s *keyShard[K]) delete(x *Keyed[K], h uint32, k K) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.table.Find(h, k)
	if slot != 0 {
		s.drop(x, slot)
		return true
	}
	if slot = s.promised.Find(h, k); slot != 0 {
		s.promised.Delete(slot)
		x.count.Add(-1)
	}
	return slot != 0
}

// peek returns what a take of n would decide, with what the bucket of k has. From now on
// the bucket fills under the setting c, even if the caller does not take.
func (s *keyShard[K]) peek(x *Keyed[K], h uint32, k K, n int64, c *setting, ns int64) Decision {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanceClock(x, ns)
	if b := s.own(x, h, k); b != nil {
		b.enter(s.now)
		defer b.mu.Unlock()
		b.follow(c)
		return b.peekLocked(n)
	}
	debt := s.debt(h, k, c, s.now)
	_, ok := c.take(debt, n)
	return c.decide(ok, n, debt)
}

// debt returns what the bucket of k lacks, in ticks of c.
func (s *keyShard[K]) debt(h uint32, k K, c *setting, ns int64) int64 {
	slot := s.table.Find(h, k)
	if slot == 0 {
		return 0
	}
	word := &s.table.At(slot).Value
	if s.settings != nil && !s.settings.has(slot, c) {
		s.rename(slot, word, c, ns)
	}
	return c.debt(*word, ns)
}

// refund reduces the debt of the bucket of k by n tokens.
func (s *keyShard[K]) refund(x *Keyed[K], h uint32, k K, n, ns int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanceClock(x, ns)
	if b := s.own(x, h, k); b != nil {
		b.enter(s.now)
		defer b.mu.Unlock()
		b.refund(n)
		return
	}
	if slot := s.table.Find(h, k); slot != 0 {
		c := s.setting(x, slot)
		word := &s.table.At(slot).Value
		debt := int64(0)
		if n < c.burst {
			debt = max(c.debt(*word, s.now)-n*c.d, 0)
		}
		*word = c.ticks(s.now) + uint64(debt)
		s.relook(slot, c.left(debt))
	}
}

// A kept is a key and what its bucket has.
type kept[K comparable] struct {
	key K
	Decision
}

// snapshot returns the keys whose buckets are not full.
func (s *keyShard[K]) snapshot(x *Keyed[K], ns int64) []kept[K] {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanceClock(x, ns)
	all := make([]kept[K], 0, s.table.Len()+s.promised.Len())
	for slot := s.promised.Next(0); slot != 0; slot = s.promised.Next(slot) {
		if s.demote(x, slot) {
			continue // it is in the table, or full
		}
		e := s.promised.At(slot)
		e.Value.mu.Lock()
		all = append(all, kept[K]{e.Key, e.Value.peekLocked(0)})
		e.Value.mu.Unlock()
	}
	for slot := s.table.Next(0); slot != 0; slot = s.table.Next(slot) {
		c := s.setting(x, slot)
		if debt := c.debt(s.table.At(slot).Value, s.now); debt > 0 {
			all = append(all, kept[K]{s.table.At(slot).Key, c.decide(false, 0, debt)})
		}
	}
	return all
}
