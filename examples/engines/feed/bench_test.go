package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/feed/timeline"
)

const (
	benchPeople = 5_000
	benchEach   = 100 // follows of each
	benchPosts  = 200_000
)

// load gives a store people, follows and posts, of which few authors have most.
func load(b *testing.B, p *Postgres) {
	for _, sql := range []string{
		`insert into people (name) select 'p' || i from generate_series(0, $1 - 1) i where $2 > 0 and $3 > 0`,
		`insert into follows select 'p' || i, 'p' || floor($1 * power(random(), 3))::int from generate_series(0, $1 - 1) i, generate_series(1, $2) j where $3 > 0
			on conflict do nothing`,
		`delete from follows where reader = author and $1 > 0 and $2 > 0 and $3 > 0`,
		`insert into posts select (i::bigint + 1) << 22, 'p' || floor($1 * power(random(), 3))::int, 'a post of some length, as people write them', now()
			from generate_series(0, $3 - 1) i where $2 > 0`,
		`analyze`,
	} {
		var err error
		if sql == "analyze" {
			_, err = p.db.Exec(b.Context(), sql)
		} else {
			_, err = p.db.Exec(b.Context(), sql, benchPeople, benchEach, benchPosts)
		}
		require.NoError(b, err)
	}
}

// statement makes a page with one statement.
func statement(ctx context.Context, p *Postgres, reader string, before timeline.ID, n int) ([]timeline.Post, error) {
	rows, err := p.db.Query(ctx, `
		select p.* from (
			select author from follows f where reader = $1 and not exists (
				select from blocks where reader = $1 and author = f.author or reader = f.author and author = $1)
			union all select $1
		) as a, lateral (select id, author, text, at from posts where author = a.author and id < $2 order by id desc limit $3) as p
		order by p.id desc limit $3`, reader, int64(before), n)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// BenchmarkPage: first pages of 20 posts, each of the next reader; reader and server share
// the machine. The statement and the pages give the same posts.
func BenchmarkPage(b *testing.B) {
	p := open(b, start.Test(b, start.Postgres))
	load(b, p)
	r := openRedis(b, start.Test(b, start.Redis), timeline.Keep)
	page := func(reader timeline.Reader) func(context.Context, string) ([]timeline.Post, error) {
		return func(ctx context.Context, who string) (all []timeline.Post, err error) {
			page, err := reader.Page(ctx, who, timeline.Newest, 20)
			for _, x := range page.Posts {
				all = append(all, x.Post)
			}
			return all, err
		}
	}
	ways := []struct {
		name string
		get  func(context.Context, string) ([]timeline.Post, error)
	}{
		{"statement", func(ctx context.Context, who string) ([]timeline.Post, error) {
			return statement(ctx, p, who, timeline.Newest, 20)
		}},
		{"pull", page(timeline.Reader{Store: p})},
		{"timeline", page(timeline.Reader{Store: p, Cache: r, Fill: 200})},
	}
	const readers = 500
	for i := range readers { // they have read before
		var want []timeline.Post
		for _, w := range ways {
			got, err := w.get(b.Context(), fmt.Sprint("p", i))
			require.NoError(b, err)
			if want == nil {
				want = got
			}
			require.Equal(b, want, got)
		}
	}
	for _, w := range ways {
		b.Run("way="+w.name, func(b *testing.B) {
			var times []time.Duration
			for b.Loop() {
				begin := time.Now()
				_, err := w.get(b.Context(), fmt.Sprint("p", rand.IntN(readers)))
				times = append(times, time.Since(begin))
				require.NoError(b, err)
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
		})
	}
}
