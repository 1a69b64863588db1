package sched_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/jobsched/sched"
)

// TestOnTime: a leader reads the store when the next tick is due, and a worker is woken by its
// run: both are at the tick, and not up to a poll later. The time is that of the test.
func TestOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, ran := sched.NewMemory(), make(chan time.Duration, 100)
		_, err := store.Put(t.Context(), wish("a", func(j *sched.Job) { j.Cron = "* * * * * *" }), 0)
		require.NoError(t, err)
		time.Sleep(337 * time.Millisecond) // a poll would be out of step with the seconds
		n := sched.NewNode(sched.Options{Store: store, Poll: 190 * time.Millisecond, Funcs: map[string]func(context.Context, sched.Payload) (any, error){
			"f": func(_ context.Context, p sched.Payload) (any, error) { ran <- time.Since(p.Tick); return nil, nil },
		}})
		defer n.Close()
		for i := range 10 {
			assert.Zero(t, <-ran, "tick %d", i)
		}
	})
}

// TestRest: a node rests until the next tick if it leads, or else until the lease ends, and never
// longer than a poll: clocks jump, and jobs change.
func TestRest(t *testing.T) {
	now := time.Unix(1_700_000_000, 0).UTC()
	const poll = 200 * time.Millisecond
	for what, tc := range map[string]struct {
		holder      string
		until, next time.Duration
		want        time.Duration
	}{
		"leads, tick soon":           {"n", time.Minute, 30 * time.Millisecond, 30 * time.Millisecond},
		"leads, tick later":          {"n", time.Minute, time.Hour, poll},
		"leads, no tick":             {"n", time.Minute, 0, poll},
		"follows, tick soon":         {"x", time.Minute, 30 * time.Millisecond, poll},
		"follows, lease ends soon":   {"x", 70 * time.Millisecond, 30 * time.Millisecond, 70 * time.Millisecond},
		"leads, a clock jumped back": {"n", time.Minute, 20 * time.Hour, poll},
	} {
		s := sched.Scheduler{Node: "n", Lease: 5 * time.Second}
		d := sched.Due{Now: now, Leader: sched.Leader{Term: 1, Holder: tc.holder, Until: now.Add(tc.until)}}
		if tc.next > 0 {
			d.Next = now.Add(tc.next)
		}
		_, ok := s.After(s.Begin(), sched.Effects{Due: d})
		require.False(t, ok, what)
		assert.Equal(t, tc.want, s.Rest(poll), what)
	}
	s := sched.Scheduler{Node: "n", Lease: 5 * time.Second}
	c, ok := s.After(s.Begin(), sched.Effects{Due: sched.Due{Now: now}})
	require.True(t, ok && c.Claim != nil)
	_, ok = s.After(c, sched.Effects{Leader: sched.Leader{Term: 2, Holder: "x", Until: now.Add(90 * time.Millisecond)}})
	require.False(t, ok)
	assert.Equal(t, 90*time.Millisecond, s.Rest(poll), "the claim says who leads")
}

// TestWrites: a leader writes the ticks of many jobs in parts, all of them once, and then rests
// until the first of their next ticks.
func TestWrites(t *testing.T) {
	now := time.Unix(1_700_000_000, 0).UTC()
	d := sched.Due{Now: now, Leader: sched.Leader{Term: 7, Holder: "n", Until: now.Add(time.Minute)}}
	for i := range 170 {
		j := wish(fmt.Sprint("job", i), func(j *sched.Job) { j.Cron, j.Version, j.Updated = "@every 5s", 1, now.Add(-time.Hour) })
		if i == 99 {
			j.Cron = "@every 1s"
		}
		d.Jobs = append(d.Jobs, sched.Pending{Name: j.Name, Version: 1, After: now.Add(-time.Second), Versions: []sched.Job{j}})
	}
	s := sched.Scheduler{Node: "n", Lease: 5 * time.Second}
	var parts []int
	seen := map[string]bool{}
	for c, ok := s.After(s.Begin(), sched.Effects{Due: d}); ok; c, ok = s.After(c, sched.Effects{}) {
		require.EqualValues(t, 7, c.Fire.Term)
		parts = append(parts, len(c.Fire.All))
		for _, f := range c.Fire.All {
			require.False(t, seen[f.Job], f.Job)
			seen[f.Job] = true
			require.Equal(t, []time.Time{now}, f.Ticks)
		}
	}
	assert.Equal(t, []int{64, 64, 42}, parts)
	assert.Len(t, seen, 170)
	assert.Equal(t, time.Second, s.Rest(time.Minute))
}
