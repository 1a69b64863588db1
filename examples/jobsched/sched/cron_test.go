package sched

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func mustParse(t require.TestingT, expr string) *Cron {
	c, err := ParseCron(expr)
	require.NoError(t, err)
	return c
}

// ticks returns the first n ticks after a time, as an RFC 3339 list.
func ticks(t require.TestingT, expr, after string, n int) string {
	c := mustParse(t, expr)
	at, err := time.Parse(time.RFC3339, after)
	require.NoError(t, err)
	var all []string
	for range n {
		next, ok := c.Next(at)
		if !ok {
			break
		}
		all = append(all, next.In(c.zone).Format("2006-01-02T15:04:05Z07:00"))
		at = next
	}
	return strings.Join(all, " ")
}

// TestCron: what each form means.
func TestCron(t *testing.T) {
	for _, tc := range []struct{ expr, after, want string }{
		{"30 2 * * *", "2026-01-31T12:00:00Z", "2026-02-01T02:30:00Z 2026-02-02T02:30:00Z"},
		{"15 30 2 * * *", "2026-01-31T02:30:15Z", "2026-02-01T02:30:15Z 2026-02-02T02:30:15Z"},
		{"15 30 2 * * *", "2026-01-31T02:30:14Z", "2026-01-31T02:30:15Z 2026-02-01T02:30:15Z"},
		{"*/20 8-9 * * mon-fri", "2026-01-30T09:20:00Z", "2026-01-30T09:40:00Z 2026-02-02T08:00:00Z"},
		{"0 0 l * *", "2027-12-31T00:00:00Z", "2028-01-31T00:00:00Z 2028-02-29T00:00:00Z"},
		{"0 0 * * 5L", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z 2026-02-27T00:00:00Z"},
		{"0 0 ? * FRI#3", "2026-01-01T00:00:00Z", "2026-01-16T00:00:00Z 2026-02-20T00:00:00Z"},
		{"0 0 * * 4#5", "2026-01-30T00:00:00Z", "2026-04-30T00:00:00Z 2026-07-30T00:00:00Z"},
		{"0 0 * 2 MON#5", "2026-01-30T00:00:00Z", "2044-02-29T00:00:00Z 2072-02-29T00:00:00Z"},
		{"0 0 29 2 *", "2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z 2108-02-29T00:00:00Z"},
		{"0 0 13 * 5", "2026-02-13T00:00:00Z", "2026-02-20T00:00:00Z 2026-02-27T00:00:00Z"},
		{"0 0 13 * 5", "2026-03-12T00:00:00Z", "2026-03-13T00:00:00Z 2026-03-20T00:00:00Z"},
		{"0 12 * * 7", "2026-01-31T00:00:00Z", "2026-02-01T12:00:00Z 2026-02-08T12:00:00Z"},
		{"5/25 10 * dec SUN", "2026-01-31T00:00:00Z", "2026-12-06T10:05:00Z 2026-12-06T10:30:00Z"},
		{"@every 1h30m", "2026-01-31T00:10:00Z", "2026-01-31T01:30:00Z 2026-01-31T03:00:00Z"},
		{"@every 7s", "1969-12-31T23:59:50Z", "1969-12-31T23:59:53Z 1970-01-01T00:00:00Z"},
		{"CRON_TZ=Asia/Tokyo @weekly", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00+09:00 2026-02-08T00:00:00+09:00"},
		{"@hourly", "9999-12-31T22:30:00Z", "9999-12-31T23:00:00Z"},
	} {
		n := strings.Count(tc.want, " ") + 1
		assert.Equal(t, tc.want, ticks(t, tc.expr, tc.after, max(n, 2)), "%s after %s", tc.expr, tc.after)
	}
}

// TestClockChanges: an expression that names hours runs once a day, one that repeats
// through the hours runs whenever the clock shows its times. On these days robfig/cron runs
// the first one never and twice.
func TestClockChanges(t *testing.T) {
	for _, tc := range []struct{ expr, after, want string }{
		{"CRON_TZ=Europe/Berlin 30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T03:00:00+02:00 2026-03-30T02:30:00+02:00"},
		{"CRON_TZ=Europe/Berlin 30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T02:30:00+02:00 2026-10-26T02:30:00+01:00"},
		{"CRON_TZ=Europe/Berlin 30 2 * * *", "2026-10-25T01:15:00Z", "2026-10-26T02:30:00+01:00"},
		{"CRON_TZ=Europe/Berlin 0 2,3 * * *", "2026-03-29T00:00:00Z", "2026-03-29T03:00:00+02:00 2026-03-30T02:00:00+02:00"},
		{"CRON_TZ=Europe/Berlin */30 * * * *", "2026-03-29T00:00:00Z", "2026-03-29T01:30:00+01:00 2026-03-29T03:00:00+02:00"},
		{"CRON_TZ=Europe/Berlin */30 * * * *", "2026-10-25T00:00:00Z", "2026-10-25T02:30:00+02:00 2026-10-25T02:00:00+01:00 2026-10-25T02:30:00+01:00 2026-10-25T03:00:00+01:00"},
		{"CRON_TZ=Australia/Lord_Howe 15 2 * * *", "2026-10-03T10:00:00Z", "2026-10-04T02:30:00+11:00 2026-10-05T02:15:00+11:00"},
		{"CRON_TZ=Australia/Lord_Howe 45 * * * *", "2026-04-04T13:45:00Z", "2026-04-05T01:45:00+11:00 2026-04-05T01:45:00+10:30"},
		{"CRON_TZ=Pacific/Apia 0 12 * * *", "2011-12-29T23:00:00Z", "2011-12-31T00:00:00+14:00 2011-12-31T12:00:00+14:00"},
		{"CRON_TZ=Africa/Casablanca 30 2 * * *", "2026-02-14T12:00:00Z", "2026-02-15T02:30:00+01:00 2026-02-16T02:30:00Z"},
	} {
		assert.Equal(t, tc.want, ticks(t, tc.expr, tc.after, strings.Count(tc.want, " ")+1), "%s after %s", tc.expr, tc.after)
	}
	// Here ZoneBounds ends a period before it has begun.
	c := mustParse(t, "CRON_TZ=America/New_York 30 * * * *")
	at := time.Date(2044, 12, 30, 0, 0, 0, 0, time.UTC)
	for i := range 72 {
		next, ok := c.Next(at)
		require.True(t, ok)
		require.Equal(t, time.Date(2044, 12, 30, i, 30, 0, 0, time.UTC), next)
		at = next
	}
}

// TestBadCron: each is an error, at once.
func TestBadCron(t *testing.T) {
	for _, expr := range []string{
		"", "* * * *", "* * * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * 0 *", "* * * * 8",
		"-1 * * * *", "+1 * * * *", "5-3 * * * *", "*/0 * * * *", "*/-1 * * * *", "*/x * * * *", "1- * * * *", "-5 * * * *", ", * * * *", "1,, * * * *",
		"* * * foo *", "* * * * L", "* * * * 5#6", "* * * * 5#0", "* * * * #1", "* * * * 9L", "* * 5L * *", "* * L-3 * *", "* * 15W * *", "L * * * *",
		"0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30 2 *,5#5", "@reboot", "@every", "@every 0s", "@every -1h", "@every 1ms", "@every 1.5s", "@every 100000h", "@every x",
		"CRON_TZ=Nowhere/Land * * * * *", "CRON_TZ= * * * * *", "TZ=Local * * * * *", "CRON_TZ=../../etc/passwd * * * * *", "XTZ=UTC * * * * *", "CRON_TZ=UTC",
		"99999999999999999999 * * * *", strings.Repeat("*", 400<<10), strings.Repeat("1,", 130) + "1 * * * *", "* * * * 5##1",
	} {
		_, err := ParseCron(expr)
		assert.ErrorIs(t, err, ErrBad, "%.60q", expr)
	}
}

// FuzzCron: no expression panics or loops, and a tick is later than the time before it.
func FuzzCron(f *testing.F) {
	for _, s := range []string{"0 0 29 2 *", "CRON_TZ=Europe/Berlin 30 2 * * *", "*/7 1-5/2 * * 5L,3#2", "@every 3s", "0 0 30 2 *,5#5"} {
		f.Add(s, int64(1_790_000_000))
	}
	f.Fuzz(func(t *testing.T, expr string, at int64) {
		c, err := ParseCron(expr)
		if err != nil {
			return
		}
		after := time.Unix(at%(1<<37), 0)
		next, ok := c.Next(after)
		if ok && !next.After(after) {
			t.Fatalf("%s: %v after %v", expr, next, after)
		}
	})
}

// expression draws an expression without a zone; its hours often name one that is
// repeated or missing.
func expression(t *rapid.T) string {
	field := func(name string, items ...string) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(items), 1, 2).Draw(t, name), ",")
	}
	return strings.Join([]string{
		field("minute", "0", "30", "*/15", "59", "*", "5-50/9"),
		field("hour", "*", "*", "2", "1-3", "0", "*/2", "23", "12"),
		field("day", "*", "*", "*", "L", "1", "28-31", "13"),
		field("month", "*", "*", "*", "MAR,OCT", "2", "*/3"),
		field("weekday", "*", "*", "*", "SUN", "5L", "0#1", "1-5", "6#5"),
	}, " ")
}

