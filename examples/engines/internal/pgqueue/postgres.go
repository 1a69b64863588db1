// Package pgqueue keeps the tasks of examples/taskq in PostgreSQL.
package pgqueue

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/flatline/examples/taskq/queue"
)

//go:embed schema.sql
var schema string

// Postgres is a queue.Store in a PostgreSQL database, for any number of brokers. Times are
// the database's. What becomes of a task is decided by the same functions of queue.Task
// that the embedded store uses, behind the row's lock.
type Postgres struct {
	// Note, if it is set before the first use, is called in each transaction that settles
	// tasks or ends their leases, with those that have changed.
	Note func(ctx context.Context, tx pgx.Tx, tasks []queue.Task) error

	db   *pgxpool.Pool
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	changed chan struct{}
	woken   chan struct{} // has an item when other brokers are to be notified
}

// Open returns a store in the database at a URL, whose tables it makes.
func Open(ctx context.Context, url string) (*Postgres, error) {
	db, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("pgqueue: %w", err)
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		// Two brokers that start at the same time would both make the tables.
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(7267)"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, schema)
		return err
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("pgqueue: %w", err)
	}
	live, stop := context.WithCancel(context.Background())
	p := &Postgres{db: db, stop: stop, done: make(chan struct{}), woken: make(chan struct{}, 1)}
	go p.run(live)
	return p, nil
}

// DB returns the connections to the database.
func (p *Postgres) DB() *pgxpool.Pool { return p.db }

// Close implements queue.Store.
func (p *Postgres) Close() error {
	p.stop()
	<-p.done
	p.db.Close()
	return nil
}

// Changed implements queue.Store.
func (p *Postgres) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return p.changed
}

// wake tells the waiting callers of this broker.
func (p *Postgres) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// tell wakes this broker's callers at once, and soon those of the others.
func (p *Postgres) tell(tasks []queue.Task) {
	if !slices.ContainsFunc(tasks, func(t queue.Task) bool { return t.State == queue.Ready }) {
		return
	}
	p.wake()
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

// run listens for other brokers, and notifies them. A NOTIFY takes a lock of the whole
// database at its commit, so it is not in the transaction of each task: one is for all
// tasks of ten milliseconds.
func (p *Postgres) run(ctx context.Context) {
	defer close(p.done)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for ctx.Err() == nil {
			if c, err := p.db.Acquire(ctx); err == nil {
				if _, err = c.Exec(ctx, "listen taskq"); err == nil {
					for err == nil {
						if _, err = c.Conn().WaitForNotification(ctx); err == nil {
							p.wake()
						}
					}
				}
				_ = c.Conn().Close(context.WithoutCancel(ctx)) // it would go on listening
				c.Release()
			}
			pause(ctx, 100*time.Millisecond)
		}
	})
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.woken:
		}
		_, _ = p.db.Exec(ctx, "notify taskq") // the others also look by themselves
		pause(ctx, 10*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

const columns = `id, queue, type, payload, priority, due, max_failures, max_lost, state, token, failures, lost, worker,
	until, granted, enqueued, started, ended, result, error`

func scan(row pgx.CollectableRow) (t queue.Task, err error) {
	var payload, result string
	var until, started, ended *time.Time
	err = row.Scan(&t.ID, &t.Queue, &t.Type, &payload, &t.Priority, &t.Due, &t.MaxFailures, &t.MaxLost, &t.State, &t.Token,
		&t.Failures, &t.Lost, &t.Worker, &until, &t.Granted, &t.Enqueued, &started, &ended, &result, &t.Error)
	t.Due, t.Enqueued, t.Until, t.Started, t.Ended = t.Due.UTC(), t.Enqueued.UTC(), utc(until), utc(started), utc(ended)
	if payload != "" {
		t.Payload = json.RawMessage(payload)
	}
	if result != "" {
		t.Result = json.RawMessage(result)
	}
	return t, err
}

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// orNull returns no time for the zero time.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Enqueue implements queue.Store: the primary key decides who was first.
func (p *Postgres) Enqueue(ctx context.Context, tasks []queue.Task) ([]queue.Answer, error) {
	answers, err := enqueue(ctx, p.db, tasks)
	p.Tell(answers)
	return answers, err
}

// EnqueueTx is Enqueue in a transaction. Call Tell with the answers once it is committed.
func (p *Postgres) EnqueueTx(ctx context.Context, tx pgx.Tx, tasks []queue.Task) ([]queue.Answer, error) {
	return enqueue(ctx, tx, tasks)
}

// Tell wakes the callers that are waiting for tasks that have become ready.
func (p *Postgres) Tell(answers []queue.Answer) {
	var tasks []queue.Task
	for _, a := range answers {
		if a.Err == nil {
			tasks = append(tasks, a.Task)
		}
	}
	p.tell(tasks)
}

func enqueue(ctx context.Context, q querier, tasks []queue.Task) (answers []queue.Answer, err error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	var ids, queues, types, payloads []string
	var priorities, failures, lost []int
	var dues []*time.Time
	for _, t := range tasks {
		t = t.Accepted(time.Time{}) // for the defaults
		ids, queues, types, payloads = append(ids, t.ID), append(queues, t.Queue), append(types, t.Type), append(payloads, string(t.Payload))
		priorities, failures, lost = append(priorities, t.Priority), append(failures, t.MaxFailures), append(lost, t.MaxLost)
		dues = append(dues, orNull(t.Due))
	}
	// In the order of IDs, or two batches with the same ones would wait for each other.
	rows, err := q.Query(ctx, `
		insert into tasks (id, queue, type, payload, priority, due, max_failures, max_lost, state, enqueued)
		select id, queue, type, payload, priority, greatest(due, now()), f, l, case when due > now() then 'delayed' else 'ready' end, now()
		from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::int[], $8::int[])
			with ordinality as u (id, queue, type, payload, priority, due, f, l, n)
		order by id, n
		on conflict (id) do nothing returning `+columns, ids, queues, types, payloads, priorities, dues, failures, lost)
	if err != nil {
		return nil, err
	}
	made, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, err
	}
	byID := map[string]queue.Task{}
	for _, t := range made {
		byID[t.ID] = t
	}
	var old map[string]queue.Task
	for _, t := range tasks {
		if mine, ok := byID[t.ID]; ok {
			answers = append(answers, queue.Answer{Task: mine})
			delete(byID, t.ID) // a second one in this batch is a repetition
			continue
		}
		if old == nil {
			if old, err = find(ctx, q, ids); err != nil {
				return nil, err
			}
		}
		answers = append(answers, queue.Answer{Task: old[t.ID], Err: queue.ErrExists})
	}
	return answers, nil
}

