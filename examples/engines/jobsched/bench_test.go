package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/jobsched/sched"
)

const (
	schedules = 170 // each once a second: ten thousand a minute
	slots     = 64  // handlers at once, of each peer
)

// lateness has how late ticks were when their handlers began.
type lateness struct {
	mu   sync.Mutex
	from time.Time // ticks before it are those of the start
	all  []time.Duration
	want int
	done chan struct{}
}

func (l *lateness) ran(tick time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if tick.Before(l.from) || len(l.all) == l.want {
		return
	}
	if l.all = append(l.all, time.Since(tick)); len(l.all) == l.want {
		close(l.done)
	}
}

// flatline starts a node on an empty store with so many jobs.
func flatline(b *testing.B, s *start.Server, jobs int, ran func(tick time.Time)) {
	p := empty(b, s)
	for i := range jobs {
		j := sched.Job{Name: fmt.Sprint("job", i), Cron: "* * * * * *", Action: sched.Action{Func: "f"}, Overlap: sched.Allow}
		require.NoError(b, j.Check())
		_, err := p.Put(b.Context(), j, 0)
		require.NoError(b, err)
	}
	b.Cleanup(node(p, ran).Close)
}

func node(p *Postgres, ran func(tick time.Time)) *sched.Node {
	return sched.NewNode(sched.Options{Store: p, Slots: slots, Poll: 50 * time.Millisecond, Funcs: map[string]func(context.Context, sched.Payload) (any, error){
		"f": func(_ context.Context, p sched.Payload) (any, error) { ran(p.Tick); return nil, nil },
	}})
}

type args struct {
	N int `json:"n"`
}

func (args) Kind() string { return "tick" }

type worker struct {
	river.WorkerDefaults[args]
	ran func(tick time.Time)
}

func (w *worker) Work(_ context.Context, j *river.Job[args]) error { w.ran(j.ScheduledAt); return nil }

// second is a schedule with a tick at each second.
type second struct{}

func (second) Next(t time.Time) time.Time { return t.Truncate(time.Second).Add(time.Second) }

func peer(b *testing.B, s *start.Server, n int, ran func(tick time.Time)) {
	ctx := context.Background()
	db, err := pgxpool.New(ctx, s.URL)
	require.NoError(b, err)
	client, err := riverClient(ctx, db, n, ran)
	require.NoError(b, err)
	b.Cleanup(func() { _ = client.Stop(ctx); db.Close() })
}

// riverClient starts a client with so many periodic jobs.
func riverClient(ctx context.Context, db *pgxpool.Pool, n int, ran func(tick time.Time)) (*river.Client[pgx.Tx], error) {
	migrator, err := rivermigrate.New(riverpgxv5.New(db), nil)
	if err != nil {
		return nil, err
	}
	if _, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	var jobs []*river.PeriodicJob
	for i := range n {
		jobs = append(jobs, river.NewPeriodicJob(second{}, func() (river.JobArgs, *river.InsertOpts) { return args{i}, nil }, nil))
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{ran: ran})
	client, err := river.NewClient(riverpgxv5.New(db), &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: slots}}, Workers: workers, PeriodicJobs: jobs,
		FetchCooldown: time.Millisecond, FetchPollInterval: 50 * time.Millisecond, // its default is 100 ms and 1 s
	})
	if err != nil {
		return nil, err
	}
	return client, client.Start(ctx)
}

// BenchmarkLateness: how late the handlers of ten thousand ticks a minute begin, on the same
// PostgreSQL. Run it with -benchtime 3000x; an operation is a tick, so its time says nothing.
func BenchmarkLateness(b *testing.B) {
	s := start.Test(b, start.Postgres)
	for _, x := range []struct {
		name string
		open func(b *testing.B, s *start.Server, jobs int, ran func(time.Time))
	}{{"flatline", flatline}, {"river", peer}} {
		b.Run("impl="+x.name, func(b *testing.B) {
			l := &lateness{from: time.Now().Add(10 * time.Second), want: b.N, done: make(chan struct{})}
			x.open(b, s, schedules, l.ran)
			select {
			case <-l.done:
			case <-time.After(2 * time.Minute):
				b.Error("not all ticks ran")
			}
			l.mu.Lock()
			all := slices.Sorted(slices.Values(l.all))
			l.mu.Unlock()
			if len(all) > 0 {
				b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
				b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
			}
		})
	}
}
