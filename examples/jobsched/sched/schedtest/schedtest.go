// Package schedtest checks that a sched.Store is one: every store passes the same tests.
package schedtest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
)

// Run checks the stores that open returns, which begin empty.
func Run(t *testing.T, open func(t testing.TB) sched.Store) {
	for name, test := range map[string]func(*testing.T, sched.Store){
		"jobs":     jobs,
		"lead":     lead,
		"due":      due,
		"fire":     fire,
		"once":     once,
		"fence":    fence,
		"versions": versions,
		"overlap":  overlap,
		"waits":    waits,
		"by hand":  byHand,
		"life":     life,
		"retry":    retry,
		"deleted":  deleted,
		"shown":    shown,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

const long = time.Hour

func job(name string, change func(*sched.Job)) sched.Job {
	j := sched.Job{Name: name, Cron: "0 0 1 1 *", Action: sched.Action{Func: "f"}, Overlap: sched.Allow}
	if change != nil {
		change(&j)
	}
	if err := j.Check(); err != nil {
		panic(err)
	}
	return j
}

func put(t require.TestingT, s sched.Store, j sched.Job) sched.Job {
	got, err := s.Put(context.Background(), j, sched.Any)
	require.NoError(t, err)
	return got
}

// claim takes the lead for a node; the store must have given it.
func claim(t require.TestingT, s sched.Store, node string, d time.Duration) sched.Leader {
	l, err := s.Claim(context.Background(), sched.Claim{Node: node, For: d})
	require.NoError(t, err)
	require.Equal(t, node, l.Holder)
	return l
}

func read(t require.TestingT, s sched.Store) sched.Due {
	d, err := s.Due(context.Background(), 100)
	require.NoError(t, err)
	return d
}

// ticks returns a Fire of a pending job with n ticks up to what was read.
func ticks(t require.TestingT, d sched.Due, name string, n int) sched.Fire {
	for _, p := range d.Jobs {
		if p.Name == name {
			f := sched.Fire{Job: name, Version: p.Version, After: p.After, Upto: d.Now}
			step := d.Now.Sub(p.After) / time.Duration(n+1)
			for i := range n {
				f.Ticks = append(f.Ticks, p.After.Add(time.Duration(i+1)*step).Truncate(time.Microsecond))
			}
			return f
		}
	}
	require.Fail(t, "nothing is pending", "%s in %+v", name, d)
	return sched.Fire{}
}

// pending waits until so many distinct ticks fit behind what was looked at.
func pending(t require.TestingT, s sched.Store, name string, n int) sched.Fire {
	for {
		d := read(t, s)
		f := ticks(t, d, name, n)
		if d.Now.Sub(f.After) > 10*time.Duration(n+1)*time.Microsecond {
			return f
		}
	}
}

// one fires one job.
func one(t require.TestingT, s sched.Store, term int64, f sched.Fire) ([]sched.Run, error) {
	runs, errs, err := s.Fire(context.Background(), term, []sched.Fire{f})
	require.NoError(t, err)
	require.Len(t, errs, 1)
	return runs, errs[0]
}

func must(t require.TestingT, s sched.Store, term int64, f sched.Fire) []sched.Run {
	runs, err := one(t, s, term, f)
	require.NoError(t, err)
	return runs
}

func lease(t require.TestingT, s sched.Store, n int) []queue.Task {
	tasks, err := s.Lease(context.Background(), queue.Ask{Worker: "w", Queues: []string{"default"}, N: n, For: queue.Duration(long)})
	require.NoError(t, err)
	return tasks
}

func settle(t require.TestingT, s sched.Store, o queue.Outcome) error {
	answers, err := s.Settle(context.Background(), []queue.Outcome{o})
	require.NoError(t, err)
	return answers[0].Err
}

func entry(t require.TestingT, s sched.Store, name string) sched.Entry {
	x, err := s.Job(context.Background(), name)
	require.NoError(t, err)
	return x
}

func runs(t require.TestingT, s sched.Store, name string) []sched.Run {
	all, err := s.Runs(context.Background(), name, 1000)
	require.NoError(t, err)
	return all
}

// jobs: versions, and what a match with one answers.
func jobs(t *testing.T, s sched.Store) {
	want := job("a", func(j *sched.Job) {
		j.Cron, j.Priority, j.Overlap, j.CatchUp, j.Max, j.Deadline = "CRON_TZ=Europe/Berlin 30 2 * * *", 3, sched.Forbid, sched.All, 7, queue.Duration(time.Hour)
		j.Action.Body = json.RawMessage(`{"x": "<ä>"}`)
	})
	a, err := s.Put(t.Context(), want, 0)
	require.NoError(t, err)
	want.Version, want.Updated = a.Version, a.Updated
	assert.Equal(t, want, a)
	assert.NotZero(t, a.Version)
	assert.Equal(t, want, entry(t, s, "a").Job)
	for _, match := range []int64{0, a.Version + 1} {
		_, err = s.Put(t.Context(), want, match)
		assert.ErrorIs(t, err, sched.ErrVersion)
		assert.ErrorIs(t, s.Delete(t.Context(), "a", match), sched.ErrVersion)
	}
	b, err := s.Put(t.Context(), job("a", nil), a.Version)
	require.NoError(t, err)
	assert.Greater(t, b.Version, a.Version)
	assert.False(t, b.Updated.Before(a.Updated))
	_, err = s.Put(t.Context(), job("b", nil), 1)
	assert.ErrorIs(t, err, sched.ErrVersion)
	_, err = s.Job(t.Context(), "b")
	assert.ErrorIs(t, err, sched.ErrNotFound)
	assert.ErrorIs(t, s.Delete(t.Context(), "b", sched.Any), sched.ErrNotFound)
	assert.ErrorIs(t, s.Delete(t.Context(), "b", 1), sched.ErrVersion)
	for _, name := range []string{"B", "c", "b"} {
		put(t, s, job(name, nil))
	}
	var names []string
	for after := ""; ; {
		page, err := s.Jobs(t.Context(), after, 3)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, x := range page {
			names = append(names, x.Name)
		}
		after = names[len(names)-1]
	}
	assert.Equal(t, []string{"B", "a", "b", "c"}, names, "bytes, not letters, are compared")
	require.NoError(t, s.Delete(t.Context(), "a", b.Version))
	_, err = s.Job(t.Context(), "a")
	assert.ErrorIs(t, err, sched.ErrNotFound)
}

// lead: one node leads; the term grows with each change and only then.
func lead(t *testing.T, s sched.Store) {
	assert.Zero(t, read(t, s).Leader)
	first := claim(t, s, "a", long)
	assert.EqualValues(t, 1, first.Term)
	again := claim(t, s, "a", 2*long)
	assert.Equal(t, first.Term, again.Term)
	assert.Greater(t, again.Until.Sub(first.Until), long/2)
	l, err := s.Claim(t.Context(), sched.Claim{Node: "b", For: long})
	require.NoError(t, err)
	assert.Equal(t, again, l, "it is taken")
	l, err = s.Claim(t.Context(), sched.Claim{Node: "b"})
	require.NoError(t, err)
	assert.Equal(t, again, l, "what b does not have it cannot give up")
	assert.Equal(t, again, read(t, s).Leader)
	claim(t, s, "a", 0)
	assert.EqualValues(t, 2, claim(t, s, "b", time.Millisecond).Term, "it was given up")
	require.Eventually(t, func() bool {
		l, err := s.Claim(t.Context(), sched.Claim{Node: "c", For: long})
		return assert.NoError(t, err) && l.Holder == "c" && l.Term == 3
	}, time.Minute, time.Millisecond, "the lease has ended")
	var wg sync.WaitGroup
	claim(t, s, "c", 0)
	var mu sync.Mutex
	won := 0
	for i := range 8 {
		wg.Go(func() {
			node := fmt.Sprint("n", i)
			l, err := s.Claim(t.Context(), sched.Claim{Node: node, For: long})
			mu.Lock()
			defer mu.Unlock()
			if assert.NoError(t, err) && assert.EqualValues(t, 4, l.Term) && l.Holder == node {
				won++
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 1, won)
}

// due: a new job, a changed one and one whose next tick has come are to be looked at, and it is
// known when the next one will.
func due(t *testing.T, s sched.Store) {
	assert.Zero(t, read(t, s).Next)
	a := put(t, s, job("a", nil))
	d := read(t, s)
	require.Len(t, d.Jobs, 1)
	assert.Equal(t, sched.Pending{Name: "a", Version: a.Version, After: a.Updated, Versions: []sched.Job{a}}, d.Jobs[0])
	assert.False(t, d.Now.Before(a.Updated))
	l := claim(t, s, "n", long)
	f := ticks(t, d, "a", 0)
	f.Next = d.Now.Add(time.Hour)
	must(t, s, l.Term, f)
	d = read(t, s)
	assert.Empty(t, d.Jobs)
	assert.Equal(t, f.Next, d.Next, "the next tick of all that are not due")
	assert.Equal(t, f.Next, entry(t, s, "a").Next)
	b := put(t, s, job("a", func(j *sched.Job) { j.Paused = true }))
	d = read(t, s)
	require.Len(t, d.Jobs, 1)
	assert.Equal(t, sched.Pending{Name: "a", Version: b.Version, After: f.Upto, Versions: []sched.Job{a, b}}, d.Jobs[0])
	f = ticks(t, d, "a", 0)
	f.Next = d.Now.Add(30 * time.Millisecond)
	must(t, s, l.Term, f)
	require.Eventually(t, func() bool { return len(read(t, s).Jobs) == 1 }, time.Minute, time.Millisecond)
	for i := range 5 {
		put(t, s, job(fmt.Sprint("x", i), nil))
	}
	late := pending(t, s, "x4", 0)
	late.Next = late.Upto.Add(2 * time.Hour)
	must(t, s, l.Term, late)
	early := pending(t, s, "x3", 0)
	early.Next = early.Upto.Add(time.Hour)
	must(t, s, l.Term, early)
	d = read(t, s)
	assert.Len(t, d.Jobs, 4)
	assert.Equal(t, early.Next, d.Next)
	some, err := s.Due(t.Context(), 4)
	require.NoError(t, err)
	assert.Len(t, some.Jobs, 4)
}

// fire: runs and the next tick are written together (J6), in the order of the ticks, or
// nothing is.
func fire(t *testing.T, s sched.Store) {
	j := put(t, s, job("a", func(j *sched.Job) { j.Priority = 2 }))
	l := claim(t, s, "n", long)
	f := pending(t, s, "a", 3)
	f.Late, f.Missed, f.Next = 1, 5, f.Upto.Add(long)
	for name, change := range map[string]func(*sched.Fire){
		"version":    func(f *sched.Fire) { f.Version++ },
		"after":      func(f *sched.Fire) { f.After = f.After.Add(-time.Second) },
		"before":     func(f *sched.Fire) { f.Ticks[0] = f.After },
		"behind":     func(f *sched.Fire) { f.Ticks[2] = f.Upto.Add(time.Microsecond) },
		"twice":      func(f *sched.Fire) { f.Ticks[1] = f.Ticks[0] },
		"the future": func(f *sched.Fire) { f.Upto = f.Upto.Add(long) },
		"backwards":  func(f *sched.Fire) { f.Upto = f.After.Add(-1) },
		"next":       func(f *sched.Fire) { f.Next = f.Upto },
	} {
		bad := f
		bad.Ticks = append([]time.Time{}, f.Ticks...)
		change(&bad)
		runs, err := one(t, s, l.Term, bad)
		assert.ErrorIs(t, err, sched.ErrStale, name)
		assert.Empty(t, runs)
	}
	assert.Empty(t, runs(t, s, "a"))
	_, err := one(t, s, l.Term, sched.Fire{Job: "none", Upto: f.Upto})
	assert.ErrorIs(t, err, sched.ErrNotFound)
	got := must(t, s, l.Term, f)
	require.Len(t, got, 3)
	for i, r := range got {
		kind := []string{sched.Late, sched.Tick, sched.Tick}[i]
		assert.Equal(t, []any{"a", j.Version, f.Ticks[i], kind, queue.Ready}, []any{r.Job, r.Version, r.Tick, r.Kind, r.State})
	}
	x := entry(t, s, "a")
	assert.Equal(t, []any{f.Next, 3, int64(3), int64(5)}, []any{x.Next, x.Open, x.Made, x.Missed})
	tasks := lease(t, s, 9)
	require.Len(t, tasks, 3)
	for i, task := range tasks {
		kind := []string{sched.Late, "func", "func"}[i]
		assert.Equal(t, []any{got[i].ID, 2, kind}, []any{task.ID, task.Priority, task.Type})
		var p sched.Payload
		require.NoError(t, json.Unmarshal(task.Payload, &p))
		assert.Equal(t, sched.Payload{Job: "a", Tick: f.Ticks[i], Action: j.Action}, p)
	}
	_, err = one(t, s, l.Term, f)
	assert.ErrorIs(t, err, sched.ErrStale, "again")
}

// once: of many who write the same, one makes runs (J1).
func once(t *testing.T, s sched.Store) {
	put(t, s, job("a", nil))
	l := claim(t, s, "n", long)
	for range 3 {
		f := pending(t, s, "a", 2)
		var wg sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for range 6 {
			wg.Go(func() {
				runs, err := one(t, s, l.Term, f)
				mu.Lock()
				defer mu.Unlock()
				made += len(runs)
				assert.True(t, err == nil || assert.ErrorIs(t, err, sched.ErrStale))
			})
		}
		wg.Wait()
		require.Equal(t, 2, made)
	}
	assert.Len(t, runs(t, s, "a"), 6)
	assert.Len(t, lease(t, s, 99), 6)
}

// fence: a leader that paused between reading and writing changes nothing (J2).
func fence(t *testing.T, s sched.Store) {
	put(t, s, job("a", nil))
	put(t, s, job("b", nil))
	old := claim(t, s, "old", long)
	f := pending(t, s, "a", 1)
	claim(t, s, "old", 0)
	_, err := one(t, s, old.Term, f)
	assert.ErrorIs(t, err, sched.ErrTerm, "no one leads")
	l := claim(t, s, "new", long)
	for _, term := range []int64{old.Term, 0, l.Term + 1, -1} {
		runs, errs, err := s.Fire(t.Context(), term, []sched.Fire{f, pending(t, s, "b", 1)})
		require.NoError(t, err)
		require.Len(t, errs, 2)
		assert.ErrorIs(t, errs[0], sched.ErrTerm)
		assert.ErrorIs(t, errs[1], sched.ErrTerm)
		assert.Empty(t, runs)
	}
	assert.Empty(t, lease(t, s, 9))
	assert.Len(t, must(t, s, l.Term, f), 1)
	claim(t, s, "new", time.Millisecond)
	require.Eventually(t, func() bool {
		_, err := one(t, s, l.Term, sched.Fire{Job: "none"})
		return assert.Error(t, err) && err.Error() == sched.ErrTerm.Error()
	}, time.Minute, time.Millisecond, "the lease has ended, and no one else leads")
}

// versions: a tick has the definition that held at it, though it is made into a run later.
func versions(t *testing.T, s sched.Store) {
	l := claim(t, s, "n", long)
	for i := range 3 {
		j := put(t, s, job("a", func(j *sched.Job) { j.Action.Func = fmt.Sprint("f", i) }))
		for read(t, s).Now.Sub(j.Updated) < 2*time.Millisecond {
			time.Sleep(time.Millisecond)
		}
	}
	d := read(t, s)
	f := ticks(t, d, "a", 0)
	for _, v := range d.Jobs[0].Versions {
		f.Ticks = append(f.Ticks, v.Updated.Add(time.Millisecond))
	}
	must(t, s, l.Term, f)
	for i, task := range lease(t, s, 9) {
		var p sched.Payload
		require.NoError(t, json.Unmarshal(task.Payload, &p))
		assert.Equal(t, fmt.Sprint("f", i), p.Action.Func)
	}
	assert.Len(t, runs(t, s, "a"), 3)
}

// overlap: what a tick does while a run has not ended (J4).
func overlap(t *testing.T, s sched.Store) {
	l := claim(t, s, "n", long)
	for _, how := range []string{sched.Forbid, sched.Allow, sched.Replace} {
		put(t, s, job(how, func(j *sched.Job) { j.Overlap, j.Queue = how, how }))
	}
	for _, how := range []string{sched.Forbid, sched.Allow, sched.Replace} {
		must(t, s, l.Term, pending(t, s, how, 2))
		must(t, s, l.Term, pending(t, s, how, 1))
	}
	states := func(name string) (all []queue.State) {
		for _, r := range runs(t, s, name) {
			all = append(all, r.State)
		}
		return all
	}
	assert.Equal(t, []queue.State{sched.Skipped, sched.Skipped, queue.Ready}, states(sched.Forbid))
	assert.Equal(t, []queue.State{queue.Ready, queue.Ready, queue.Ready}, states(sched.Allow))
	assert.Equal(t, []queue.State{queue.Ready, queue.Dead, queue.Dead}, states(sched.Replace))
	for how, want := range map[string]int{sched.Forbid: 1, sched.Allow: 3, sched.Replace: 1} {
		assert.Equal(t, want, entry(t, s, how).Open)
		tasks, err := s.Lease(t.Context(), queue.Ask{Worker: "w", Queues: []string{how}, N: 9, For: queue.Duration(long)})
		require.NoError(t, err)
		require.Len(t, tasks, want)
		if how != sched.Allow {
			must(t, s, l.Term, pending(t, s, how, 1))
			err := settle(t, s, queue.Outcome{ID: tasks[0].ID, Token: tasks[0].Token, Do: queue.Ack})
			if how == sched.Replace {
				assert.ErrorIs(t, err, queue.ErrToken, "it was replaced while it was leased")
			} else {
				assert.NoError(t, err)
			}
		}
	}
	assert.Contains(t, runs(t, s, sched.Replace)[1].Error, "replaced by "+runs(t, s, sched.Replace)[0].ID)
	must(t, s, l.Term, pending(t, s, sched.Forbid, 1))
	assert.Equal(t, queue.Ready, states(sched.Forbid)[0], "the other one has ended")
}

// waits: a job that runs all its ticks, no two at once, is not due while one runs.
func waits(t *testing.T, s sched.Store) {
	l := claim(t, s, "n", long)
	put(t, s, job("a", func(j *sched.Job) { j.Overlap, j.CatchUp = sched.Forbid, sched.All }))
	f := pending(t, s, "a", 2)
	f.Ticks, f.Upto = f.Ticks[:1], f.Ticks[0]
	must(t, s, l.Term, f)
	assert.Empty(t, read(t, s).Jobs)
	task := lease(t, s, 1)[0]
	require.NoError(t, settle(t, s, queue.Outcome{ID: task.ID, Token: task.Token, Do: queue.Ack}))
	d := read(t, s)
	require.Len(t, d.Jobs, 1)
	assert.Equal(t, f.Upto, d.Jobs[0].After)
}

// byHand: a run that no tick asked for; it respects overlaps, and no tick is lost by it.
func byHand(t *testing.T, s sched.Store) {
	_, err := s.RunNow(t.Context(), "a")
	assert.ErrorIs(t, err, sched.ErrNotFound)
	put(t, s, job("a", func(j *sched.Job) { j.Overlap, j.Paused = sched.Forbid, true }))
	r, err := s.RunNow(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, []any{sched.Manual, queue.Ready, "a"}, []any{r.Kind, r.State, r.Job})
	_, err = s.RunNow(t.Context(), "a")
	assert.ErrorIs(t, err, sched.ErrOverlap)
	tasks := lease(t, s, 9)
	require.Len(t, tasks, 1)
	assert.Equal(t, r.ID, tasks[0].ID)
	require.NoError(t, settle(t, s, queue.Outcome{ID: r.ID, Token: 1, Do: queue.Ack}))
	assert.Len(t, read(t, s).Jobs, 1, "its ticks are still to be looked at")
	_, err = s.RunNow(t.Context(), "a")
	assert.NoError(t, err)
}

// life: a run shows what its task is.
func life(t *testing.T, s sched.Store) {
	put(t, s, job("a", func(j *sched.Job) { j.MaxFailures = 2 }))
	l := claim(t, s, "n", long)
	id := must(t, s, l.Term, pending(t, s, "a", 1))[0].ID
	task := lease(t, s, 1)[0]
	r := runs(t, s, "a")[0]
	assert.Equal(t, []any{id, queue.Leased, "w", task.Started}, []any{r.ID, r.State, r.Worker, r.Started})
	require.NoError(t, settle(t, s, queue.Outcome{ID: id, Token: 1, Do: queue.Fail, Error: "first", Delay: queue.Duration(long)}))
	r = runs(t, s, "a")[0]
	assert.Equal(t, []any{queue.Delayed, "first"}, []any{r.State, r.Error})
	assert.Equal(t, 1, entry(t, s, "a").Open)
	id = must(t, s, l.Term, pending(t, s, "a", 1))[0].ID
	lease(t, s, 1)
	require.NoError(t, settle(t, s, queue.Outcome{ID: id, Token: 1, Do: queue.Ack}))
	r = runs(t, s, "a")[0]
	assert.Equal(t, []any{id, queue.Done}, []any{r.ID, r.State})
	assert.False(t, r.Ended.IsZero())
	assert.Equal(t, 1, entry(t, s, "a").Open, "the other one")
	id = must(t, s, l.Term, pending(t, s, "a", 1))[0].ID
	tasks, err := s.Lease(t.Context(), queue.Ask{Worker: "w", Queues: []string{"default"}, N: 1, For: 1})
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	require.Eventually(t, func() bool {
		lost, err := s.Tick(t.Context())
		return assert.NoError(t, err) && len(lost) == 1
	}, time.Minute, time.Millisecond)
	r = runs(t, s, "a")[0]
	assert.Equal(t, []any{id, queue.Ready}, []any{r.ID, r.State})
	assert.Contains(t, r.Error, "the lease of worker w ended")
}

// retry: a dead run begins again, unless it would overlap (J4).
func retry(t *testing.T, s sched.Store) {
	put(t, s, job("a", func(j *sched.Job) { j.Overlap = sched.Forbid }))
	l := claim(t, s, "n", long)
	id := must(t, s, l.Term, pending(t, s, "a", 1))[0].ID
	lease(t, s, 1)
	require.NoError(t, settle(t, s, queue.Outcome{ID: id, Token: 1, Do: queue.Bury, Error: "no"}))
	assert.Zero(t, entry(t, s, "a").Open)
	other := must(t, s, l.Term, pending(t, s, "a", 1))[0].ID
	assert.ErrorIs(t, settle(t, s, queue.Outcome{ID: id, Do: queue.Retry}), sched.ErrOverlap)
	require.NoError(t, settle(t, s, queue.Outcome{ID: other, Do: queue.Cancel}))
	require.NoError(t, settle(t, s, queue.Outcome{ID: id, Do: queue.Retry}))
	assert.Equal(t, 1, entry(t, s, "a").Open)
	assert.Equal(t, queue.Ready, runs(t, s, "a")[1].State)
	assert.Equal(t, id, lease(t, s, 9)[0].ID)
}

// deleted: the runs of a job that was deleted are cancelled; a job with its name begins
// again.
func deleted(t *testing.T, s sched.Store) {
	put(t, s, job("a", nil))
	l := claim(t, s, "n", long)
	f := pending(t, s, "a", 2)
	must(t, s, l.Term, f)
	task := lease(t, s, 1)[0]
	require.NoError(t, s.Delete(t.Context(), "a", sched.Any))
	assert.Empty(t, lease(t, s, 9))
	assert.ErrorIs(t, settle(t, s, queue.Outcome{ID: task.ID, Token: task.Token, Do: queue.Ack}), queue.ErrToken)
	_, err := s.Runs(t.Context(), "a", 9)
	assert.ErrorIs(t, err, sched.ErrNotFound)
	_, err = one(t, s, l.Term, f)
	assert.ErrorIs(t, err, sched.ErrNotFound)
	assert.Empty(t, read(t, s).Jobs)
	put(t, s, job("a", nil))
	_, err = one(t, s, l.Term, f)
	assert.ErrorIs(t, err, sched.ErrStale, "a leader that has read the old one")
	assert.Empty(t, runs(t, s, "a"))
	assert.Len(t, must(t, s, l.Term, pending(t, s, "a", 1)), 1)
}

// shown: the last hundred runs of a job, the newest first; others are known to the queue.
func shown(t *testing.T, s sched.Store) {
	put(t, s, job("a", nil))
	l := claim(t, s, "n", long)
	var last []sched.Run
	for range 2 {
		last = must(t, s, l.Term, pending(t, s, "a", 60))
	}
	all := runs(t, s, "a")
	require.Len(t, all, 100)
	assert.Equal(t, last[59].ID, all[0].ID)
	some, err := s.Runs(t.Context(), "a", 3)
	require.NoError(t, err)
	assert.Equal(t, all[:3], some)
	x := entry(t, s, "a")
	assert.Equal(t, 100, x.Open, "more than a hundred at once are skipped")
	assert.Equal(t, sched.Skipped, all[0].State)
	for _, task := range lease(t, s, 1000) {
		require.NoError(t, settle(t, s, queue.Outcome{ID: task.ID, Token: 1, Do: queue.Ack}))
	}
	assert.Zero(t, entry(t, s, "a").Open)
}
