package sched_test

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/internal/wal/waltest"
	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/jobsched/sched/schedtest"
	"example.com/flatline/examples/taskq/queue"
)

func TestMemoryIsAStore(t *testing.T) {
	schedtest.Run(t, func(testing.TB) sched.Store { return sched.NewMemory() })
}

func TestDiskIsAStore(t *testing.T) {
	schedtest.Run(t, func(t testing.TB) sched.Store {
		return openDisk(t, t.(*testing.T).TempDir(), 10, wal.Options{NoSync: true})
	})
}

func openDisk(t testing.TB, dir string, every int64, opts wal.Options) *sched.Disk {
	d, err := sched.OpenDisk(dir, every, opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

var names = []string{"a", "b", "c"}

// command draws one; leaders and fires are those of a machine's own state, some too old.
func command(t *rapid.T, m *sched.Memory, old *sched.Due) (c sched.Command) {
	name := rapid.SampledFrom(names).Draw(t, "name")
	switch rapid.IntRange(0, 11).Draw(t, "op") {
	case 0, 1:
		j := sched.Job{
			Name: name, Action: sched.Action{Func: "f"}, Paused: rapid.IntRange(0, 5).Draw(t, "paused") == 0,
			Cron:    rapid.SampledFrom([]string{"@every 3s", "* * * * * *", "@every 1m", "0 0 1 1 *"}).Draw(t, "cron"),
			Overlap: map[string]string{"a": sched.Forbid, "b": sched.Replace, "c": sched.Allow}[name],
			CatchUp: rapid.SampledFrom([]string{sched.None, sched.Last, sched.All}).Draw(t, "catchUp"),
		}
		if err := j.Check(); err != nil {
			t.Fatal(err)
		}
		c.Put = &sched.Put{Job: j, Match: sched.Any}
	case 2:
		c.Delete = &sched.Put{Job: sched.Job{Name: name}, Match: sched.Any}
	case 3:
		c.Run = name
	case 4:
		c.Claim = &sched.Claim{Node: rapid.SampledFrom(names).Draw(t, "node"), For: time.Duration(rapid.IntRange(0, 9).Draw(t, "for")) * time.Second}
	case 5, 6, 7:
		if old.Now.IsZero() || rapid.Bool().Draw(t, "fresh") {
			*old = m.Apply(time.Time{}, sched.Command{Due: 10}).Due
		}
		c.Fire = &sched.Firing{Term: old.Leader.Term}
		for _, p := range old.Jobs {
			c.Fire.All = append(c.Fire.All, sched.Plan(old.Now, p))
		}
	case 8, 9:
		c.Queue = &queue.Command{Lease: &queue.Ask{Worker: "w", Queues: []string{"default"}, N: 3, For: queue.Duration(5 * time.Second)}}
	case 10:
		runs, _ := m.Runs(context.Background(), name, 10)
		if len(runs) == 0 {
			return sched.Command{Queue: &queue.Command{Tick: true}}
		}
		r := rapid.SampledFrom(runs).Draw(t, "run")
		task, _ := m.Get(context.Background(), r.ID)
		c.Queue = &queue.Command{Settle: []queue.Outcome{{
			ID: r.ID, Token: task.Token, Error: "e", Do: rapid.SampledFrom([]string{queue.Ack, queue.Fail, queue.Bury, queue.Release, queue.Retry, queue.Cancel}).Draw(t, "do"),
		}}}
	default:
		c.Queue = &queue.Command{Tick: true}
	}
	return c
}

// TestMachine: after random commands the invariants hold, a tick is made into a run once,
// and a copy of the state is equal.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := sched.NewMemory()
		now := at(0)
		made := map[string]bool{}
		var old sched.Due
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(-2, 12).Draw(t, "later")) * time.Second)
			c := command(t, m, &old)
			e := m.Apply(now, c)
			require.NoError(t, m.Check(), "%+v", c)
			for _, r := range e.Runs {
				require.False(t, made[r.ID] && r.Kind != sched.Manual, "J1: %s", r.ID)
				made[r.ID] = true
			}
			if rapid.IntRange(0, 9).Draw(t, "copy") == 0 {
				before := state(t, m)
				var b strings.Builder
				require.NoError(t, m.Dump(json.NewEncoder(&b)))
				m = sched.NewMemory()
				require.NoError(t, m.Load(json.NewDecoder(strings.NewReader(b.String()))))
				require.NoError(t, m.Check())
				require.Equal(t, before, state(t, m))
			}
		}
	})
}

