package main

import (
	"context"
	_ "embed"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/flatline/examples/feed/timeline"
)

//go:embed schema.sql
var schema string

// Postgres is a timeline.Store in a PostgreSQL database, for any number of nodes. Posts that
// wait for the fan-out are in a table, so that they outlive their node.
type Postgres struct {
	db *pgxpool.Pool

	mu  sync.Mutex
	ids timeline.IDs
}

// Open returns a store in the database at a URL, whose tables it makes.
func Open(ctx context.Context, url string) (*Postgres, error) {
	db, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	var node uint64
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		// Two nodes that start at the same time would both make the tables.
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(7267)"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, schema); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "select nextval('nodes')").Scan(&node)
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("feed: %w", err)
	}
	return &Postgres{db: db, ids: timeline.IDs{Node: node % (timeline.MaxNode + 1)}}, nil
}

// Close implements timeline.Store.
func (p *Postgres) Close() error {
	p.db.Close()
	return nil
}

// next returns an id that is larger than last, and than all that this node has made.
func (p *Postgres) next(last timeline.ID, now time.Time) timeline.ID {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ids.After(last)
	return p.ids.Next(now)
}

// Post implements timeline.Store. The lock on the author's row makes its ids ascend, also if
// it posts at two nodes whose clocks differ.
func (p *Postgres) Post(ctx context.Context, author, text string) (made timeline.Post, err error) {
	made = timeline.Post{Author: author, Text: text}
	err = pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) error {
		var last int64
		err := tx.QueryRow(ctx, `
			insert into people (name) values ($1)
			on conflict (name) do update set name = excluded.name
			returning last, clock_timestamp()`, author).Scan(&last, &made.At)
		if err != nil {
			return err
		}
		made.At = made.At.UTC()
		made.ID = p.next(timeline.ID(last), made.At)
		_, err = tx.Exec(ctx, `
			with made as (
				insert into posts values ($1, $2, $3, $4)
			), late as (
				insert into waiting values ($1, $2)
			)
			update people set last = $1 where name = $2`, int64(made.ID), author, text, made.At)
		return err
	})
	return made, err
}

// Delete implements timeline.Store.
func (p *Postgres) Delete(ctx context.Context, author string, id timeline.ID) error {
	done, err := p.db.Exec(ctx, "delete from posts where id = $1 and author = $2", int64(id), author)
	if err != nil || done.RowsAffected() > 0 {
		return err
	}
	var there bool
	err = p.db.QueryRow(ctx, "select exists (select from posts where id = $1)", int64(id)).Scan(&there)
	switch {
	case err != nil:
		return err
	case there:
		return timeline.ErrNotYours
	}
	return timeline.ErrNotFound
}

// Change implements timeline.Store. The rows of both are locked, in the order of their
// names.
func (p *Postgres) Change(ctx context.Context, e timeline.Edge) error {
	return pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			insert into people (name) select name from unnest($1::text[]) as u (name) order by name collate "C"
			on conflict (name) do update set name = excluded.name`, []string{e.From, e.To})
		if err != nil {
			return err
		}
		switch e.Kind {
		case timeline.Follow, timeline.Block:
			return insert(ctx, tx, e)
		case timeline.Unfollow:
			_, err = tx.Exec(ctx, `
				with gone as (delete from follows where reader = $1 and author = $2 returning *)
				insert into turns (reader, author, at, "on") select reader, author, clock_timestamp(), false from gone`, e.From, e.To)
		case timeline.Unblock:
			_, err = tx.Exec(ctx, `
				with gone as (delete from blocks where reader = $1 and author = $2 returning *)
				update people set version = version + 1 from gone where name in (reader, author)`, e.From, e.To)
		}
		return err
	})
}

// insert adds an edge, if one more is allowed.
func insert(ctx context.Context, tx pgx.Tx, e timeline.Edge) error {
	table := map[string]string{timeline.Follow: "follows", timeline.Block: "blocks"}[e.Kind]
	done, err := tx.Exec(ctx, "insert into "+table+" values ($1, $2) on conflict do nothing", e.From, e.To)
	if err != nil || done.RowsAffected() == 0 {
		return err
	}
	var n int
	if err := tx.QueryRow(ctx, "select count(*) from "+table+" where reader = $1", e.From).Scan(&n); err != nil {
		return err
	}
	if n > timeline.MaxFollows {
		return timeline.ErrFull
	}
	if e.Kind == timeline.Follow {
		_, err = tx.Exec(ctx, `
			with later as (update people set version = version + 1 where name = $1)
			insert into turns (reader, author, at, "on") values ($1, $2, clock_timestamp(), true)`, e.From, e.To)
	}
	return err
}
