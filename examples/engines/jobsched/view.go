package main

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
)

// Job implements sched.Store.
func (p *Postgres) Job(ctx context.Context, name string) (sched.Entry, error) {
	all, err := p.entries(ctx, "where j.name = $1", name)
	if err == nil && len(all) == 0 {
		err = sched.ErrNotFound
	}
	if err != nil {
		return sched.Entry{}, err
	}
	return all[0], nil
}

// Jobs implements sched.Store.
func (p *Postgres) Jobs(ctx context.Context, after string, n int) ([]sched.Entry, error) {
	return p.entries(ctx, "where j.name > $1 order by j.name limit $2", after, n)
}

func (p *Postgres) entries(ctx context.Context, where string, args ...any) (all []sched.Entry, err error) {
	rows, err := p.DB().Query(ctx, entries+where, args...)
	if err != nil {
		return nil, err
	}
	some, err := pgx.CollectRows(rows, scanEntry)
	for _, x := range some {
		all = append(all, x.Entry)
	}
	return all, err
}

// Runs implements sched.Store. A run that is leased is shown as its task is: a lease is no
// write to the run.
func (p *Postgres) Runs(ctx context.Context, name string, n int) (all []sched.Run, err error) {
	if _, err := p.Job(ctx, name); err != nil {
		return nil, err
	}
	rows, err := p.DB().Query(ctx, "select run from runs where job = $1 order by n desc limit $2", name, min(n, 100))
	if err != nil {
		return nil, err
	}
	all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r sched.Run, err error) {
		var text string
		if err = row.Scan(&text); err == nil {
			err = json.Unmarshal([]byte(text), &r)
		}
		return r, err
	})
	if err != nil {
		return nil, err
	}
	for i, r := range all {
		if r.State != queue.Ready && r.State != queue.Delayed {
			continue
		}
		if t, err := p.Get(ctx, r.ID); err == nil {
			all[i] = r.Noted(t)
		}
	}
	return all, nil
}
