package main

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/jobsched/sched"
)

// say prints a tick that runs, for the parent to read.
func say(tick time.Time) { fmt.Println("ran", tick.Unix()) }

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"flatline": func(args []string) error {
			p, err := Open(context.Background(), args[0])
			if err != nil {
				return err
			}
			node(p, say)
			select {}
		},
		"river": func(args []string) error {
			db, err := pgxpool.New(context.Background(), args[0])
			if err == nil {
				_, err = riverClient(context.Background(), db, 1, say)
			}
			if err != nil {
				return err
			}
			select {}
		},
	})
}

// BenchmarkMissed: a schedule with a tick each second on two processes. The one that leads is
// killed with kill -9, and the ticks that never run are counted. Run it with -benchtime 1x; an
// operation is a kill.
func BenchmarkMissed(b *testing.B) {
	s := start.Test(b, start.Postgres)
	for _, impl := range []string{"flatline", "river"} {
		b.Run("impl="+impl, func(b *testing.B) {
			if impl == "flatline" {
				j := sched.Job{Name: "a", Cron: "* * * * * *", Action: sched.Action{Func: "f"}, Overlap: sched.Allow, CatchUp: sched.All, Max: 100}
				require.NoError(b, j.Check())
				_, err := empty(b, s).Put(b.Context(), j, 0)
				require.NoError(b, err)
			}
			missed := 0
			for range b.N {
				missed += missedBy(b, impl, s.URL)
			}
			b.ReportMetric(float64(missed)/float64(b.N), "missed-ticks")
		})
	}
}

// missedBy kills a leader and returns how many ticks neither process ran, from the first that was
// seen to three after the other process had begun.
func missedBy(b *testing.B, impl, url string) int {
	ran := map[int64]bool{}
	run := func(p *crash.Process) int64 {
		t, err := strconv.ParseInt(p.Match(`^ran (\d+)$`)[1], 10, 64)
		require.NoError(b, err)
		ran[t] = true
		return t
	}
	leader := crash.Start(b, impl, url)
	first := run(leader)
	for run(leader) < first+3 {
	}
	other := crash.Start(b, impl, url)
	time.Sleep(2 * time.Second) // it may run what the leader makes
	leader.Kill()
	killed := time.Now().Unix()
	for line := range leader.Rest {
		if t, err := strconv.ParseInt(line[min(len(line), 4):], 10, 64); err == nil {
			ran[t] = true
		}
	}
	last := killed
	for last < killed+25 { // longer than either takes for an election and what it makes up
		last = max(last, run(other))
	}
	missed := 0
	for t := first; t < last-2; t++ {
		if !ran[t] {
			missed++
		}
	}
	other.Kill()
	return missed
}