// matches is the plain answer: does a clock's time match?
func (c *Cron) matches(w int64) bool {
	t := time.Unix(w, 0).UTC()
	if c.minute&(1<<t.Minute()) == 0 || c.hour&(1<<t.Hour()) == 0 || c.month&(1<<t.Month()) == 0 {
		return false
	}
	last := t.AddDate(0, 1, -t.Day()).Day()
	day := c.day&(1<<t.Day()) != 0 || c.day&1 != 0 && t.Day() == last
	nth := c.nth >> (8 * int(t.Weekday()))
	weekday := c.weekday&(1<<t.Weekday()) != 0 || nth&(1<<((t.Day()+6)/7)) != 0 || nth&(1<<6) != 0 && t.Day()+7 > last
	if c.anyDay || c.anyWeekday {
		day = day && weekday
	} else {
		day = day || weekday
	}
	return day
}

// shown returns what the clock of a zone shows, minute by minute, and the latest that it has
// shown in the three days before.
func shown(zone *time.Location, from time.Time, minutes int) (walls []int64, latest int64) {
	latest = -1 << 62
	for at := from.Add(-3 * 24 * time.Hour).In(zone); at.Before(from); at = at.Add(time.Minute) {
		latest = max(latest, wall(at))
	}
	for i := range minutes {
		walls = append(walls, wall(from.Add(time.Duration(i)*time.Minute).In(zone)))
	}
	return walls, latest
}

