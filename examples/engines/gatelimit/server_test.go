package main

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/engines/internal/start"
)

// A server is a real redis-server on a port of loopback that was free.
type server struct {
	*start.Server
	t testing.TB
}

// redisServer starts a server, or skips the test where there is none.
func redisServer(t testing.TB, args ...string) *server {
	t.Helper()
	return &server{start.Test(t, start.Redis, args...), t}
}

// restart starts a server that was killed on the data that there is, and waits until it
// answers.
func (s *server) restart() {
	s.t.Helper()
	require.NoError(s.t, s.Restart(s.t.Context()))
}

func (s *server) client() *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1})
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}