// state is all that a store has, in order.
func state(t require.TestingT, m *sched.Memory) string {
	var b strings.Builder
	out := json.NewEncoder(&b)
	ctx := context.Background()
	all, err := m.Jobs(ctx, "", 100)
	require.NoError(t, err)
	require.NoError(t, out.Encode(all))
	for _, x := range all {
		runs, err := m.Runs(ctx, x.Name, 100)
		require.NoError(t, err)
		require.NoError(t, out.Encode(runs))
	}
	d := m.Apply(time.Time{}, sched.Command{Due: 100}).Due // at the machine's own time
	slices.SortFunc(d.Jobs, func(a, b sched.Pending) int { return strings.Compare(a.Name, b.Name) })
	require.NoError(t, out.Encode(d.Jobs))
	require.NoError(t, out.Encode(d.Leader))
	for _, s := range queue.States {
		tasks, err := m.List(ctx, s, "", 100)
		require.NoError(t, err)
		require.NoError(t, out.Encode(tasks))
	}
	return b.String()
}

// TestDiskReopens: a store that is opened again has the same state, from the log, from a
// snapshot, and from both.
func TestDiskReopens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		every := rapid.SampledFrom([]int64{1000, 5, 1}).Draw(rt, "every")
		for range rapid.IntRange(1, 3).Draw(rt, "rounds") {
			d := openDisk(t, dir, every, wal.Options{NoSync: true})
			var old sched.Due
			for range rapid.IntRange(0, 8).Draw(rt, "steps") {
				do(rt, d, command(rt, d.Memory, &old))
			}
			require.NoError(rt, d.Check())
			before := state(rt, d.Memory)
			require.NoError(rt, d.Close())
			d = openDisk(t, dir, every, wal.Options{NoSync: true})
			require.Equal(rt, before, state(rt, d.Memory))
			require.NoError(rt, d.Check())
			require.NoError(rt, d.Close())
			_, err := d.Put(t.Context(), sched.Job{Name: "late"}, sched.Any)
			require.ErrorIs(rt, err, wal.ErrClosed)
		}
	})
}

// do asks a store what a command asks a machine.
func do(t require.TestingT, d *sched.Disk, c sched.Command) {
	ctx, err := context.Background(), error(nil)
	switch {
	case c.Put != nil:
		_, err = d.Put(ctx, c.Put.Job, c.Put.Match)
	case c.Delete != nil:
		_ = d.Delete(ctx, c.Delete.Job.Name, c.Delete.Match)
	case c.Run != "":
		_, _ = d.RunNow(ctx, c.Run)
	case c.Claim != nil:
		_, err = d.Claim(ctx, *c.Claim)
	case c.Fire != nil:
		_, _, err = d.Fire(ctx, c.Fire.Term, c.Fire.All)
	case c.Queue.Lease != nil:
		c.Queue.Lease.For = 1e6 // so that some end
		_, err = d.Lease(ctx, *c.Queue.Lease)
	case c.Queue.Settle != nil:
		_, err = d.Settle(ctx, c.Queue.Settle)
	default:
		_, err = d.Tick(ctx)
	}
	require.NoError(t, err)
}

// TestDiskFails: what the disk has not taken is refused, and cannot be seen.
func TestDiskFails(t *testing.T) {
	d := openDisk(t, t.TempDir(), 1000, waltest.Disk{Sync: func() error { return io.ErrShortWrite }}.Options())
	_, err := d.Put(t.Context(), wish("a", nil), 0)
	assert.ErrorIs(t, err, wal.ErrFailed)
	_, err = d.Job(t.Context(), "a")
	assert.ErrorIs(t, err, sched.ErrNotFound)
	_, err = d.Claim(t.Context(), sched.Claim{Node: "n", For: time.Hour})
	assert.ErrorIs(t, err, wal.ErrFailed)
	_, _, err = d.Fire(t.Context(), 1, nil)
	assert.ErrorIs(t, err, wal.ErrFailed)
	_, err = d.RunNow(t.Context(), "a")
	assert.ErrorIs(t, err, wal.ErrFailed)
	assert.ErrorIs(t, d.Delete(t.Context(), "a", sched.Any), wal.ErrFailed)
}

// wish is a job that has been checked.
func wish(name string, change func(*sched.Job)) sched.Job {
	j := sched.Job{Name: name, Cron: "* * * * * *", Action: sched.Action{Func: "f"}}
	if change != nil {
		change(&j)
	}
	if err := j.Check(); err != nil {
		panic(err)
	}
	return j
}