// bruteForce returns the ticks of an expression without seconds in a span, minute by
// minute: the definition, and nothing else.
func bruteForce(c *Cron, from time.Time, walls []int64, latest int64) (all []time.Time) {
	for i, shows := range walls {
		tick := false
		if c.hour == allDay {
			tick = c.matches(shows)
		} else {
			for w := latest + 60; w <= shows; w += 60 { // what the clock shows, and what it has skipped
				tick = tick || c.matches(w)
			}
		}
		latest = max(latest, shows)
		if tick {
			all = append(all, from.Add(time.Duration(i)*time.Minute).UTC())
		}
	}
	return all
}

// zones returns some zones, or all that this machine knows.
func zones(t *testing.T) []string {
	some := []string{
		"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Gaza",
		"America/Caracas", "Asia/Pyongyang", "Pacific/Kiritimati", "Antarctica/Troll", "America/Havana", "Africa/Cairo", "Europe/Dublin",
	}
	const dir = "/usr/share/zoneinfo"
	if testing.Short() {
		return some
	}
	var all []string
	_ = fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == "posix" || path == "right" {
			return fs.SkipDir
		}
		if _, err := time.LoadLocation(path); err == nil && !e.IsDir() && path != "localtime" && strings.ToUpper(path[:1]) == path[:1] {
			all = append(all, path)
		}
		return nil
	})
	return append(all, some...)
}

// changes returns when the clock of a zone changes, from 2000 to 2040.
func changes(zone *time.Location) (all []time.Time) {
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).In(zone)
	for {
		_, end := period(at)
		if end.IsZero() || end.Year() > 2040 {
			return all
		}
		all = append(all, end)
		at = end
	}
}

// TestBruteForce: around changes of the clocks, in each zone, Next and Prev find the ticks
// that the definition has, minute by minute, and no others.
func TestBruteForce(t *testing.T) {
	t.Parallel()
	names := zones(t)
	compared := 0
	for i, name := range names {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		around := changes(zone)
		for len(around) > 5 { // the last ones, and some of all
			around = append(around[:0:0], append([]time.Time{around[i%len(around)], around[(7*i+3)%len(around)]}, around[len(around)-2:]...)...)
		}
		if len(around) == 0 {
			around = []time.Time{time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
		}
		for j, at := range around {
			gen := rapid.Custom(expression)
			exprs := []string{"30 2 * * *", "*/30 * * * *", gen.Example(1000*i + 2*j), gen.Example(1000*i + 2*j + 1)}
			const minutes = 52 * 60
			from := at.Add(-26 * time.Hour).Truncate(time.Minute)
			walls, latest := shown(zone, from, minutes)
			for _, expr := range exprs {
				c := mustParse(t, "CRON_TZ="+name+" "+expr)
				want := bruteForce(c, from, walls, latest)
				var got, back []time.Time
				end := from.Add(minutes * time.Minute)
				for x, ok := c.Next(from.Add(-1)); ok && x.Before(end); x, ok = c.Next(x) {
					got = append(got, x)
				}
				require.Equal(t, want, got, "%s in %s from %v", expr, name, from)
				for k, x := range got {
					if k == 0 || k%17 != 1 { // Prev asks Next sixty times
						continue
					}
					p, ok := c.Prev(x)
					require.True(t, ok && p.Equal(got[k-1]), "%s in %s before %v: %v", expr, name, x, p)
					back = append(back, p)
				}
				compared += len(got) + len(back)
			}
		}
	}
	t.Logf("%d zones, %d ticks", len(names), compared)
	require.Greater(t, compared, 1000)
}

// TestNextAndPrev: in random zones at random times, Next is the first tick and Prev the
// last one: between them and the time there is none.
func TestNextAndPrev(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago"}).Draw(t, "zone")
		c := mustParse(t, fmt.Sprintf("CRON_TZ=%s %d %s", zone, rapid.IntRange(0, 59).Draw(t, "second"), expression(t)))
		at := time.Unix(rapid.Int64Range(-1e9, 1e10).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		next, ok := c.Next(at)
		require.True(t, ok)
		require.True(t, next.After(at))
		prev, ok := c.Prev(at.Add(1))
		require.True(t, ok)
		require.False(t, prev.After(at))
		again, _ := c.Next(prev)
		require.True(t, again.After(at) && again.Equal(next), "next after prev")
		again, _ = c.Next(next.Add(-1))
		require.True(t, again.Equal(next), "next is a tick")
		again, _ = c.Prev(next)
		require.True(t, again.Equal(prev), "prev of next")
	})
}
