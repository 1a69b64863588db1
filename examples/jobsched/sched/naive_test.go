package sched_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
)

// define puts a job with a tick each minute into a machine, and claims the lead for a node.
func define(m *sched.Memory, change func(*sched.Job)) {
	j := wish("a", change)
	m.Apply(minute(0, 30), sched.Command{Put: &sched.Put{Job: j, Match: sched.Any}})
}

// round is what a scheduler does at a time; it returns the runs that it made.
func roundAt(m *sched.Memory, node string, now time.Time) (runs []sched.Run) {
	s := sched.Scheduler{Node: node, Lease: 5 * time.Second}
	for c, ok := s.Begin(), true; ok; {
		e := m.Apply(now, c)
		runs = append(runs, e.Runs...)
		c, ok = s.After(c, e)
	}
	return runs
}

// TestNaiveMemory: a scheduler that keeps the next tick in memory begins with the time at
// which it starts. A job at three o'clock on Sundays, in a program that is deployed each
// night from 2:59:30 to 3:00:30, never runs (river#791). Here the store knows what was
// looked at.
func TestNaiveMemory(t *testing.T) {
	const weekly = "0 3 * * SUN"
	cron, err := sched.ParseCron(weekly)
	require.NoError(t, err)
	m := sched.NewMemory()
	define(m, func(j *sched.Job) { j.Cron, j.Overlap = weekly, sched.Allow })
	naive, ran := 0, 0
	for day := range 364 {
		up := time.Date(2026, 2, 1, 3, 0, 30, 0, time.UTC).AddDate(0, 0, day)
		down := up.Add(24*time.Hour - time.Minute)
		for next, _ := cron.Next(up); next.Before(down); next, _ = cron.Next(next) {
			naive++
		}
		ran += len(roundAt(m, up.String(), up)) // each time another program
	}
	assert.Zero(t, naive)
	assert.Equal(t, 52, ran)
}

// TestNaiveElection: a tick that falls between two leaders is lost if the new one begins
// with the next (sidekiq#6804). Here it is made up.
func TestNaiveElection(t *testing.T) {
	m := sched.NewMemory()
	define(m, func(j *sched.Job) { j.Cron = "* * * * *" })
	assert.Empty(t, roundAt(m, "dies", minute(0, 57)))
	assert.Empty(t, roundAt(m, "next", minute(1, 1)), "the lease of the other has not ended")
	runs := roundAt(m, "next", minute(1, 2))
	require.Len(t, runs, 1)
	assert.Equal(t, []any{minute(1, 0), sched.Tick}, []any{runs[0].Tick, runs[0].Kind})

	cron, err := sched.ParseCron("* * * * *")
	require.NoError(t, err)
	next, _ := cron.Next(minute(1, 2)) // naive: from the election on
	assert.Equal(t, minute(2, 0), next)
}

// TestNaiveLock: a leader that holds a lock, and does not know that it was lost while it
// paused, writes what another leader has written already. Here its term is old.
func TestNaiveLock(t *testing.T) {
	read := func(m *sched.Memory, now time.Time) sched.Due { return m.Apply(now, sched.Command{Due: 9}).Due }
	naive := map[time.Time]int{} // the runs of leaders without a fence
	m := sched.NewMemory()
	define(m, func(j *sched.Job) { j.Cron = "* * * * *" })
	roundAt(m, "pauses", minute(0, 57))
	m.Apply(minute(0, 58), sched.Command{Claim: &sched.Claim{Node: "pauses", For: 5 * time.Second}})
	d := read(m, minute(1, 0)) // it reads, and pauses
	for _, tick := range sched.Plan(d.Now, d.Jobs[0]).Ticks {
		naive[tick]++
	}
	runs := roundAt(m, "successor", minute(1, 3))
	require.Len(t, runs, 1)
	naive[runs[0].Tick]++
	assert.Equal(t, 2, naive[minute(1, 0)])

	e := m.Apply(minute(1, 4), sched.Command{Fire: &sched.Firing{Term: d.Leader.Term, All: []sched.Fire{sched.Plan(d.Now, d.Jobs[0])}}})
	assert.ErrorIs(t, e.Errs[0], sched.ErrTerm)
	assert.Empty(t, e.Runs)
	all, err := m.Runs(t.Context(), "a", 9)
	require.NoError(t, err)
	assert.Len(t, all, 1)
}

// TestNaiveKey: a unique key that the queue keeps as long as the result, an hour, does not
// stop a leader that sleeps longer. The last tick that was looked at is kept with the job.
func TestNaiveKey(t *testing.T) {
	q := queue.NewMemory()
	task := []queue.Task{{ID: "a@12:01", Queue: "default", Type: "func"}}
	enqueue := func(now time.Time) error { return q.Apply(now, queue.Command{Enqueue: task}).Answers[0].Err }
	require.NoError(t, enqueue(minute(1, 0)))
	x := q.Apply(minute(1, 0), queue.Command{Lease: &queue.Ask{Worker: "w", Queues: []string{"default"}, N: 1, For: queue.Duration(time.Minute)}}).Tasks[0]
	q.Apply(minute(1, 0), queue.Command{Settle: []queue.Outcome{{ID: x.ID, Token: 1, Do: queue.Ack}}})
	require.ErrorIs(t, enqueue(minute(2, 0)), queue.ErrExists)
	require.NoError(t, enqueue(minute(2, 0).Add(time.Hour)), "a second run of the same tick")

	m := sched.NewMemory()
	define(m, func(j *sched.Job) { j.Cron, j.CatchUp = "* * * * *", sched.None })
	roundAt(m, "n", minute(0, 31))
	d := m.Apply(minute(1, 1), sched.Command{Due: 9}).Due
	require.Len(t, roundAt(m, "n", minute(1, 2)), 1)
	for _, x := range m.Apply(minute(1, 2), sched.Command{Queue: &queue.Command{Lease: &queue.Ask{Worker: "w", Queues: []string{"default"}, N: 1, For: queue.Duration(time.Minute)}}}).Queue.Tasks {
		m.Apply(minute(1, 3), sched.Command{Queue: &queue.Command{Settle: []queue.Outcome{{ID: x.ID, Token: 1, Do: queue.Ack}}}})
	}
	later := minute(2, 0).Add(2 * time.Hour)
	l := m.Apply(later, sched.Command{Claim: &sched.Claim{Node: "n", For: time.Minute}}).Leader
	f := sched.Plan(d.Now, d.Jobs[0])
	assert.Len(t, f.Ticks, 1)
	assert.ErrorIs(t, m.Apply(later, sched.Command{Fire: &sched.Firing{Term: l.Term, All: []sched.Fire{f}}}).Errs[0], sched.ErrStale, "also with the term of today")
}

// TestClockBack: a clock that jumps back an hour repeats no tick.
func TestClockBack(t *testing.T) {
	m := sched.NewMemory()
	define(m, func(j *sched.Job) { j.Cron, j.Overlap = "* * * * *", sched.Allow })
	made := map[time.Time]int{}
	for i := range 200 {
		now := minute(0, 31).Add(time.Duration(i) * 45 * time.Second)
		if i > 100 {
			now = now.Add(-time.Hour)
		}
		for _, r := range roundAt(m, "n", now) {
			made[r.Tick]++
		}
	}
	assert.Greater(t, len(made), 70)
	for tick, n := range made {
		assert.Equal(t, 1, n, "%v", tick)
	}
}
