package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/flatline/examples/engines/internal/pgqueue"
	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
)

//go:embed schema.sql
var schema string

// Postgres is a sched.Store in a PostgreSQL database, for any number of nodes. Times are the
// database's. What a write may do is decided by the same functions that the embedded store
// uses, behind the rows' locks: first the leader's, then the jobs' in the order of their
// names, then the tasks'.
type Postgres struct{ *pgqueue.Postgres }

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
	return &Postgres{q}, nil
}

// note writes into runs what their tasks are, in the transaction that changes the tasks.
func note(ctx context.Context, tx pgx.Tx, tasks []queue.Task) error {
	b := &pgx.Batch{}
	for _, t := range tasks {
		ended := t.State == queue.Done || t.State == queue.Dead
		r, err := json.Marshal(sched.Run{}.Noted(t))
		if err != nil {
			return err
		}
		b.Queue("update runs set open = $2, run = ((run::jsonb - array['started', 'ended', 'worker', 'error']) || ($3::jsonb - array['id', 'job', 'version', 'tick', 'kind', 'made']))::text where id = $1", t.ID, !ended, string(r))
	}
	return tx.SendBatch(ctx, b).Close()
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

// open returns the IDs of the runs of a job that have not ended.
func open(ctx context.Context, tx pgx.Tx, name string) ([]string, error) {
	rows, err := tx.Query(ctx, "select id from runs where job = $1 and open order by n", name)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// cancel ends the runs of a job.
func (p *Postgres) cancel(ctx context.Context, tx pgx.Tx, name, why string) error {
	ids, err := open(ctx, tx, name)
	if err != nil || len(ids) == 0 {
		return err
	}
	var all []queue.Outcome
	for _, id := range ids {
		all = append(all, queue.Outcome{ID: id, Do: queue.Cancel, Error: why})
	}
	_, err = p.SettleTx(ctx, tx, all)
	return err
}

// begin makes a run, with a task unless it may not overlap. The job's row is locked.
func (p *Postgres) begin(ctx context.Context, tx pgx.Tx, j *sched.Job, at, tick time.Time, kind string) (sched.Run, []queue.Answer, error) {
	ids, err := open(ctx, tx, j.Name)
	if err != nil {
		return sched.Run{}, nil, err
	}
	r, replace := j.Begin(at, tick, kind, ids)
	if replace {
		err = p.cancel(ctx, tx, j.Name, "replaced by "+r.ID)
	}
	var made []queue.Answer
	if err == nil && r.State != sched.Skipped {
		if made, err = p.EnqueueTx(ctx, tx, []queue.Task{j.Task(r)}); err == nil {
			r.State = made[0].Task.State
		}
	}
	text, bad := json.Marshal(r)
	if err = errors.Join(err, bad); err != nil {
		return r, nil, err
	}
	_, err = tx.Exec(ctx, "insert into runs (id, job, open, run) values ($1, $2, $3, $4) on conflict do nothing", r.ID, r.Job, r.State != sched.Skipped, string(text))
	return r, made, err
}

// RunNow implements sched.Store.
func (p *Postgres) RunNow(ctx context.Context, name string) (r sched.Run, err error) {
	var made []queue.Answer
	err = pgx.BeginFunc(ctx, p.DB(), func(tx pgx.Tx) error {
		x, err := lock(ctx, tx, name)
		if err == nil && x == nil {
			err = sched.ErrNotFound
		}
		var ids []string
		if err == nil {
			ids, err = open(ctx, tx, name)
		}
		if err == nil {
			err = x.MayRun(ids)
		}
		var at time.Time
		if err == nil {
			at, err = now(ctx, tx)
		}
		if err == nil {
			r, made, err = p.begin(ctx, tx, &x.Job, at, at, sched.Manual)
		}
		return err
	})
	p.Tell(made)
	return r, err
}

// lead reads the leader, with a lock that begins with "for".
func lead(ctx context.Context, tx pgx.Tx, lock string) (l sched.Leader, at time.Time, err error) {
	if err = tx.QueryRow(ctx, "select term, holder, until from leader "+lock).Scan(&l.Term, &l.Holder, &l.Until); err != nil {
		return l, at, err
	}
	if l.Until = l.Until.UTC(); l.Term == 0 {
		l.Until = time.Time{}
	}
	at, err = now(ctx, tx)
	return l, at, err
}

// Claim implements sched.Store.
func (p *Postgres) Claim(ctx context.Context, c sched.Claim) (l sched.Leader, err error) {
	err = pgx.BeginFunc(ctx, p.DB(), func(tx pgx.Tx) error {
		old, at, err := lead(ctx, tx, "for update")
		if l = old.Claimed(at, c); err != nil || l == old {
			return err
		}
		_, err = tx.Exec(ctx, "update leader set term = $1, holder = $2, until = $3", l.Term, l.Holder, l.Until)
		return err
	})
	return l, err
}

// Due implements sched.Store.
func (p *Postgres) Due(ctx context.Context, n int) (d sched.Due, err error) {
	// One snapshot: a job and its versions belong together.
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, p.DB(), opts, func(tx pgx.Tx) error {
		var err error
		if d.Leader, d.Now, err = lead(ctx, tx, ""); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
			select name, version, after from jobs where (next is null or next <= $1)
				and not (in_turn and exists (select from runs where runs.job = name and open))
			order by next nulls first limit $2`, d.Now, n)
		if err != nil {
			return err
		}
		at := map[string]int{}
		var names []string
		d.Jobs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (x sched.Pending, err error) {
			err = row.Scan(&x.Name, &x.Version, &x.After)
			x.After = x.After.UTC()
			at[x.Name] = len(names)
			names = append(names, x.Name)
			return x, err
		})
		if err != nil || len(names) == 0 {
			return err
		}
		rows, err = tx.Query(ctx, `
			select v.job from versions v join jobs j on j.name = v.name where v.name = any($1) and v.version >= coalesce(
				(select max(version) from versions o where o.name = v.name and o.updated <= j.after), 0) order by v.name, v.version`, names)
		if err != nil {
			return err
		}
		var text string
		_, err = pgx.ForEachRow(rows, []any{&text}, func() error {
			var j sched.Job
			err := json.Unmarshal([]byte(text), &j)
			x := &d.Jobs[at[j.Name]]
			x.Versions = append(x.Versions, j)
			return err
		})
		return err
	})
	return d, err
}

// Fire implements sched.Store: all of it is one transaction, under a lock on the term that
// a Claim waits for.
func (p *Postgres) Fire(ctx context.Context, term int64, all []sched.Fire) (runs []sched.Run, errs []error, err error) {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(all[a].Job, all[b].Job) })
	errs = make([]error, len(all))
	var made []queue.Answer
	err = pgx.BeginFunc(ctx, p.DB(), func(tx pgx.Tx) error {
		l, at, err := lead(ctx, tx, "for share")
		if err != nil {
			return err
		}
		for _, i := range order {
			if !l.Holds(at, term) {
				errs[i] = sched.ErrTerm
				continue
			}
			some, tasks, refused, err := p.fire(ctx, tx, at, all[i])
			if err != nil {
				return err
			}
			runs, made, errs[i] = append(runs, some...), append(made, tasks...), refused
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	p.Tell(made)
	return runs, errs, nil
}

// fire writes what a leader has planned for one job. refused says why nothing has changed.
func (p *Postgres) fire(ctx context.Context, tx pgx.Tx, at time.Time, f sched.Fire) (runs []sched.Run, made []queue.Answer, refused, err error) {
	x, err := lock(ctx, tx, f.Job)
	if err != nil || x == nil {
		return nil, nil, sched.ErrNotFound, err
	}
	if !f.Applies(x.Version, x.after, at) || x.InTurn() && x.Open > 0 {
		return nil, nil, sched.ErrStale, nil
	}
	for i, t := range f.Ticks {
		j := &sched.Job{} // the definition that held at the tick
		var text string
		err := tx.QueryRow(ctx, "select job from versions where name = $1 and updated <= $2 order by version desc limit 1", f.Job, t).Scan(&text)
		if err == nil {
			err = json.Unmarshal([]byte(text), j)
		}
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		var r sched.Run
		var tasks []queue.Answer
		if err == nil {
			r, tasks, err = p.begin(ctx, tx, j, at, t, f.Kind(i))
		}
		if err != nil {
			return nil, nil, nil, err
		}
		runs, made = append(runs, r), append(made, tasks...)
	}
	var next *time.Time
	if !f.Next.IsZero() {
		next = &f.Next
	}
	_, err = tx.Exec(ctx, "update jobs set after = $2, next = $3, made = made + $4, missed = missed + $5 where name = $1", f.Job, f.Upto, next, len(runs), f.Missed)
	if err == nil && len(runs) > 0 {
		_, err = tx.Exec(ctx, "delete from runs where job = $1 and not open and n <= (select n from runs where job = $1 order by n desc offset 100 limit 1)", f.Job)
	}
	return runs, made, nil, err
}

// Settle implements queue.Store. A dead run begins again only if it may overlap what has
// not ended.
func (p *Postgres) Settle(ctx context.Context, outcomes []queue.Outcome) (answers []queue.Answer, err error) {
	if !slices.ContainsFunc(outcomes, func(o queue.Outcome) bool { return o.Do == queue.Retry }) {
		return p.Postgres.Settle(ctx, outcomes)
	}
	for _, o := range outcomes {
		var a []queue.Answer
		err := pgx.BeginFunc(ctx, p.DB(), func(tx pgx.Tx) error {
			job, _, _ := strings.Cut(o.ID, "@")
			x, err := lock(ctx, tx, job)
			if err != nil {
				return err
			}
			if o.Do == queue.Retry && x != nil && x.Open > 0 && x.Overlap != sched.Allow {
				a = []queue.Answer{{Err: sched.ErrOverlap}}
				return nil
			}
			a, err = p.SettleTx(ctx, tx, []queue.Outcome{o})
			return err
		})
		if err != nil {
			return nil, err
		}
		p.Tell(a)
		answers = append(answers, a...)
	}
	return answers, nil
}
