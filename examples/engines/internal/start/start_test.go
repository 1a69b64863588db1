package start

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEngines: each engine that is installed starts, answers, is killed, and comes back.
// PostgreSQL, which takes seconds, does so in TestDataStays.
func TestEngines(t *testing.T) {
	for _, e := range []Engine{Redis, Etcd, Nats, Mosquitto, VictoriaMetrics} {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			s := Test(t, e)
			require.NoError(t, e.ready(t.Context(), s.Addr))
			s.Kill()
			require.Error(t, e.ready(t.Context(), s.Addr))
			require.NoError(t, s.Restart(t.Context()))
			require.NoError(t, e.ready(t.Context(), s.Addr))
			s.Stop()
			assert.NoDirExists(t, s.dir)
		})
	}
}

// TestDataStays: what an engine has made durable is there after kill -9.
func TestDataStays(t *testing.T) {
	t.Run("redis", func(t *testing.T) {
		s := Test(t, Redis, "--appendonly", "yes", "--appendfsync", "always")
		c := redis.NewClient(&redis.Options{Addr: s.Addr})
		defer c.Close()
		require.NoError(t, c.Set(t.Context(), "k", "v", 0).Err())
		s.Kill()
		require.NoError(t, s.Restart(t.Context()))
		assert.Equal(t, "v", c.Get(t.Context(), "k").Val())
	})
	t.Run("postgres", func(t *testing.T) {
		s := Test(t, Postgres)
		c, err := pgx.Connect(t.Context(), s.URL)
		require.NoError(t, err)
		_, err = c.Exec(t.Context(), "create table kept as select 7 as n")
		require.NoError(t, err)
		s.Kill()
		require.NoError(t, s.Restart(t.Context()))
		c, err = pgx.Connect(t.Context(), s.URL)
		require.NoError(t, err)
		defer c.Close(t.Context())
		var n int
		require.NoError(t, c.QueryRow(t.Context(), "select n from kept").Scan(&n))
		assert.Equal(t, 7, n)
	})
}

// TestMissing: an engine that is not installed names its package, and one that does not
// start shows what it printed.
func TestMissing(t *testing.T) {
	_, err := Start(t.Context(), Engine{Name: "no-such-engine", Package: "its-package"})
	assert.ErrorIs(t, err, ErrMissing)
	assert.ErrorContains(t, err, "no-such-engine is not installed (Debian: apt-get install its-package)")
	e := Redis
	e.ready = func(context.Context, string) error { return errors.New("mute") }
	if s, err := Start(t.Context(), e, "--no-such-flag", "1"); !errors.Is(err, ErrMissing) {
		assert.ErrorContains(t, err, "redis-server")
		assert.ErrorContains(t, err, "mute")
		assert.ErrorContains(t, err, "no-such-flag", "what it printed")
		assert.Nil(t, s)
	}
}

// TestServe: a program gets the URL that it was given, or that of a server which ends with
// it; its error says how a server can be named, where none can be started.
func TestServe(t *testing.T) {
	given := errors.New("the program's own")
	err := serve(Redis, "redis://there", func(_ context.Context, url string) error {
		assert.Equal(t, "redis://there", url)
		return given
	})
	assert.ErrorIs(t, err, given)
	err = serve(Redis, "", func(ctx context.Context, url string) error {
		o, err := redis.ParseURL(url)
		require.NoError(t, err)
		c := redis.NewClient(o)
		t.Cleanup(func() { assert.Error(t, c.Ping(t.Context()).Err()); c.Close() })
		return c.Ping(ctx).Err()
	})
	if !errors.Is(err, ErrMissing) {
		require.NoError(t, err)
	}
	err = serve(Engine{Name: "no-such-engine", Flag: "such"}, "", nil)
	assert.ErrorIs(t, err, ErrMissing)
	assert.ErrorContains(t, err, "given by -such")
}
