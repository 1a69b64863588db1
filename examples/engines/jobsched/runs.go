package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
)

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

// A batch is what runs write.
type batch struct {
	runs    []sched.Run
	tasks   []queue.Task
	cancels []queue.Outcome
}

// begin adds a run of a job whose row is locked; open has its runs that have not ended.
func (b *batch) begin(j *sched.Job, at, tick time.Time, kind string, open *[]string) {
	r, replace := j.Begin(at, tick, kind, *open)
	if replace {
		for _, id := range *open {
			b.cancels = append(b.cancels, queue.Outcome{ID: id, Do: queue.Cancel, Error: "replaced by " + r.ID})
		}
		*open = nil
	}
	if r.State != sched.Skipped {
		r.State = queue.Ready
		*open = append(*open, r.ID)
		b.tasks = append(b.tasks, j.Task(r))
	}
	b.runs = append(b.runs, r)
}

// write writes a batch: the runs first, so that what becomes of their tasks can be noted.
func (p *Postgres) write(ctx context.Context, tx pgx.Tx, b *batch) ([]queue.Answer, error) {
	var ids, jobs, texts []string
	var opens []bool
	for _, r := range b.runs {
		text, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		ids, jobs, texts, opens = append(ids, r.ID), append(jobs, r.Job), append(texts, string(text)), append(opens, r.State != sched.Skipped)
	}
	_, err := tx.Exec(ctx, `
		insert into runs (id, job, open, run) select id, job, open, run
		from unnest($1::text[], $2::text[], $3::bool[], $4::text[]) with ordinality as u (id, job, open, run, n) order by n
		on conflict do nothing`, ids, jobs, opens, texts)
	if err != nil {
		return nil, err
	}
	made, err := p.EnqueueTx(ctx, tx, b.tasks)
	if err == nil && len(b.cancels) > 0 {
		_, err = p.SettleTx(ctx, tx, b.cancels)
	}
	return made, err
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
			var b batch
			b.begin(&x.Job, at, at, sched.Manual, &ids)
			r = b.runs[0]
			made, err = p.write(ctx, tx, &b)
		}
		return err
	})
	p.Tell(made)
	return r, err
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

// remember notes that jobs have had runs.
func (p *Postgres) remember(names []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range names {
		p.fired[name] = true
	}
}

// Tick implements queue.Store. It also removes runs that are no longer among the last hundred of
// a job, which a Fire need not wait for.
func (p *Postgres) Tick(ctx context.Context) ([]queue.Task, error) {
	p.mu.Lock()
	names := slices.Collect(maps.Keys(p.fired))
	clear(p.fired)
	p.mu.Unlock()
	if len(names) > 0 {
		_, err := p.DB().Exec(ctx, `
			delete from runs r using unnest($1::text[]) as u (name) where r.job = u.name and not r.open
				and r.n <= (select n from runs where job = u.name order by n desc offset 100 limit 1)`, names)
		if err != nil {
			p.remember(names)
			return nil, err
		}
	}
	return p.Postgres.Tick(ctx)
}
