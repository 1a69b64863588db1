package sched

import (
	"math/bits"
	"time"
)

// window is longer than any change of a clock, and than any zone is ahead of another.
const window = 48 * time.Hour

// maxYear is the last one that RFC 3339 can write.
const maxYear = 9999

// Next returns the first tick after t; ok is false if there is none up to the year 9999.
// O(fields), and the changes of the zone's clock within two days of t,
// or up to the tick if all hours match.
//
// Where a clock is put forward or back: an expression that names hours runs once for each
// time that it names, at the first moment when the clock shows that time or a later one;
// one with all 24 hours runs whenever the clock shows a time that matches.
func (c *Cron) Next(t time.Time) (tick time.Time, ok bool) {
	if t.Year() > maxYear || t.Year() < 1 {
		return time.Time{}, false
	}
	if c.every > 0 {
		n := t.Unix() / c.every
		if t.Unix() < n*c.every { // division rounds to zero
			n--
		}
		tick = time.Unix((n+1)*c.every, 0).UTC()
		return tick, tick.Year() <= maxYear
	}
	t = t.In(c.zone)
	if c.hour == allDay {
		return c.shown(t)
	}
	// A time up to the latest one that the clock has shown has had its moment.
	w := wall(t) + 1
	for p := t; ; {
		start, _ := period(p)
		if start.IsZero() || t.Sub(start) > window {
			break
		}
		p = start.Add(-1)
		w = max(w, wall(p)+1)
	}
	if w, ok = c.match(w); !ok {
		return time.Time{}, false
	}
	return c.reached(w), true
}

// wall returns what the clock shows at t, as the Unix time at which one in UTC does.
func wall(t time.Time) int64 {
	_, offset := t.Zone()
	return t.Unix() + int64(offset)
}

// period returns from when to when the zone of t has one offset, or less than that: the
// periods of Go's rules for the future also end with the year, and on the last day of a
// leap year ZoneBounds returns an end that is not after t (seen in Go 1.26).
func period(t time.Time) (start, end time.Time) {
	start, end = t.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		end = end.Add(24 * time.Hour)
	}
	return start, end
}

// reached returns the first moment at which the clock shows w or a later time.
func (c *Cron) reached(w int64) time.Time {
	for p := time.Unix(w, 0).Add(-window).In(c.zone); ; {
		_, offset := p.Zone()
		start, end := period(p)
		at := time.Unix(w-int64(offset), 0)
		if !start.IsZero() && at.Before(start) {
			at = start // w is in a gap
		}
		if end.IsZero() || at.Before(end) {
			return at.UTC()
		}
		p = end
	}
}

// shown returns the first moment after t at which the clock shows a time that matches.
func (c *Cron) shown(t time.Time) (time.Time, bool) {
	for from := wall(t) + 1; ; {
		w, ok := c.match(from)
		if !ok {
			return time.Time{}, false
		}
		_, offset := t.Zone()
		_, end := period(t)
		at := time.Unix(w-int64(offset), 0)
		if end.IsZero() || at.Before(end) {
			return at.UTC(), true
		}
		t, from = end, wall(end) // put back, the clock shows again what may match
	}
}

// match returns the first time from w on that matches, on a clock that is never changed.
func (c *Cron) match(w int64) (int64, bool) {
	t := time.Unix(w, 0).UTC()
	day := t.Truncate(24 * time.Hour)
	h, m, s := t.Clock()
	if s = from(c.second, s); s < 0 {
		m, s = m+1, from(c.second, 0)
	}
	next := from(c.minute, m)
	if next != m {
		s = from(c.second, 0)
	}
	if m = next; m < 0 {
		h, m = h+1, from(c.minute, 0)
	}
	if next = from(c.hour, h); next != h {
		m, s = from(c.minute, 0), from(c.second, 0)
	}
	if h = next; h < 0 {
		day, h = day.AddDate(0, 0, 1), from(c.hour, 0)
	}
	first := day
	for year, month, d := day.Date(); year <= maxYear; month, d = month+1, 1 {
		if month > time.December {
			year, month = year+1, time.January
		}
		if month = time.Month(from(c.month, int(month))); month < 0 {
			month = time.December
			continue
		}
		if y, m, _ := first.Date(); y != year || m != month {
			d = 1
		}
		if d = from(c.days(year, month), d); d > 0 {
			day = time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
			if !day.Equal(first) {
				h, m, s = from(c.hour, 0), from(c.minute, 0), from(c.second, 0)
			}
			return day.Unix() + int64(h)*3600 + int64(m)*60 + int64(s), year <= maxYear
		}
	}
	return 0, false
}

// from returns the first bit that is set, from n on, or -1.
func from(mask uint64, n int) int {
	if mask = mask >> n << n; mask == 0 {
		return -1
	}
	return bits.TrailingZeros64(mask)
}

// Prev returns the last tick before t; ok is false if there is none within 60 years. It
// halves the time with Next, so that a job that was not looked at for a year costs no more
// than one that was for a minute.
func (c *Cron) Prev(t time.Time) (tick time.Time, ok bool) {
	has := func(s int64) bool { // a tick between s and t
		next, ok := c.Next(time.Unix(s, 0))
		return ok && next.Before(t)
	}
	hi := t.Add(-1).Unix() // between it and t is no whole second
	lo := hi - 1
	for d := int64(1); !has(lo); lo = hi - d {
		if d *= 2; d > 1<<31 {
			return time.Time{}, false
		}
	}
	for hi-lo > 1 {
		if mid := lo + (hi-lo)/2; has(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return time.Unix(hi, 0).UTC(), true
}
