package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/configd/config/configtest"
	"example.com/flatline/examples/engines/internal/start"
)

var stores atomic.Int64

// prefix returns one that no other store has.
func prefix() string { return fmt.Sprintf("configd-%d/", stores.Add(1)) }

func open(t testing.TB, s *start.Server, prefix string) *Etcd {
	e, err := Open(t.Context(), s.URL, prefix)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// TestEtcd has the tests that need one server.
func TestEtcd(t *testing.T) {
	s := start.Test(t, start.Etcd)
	t.Run("conformance", func(t *testing.T) {
		configtest.Run(t, func(t testing.TB) config.Store { return open(t, s, prefix()) })
	})
	t.Run("nodes", func(t *testing.T) {
		configtest.Run(t, func(t testing.TB) config.Store {
			p := prefix()
			return &pair{Etcd: open(t, s, p), other: open(t, s, p)}
		})
	})
	t.Run("reopens", func(t *testing.T) { reopens(t, s) })
	t.Run("tampered", func(t *testing.T) { tampered(t, s) })
	t.Run("killed", func(t *testing.T) { killed(t, s) })
}

// pair is two nodes of one store, which are asked in turn.
type pair struct {
	*Etcd
	other *Etcd
	turn  atomic.Int64
}

func (p *pair) node() *Etcd {
	if p.turn.Add(1)%2 == 0 {
		return p.other
	}
	return p.Etcd
}

func (p *pair) Commit(ctx context.Context, base int64, ops []config.Op, by config.Meta) (int64, error) {
	return p.node().Commit(ctx, base, ops, by)
}

func (p *pair) Read(ctx context.Context, rev int64) (*config.View, error) {
	return p.node().Read(ctx, rev)
}

// Compact returns once both nodes have applied it. Until then the other one still knows the
// old revisions, and answers of them what is true.
func (p *pair) Compact(ctx context.Context, rev int64) error {
	if err := p.Etcd.Compact(ctx, rev); err != nil {
		return err
	}
	_, err := p.other.Read(ctx, config.Now)
	return err
}

func put(t testing.TB, s config.Store, ops ...config.Op) int64 {
	rev, err := s.Commit(t.Context(), config.Any, ops, config.Meta{By: "tester"})
	require.NoError(t, err)
	return rev
}

// one returns the value of a key in prod.
func one(t testing.TB, s config.Store, key string) string {
	v, err := s.Read(t.Context(), config.Now)
	require.NoError(t, err)
	x, _, err := v.One("prod", key)
	require.NoError(t, err)
	return string(x.Value)
}

// reopens: a node that begins later makes the same of the log, over several pages.
func reopens(t *testing.T, s *start.Server) {
	p := prefix()
	first := open(t, s, p)
	put(t, first, configtest.Set(config.Envs, "prod", "{}"))
	var rev int64
	for i := range pageSize + 10 {
		rev = put(t, first, configtest.Set("prod", "n", fmt.Sprint(i)))
	}
	second := open(t, s, p)
	assert.Equal(t, fmt.Sprint(pageSize+9), one(t, second, "n"))
	v, err := second.Read(t.Context(), rev-7)
	require.NoError(t, err)
	x, _, err := v.One("prod", "n")
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprint(pageSize+2), string(x.Value))
	a, err := first.Audit(t.Context(), 0, 1000)
	require.NoError(t, err)
	b, err := second.Audit(t.Context(), 0, 1000)
	require.NoError(t, err)
	assert.Equal(t, a, b)
}

// tampered: a node refuses a log in which an entry was changed, or is missing.
func tampered(t *testing.T, s *start.Server) {
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{s.URL}})
	require.NoError(t, err)
	defer c.Close()
	for name, change := range map[string]func(key, value string) error{
		"changed": func(key, value string) error {
			_, err := c.Put(t.Context(), key, strings.Replace(value, "41", "42", 1))
			return err
		},
		"no JSON": func(key, _ string) error { _, err := c.Put(t.Context(), key, "{"); return err },
		"missing": func(key, _ string) error { _, err := c.Delete(t.Context(), key); return err },
	} {
		p := prefix()
		e := open(t, s, p)
		put(t, e, configtest.Set(config.Envs, "prod", "{}"))
		put(t, e, configtest.Set("prod", "a", `"v41"`))
		put(t, e, configtest.Set("prod", "a", "2"))
		got, err := c.Get(t.Context(), e.key(2))
		require.NoError(t, err)
		require.NoError(t, change(e.key(2), string(got.Kvs[0].Value)))
		_, err = Open(t.Context(), s.URL, p)
		assert.ErrorIs(t, err, config.ErrTampered, name)
	}
}

// killed: etcd is killed with kill -9 under load. What was acknowledged is there, once, and
// the node goes on when etcd does.
func killed(t *testing.T, s *start.Server) {
	e := open(t, s, prefix())
	put(t, e, configtest.Set(config.Envs, "prod", "{}"))
	begun, done := make(chan struct{}), make(chan map[int64]string)
	go func() {
		acknowledged := map[int64]string{}
		for i := 0; len(acknowledged) < 300; i++ {
			value := fmt.Sprint(i)
			rev, err := e.Commit(context.Background(), config.Any, []config.Op{configtest.Set("prod", "n", value)}, config.Meta{})
			if err == nil {
				acknowledged[rev] = value
			}
			if i == 50 {
				close(begun)
			}
		}
		done <- acknowledged
	}()
	<-begun
	s.Kill()
	require.NoError(t, s.Restart(t.Context()))
	acknowledged := <-done
	second := open(t, s, e.prefix)
	for rev, value := range acknowledged {
		for _, node := range []*Etcd{e, second} {
			v, err := node.Read(t.Context(), rev)
			require.NoError(t, err)
			x, _, err := v.One("prod", "n")
			require.NoError(t, err)
			require.Equal(t, value, string(x.Value), "at %d", rev)
		}
	}
}

// TestAway: an etcd that is not there is an error at the start.
func TestAway(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Error(t, run(ctx, config.Config{Addr: "127.0.0.1:0", Keep: 1}, "http://127.0.0.1:1"))
}
