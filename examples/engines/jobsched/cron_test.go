package main

import (
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/jobsched/sched"
)

// TestRobfig: in UTC, where no clock changes, random expressions have the ticks that they
// have in robfig/cron, which looks five years ahead.
func TestRobfig(t *testing.T) {
	parser := cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	compared, each := 0, 10_000 // a million in all
	if testing.Short() {
		each = 200
	}
	field := func(name string, items ...string) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(items), 1, 3).Draw(t, name), ",")
		})
	}
	fields := []*rapid.Generator[string]{
		field("second", "*", "0", "59", "*/7", "10-30/5", "3"),
		field("minute", "*", "0", "59", "*/20", "5-50/9", "7/10"),
		field("hour", "*", "0", "23", "*/5", "1-3", "12/2"),
		field("day", "*", "*", "?", "1", "29-31", "31", "*/2", "13", "*/1"),
		field("month", "*", "*", "2", "FEB-apr", "*/5", "12"),
		field("weekday", "*", "*", "?", "SUN", "mon-FRI", "6", "*/2", "3/2"),
	}
	rapid.Check(t, func(rt *rapid.T) {
		var all []string
		for _, f := range fields {
			all = append(all, f.Draw(rt, "field"))
		}
		expr := strings.Join(all, " ")
		theirs, err := parser.Parse(expr)
		require.NoError(rt, err)
		ours, err := sched.ParseCron(expr)
		at := time.Unix(rapid.Int64Range(-1e9, 5e9).Draw(rt, "at"), 0).UTC()
		if err != nil {
			require.Zero(rt, theirs.Next(at), "%s: %v", expr, err)
			return
		}
		for range each {
			want := theirs.Next(at)
			got, ok := ours.Next(at)
			if want.IsZero() {
				require.True(rt, !ok || got.Sub(at) > 4*365*24*time.Hour, "%s after %v: %v, not never", expr, at, got)
				return
			}
			require.True(rt, ok && want.Equal(got), "%s after %v: %v, not %v", expr, at, got, want)
			compared++
			at = want.Add(time.Duration(compared%3) * time.Hour)
		}
	})
	t.Logf("%d ticks", compared)
}
