package sched_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
)

// minute is a time on a day, and seconds tells ticks by theirs.
func minute(m, s int) time.Time { return time.Date(2026, 1, 31, 12, m, s, 0, time.UTC) }

// TestPlan: what becomes of the ticks of a job when a leader comes at 12:10:05 and has last
// looked at 12:00:00 (J5).
func TestPlan(t *testing.T) {
	every := func(cron, overlap, catchUp string, most int, deadline time.Duration) sched.Job {
		j := wish("a", func(j *sched.Job) {
			j.Cron, j.Overlap, j.CatchUp, j.Max, j.Deadline = cron, overlap, catchUp, most, queue.Duration(deadline)
		})
		j.Updated, j.Version = minute(0, 0).Add(-time.Hour), 1
		return j
	}
	now := minute(10, 5)
	for name, tc := range map[string]struct {
		jobs   []sched.Job
		ticks  []time.Time
		late   int
		missed int
		upto   time.Time
		next   time.Time
	}{
		"none":             {jobs: []sched.Job{every("* * * * *", "", sched.None, 0, 0)}, ticks: []time.Time{minute(10, 0)}, missed: 9, next: minute(11, 0)},
		"last, on time":    {jobs: []sched.Job{every("* * * * *", "", sched.Last, 0, 0)}, ticks: []time.Time{minute(10, 0)}, missed: 9, next: minute(11, 0)},
		"last, late":       {jobs: []sched.Job{every("30 */2 * * * *", "", sched.Last, 0, 0)}, ticks: []time.Time{minute(8, 30)}, late: 1, missed: 4, next: minute(10, 30)},
		"none, late":       {jobs: []sched.Job{every("30 */2 * * * *", "", sched.None, 0, 0)}, missed: 5, next: minute(10, 30)},
		"the deadline":     {jobs: []sched.Job{every("30 */2 * * * *", "", sched.Last, 0, time.Minute)}, missed: 5, next: minute(10, 30)},
		"in the deadline":  {jobs: []sched.Job{every("30 */2 * * * *", "", sched.Last, 0, 2*time.Minute)}, ticks: []time.Time{minute(8, 30)}, late: 1, missed: 4, next: minute(10, 30)},
		"all, two at most": {jobs: []sched.Job{every("* * * * *", sched.Allow, sched.All, 2, 0)}, ticks: []time.Time{minute(8, 0), minute(9, 0), minute(10, 0)}, late: 2, missed: 7, next: minute(11, 0)},
		"all":              {jobs: []sched.Job{every("*/5 * * * *", sched.Allow, sched.All, 0, 0)}, ticks: []time.Time{minute(5, 0), minute(10, 0)}, late: 1, next: minute(15, 0)},
		"all, in turn":     {jobs: []sched.Job{every("*/4 * * * *", sched.Forbid, sched.All, 0, 0)}, ticks: []time.Time{minute(4, 0)}, late: 1, upto: minute(4, 0)},
		"nothing yet":      {jobs: []sched.Job{every("0 0 1 1 *", "", sched.All, 0, 0)}, next: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		"paused": {jobs: []sched.Job{func() sched.Job {
			j := every("* * * * *", "", sched.All, 0, 0)
			j.Paused = true
			return j
		}()}, next: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)},
		"a version for each": {jobs: []sched.Job{
			every("*/3 * * * *", sched.Allow, sched.All, 0, 0), func() sched.Job {
				j := every("*/4 * * * *", sched.Allow, sched.All, 0, 0)
				j.Updated, j.Version = minute(4, 0), 2 // a tick of its own at that moment, and none of the old one after
				return j
			}(),
		}, ticks: []time.Time{minute(3, 0), minute(4, 0), minute(8, 0)}, late: 3, next: minute(12, 0)},
	} {
		if tc.upto.IsZero() {
			tc.upto = now
		}
		f := sched.Plan(now, sched.Pending{Name: "a", Version: 7, After: minute(0, 0), Versions: tc.jobs})
		want := sched.Fire{Job: "a", Version: 7, After: minute(0, 0), Ticks: tc.ticks, Late: tc.late, Missed: tc.missed, Upto: tc.upto, Next: tc.next}
		if len(tc.ticks) == 0 {
			f.Ticks = nil
		}
		assert.Equal(t, want, f, name)
	}
}

// TestPlanCosts: a job with a tick each second, that no one has looked at for a year, is
// planned at once, and its last tick runs.
func TestPlanCosts(t *testing.T) {
	j := wish("a", func(j *sched.Job) { j.CatchUp = sched.All; j.Max = 100; j.Overlap = sched.Allow })
	now := minute(0, 0)
	f := sched.Plan(now, sched.Pending{Name: "a", After: now.AddDate(-1, 0, 0), Versions: []sched.Job{j}})
	assert.Len(t, f.Ticks, 100+16)
	assert.Equal(t, 100, f.Late)
	assert.Equal(t, 1000, f.Missed, "it stops counting")
	assert.Equal(t, now, f.Ticks[len(f.Ticks)-1])
}

// TestPlanModel: whatever versions a job has had, ticks and missed ones are together those
// that a scan second by second finds, each once.
func TestPlanModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := minute(0, 0)
		var versions []sched.Job
		for i := range rapid.IntRange(1, 4).Draw(t, "versions") {
			j := wish("a", func(j *sched.Job) {
				j.Cron = rapid.SampledFrom([]string{"@every 7s", "@every 60s", "@every 1s", "@every 100s"}).Draw(t, "cron")
				j.Overlap = rapid.SampledFrom([]string{sched.Forbid, sched.Allow, sched.Replace}).Draw(t, "overlap")
				j.CatchUp = rapid.SampledFrom([]string{sched.None, sched.Last, sched.All}).Draw(t, "catchUp")
				j.Paused = rapid.IntRange(0, 4).Draw(t, "paused") == 0
			})
			j.Updated, j.Version = start, int64(i+1)
			versions = append(versions, j)
			start = start.Add(time.Duration(rapid.Int64Range(1, 200_000).Draw(t, "until")) * time.Millisecond)
		}
		after := minute(0, 0)
		now := start.Add(time.Duration(rapid.Int64Range(0, 100).Draw(t, "now")) * time.Second)
		newest := versions[len(versions)-1]
		seen := map[time.Time]bool{}
		missed := 0
		for range 200 { // a job whose ticks wait for each other takes several
			since := versions
			for len(since) > 1 && !since[1].Updated.After(after) {
				since = since[1:]
			}
			f := sched.Plan(now, sched.Pending{Name: "a", After: after, Versions: since})
			for i, x := range f.Ticks {
				require.False(t, seen[x])
				require.True(t, x.After(after) && !x.After(f.Upto))
				require.Equal(t, i < f.Late, now.Sub(x) > sched.OnTime, "%v is late", x)
				seen[x] = true
			}
			missed += f.Missed
			after = f.Upto
			if !f.Next.IsZero() {
				break
			}
		}
		require.Equal(t, now, after)
		var all []time.Time
		for _, x := range everySecond(versions, now) {
			if x.After(minute(0, 0)) {
				all = append(all, x)
			}
		}
		require.Len(t, all, len(seen)+missed, "%v and %d missed", seen, missed)
		for _, x := range all {
			require.True(t, seen[x] || now.Sub(x) > sched.OnTime, "%v is on time and lost", x)
		}
		if newest.CatchUp == sched.None {
			require.LessOrEqual(t, len(seen), 16)
		}
	})
}