// find returns tasks by their IDs.
func find(ctx context.Context, q querier, ids []string) (map[string]queue.Task, error) {
	rows, err := q.Query(ctx, "select "+columns+" from tasks where id = any($1)", ids)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, scan)
	m := map[string]queue.Task{}
	for _, t := range all {
		m[t.ID] = t
	}
	return m, err
}

// promote makes ready what is due. A row that another broker has locked is its business.
const promote = `
	update tasks set state = 'ready' where state = 'delayed' and id in (
		select id from tasks where state = 'delayed' and due <= now() order by due limit 1000 for update skip locked)`

// take leases from one queue. What another worker has locked is skipped, not waited for.
const take = `
	with next as (
		select id as next_id from tasks where state = 'ready' and queue = $1 order by priority desc, due, id limit $2 for update skip locked
	)
	update tasks set state = 'leased', token = token + 1, worker = $3, started = now(), until = now() + $4::interval
	from next where id = next_id returning `

// Lease implements queue.Store, with one round trip for each queue that it has to ask.
func (p *Postgres) Lease(ctx context.Context, a queue.Ask) (all []queue.Task, err error) {
	for i, name := range a.Queues {
		if len(all) == a.N {
			break
		}
		b := &pgx.Batch{}
		if i == 0 {
			b.Queue(promote)
		}
		var tasks []queue.Task
		b.Queue(take+columns, name, a.N-len(all), a.Worker, time.Duration(a.For)).Query(func(rows pgx.Rows) (err error) {
			tasks, err = pgx.CollectRows(rows, scan)
			return err
		})
		if err := p.db.SendBatch(ctx, b).Close(); err != nil {
			return all, err
		}
		slices.SortFunc(tasks, func(x, y queue.Task) int {
			return cmp.Or(cmp.Compare(y.Priority, x.Priority), x.Due.Compare(y.Due), cmp.Compare(x.ID, y.ID))
		})
		all = append(all, tasks...)
	}
	return all, nil
}

// Get implements queue.Store.
func (p *Postgres) Get(ctx context.Context, id string) (queue.Task, error) {
	all, err := find(ctx, p.db, []string{id})
	if t, ok := all[id]; ok || err != nil {
		return t, err
	}
	return queue.Task{}, queue.ErrNotFound
}

// List implements queue.Store.
func (p *Postgres) List(ctx context.Context, s queue.State, after string, n int) ([]queue.Task, error) {
	rows, err := p.db.Query(ctx, "select "+columns+" from tasks where state = $1 and id > $2 order by id limit $3", s, after, n)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}
