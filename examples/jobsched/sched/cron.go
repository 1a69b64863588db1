package sched

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // for machines that have no time zones installed
)

// A Cron is a set of instants, its ticks, all at whole seconds. It is made by ParseCron
// and does not change.
type Cron struct {
	second, minute, hour, month uint64 // bit n: the value n matches
	day                         uint64 // bit 0: the last day of the month
	weekday                     uint64
	nth                         uint64 // bit 8·d+n: the n-th weekday d of the month; n = last is the last one
	anyDay, anyWeekday          bool
	every                       int64 // seconds; then nothing above counts
	zone                        *time.Location
}

const (
	maxCron = 256 // bytes of an expression
	last    = 6
	allDay  = 1<<24 - 1
)

// field is what one of the fields of an expression may have.
type field struct {
	name     string
	min, max int
	names    string // three letters for each value from min on
}

var fields = []field{
	{"second", 0, 59, ""},
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day", 1, 31, ""},
	{"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
	{"weekday", 0, 6, "SUNMONTUEWEDTHUFRISAT"},
}

var macros = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

// ParseCron parses an expression of five fields (minute, hour, day, month, weekday) or six
// (second first), of values, names, lists, ranges and steps. L is the last day of a month,
// 5L its last Friday, 5#3 its third Friday. If neither the day nor the weekday is *, one of
// both must match. @hourly and its kin are short for such an expression; the ticks of
// @every 90s are the multiples of 90 seconds since 1970, so that all nodes have the same.
// CRON_TZ=Europe/Berlin in front names the zone, which is UTC otherwise. The error wraps
// ErrBad, also for an expression that never matches.
func ParseCron(expr string) (*Cron, error) {
	c, err := parseCron(expr)
	if err != nil {
		return nil, fmt.Errorf("%w: cron: %w", ErrBad, err)
	}
	return c, nil
}

func parseCron(expr string) (*Cron, error) {
	if len(expr) > maxCron {
		return nil, fmt.Errorf("the expression has more than %d bytes", maxCron)
	}
	c := &Cron{zone: time.UTC}
	all := strings.Fields(expr)
	if len(all) > 0 {
		_, name, ok := strings.Cut(all[0], "TZ=")
		if prefix := strings.TrimSuffix(all[0], name); ok && (prefix == "TZ=" || prefix == "CRON_TZ=") {
			var err error
			if c.zone, err = time.LoadLocation(name); err != nil || name == "" || name == "Local" {
				return nil, fmt.Errorf("unknown time zone %q", name)
			}
			all = all[1:]
		}
	}
	if len(all) == 2 && all[0] == "@every" {
		d, err := time.ParseDuration(all[1])
		if err != nil || d < time.Second || d > maxEvery || d%time.Second != 0 {
			return nil, fmt.Errorf("@every needs whole seconds, from 1s to %v, got %q", maxEvery, all[1])
		}
		c.every = int64(d / time.Second)
		return c, nil
	}
	if len(all) == 1 && macros[all[0]] != "" {
		all = strings.Fields(macros[all[0]])
	}
	switch len(all) {
	case 5:
		all = append([]string{"0"}, all...)
	case 6:
	default:
		return nil, fmt.Errorf("an expression has 5 or 6 fields, got %d", len(all))
	}
	var any bool
	for i, mask := range []*uint64{&c.second, &c.minute, &c.hour, &c.day, &c.month, &c.weekday} {
		for item := range strings.SplitSeq(strings.ToUpper(all[i]), ",") {
			m, star, err := c.item(fields[i], item)
			if err != nil {
				return nil, fmt.Errorf("%s %q: %w", fields[i].name, item, err)
			}
			*mask |= m
			any = star || any
		}
		switch fields[i].name {
		case "day":
			c.anyDay = any
		case "weekday":
			c.anyWeekday = any
		}
		any = false
	}
	return c, c.possible()
}

const maxEvery = 366 * 24 * time.Hour

// item parses one of the items of a field. star reports whether it is *.
func (c *Cron) item(f field, item string) (mask uint64, star bool, err error) {
	if f.name == "day" && item == "L" {
		return 1, false, nil
	}
	if f.name == "weekday" {
		name, n, numbered := strings.Cut(item, "#")
		which := last
		if numbered {
			if which, err = strconv.Atoi(n); err != nil || which < 1 || which > 5 {
				return 0, false, errors.New("the number behind # must be from 1 to 5")
			}
		} else {
			name, numbered = strings.CutSuffix(item, "L")
		}
		if numbered {
			d, err := f.value(name)
			c.nth |= 1 << (8*(d%7) + which)
			return 0, false, err
		}
	}
	span, by, stepped := strings.Cut(item, "/")
	step := 1
	if stepped {
		if step, err = strconv.Atoi(by); err != nil || step < 1 {
			return 0, false, errors.New("the step must be a number from 1 on")
		}
	}
	lo, hi := f.min, f.max
	if span == "*" || span == "?" {
		star = step == 1
	} else {
		from, to, ranged := strings.Cut(span, "-")
		if lo, err = f.value(from); err != nil {
			return 0, false, err
		}
		switch {
		case ranged:
			hi, err = f.value(to)
		case !stepped:
			hi = lo
		}
		if err == nil && hi < lo {
			err = errors.New("the range is empty")
		}
	}
	for v := lo; v <= hi && err == nil; v += min(step, 60) {
		if f.name == "weekday" {
			mask |= 1 << (v % 7)
			continue
		}
		mask |= 1 << v
	}
	return mask, star, err
}

// value parses a number or a name. 7 is Sunday too.
func (f field) value(s string) (int, error) {
	if len(s) == 3 {
		if i := strings.Index(f.names, s); i >= 0 && i%3 == 0 {
			return f.min + i/3, nil
		}
	}
	v, err := strconv.Atoi(s)
	if err == nil && v == 7 && f.name == "weekday" {
		return v, nil
	}
	if err != nil || v < f.min || v > f.max || s[0] == '+' {
		return 0, fmt.Errorf("must be from %d to %d", f.min, f.max)
	}
	return v, nil
}

// possible returns an error if no day ever matches, such as 30 February.
func (c *Cron) possible() error {
	for m := time.January; m <= time.December; m++ {
		if c.month&(1<<m) != 0 && c.days(2000, m) != 0 { // a leap year
			return nil
		}
		// A fifth weekday is in each month but February, and there once in 28 years.
		if c.month&(1<<m) != 0 && c.nth != 0 && !c.anyWeekday {
			return nil
		}
	}
	return errors.New("no day ever matches")
}

// days returns the days of a month that match, as a mask. O(1).
func (c *Cron) days(year int, m time.Month) uint64 {
	first := time.Date(year, m, 1, 0, 0, 0, 0, time.UTC)
	n := first.AddDate(0, 1, -1).Day()
	all := uint64(1)<<(n+1) - 2
	byDay := c.day &^ 1
	if c.day&1 != 0 {
		byDay |= 1 << n
	}
	const weekly = 1<<1 | 1<<8 | 1<<15 | 1<<22 | 1<<29
	byWeekday := uint64(0)
	for d := range 7 {
		shift := (d - int(first.Weekday()) + 7) % 7
		if c.weekday&(1<<d) != 0 {
			byWeekday |= weekly << shift
		}
		which := c.nth >> (8 * d) & 0xff
		for k := 1; k <= 5; k++ {
			if which&(1<<k) != 0 {
				byWeekday |= 1 << (1 + shift + 7*(k-1))
			}
		}
		if which&(1<<last) != 0 {
			byWeekday |= 1 << (bits.Len64(weekly<<shift&all) - 1)
		}
	}
	if c.anyDay || c.anyWeekday {
		return all & byDay & byWeekday
	}
	return all & (byDay | byWeekday)
}
