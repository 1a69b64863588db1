package config_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/configd/config/configtest"
	"example.com/flatline/examples/internal/crash"
)

// serving starts a server of a store, which ends with the test.
func serving(t *testing.T, s config.Store) *httptest.Server {
	h := httptest.NewServer(config.Handler(config.Options{Store: s}))
	t.Cleanup(func() { h.CloseClientConnections(); h.Close() })
	return h
}

// open opens a client of "prod", which ends with the test.
func open(t *testing.T, o config.ClientOptions) *config.Client {
	ctx, cancel := context.WithTimeout(t.Context(), crash.Patience)
	defer cancel()
	o.Env, o.Retry = "prod", time.Millisecond
	c, err := config.Open(ctx, o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// comes waits until a client has a revision, or a later one.
func comes(t *testing.T, c *config.Client, rev int64) *config.Bundle {
	ctx, cancel := context.WithTimeout(t.Context(), crash.Patience)
	defer cancel()
	require.NoError(t, c.Wait(ctx, rev-1))
	return c.Bundle()
}

// text returns the values of a bundle.
func text(b *config.Bundle) map[string]string {
	got := map[string]string{}
	for key, x := range b.Values {
		got[key] = string(x.Value)
	}
	return got
}

// TestClient: a client follows what is in force, in whole revisions, over changes of the
// tree and compactions.
func TestClient(t *testing.T) {
	s := fresh(t)
	put(t, s, set("base", "a", "1"), set("base", "b", "1"))
	c := open(t, config.ClientOptions{Servers: []string{serving(t, s).URL}})
	assert.Equal(t, map[string]string{"a": "1", "b": "1"}, text(c.Bundle()))
	for _, ops := range [][]config.Op{
		{set("base", "a", "2"), set("prod", "b", "2")},
		{configtest.Delete("prod", "b"), set("base", "new", "3")},
		{configtest.Delete("base", "new")},
		{set(config.Schemas, "a", `{"type": "integer"}`)},
		{set(config.Envs, "prod", "{}"), set("prod", "own", "1")},
		{set(config.Envs, "prod", `{"parent": "base"}`)},
	} {
		rev := put(t, s, ops...)
		assert.Equal(t, inForce(t, s, "prod", rev), text(comes(t, c, rev)))
	}
	var a int
	require.NoError(t, c.Decode("a", &a))
	assert.Equal(t, 2, a)
	require.Error(t, c.Decode("none", &a))
	require.NoError(t, c.Err())
}

// TestClientOffline: a client starts while the server is down, with what it had, and
// without a file it says so.
func TestClientOffline(t *testing.T) {
	s := fresh(t)
	put(t, s, set("prod", "a", "1"))
	h := httptest.NewServer(config.Handler(config.Options{Store: s}))
	file := filepath.Join(t.TempDir(), "last.json")
	c := open(t, config.ClientOptions{Servers: []string{h.URL}, File: file})
	rev := put(t, s, set("prod", "a", "2"), set("prod", "b", "2"))
	comes(t, c, rev)
	c.Close()
	h.CloseClientConnections()
	h.Close()

	down := []string{h.URL}
	c = open(t, config.ClientOptions{Servers: down, File: file})
	assert.Equal(t, map[string]string{"a": "2", "b": "2"}, text(c.Bundle()))
	require.Eventually(t, func() bool { return c.Err() != nil }, crash.Patience, time.Millisecond)

	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := config.Open(short, config.ClientOptions{Servers: down, Env: "prod", Retry: time.Millisecond})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = config.Open(short, config.ClientOptions{Servers: down, Env: "other", File: file})
	require.ErrorIs(t, err, config.ErrBad, "the file of another environment")
	_, err = config.Open(short, config.ClientOptions{Env: "prod"})
	require.ErrorIs(t, err, config.ErrBad, "no server")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	changed := bytes.Replace(b, []byte(`"value":2`), []byte(`"value":9`), 1)
	require.NotEqual(t, b, changed)
	for _, torn := range [][]byte{nil, b[:1], b[:len(b)/2], b[:len(b)-2], changed} { // a torn file is none
		require.NoError(t, os.WriteFile(file, torn, 0o600))
		_, err = config.Open(short, config.ClientOptions{Servers: down, Env: "prod", File: file, Retry: time.Millisecond})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
}

// TestClientMonotone: a client that comes to a server which is behind keeps what it has,
// says so, and follows as soon as one is not (C6).
func TestClientMonotone(t *testing.T) {
	ahead, behind := fresh(t), fresh(t)
	put(t, ahead, set("prod", "a", "1"))
	rev := put(t, ahead, set("prod", "a", "2"))
	put(t, behind, set("prod", "a", "1"))
	first := httptest.NewServer(config.Handler(config.Options{Store: ahead}))
	c := open(t, config.ClientOptions{Servers: []string{first.URL, serving(t, behind).URL}})
	comes(t, c, rev)
	first.CloseClientConnections()
	first.Close()
	require.Eventually(t, func() bool {
		err := c.Err()
		return err != nil && assert.ObjectsAreEqual(rev, c.Bundle().Rev) && isBehind(err)
	}, crash.Patience, time.Millisecond)
	put(t, behind, set("prod", "a", "2"))
	put(t, behind, set("prod", "a", "3"))
	assert.Equal(t, map[string]string{"a": "3"}, text(comes(t, c, rev+1)))
}

func isBehind(err error) bool { return errors.Is(err, config.ErrBehind) }

// TestClientResumes: connections that break at each event, in the middle of one, lose and
// repeat nothing, also over a compaction.
func TestClientResumes(t *testing.T) {
	s := fresh(t)
	put(t, s, set("prod", "n", "0"))
	h := config.Handler(config.Options{Store: s})
	var broken atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/prod/watch" {
			h.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		h.ServeHTTP(&breaking{ResponseWriter: w, left: 40 + int(broken.Add(1))%60, cancel: cancel}, r.WithContext(ctx))
	}))
	defer server.Close()
	defer server.CloseClientConnections()
	c := open(t, config.ClientOptions{Servers: []string{server.URL}, Name: "broken"})
	defer c.Close()
	for i := range 50 {
		rev := put(t, s, set("prod", "n", fmt.Sprint(i)), set("base", "m", fmt.Sprint(i)))
		if i%10 == 9 {
			require.NoError(t, s.Compact(ctx, rev))
		}
		if i%3 == 0 {
			b := comes(t, c, rev)
			assert.Equal(t, inForce(t, s, "prod", rev), text(b))
		}
	}
	assert.Greater(t, broken.Load(), int64(5))
}

// breaking ends a stream after so many bytes.
type breaking struct {
	http.ResponseWriter
	left   int
	cancel func()
}

func (b *breaking) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	if _, err := b.ResponseWriter.Write(p[:n]); err != nil {
		return 0, err
	}
	if b.left == 0 {
		b.cancel()
		return n, http.ErrHandlerTimeout
	}
	return n, nil
}

func (b *breaking) Unwrap() http.ResponseWriter { return b.ResponseWriter }
