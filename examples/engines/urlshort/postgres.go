package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"example.com/flatline/examples/urlshort/short"
)

//go:embed schema.sql
var schema string

// Postgres is a short.Store in a PostgreSQL database, for any number of nodes. Times are
// the database's.
type Postgres struct{ db *pgxpool.Pool }

// Open returns a store in the database at a URL, whose tables it makes.
func Open(ctx context.Context, url string) (*Postgres, error) {
	db, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("urlshort: %w", err)
	}
	var key short.Key
	_, _ = rand.Read(key[:]) // never fails
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		// Two nodes that start at the same time would both make the tables.
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(7266)"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, schema); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "insert into counter (next, key) values (0, $1) on conflict do nothing", key[:])
		return err
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("urlshort: %w", err)
	}
	return &Postgres{db}, nil
}

// Close implements short.Store.
func (p *Postgres) Close() error {
	p.db.Close()
	return nil
}

// Lease implements short.Store.
func (p *Postgres) Lease(ctx context.Context, n uint64) (l short.Lease, err error) {
	var first int64
	var key []byte
	err = p.db.QueryRow(ctx, "update counter set next = next + $1 returning next - $1, key", int64(n)).Scan(&first, &key)
	copy(l.Key[:], key)
	l.First = uint64(first)
	return l, err
}

const columns = "code, url, created, updated, expires, max, version, deleted, clicks"

func scan(row pgx.Row) (l short.Link, err error) {
	var expires *time.Time
	err = row.Scan(&l.Code, &l.URL, &l.Created, &l.Updated, &expires, &l.Max, &l.Version, &l.Deleted, &l.Clicks)
	if errors.Is(err, pgx.ErrNoRows) {
		err = short.ErrNotFound
	}
	l.Created, l.Updated = l.Created.UTC(), l.Updated.UTC()
	if expires != nil {
		l.Expires = expires.UTC()
	}
	return l, err
}

// expires returns no time for the zero time.
func expires(l short.Link) *time.Time {
	if l.Expires.IsZero() {
		return nil
	}
	return &l.Expires
}

// Create implements short.Store: the primary key decides who was first.
func (p *Postgres) Create(ctx context.Context, l short.Link) (short.Link, error) {
	made, err := scan(p.db.QueryRow(ctx, `
		with made as (
			insert into links (code, url, created, updated, expires, max) values ($1, $2, now(), now(), $3, $4)
			on conflict do nothing returning `+columns+`
		), kept as (
			insert into versions select code, version, url, updated, expires, max, deleted from made
		)
		select `+columns+` from made`, l.Code, l.URL, expires(l), l.Max))
	if errors.Is(err, short.ErrNotFound) {
		err = short.ErrTaken
	}
	return made, err
}

// Get implements short.Store.
func (p *Postgres) Get(ctx context.Context, code string, at time.Time) (short.Link, error) {
	if at.IsZero() {
		return scan(p.db.QueryRow(ctx, "select "+columns+" from links where code = $1", code))
	}
	return scan(p.db.QueryRow(ctx, `
		select v.code, v.url, l.created, v.updated, v.expires, v.max, v.version, v.deleted, l.clicks
		from versions v join links l using (code) where v.code = $1 and v.updated <= $2
		order by v.version desc limit 1`, code, at))
}

// Update implements short.Store: the row's lock puts edits in order.
func (p *Postgres) Update(ctx context.Context, code string, version int64, l short.Link) (next short.Link, err error) {
	err = pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) error {
		old, err := scan(tx.QueryRow(ctx, "select "+columns+" from links where code = $1 for update", code))
		switch {
		case err != nil:
			return err
		case old.Deleted:
			return short.ErrGone
		case old.Version != version:
			return fmt.Errorf("%w: it has version %d", short.ErrVersion, old.Version)
		}
		next, err = scan(tx.QueryRow(ctx, `
			with next as (
				update links set url = $2, expires = $3, max = $4, deleted = $5, version = version + 1,
					updated = greatest(clock_timestamp(), updated)
				where code = $1 returning `+columns+`
			), kept as (
				insert into versions select code, version, url, updated, expires, max, deleted from next
			)
			select `+columns+` from next`, code, l.URL, expires(l), l.Max, l.Deleted))
		return err
	})
	return next, err
}

// Count implements short.Store. The counts come in the order of their codes, so two nodes
// lock links in one order.
func (p *Postgres) Count(ctx context.Context, b short.Batch) error {
	codes, minutes, ns := []string{}, []int64{}, []int64{}
	for _, c := range b.Counts {
		codes, minutes, ns = append(codes, c.Code), append(minutes, c.Minute), append(ns, c.N)
	}
	return pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) error {
		if !b.Strict {
			done, err := tx.Exec(ctx, `
				insert into nodes values ($1, $2)
				on conflict (node) do update set last = excluded.last where nodes.last < excluded.last`, b.Node, b.Number)
			if err != nil || done.RowsAffected() == 0 { // it is a repetition
				return err
			}
		}
		if _, err := tx.Exec(ctx, "select 1 from links where code = any($1) order by code for update", codes); err != nil {
			return err
		}
		if b.Strict { // behind the lock: a statement sees only what was committed before it began
			var spent bool
			err := tx.QueryRow(ctx, "select exists (select from links where code = $1 and max > 0 and clicks >= max)", codes[0]).Scan(&spent)
			if err != nil {
				return err
			}
			if spent {
				return short.ErrSpent
			}
		}
		_, err := tx.Exec(ctx, `
			with new as (
				select code, minute, sum(n) as n from unnest($1::text[], $2::bigint[], $3::bigint[]) as u (code, minute, n)
				where code in (select code from links) group by code, minute
			), counted as (
				insert into clicks select * from new on conflict (code, minute) do update set n = clicks.n + excluded.n
			)
			update links set clicks = clicks + sums.n from (select code, sum(n) as n from new group by code) as sums
			where links.code = sums.code`, codes, minutes, ns)
		return err
	})
}

// Clicks implements short.Store.
func (p *Postgres) Clicks(ctx context.Context, code string, from, to int64) ([]short.Count, error) {
	rows, err := p.db.Query(ctx, "select minute, n from clicks where code = $1 and minute between $2 and $3 order by minute", code, from, to)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c short.Count, err error) {
		err = row.Scan(&c.Minute, &c.N)
		return c, err
	})
}
