package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/feed/timeline"
	"example.com/flatline/examples/feed/timeline/timelinetest"
	"example.com/flatline/ratelimit"
)

// open returns an empty store in a database.
func open(t testing.TB, s *start.Server) *Postgres {
	p, err := Open(t.Context(), s.URL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	_, err = p.db.Exec(t.Context(), "truncate people, posts, waiting, follows, blocks, turns")
	require.NoError(t, err)
	return p
}

// openRedis returns an empty cache in a server.
func openRedis(t testing.TB, s *start.Server, keep int) *Redis {
	r, err := OpenRedis(s.URL, keep)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	require.NoError(t, r.c.FlushAll(t.Context()).Err())
	return r
}

// TestRedis: a Redis is a cache.
func TestRedis(t *testing.T) {
	s := start.Test(t, start.Redis)
	timelinetest.RunCache(t, func(t testing.TB, keep int) timeline.Cache { return openRedis(t, s, keep) })
}

// TestPostgres has the tests that need a database.
func TestPostgres(t *testing.T) {
	s := start.Test(t, start.Postgres)
	t.Run("conformance", func(t *testing.T) {
		timelinetest.Run(t, func(t testing.TB) timeline.Store { return open(t, s) })
	})
	cache := start.Test(t, start.Redis, "--save", "3600 1")
	t.Run("cache is killed", func(t *testing.T) { cacheIsKilled(t, s, cache) })
	t.Run("cache of yesterday", func(t *testing.T) { cacheOfYesterday(t, s, cache) })
	t.Run("nodes", func(t *testing.T) { nodes(t, s, cache) })
	t.Run("command", func(t *testing.T) { command(t, s, cache) })
	t.Run("killed", func(t *testing.T) { killed(t, s) })
}

// cacheIsKilled: a Redis that dies partway, and one that is away, change no page (F2).
func cacheIsKilled(t *testing.T, s, cache *start.Server) {
	r := rand.New(rand.NewPCG(5, 6))
	h := timelinetest.NewHistory(t, r.IntN, open(t, s), patient{openRedis(t, cache, 6)}, 2)
	for range 4 {
		for range 60 {
			h.Step()
		}
		cache.Kill()
		for range 10 {
			h.Read()
		}
		require.NoError(t, cache.Restart(t.Context()))
	}
	h.Finish()
}

// patient repeats what only a restart has refused, as the next request or sweep would.
type patient struct{ *Redis }

func (p patient) Push(ctx context.Context, readers []string, id timeline.ID) error {
	err := p.Redis.Push(ctx, readers, id)
	for range 100 {
		if err == nil {
			break
		}
		err = p.Redis.Push(ctx, readers, id)
	}
	return err
}

func (p patient) Drop(ctx context.Context, readers ...string) error {
	err := p.Redis.Drop(ctx, readers...)
	for range 100 {
		if err == nil {
			break
		}
		err = p.Redis.Drop(ctx, readers...)
	}
	return err
}

// cacheOfYesterday: a Redis that comes back with an old copy of its data lacks what was
// pushed since. No page is made from it.
func cacheOfYesterday(t *testing.T, s, cache *start.Server) {
	p, r := open(t, s), openRedis(t, cache, 20)
	reader := timeline.Reader{Store: p, Cache: r, Fill: 20}
	fan := timeline.Fan{Store: p, Cache: r, Most: 10}
	require.NoError(t, p.Change(t.Context(), timeline.Edge{Kind: timeline.Follow, From: "ann", To: "bob"}))
	post := func(text string) {
		_, err := p.Post(t.Context(), "bob", text)
		require.NoError(t, err)
		for {
			if _, err = fan.Sweep(t.Context(), 10); err == nil {
				return
			}
			require.ErrorIs(t, err, ErrMoved)
		}
	}
	texts := func() string {
		page, err := reader.Page(t.Context(), "ann", timeline.Newest, 9)
		require.NoError(t, err)
		var all []string
		for _, x := range page.Posts {
			all = append(all, x.Text)
		}
		return strings.Join(all, " ")
	}
	texts()
	post("one")
	require.NoError(t, r.c.Save(t.Context()).Err())
	post("two")
	require.Equal(t, "two one", texts())
	cache.Kill()
	require.NoError(t, cache.Restart(t.Context()))
	require.NotZero(t, r.c.DBSize(t.Context()).Val(), "it has the old copy")
	assert.Equal(t, "two one", texts())
	post("three")
	assert.Equal(t, "three two one", texts())
}

// nodes: two nodes on one database and one cache; what one stores the other one shows, and
// what one leaves the other one delivers.
func nodes(t *testing.T, s, cache *start.Server) {
	open(t, s)
	openRedis(t, cache, 20)
	node := func(sweep time.Duration) *timeline.Node {
		p, err := Open(t.Context(), s.URL)
		require.NoError(t, err)
		r, err := OpenRedis(cache.URL, 20)
		require.NoError(t, err)
		n := timeline.New(timeline.Options{Store: p, Cache: r, Most: 10, Rate: ratelimit.Inf, Sweep: sweep})
		t.Cleanup(func() { n.Close(); _ = p.Close(); _ = r.Close() })
		return n
	}
	a, b := node(0), node(time.Millisecond)
	require.NoError(t, a.Change(t.Context(), timeline.Edge{Kind: timeline.Follow, From: "ann", To: "bob"}))
	a.Close() // its fan-out has died
	var wg sync.WaitGroup
	for range 4 {
		for _, n := range []*timeline.Node{a, b} {
			wg.Go(func() {
				for range 5 {
					_, err := n.Post(t.Context(), "bob", "x")
					assert.NoError(t, err)
				}
			})
		}
	}
	wg.Wait()
	require.Eventually(t, func() bool {
		waiting, err := b.Waiting(t.Context(), 100)
		return err == nil && len(waiting) == 0
	}, time.Minute, time.Millisecond)
	for _, n := range []*timeline.Node{a, b} {
		page, err := n.Page(t.Context(), "ann", timeline.Newest, 100)
		require.NoError(t, err)
		assert.Len(t, page.Posts, 40)
	}
}

// command: the program runs on servers that it is given.
func command(t *testing.T, s, cache *start.Server) {
	open(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	c := timeline.Config{Addr: "127.0.0.1:0", Out: in, Demo: true}
	c.Most, c.Rate, c.Burst = 10, ratelimit.Inf, 1
	done := make(chan error, 1)
	go func() { done <- run(ctx, c, s.URL, cache.URL) }()
	line := make([]byte, 4096)
	n, err := out.Read(line)
	require.NoError(t, err)
	var base string
	_, err = fmt.Fscanf(bytes.NewReader(line[:n]), "feed: listening on %s", &base)
	require.NoError(t, err)
	r, err := http.Get(strings.TrimSuffix(base, ",") + "/home/ann")
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	assert.Contains(t, string(body), "grey cat")
	cancel()
	require.NoError(t, <-done)
	assert.Error(t, run(t.Context(), c, s.URL, "nonsense://"))
}

// killed: a database that is killed loses nothing that was acknowledged, and what waits for
// the fan-out waits on.
func killed(t *testing.T, s *start.Server) {
	p := open(t, s)
	require.NoError(t, p.Change(t.Context(), timeline.Edge{Kind: timeline.Follow, From: "ann", To: "bob"}))
	made, err := p.Post(t.Context(), "bob", "kept")
	require.NoError(t, err)
	s.Kill()
	_, err = p.Post(t.Context(), "bob", "lost")
	require.Error(t, err)
	require.NoError(t, s.Restart(t.Context()))
	var waiting []timeline.ID
	require.Eventually(t, func() bool { waiting, err = p.Waiting(t.Context(), 9); return err == nil }, time.Minute, time.Millisecond)
	assert.Equal(t, []timeline.ID{made.ID}, waiting)
	page, err := timeline.Reader{Store: p}.Page(t.Context(), "ann", timeline.Newest, 9)
	require.NoError(t, err)
	require.Len(t, page.Posts, 1)
	assert.Equal(t, made, page.Posts[0].Post)
}
