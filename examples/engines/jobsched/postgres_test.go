package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/jobsched/sched/schedtest"
	"example.com/flatline/examples/taskq/queue"
)

// empty returns an empty store in a database.
func empty(t testing.TB, s *start.Server) *Postgres {
	p, err := Open(t.Context(), s.URL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	_, err = p.DB().Exec(t.Context(), "truncate tasks, forgotten, jobs, versions, runs; update leader set term = 0, holder = '', until = 'epoch'")
	require.NoError(t, err)
	return p
}

// TestPostgres has the tests that need one server.
func TestPostgres(t *testing.T) {
	s := start.Test(t, start.Postgres)
	t.Run("conformance", func(t *testing.T) {
		schedtest.Run(t, func(t testing.TB) sched.Store { return empty(t, s) })
	})
	t.Run("nodes", func(t *testing.T) { nodes(t, s) })
	t.Run("pruned", func(t *testing.T) { pruned(t, s) })
}

// pruned: a Tick removes the runs that are no longer among the last hundred of their job, but
// none that has not ended.
func pruned(t *testing.T, s *start.Server) {
	p := empty(t, s)
	j := sched.Job{Name: "a", Cron: "0 0 1 1 *", Action: sched.Action{Func: "f"}, Overlap: sched.Allow}
	require.NoError(t, j.Check())
	_, err := p.Put(t.Context(), j, 0)
	require.NoError(t, err)
	l, err := p.Claim(t.Context(), sched.Claim{Node: "n", For: time.Hour})
	require.NoError(t, err)
	count := func() (n, open int) {
		require.NoError(t, p.DB().QueryRow(t.Context(), "select count(*), count(*) filter (where open) from runs").Scan(&n, &open))
		return n, open
	}
	for range 3 { // of each hundred a part is skipped, and so has ended
		d, err := p.Due(t.Context(), 1)
		require.NoError(t, err)
		f := sched.Fire{Job: "a", Version: d.Jobs[0].Version, After: d.Jobs[0].After, Upto: d.Now}
		for i := range 60 {
			f.Ticks = append(f.Ticks, f.Upto.Add(time.Duration(i-60)*time.Microsecond))
		}
		_, errs, err := p.Fire(t.Context(), l.Term, []sched.Fire{f})
		require.NoError(t, err)
		require.Equal(t, []error{nil}, errs)
	}
	n, open := count()
	require.Equal(t, 180, n)
	require.Equal(t, 100, open)
	for range 2 {
		_, err = p.Tick(t.Context())
		require.NoError(t, err)
		n, open = count()
		assert.Equal(t, 180, n, "the eighty oldest have not ended")
		assert.Equal(t, 100, open)
	}
	tasks, err := p.Lease(t.Context(), queue.Ask{Worker: "w", Queues: []string{"default"}, N: 100, For: queue.Duration(time.Hour)})
	require.NoError(t, err)
	require.Len(t, tasks, 100)
	var all []queue.Outcome
	for _, x := range tasks {
		all = append(all, queue.Outcome{ID: x.ID, Token: x.Token, Do: queue.Ack})
	}
	_, err = p.Settle(t.Context(), all)
	require.NoError(t, err)
	d, err := p.Due(t.Context(), 1)
	require.NoError(t, err)
	_, _, err = p.Fire(t.Context(), l.Term, []sched.Fire{{Job: "a", Version: d.Jobs[0].Version, After: d.Jobs[0].After, Upto: d.Now, Ticks: []time.Time{d.Now}}})
	require.NoError(t, err)
	_, err = p.Tick(t.Context())
	require.NoError(t, err)
	n, open = count()
	assert.Equal(t, 100, n)
	assert.Equal(t, 1, open)
}

// nodes: nodes with stores of their own share the jobs. The leader is killed, another one
// takes over, and each tick was made into one run or counted as missed.
func nodes(t *testing.T, s *start.Server) {
	first := empty(t, s)
	j := sched.Job{Name: "a", Cron: "* * * * * *", Action: sched.Action{Func: "f"}, Overlap: sched.Allow, CatchUp: sched.All, Max: 100}
	require.NoError(t, j.Check())
	j, err := first.Put(t.Context(), j, 0)
	require.NoError(t, err)
	ran := make(chan time.Time, 1000)
	var all []*sched.Node
	for range 3 {
		p, err := Open(t.Context(), s.URL)
		require.NoError(t, err)
		n := sched.NewNode(sched.Options{Store: p, Lease: 300 * time.Millisecond, Poll: 50 * time.Millisecond, Funcs: map[string]func(context.Context, sched.Payload) (any, error){
			"f": func(_ context.Context, p sched.Payload) (any, error) { ran <- p.Tick; return nil, nil },
		}})
		t.Cleanup(func() { n.Close(); _ = p.Close() })
		all = append(all, n)
	}
	<-ran
	before, err := first.Due(t.Context(), 1)
	require.NoError(t, err)
	for _, n := range all {
		if n.Name() == before.Leader.Holder {
			n.Kill()
		}
	}
	var after sched.Due
	require.Eventually(t, func() bool {
		after, err = first.Due(t.Context(), 1)
		return assert.NoError(t, err) && after.Leader.Term > before.Leader.Term
	}, time.Minute, 10*time.Millisecond)
	for seen := false; !seen; {
		seen = !(<-ran).Before(after.Now.Truncate(time.Second))
	}
	x, err := first.Job(t.Context(), "a")
	require.NoError(t, err)
	ticks := int64(0)
	for at := j.Updated.Truncate(time.Second).Add(time.Second); at.Before(x.Next); at = at.Add(time.Second) {
		ticks++
	}
	assert.Equal(t, ticks, x.Made+x.Missed)
	runs, err := first.Runs(t.Context(), "a", 100)
	require.NoError(t, err)
	assert.Len(t, runs, int(x.Made))
}

// TestAway: a database that is not there is an error at the start.
func TestAway(t *testing.T) {
	assert.Error(t, run(t.Context(), sched.Config{Addr: "127.0.0.1:0", Nodes: 1, Options: sched.Options{Lease: time.Second}}, "postgres://postgres@127.0.0.1:1/x?connect_timeout=2"))
}
