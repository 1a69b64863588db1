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

// lead reads the leader, with a lock that begins with "for", and then the time.
func lead(ctx context.Context, tx pgx.Tx, lock string) (l sched.Leader, at time.Time, err error) {
	b := &pgx.Batch{}
	queueLead(b, lock, &l, &at)
	err = tx.SendBatch(ctx, b).Close()
	return l, at, err
}

func queueLead(b *pgx.Batch, lock string, l *sched.Leader, at *time.Time) {
	b.Queue("select term, holder, until from leader " + lock).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&l.Term, &l.Holder, &l.Until)
		if l.Until = l.Until.UTC(); l.Term == 0 {
			l.Until = time.Time{}
		}
		return err
	})
	b.Queue("select clock_timestamp()").QueryRow(func(row pgx.Row) error {
		err := row.Scan(at)
		*at = at.UTC()
		return err
	})
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
		d.Jobs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (x sched.Pending, err error) {
			err = row.Scan(&x.Name, &x.Version, &x.After)
			x.After = x.After.UTC()
			return x, err
		})
		if err == nil {
			var next *time.Time
			err = tx.QueryRow(ctx, "select min(next) from jobs where next > $1", d.Now).Scan(&next)
			if next != nil {
				d.Next = next.UTC()
			}
		}
		if err != nil || len(d.Jobs) == 0 {
			return err
		}
		since, err := p.definitions(ctx, tx, d.Jobs)
		for i := range d.Jobs {
			d.Jobs[i].Versions = since[d.Jobs[i].Name]
		}
		return err
	})
	return d, err
}

// definitions returns the versions of jobs that have held since they were looked at, without a
// question for those whose only one this node has read before.
func (p *Postgres) definitions(ctx context.Context, tx pgx.Tx, jobs []sched.Pending) (map[string][]sched.Job, error) {
	all := map[string][]sched.Job{}
	var names []string
	for _, x := range jobs {
		if j, ok := p.versions.Get(x.Version); ok && !j.Updated.After(x.After) {
			all[x.Name] = []sched.Job{j}
			continue
		}
		names = append(names, x.Name)
	}
	if len(names) == 0 {
		return all, nil
	}
	rows, err := tx.Query(ctx, `
		select v.job from versions v join jobs j on j.name = v.name where v.name = any($1) and v.version >= coalesce(
			(select max(version) from versions o where o.name = v.name and o.updated <= j.after), 0) order by v.name, v.version`, names)
	if err != nil {
		return nil, err
	}
	var text string
	_, err = pgx.ForEachRow(rows, []any{&text}, func() error {
		var j sched.Job
		err := json.Unmarshal([]byte(text), &j)
		all[j.Name] = append(all[j.Name], j)
		p.versions.Put(j.Version, j)
		return err
	})
	return all, err
}

// A held is a job whose row is locked.
type held struct {
	sched.Pending
	inTurn bool
	open   []string // its runs that have not ended
}

// locked returns the leader and the time, as lead does, and jobs whose rows it locks, in the
// order of their names.
func (p *Postgres) locked(ctx context.Context, tx pgx.Tx, names []string) (l sched.Leader, at time.Time, jobs map[string]*held, err error) {
	jobs = map[string]*held{}
	b := &pgx.Batch{}
	queueLead(b, "for share", &l, &at)
	b.Queue("select name, version, after, in_turn from jobs where name = any($1) order by name for update", names).Query(func(rows pgx.Rows) error {
		all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (x *held, err error) {
			x = &held{}
			err = row.Scan(&x.Name, &x.Version, &x.After, &x.inTurn)
			x.After = x.After.UTC()
			return x, err
		})
		for _, x := range all {
			jobs[x.Name] = x
		}
		return err
	})
	b.Queue("select job, id from runs where job = any($1) and open order by n", names).Query(func(rows pgx.Rows) error {
		var job, id string
		_, err := pgx.ForEachRow(rows, []any{&job, &id}, func() error {
			if x := jobs[job]; x != nil {
				x.open = append(x.open, id)
			}
			return nil
		})
		return err
	})
	if err = tx.SendBatch(ctx, b).Close(); err != nil {
		return l, at, nil, err
	}
	var all []sched.Pending
	for _, x := range jobs {
		all = append(all, x.Pending)
	}
	since, err := p.definitions(ctx, tx, all)
	for name, x := range jobs {
		x.Versions = since[name]
	}
	return l, at, jobs, err
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
		l, at, jobs, err := p.locked(ctx, tx, names)
		if err != nil {
			return err
		}
		if !l.Holds(at, term) {
			for i := range errs {
				errs[i] = sched.ErrTerm
			}
			return nil
		}
		var wrote []sched.Fire
		var counts []int
		for i, f := range all {
			x, before := jobs[f.Job], len(b.runs)
			if x == nil {
				errs[i] = sched.ErrNotFound
				continue
			}
			if !f.Applies(x.Version, x.After, at) || x.inTurn && len(x.open) > 0 {
				errs[i] = sched.ErrStale
				continue
			}
			for k, t := range f.Ticks {
				for _, j := range slices.Backward(x.Versions) { // the definition that held at the tick
					if !j.Updated.After(t) {
						b.begin(&j, at, t, f.Kind(k), &x.open)
						break
					}
				}
			}
			x.After = f.Upto
			wrote, counts = append(wrote, f), append(counts, len(b.runs)-before)
		}
		if err := advance(ctx, tx, wrote, counts); err != nil || len(b.runs) == 0 {
			return err
		}
		made, err = p.write(ctx, tx, &b)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	p.Tell(made)
	p.remember(names)
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
