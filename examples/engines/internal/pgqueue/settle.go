package pgqueue

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/flatline/examples/taskq/queue"
)

// locked reads the rows of a query that locks them, and the time after that.
func locked(ctx context.Context, tx pgx.Tx, query string, arg any) (tasks []queue.Task, now time.Time, err error) {
	b := &pgx.Batch{}
	b.Queue("select "+columns+" from tasks where "+query, arg).Query(func(rows pgx.Rows) (err error) {
		tasks, err = pgx.CollectRows(rows, scan)
		return err
	})
	b.Queue("select clock_timestamp()").QueryRow(func(row pgx.Row) error { return row.Scan(&now) })
	err = tx.SendBatch(ctx, b).Close()
	return tasks, now.UTC(), err
}

// write stores what a transition may have changed.
func (p *Postgres) write(ctx context.Context, tx pgx.Tx, tasks []queue.Task) error {
	var ids, states, results, errs []string
	var dues []time.Time
	var untils, endeds []*time.Time
	var failures, losts []int
	var granteds []bool
	for _, t := range tasks {
		ids, states, results, errs = append(ids, t.ID), append(states, string(t.State)), append(results, string(t.Result)), append(errs, t.Error)
		dues, untils, endeds = append(dues, t.Due), append(untils, orNull(t.Until)), append(endeds, orNull(t.Ended))
		failures, losts, granteds = append(failures, t.Failures), append(losts, t.Lost), append(granteds, t.Granted)
	}
	_, err := tx.Exec(ctx, `
		update tasks set state = u.state, result = u.result, error = u.error, due = u.due, until = u.until, ended = u.ended,
			failures = u.failures, lost = u.lost, granted = u.granted
		from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::int[], $9::int[], $10::bool[])
			as u (id, state, result, error, due, until, ended, failures, lost, granted)
		where tasks.id = u.id`, ids, states, results, errs, dues, untils, endeds, failures, losts, granteds)
	if err == nil && p.Note != nil {
		err = p.Note(ctx, tx, tasks)
	}
	return err
}

// Settle implements queue.Store.
func (p *Postgres) Settle(ctx context.Context, outcomes []queue.Outcome) (answers []queue.Answer, err error) {
	err = pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) (err error) {
		answers, err = p.SettleTx(ctx, tx, outcomes)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.Tell(answers)
	return answers, nil
}

// SettleTx is Settle in a transaction. The rows are locked in the order of their IDs, so two
// batches with the same ones do not wait for each other. Call Tell with the answers once it
// is committed.
func (p *Postgres) SettleTx(ctx context.Context, tx pgx.Tx, outcomes []queue.Outcome) (answers []queue.Answer, err error) {
	var ids []string
	for _, o := range outcomes {
		ids = append(ids, o.ID)
	}
	tasks, now, err := locked(ctx, tx, "id = any($1) order by id for update", ids)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, t := range tasks {
		at[t.ID] = i
	}
	touched := map[string]bool{}
	for _, o := range outcomes {
		i, ok := at[o.ID]
		if !ok {
			answers = append(answers, queue.Answer{Err: queue.ErrNotFound})
			continue
		}
		t, err := tasks[i].Settled(now, o)
		if err == nil {
			tasks[i], touched[o.ID] = t, true
		}
		answers = append(answers, queue.Answer{Task: t, Err: err})
	}
	changed := slices.DeleteFunc(tasks, func(t queue.Task) bool { return !touched[t.ID] })
	if len(changed) == 0 {
		return answers, nil
	}
	return answers, p.write(ctx, tx, changed)
}

// forget deletes results that have been kept long enough, and counts them.
const forget = `
	with gone as (
		delete from tasks where id in (
			select id from tasks where state = 'done' and ended < now() - $1::interval order by ended limit 1000 for update skip locked
		) returning queue
	)
	insert into forgotten as f select queue, count(*) from gone group by queue order by queue
	on conflict (queue) do update set n = f.n + excluded.n`

// Tick implements queue.Store. Each broker does it; a lease that another one is ending is
// skipped.
func (p *Postgres) Tick(ctx context.Context) (lost []queue.Task, err error) {
	if _, err := p.db.Exec(ctx, forget, queue.Keep); err != nil {
		return nil, err
	}
	var any bool
	err = p.db.QueryRow(ctx, "select exists (select from tasks where state = 'leased' and until <= now())").Scan(&any)
	if err != nil || !any {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) error {
		tasks, now, err := locked(ctx, tx, "state = $1 and until <= now() order by until, id limit 1000 for update skip locked", queue.Leased)
		if err != nil {
			return err
		}
		for _, t := range tasks {
			lost = append(lost, t.Vanished(now))
		}
		return p.write(ctx, tx, lost)
	})
	if err != nil {
		return nil, err
	}
	p.tell(lost)
	return lost, nil
}

// Counts implements queue.Store. It reads the whole table; the lag is that of the task that
// has been due the longest.
func (p *Postgres) Counts(ctx context.Context) (map[string]queue.Counts, error) {
	rows, err := p.db.Query(ctx, `
		select queue, state, count(*), extract(epoch from now() - min(due))::float8 from tasks group by queue, state
		union all select queue, 'done', n, 0 from forgotten`)
	if err != nil {
		return nil, err
	}
	all := map[string]queue.Counts{}
	var name, state string
	var n int
	var due float64
	_, err = pgx.ForEachRow(rows, []any{&name, &state, &n, &due}, func() error {
		c := all[name]
		switch queue.State(state) {
		case queue.Ready:
			c.Ready, c.Lag = n, queue.Duration(max(0, due)*float64(time.Second))
		case queue.Delayed:
			c.Delayed = n
		case queue.Leased:
			c.Leased = n
		case queue.Dead:
			c.Dead = n
		case queue.Done:
			c.Done += int64(n)
		}
		all[name] = c
		return nil
	})
	return all, err
}
