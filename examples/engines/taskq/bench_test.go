package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/taskq/queue"
)

const slots = 64 // handlers at once, of each peer

// system is a queue with a worker: put enqueues tasks, and the worker calls handled for
// each. All store each commit durably, unless their name says otherwise.
type system struct {
	name string
	open func(b *testing.B, handled func()) (put func(ctx context.Context, n int) error)
}

// flatline returns a system over HTTP on a store.
func flatline(name string, store func(b *testing.B) queue.Store) system {
	return system{name, func(b *testing.B, handled func()) func(context.Context, int) error {
		broker := queue.NewBroker(queue.Options{Store: store(b)})
		s := httptest.NewServer(queue.Handler(broker))
		client := &queue.Client{Base: s.URL, HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		w := queue.Worker{Source: client, Name: "w", N: slots, Handle: func(context.Context, queue.Task) (any, error) { handled(); return nil, nil }}
		go func() { w.Run(ctx); close(ended) }()
		b.Cleanup(func() { stop(); <-ended; s.Close(); broker.Close() })
		return func(ctx context.Context, n int) error {
			tasks := make([]queue.Task, n)
			for i := range tasks {
				tasks[i] = queue.Task{Type: "x", Payload: []byte(`{"to":"someone@example.com","template":"welcome"}`)}
			}
			_, err := client.Enqueue(ctx, tasks...)
			return err
		}
	}}
}

func disk(opts wal.Options) func(b *testing.B) queue.Store {
	return func(b *testing.B) queue.Store {
		d, err := queue.OpenDisk(b.TempDir(), 1<<20, opts)
		require.NoError(b, err)
		b.Cleanup(func() { _ = d.Close() })
		return d
	}
}

func peerAsynq(name, fsync string) system {
	return system{name, func(b *testing.B, handled func()) func(context.Context, int) error {
		s := start.Test(b, start.Redis, "--appendonly", "yes", "--appendfsync", fsync)
		opt := asynq.RedisClientOpt{Addr: s.Addr}
		client := asynq.NewClient(opt)
		server := asynq.NewServer(opt, asynq.Config{Concurrency: slots, LogLevel: asynq.FatalLevel, TaskCheckInterval: 200 * time.Millisecond})
		require.NoError(b, server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { handled(); return nil })))
		b.Cleanup(func() { server.Shutdown(); _ = client.Close() })
		return func(ctx context.Context, n int) error { // it has no batches
			for range n {
				if _, err := client.EnqueueContext(ctx, asynq.NewTask("x", []byte(`{"to":"someone@example.com","template":"welcome"}`))); err != nil {
					return err
				}
			}
			return nil
		}
	}}
}

type args struct {
	To       string `json:"to"`
	Template string `json:"template"`
}

func (args) Kind() string { return "mail.send" }

type riverWorker struct {
	river.WorkerDefaults[args]
	handled func()
}

func (w *riverWorker) Work(context.Context, *river.Job[args]) error { w.handled(); return nil }

func peerRiver(s *start.Server) system {
	return system{"river", func(b *testing.B, handled func()) func(context.Context, int) error {
		ctx := context.Background()
		db, err := pgxpool.New(ctx, s.URL)
		require.NoError(b, err)
		migrator, err := rivermigrate.New(riverpgxv5.New(db), nil)
		require.NoError(b, err)
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		require.NoError(b, err)
		workers := river.NewWorkers()
		river.AddWorker(workers, &riverWorker{handled: handled})
		client, err := river.NewClient(riverpgxv5.New(db), &river.Config{
			Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: slots}}, Workers: workers,
			FetchCooldown: time.Millisecond, FetchPollInterval: 50 * time.Millisecond, // its default is 100 ms and 1 s
		})
		require.NoError(b, err)
		require.NoError(b, client.Start(ctx))
		b.Cleanup(func() { _ = client.Stop(ctx); db.Close() })
		return func(ctx context.Context, n int) error {
			all := make([]river.InsertManyParams, n)
			for i := range all {
				all[i].Args = args{"someone@example.com", "welcome"}
			}
			_, err := client.InsertMany(ctx, all)
			return err
		}
	}}
}

// postgres returns flatline and River on the same server.
func postgres(b *testing.B) []system {
	s := start.Test(b, start.Postgres)
	return []system{flatline("flatline", func(b *testing.B) queue.Store { return open(b, s) }), peerRiver(s)}
}

// through sends b.N tasks through a system, so many in a batch, from eight producers, and
// returns when all have been handled.
func through(b *testing.B, x system, batch int) {
	var handled atomic.Int64
	all := make(chan struct{})
	n := int64(b.N)
	put := x.open(b, func() {
		if handled.Add(1) == n {
			close(all)
		}
	})
	var left atomic.Int64
	left.Store(n)
	var wg sync.WaitGroup
	b.ResetTimer()
	for range 8 {
		wg.Go(func() {
			for {
				size := batch
				if after := left.Add(-int64(batch)); after < 0 {
					if size += int(after); size <= 0 {
						return
					}
				}
				if err := put(context.Background(), size); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if b.Failed() {
		return
	}
	select {
	case <-all:
	case <-time.After(2 * time.Minute):
		b.Errorf("%d of %d were handled", handled.Load(), n)
	}
	b.StopTimer()
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "tasks/s")
}

// BenchmarkTasks: tasks from the producer to the end of their handlers, over loopback, at
// equal durability: each commit synced, or none.
func BenchmarkTasks(b *testing.B) {
	for _, group := range []struct {
		store string
		all   []system
	}{
		{"synced", []system{flatline("flatline", disk(wal.Options{})), peerAsynq("asynq", "always")}},
		{"unsynced", []system{flatline("flatline", disk(wal.Options{NoSync: true})), peerAsynq("asynq", "no")}},
	} {
		for _, x := range group.all {
			b.Run(fmt.Sprintf("store=%s/impl=%s", group.store, x.name), func(b *testing.B) { through(b, x, 1) })
		}
	}
	for _, batch := range []int{1, 20} {
		for _, x := range postgres(b) {
			b.Run(fmt.Sprintf("store=postgres/batch=%d/impl=%s", batch, x.name), func(b *testing.B) { through(b, x, batch) })
		}
	}
}

// BenchmarkStart: the time from the call that enqueues a task to the start of its handler,
// on a system that has nothing else to do.
func BenchmarkStart(b *testing.B) {
	for _, x := range append([]system{flatline("flatline-log", disk(wal.Options{})), peerAsynq("asynq", "always")}, postgres(b)...) {
		b.Run("impl="+x.name, func(b *testing.B) {
			started := make(chan time.Time, 1)
			put := x.open(b, func() { started <- time.Now() })
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				require.NoError(b, put(context.Background(), 1))
				took = append(took, (<-started).Sub(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
		})
	}
}
