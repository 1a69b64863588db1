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
