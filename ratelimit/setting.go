package ratelimit

import "math/bits"

// A setting is a rate and a burst in ticks, for Keyed: a tick is 1/n of a
// nanosecond, a token takes d ticks, a full bucket is full ticks.
type setting struct {
	rate    Rate
	burst   int64
	n, d    int64
	maxTake int64 // the largest n that can be taken: tokens in full
	full    int64
}

// maxTicks is the maximum number of ticks in a nanosecond. With it, 2^62 ticks, after
// which a word is no longer read correctly, are 73 minutes.
const maxTicks = 1 << 20

// settingOf returns the ticks of a rate. Where they would not fit it takes coarser
// ones and rounds the time of a token up; a burst that takes more than 73 years to
// fill counts as one that does not fill.
func settingOf(r Rate, burst int64) setting {
	n, per := r.Fraction()
	d := int64(per)
	c := setting{rate: r, burst: burst, n: n, d: d}
	if hi, lo := bits.Mul64(uint64(burst), uint64(d)); n <= maxTicks && hi == 0 && lo <= edge {
		c.maxTake, c.full = burst, int64(lo)
		return c
	}
	return c.coarse()
}

// coarse is settingOf for what does not fit.
func (c setting) coarse() setting {
	n, d := c.n, c.d
	for c.n = min(n, maxTicks); c.n > 0; c.n /= 2 {
		hi, lo := bits.Mul64(uint64(d), uint64(c.n))
		q, rest := bits.Div64(hi, lo, uint64(n)) // fits, since c.n is at most n
		if rest > 0 {
			q++
		}
		if hi, lo = bits.Mul64(uint64(c.burst), q); hi == 0 && lo <= edge {
			c.d, c.maxTake, c.full = int64(q), c.burst, int64(lo)
			return c
		}
	}
	c.n, c.d = 0, 1
	c.full = min(c.burst, edge)
	c.maxTake = c.full
	return c
}

// ticks returns a time as a word. Words are compared by the sign of their
// difference, so that it does not matter that they wrap around.
func (c *setting) ticks(ns int64) uint64 { return uint64(ns) * uint64(c.n) }

// debt returns the ticks that the bucket with this word lacks at ns.
func (c *setting) debt(word uint64, ns int64) int64 {
	return max(int64(word-c.ticks(ns)), 0)
}

// convert returns a debt under old as a debt under c: the bucket keeps its tokens, up to
// the burst. A full bucket stays full, as if it had been forgotten.
func (c *setting) convert(old *setting, debt int64) int64 {
	if debt == 0 {
		return 0
	}
	held := i128(old.full-debt).scale(-c.d, old.d) // minus the ticks of what is held
	lack, _ := i128(c.full).add(held).max(i128(0)).min(i128(c.full)).word()
	return lack
}

// left returns how long a bucket with that debt takes to fill.
func (c *setting) left(debt int64) int64 { return int64(i128(debt).ceilDiv(c.n)) }

// take takes n tokens from a bucket that lacks debt.
func (c *setting) take(debt, n int64) (int64, bool) {
	if uint64(n-1) >= uint64(c.maxTake) || n*c.d > c.full-debt {
		return debt, false
	}
	return debt + n*c.d, true
}

// decide makes the Decision of a take of n: debt is what the bucket lacks after it.
func (c *setting) decide(ok bool, n, debt int64) Decision {
	d := Decision{OK: ok, Limit: c.burst, Remaining: c.burst}
	if c.rate != Inf {
		d.Remaining = (c.full - debt) / c.d
		d.ResetAfter = i128(debt).ceilDiv(c.n)
	}
	switch {
	case ok:
	case n < 1 || n > c.maxTake:
		d.RetryAfter = Never
	default:
		d.RetryAfter = i128(n*c.d - (c.full - debt)).ceilDiv(c.n)
	}
	return d
}

// settings stores the setting of each slot of a shard, where there is a RateFor. Slots
// with the same setting share one: four bytes per key.
type settings struct {
	all   []setting
	users []int32 // how many slots have it; 0 is free
	index map[setting]uint32
	spare []uint32
	slot  []uint32 // 1 + the setting of the slot; 0 is none
}

func newSettings() *settings { return &settings{index: make(map[setting]uint32)} }

func (t *settings) grow(slots int) {
	slot := make([]uint32, slots)
	copy(slot, t.slot)
	t.slot = slot
}

// of returns the setting of a slot that has one.
func (t *settings) of(slot uint32) *setting { return &t.all[t.slot[slot]-1] }

// has reports whether the slot has the setting c.
func (t *settings) has(slot uint32, c *setting) bool { return *t.of(slot) == *c }

// set gives the slot the setting c. O(1) expected.
func (t *settings) set(slot uint32, c *setting) {
	t.free(slot)
	i, ok := t.index[*c]
	if !ok {
		if n := len(t.spare); n > 0 {
			i, t.spare = t.spare[n-1], t.spare[:n-1]
		} else {
			i = uint32(len(t.all))
			t.all, t.users = append(t.all, setting{}), append(t.users, 0)
		}
		t.all[i], t.index[*c] = *c, i
	}
	t.users[i]++
	t.slot[slot] = i + 1
}

// free removes the setting of the slot, if it has one.
func (t *settings) free(slot uint32) {
	i := t.slot[slot]
	if i == 0 {
		return
	}
	t.slot[slot] = 0
	if t.users[i-1]--; t.users[i-1] == 0 {
		delete(t.index, t.all[i-1])
		t.spare = append(t.spare, i-1)
	}
}

func (t *settings) renumber(from, to uint32) { t.slot[to], t.slot[from] = t.slot[from], 0 }
