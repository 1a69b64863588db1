package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/flatline/examples/engines/internal/pgqueue"
	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
	"example.com/flatline/lru"
)

//go:embed schema.sql
var schema string

// Postgres is a sched.Store in a PostgreSQL database, for any number of nodes. Times are the
// database's. What a write may do is decided by the same functions that the embedded store
// uses, behind the rows' locks: first the leader's, then the jobs' in the order of their
// names, then the tasks'.
type Postgres struct {
	*pgqueue.Postgres
	versions *lru.Sync[int64, sched.Job] // a version of a job never changes

	mu    sync.Mutex
	fired map[string]bool // jobs with runs since the last Tick
}

// Open returns a store in the database at a URL, whose tables it makes.
func Open(ctx context.Context, url string) (*Postgres, error) {
	q, err := pgqueue.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	q.Note = note
	err = pgx.BeginFunc(ctx, q.DB(), func(tx pgx.Tx) error {
		// Two nodes that start at the same time would both make the tables.
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(7268)"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, schema)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("jobsched: %w", err), q.Close())
	}
	return &Postgres{Postgres: q, versions: lru.NewSync[int64, sched.Job](1 << 14), fired: map[string]bool{}}, nil
}

// note writes into runs what their tasks are, in the transaction that changes the tasks.
func note(ctx context.Context, tx pgx.Tx, tasks []queue.Task) error {
	var ids, runs []string
	var opens []bool
	for _, t := range tasks {
		r, err := json.Marshal(sched.Run{}.Noted(t))
		if err != nil {
			return err
		}
		ids, runs, opens = append(ids, t.ID), append(runs, string(r)), append(opens, t.State != queue.Done && t.State != queue.Dead)
	}
	_, err := tx.Exec(ctx, `
		update runs set open = u.open, run = ((runs.run::jsonb - array['started', 'ended', 'worker', 'error'])
			|| (u.run::jsonb - array['id', 'job', 'version', 'tick', 'kind', 'made']))::text
		from unnest($1::text[], $2::bool[], $3::text[]) as u (id, open, run) where runs.id = u.id`, ids, opens, runs)
	return err
}

// now returns the time, after the locks that a transaction has taken.
func now(ctx context.Context, tx pgx.Tx) (at time.Time, err error) {
	err = tx.QueryRow(ctx, "select clock_timestamp()").Scan(&at)
	return at.UTC(), err
}

// entry is a job's row with its definition.
type entry struct {
	sched.Entry
	after time.Time
}

const entries = `select v.job, j.version, v.updated, j.after, j.next, j.made, j.missed, (select count(*) from runs where runs.job = j.name and open)
	from jobs j join versions v on v.name = j.name and v.version = j.version `

func scanEntry(row pgx.CollectableRow) (x entry, err error) {
	var job string
	var next *time.Time
	var version int64
	var updated time.Time
	if err = row.Scan(&job, &version, &updated, &x.after, &next, &x.Made, &x.Missed, &x.Open); err != nil {
		return x, err
	}
	err = json.Unmarshal([]byte(job), &x.Job)
	x.Version, x.Updated, x.after = version, updated.UTC(), x.after.UTC()
	if next != nil && next.Year() < 9999 {
		x.Next = next.UTC()
	}
	return x, err
}

// lock returns a job whose row it locks, or nil.
func lock(ctx context.Context, tx pgx.Tx, name string) (*entry, error) {
	rows, err := tx.Query(ctx, entries+"where j.name = $1 for update of j", name)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, scanEntry)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// match locks a job that must have a version.
func match(ctx context.Context, tx pgx.Tx, name string, version int64) (*entry, error) {
	x, err := lock(ctx, tx, name)
	switch {
	case err != nil:
		return nil, err
	case version == sched.Any, x == nil && version == 0, x != nil && x.Version == version:
		return x, nil
	case x == nil:
		return nil, fmt.Errorf("%w: there is none", sched.ErrVersion)
	}
	return nil, fmt.Errorf("%w: %d", sched.ErrVersion, x.Version)
}

// Put implements sched.Store.
func (p *Postgres) Put(ctx context.Context, j sched.Job, version int64) (sched.Job, error) {
	err := pgx.BeginFunc(ctx, p.DB(), func(tx pgx.Tx) error {
		// Two that define the same new job: the second waits here for the first.
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(7269, hashtext($1))", j.Name); err != nil {
			return err
		}
		_, err := match(ctx, tx, j.Name, version)
		if err == nil {
			j.Updated, err = now(ctx, tx)
		}
		if err == nil {
			err = tx.QueryRow(ctx, "select nextval('job_versions')").Scan(&j.Version)
		}
		var text []byte
		if err == nil {
			text, err = json.Marshal(j)
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "insert into versions (name, version, updated, job) values ($1, $2, $3, $4)", j.Name, j.Version, j.Updated, string(text))
		if err == nil { // old versions, but for what held a month ago
			_, err = tx.Exec(ctx, `delete from versions where name = $1 and version < (
				select max(version) from versions where name = $1 and updated < clock_timestamp() - interval '1 month')`, j.Name)
		}
		if err == nil {
			_, err = tx.Exec(ctx, `
				insert into jobs (name, version, after, in_turn) values ($1, $2, $3, $4)
				on conflict (name) do update set version = excluded.version, in_turn = excluded.in_turn, next = null`, j.Name, j.Version, j.Updated, j.InTurn())
		}
		return err
	})
	if err != nil {
		return sched.Job{}, err
	}
	return j, nil
}

// Delete implements sched.Store.
func (p *Postgres) Delete(ctx context.Context, name string, version int64) error {
	return pgx.BeginFunc(ctx, p.DB(), func(tx pgx.Tx) error {
		x, err := match(ctx, tx, name, version)
		if err == nil && x == nil {
			err = sched.ErrNotFound
		}
		if err == nil {
			err = p.cancel(ctx, tx, name, "the job was deleted")
		}
		for _, table := range []string{"runs where job", "versions where name", "jobs where name"} {
			if err == nil {
				_, err = tx.Exec(ctx, "delete from "+table+" = $1", name)
			}
		}
		return err
	})
}
