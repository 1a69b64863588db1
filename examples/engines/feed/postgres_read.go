package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"example.com/flatline/examples/feed/timeline"
)

// View implements timeline.Store, with one statement, which sees one moment.
func (p *Postgres) View(ctx context.Context, reader string) (v timeline.View, err error) {
	rows, err := p.db.Query(ctx, `
		select coalesce(me.version, 0), f.author,
			greatest(a.skipped, (select max(w.id) from waiting w where w.author = f.author)),
			exists (select from blocks where reader = $1 and author = f.author or reader = f.author and author = $1)
		from (select $1::text as name) as x
		left join people me on me.name = x.name
		left join follows f on f.reader = x.name
		left join people a on a.name = f.author`, reader)
	if err != nil {
		return v, err
	}
	v.Authors = map[string]timeline.ID{}
	var author *string
	var ceiling *int64
	var blocked bool
	_, err = pgx.ForEachRow(rows, []any{&v.Version, &author, &ceiling, &blocked}, func() error {
		switch {
		case author == nil: // no one is followed
		case blocked:
			v.Excluded++
		default:
			v.Authors[*author] = timeline.ID(*ceiling)
		}
		return nil
	})
	return v, err
}

// Recent implements timeline.Store: for each author one look into the index, and a merge.
func (p *Postgres) Recent(ctx context.Context, authors []string, before timeline.ID, n int) ([]timeline.ID, error) {
	return p.ids64(ctx, `
		select p.id from unnest($1::text[]) as a (name),
			lateral (select id from posts where author = a.name and id < $2 order by id desc limit $3) as p
		order by p.id desc limit $3`, authors, int64(before), n)
}

// ids64 returns the ids that a query selects.
func (p *Postgres) ids64(ctx context.Context, sql string, args ...any) ([]timeline.ID, error) {
	rows, err := p.db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (timeline.ID, error) {
		var id int64
		err := row.Scan(&id)
		return timeline.ID(id), err
	})
}

// bigints returns ids as the database has them.
func bigints(ids []timeline.ID) []int64 {
	all := make([]int64, len(ids))
	for i, id := range ids {
		all[i] = int64(id)
	}
	return all
}

// Posts implements timeline.Store.
func (p *Postgres) Posts(ctx context.Context, ids []timeline.ID) ([]timeline.Post, error) {
	rows, err := p.db.Query(ctx, "select id, author, text, at from posts where id = any($1)", bigints(ids))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

func scan(row pgx.CollectableRow) (x timeline.Post, err error) {
	var id int64
	err = row.Scan(&id, &x.Author, &x.Text, &x.At)
	x.ID, x.At = timeline.ID(id), x.At.UTC()
	return x, err
}

// Waiting implements timeline.Store.
func (p *Postgres) Waiting(ctx context.Context, n int) ([]timeline.ID, error) {
	return p.ids64(ctx, "select id from waiting order by id limit $1", n)
}

// Audience implements timeline.Store. It reads one follower more than most.
func (p *Postgres) Audience(ctx context.Context, id timeline.ID, most int) (a timeline.Audience, err error) {
	err = p.db.QueryRow(ctx, "select author from posts where id = $1", int64(id)).Scan(&a.Author)
	if errors.Is(err, pgx.ErrNoRows) {
		err = timeline.ErrNotFound
	}
	if err != nil {
		return a, err
	}
	rows, err := p.db.Query(ctx, "select reader from follows where author = $1 limit $2", a.Author, most+1)
	if err != nil {
		return a, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if a.Followers = len(all); a.Followers <= most {
		a.Readers = all
	}
	return a, err
}

// Settle implements timeline.Store.
func (p *Postgres) Settle(ctx context.Context, id timeline.ID, pushed bool) error {
	_, err := p.db.Exec(ctx, `
		with gone as (delete from waiting where id = $1 returning id, author)
		update people set skipped = greatest(skipped, gone.id) from gone where name = gone.author and not $2`, int64(id), pushed)
	return err
}

// Follows implements timeline.Store.
func (p *Postgres) Follows(ctx context.Context, reader string, at time.Time) ([]string, error) {
	rows, err := p.db.Query(ctx, `
		select author from (
			select distinct on (author) author, "on" from turns where reader = $1 and at <= $2 order by author, n desc
		) as last where "on" order by author`, reader, at)
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if len(names) == 0 {
		names = nil
	}
	return names, err
}

// Since implements timeline.Store.
func (p *Postgres) Since(ctx context.Context, reader, author string) (at time.Time, on bool, err error) {
	err = p.db.QueryRow(ctx, `select at, "on" from turns where reader = $1 and author = $2 order by n desc limit 1`, reader, author).Scan(&at, &on)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return at.UTC(), on, err
}
