package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
)

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
		var names []string
		d.Jobs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (x sched.Pending, err error) {
			err = row.Scan(&x.Name, &x.Version, &x.After)
			x.After = x.After.UTC()
			names = append(names, x.Name)
			return x, err
		})
		if err != nil || len(names) == 0 {
			return err
		}
		since, err := definitions(ctx, tx, names)
		for i := range d.Jobs {
			d.Jobs[i].Versions = since[d.Jobs[i].Name]
		}
		return err
	})
	return d, err
}

// definitions returns the versions of jobs that have held since they were looked at.
func definitions(ctx context.Context, tx pgx.Tx, names []string) (map[string][]sched.Job, error) {
	rows, err := tx.Query(ctx, `
		select v.job from versions v join jobs j on j.name = v.name where v.name = any($1) and v.version >= coalesce(
			(select max(version) from versions o where o.name = v.name and o.updated <= j.after), 0) order by v.name, v.version`, names)
	if err != nil {
		return nil, err
	}
	all := map[string][]sched.Job{}
	var text string
	_, err = pgx.ForEachRow(rows, []any{&text}, func() error {
		var j sched.Job
		err := json.Unmarshal([]byte(text), &j)
		all[j.Name] = append(all[j.Name], j)
		return err
	})
	return all, err
}

// locked returns jobs whose rows it locks, in the order of their names, with their runs that
// have not ended.
func locked(ctx context.Context, tx pgx.Tx, names []string) (map[string]*entry, map[string][]string, error) {
	rows, err := tx.Query(ctx, entries+"where j.name = any($1) order by j.name for update of j", names)
	if err != nil {
		return nil, nil, err
	}
	all, err := pgx.CollectRows(rows, scanEntry)
	if err != nil {
		return nil, nil, err
	}
	jobs, open := map[string]*entry{}, map[string][]string{}
	for i := range all {
		jobs[all[i].Name] = &all[i]
	}
	if rows, err = tx.Query(ctx, "select job, id from runs where job = any($1) and open order by n", names); err != nil {
		return nil, nil, err
	}
	var job, id string
	_, err = pgx.ForEachRow(rows, []any{&job, &id}, func() error { open[job] = append(open[job], id); return nil })
	return jobs, open, err
}

// Fire implements sched.Store: all of it is one transaction, under a lock on the term that
// a Claim waits for, in as many statements for a thousand jobs as for one.
func (p *Postgres) Fire(ctx context.Context, term int64, all []sched.Fire) (runs []sched.Run, errs []error, err error) {
	var names []string
	for _, f := range all {
		names = append(names, f.Job)
	}
	errs = make([]error, len(all))
	var b batch
	var made []queue.Answer
	err = pgx.BeginFunc(ctx, p.DB(), func(tx pgx.Tx) error {
		l, at, err := lead(ctx, tx, "for share")
		if err != nil {
			return err
		}
		if !l.Holds(at, term) {
			for i := range errs {
				errs[i] = sched.ErrTerm
			}
			return nil
		}
		jobs, open, err := locked(ctx, tx, names)
		if err != nil {
			return err
		}
		since, err := definitions(ctx, tx, names)
		if err != nil {
			return err
		}
		var wrote []sched.Fire
		var counts []int
		for i, f := range all {
			x, ids, before := jobs[f.Job], open[f.Job], len(b.runs)
			if x == nil {
				errs[i] = sched.ErrNotFound
				continue
			}
			if !f.Applies(x.Version, x.after, at) || x.InTurn() && len(ids) > 0 {
				errs[i] = sched.ErrStale
				continue
			}
			for k, t := range f.Ticks {
				for _, j := range slices.Backward(since[f.Job]) { // the definition that held at the tick
					if !j.Updated.After(t) {
						b.begin(&j, at, t, f.Kind(k), &ids)
						break
					}
				}
			}
			x.after, open[f.Job] = f.Upto, ids
			wrote, counts = append(wrote, f), append(counts, len(b.runs)-before)
		}
		if err := advance(ctx, tx, wrote, counts); err != nil || len(b.runs) == 0 {
			return err
		}
		if made, err = p.write(ctx, tx, &b); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			delete from runs r using unnest($1::text[]) as u (name) where r.job = u.name and not r.open
				and r.n <= (select n from runs where job = u.name order by n desc offset 100 limit 1)`, names)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	p.Tell(made)
	return b.runs, errs, nil
}

// advance writes how far jobs were looked at, and their next ticks.
func advance(ctx context.Context, tx pgx.Tx, all []sched.Fire, made []int) error {
	var names []string
	var uptos []time.Time
	var nexts []*time.Time
	var missed []int
	for i := range all {
		f := &all[i]
		names, uptos, missed = append(names, f.Job), append(uptos, f.Upto), append(missed, f.Missed)
		next := &f.Next
		if f.Next.IsZero() {
			next = nil
		}
		nexts = append(nexts, next)
	}
	_, err := tx.Exec(ctx, `
		update jobs set after = u.after, next = u.next, made = jobs.made + u.made, missed = jobs.missed + u.missed
		from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::bigint[]) as u (name, after, next, made, missed)
		where jobs.name = u.name`, names, uptos, nexts, made, missed)
	return err
}
