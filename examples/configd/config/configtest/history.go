package configtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/configd/config"
)

// compacted: what is no longer known is refused, for a read, a watch, a base and a copy;
// what holds since before is still there (C2).
func compacted(t *testing.T, s config.Store) {
	first := tree(t, s)
	commit(t, s, Set("base", "old", "1"), Set("base", "gone", "1"))
	for i := range 10 {
		commit(t, s, Set("base", "n", strconv.Itoa(i)))
	}
	commit(t, s, Delete("base", "gone"))
	at := commit(t, s, Set("base", "n", "10"))
	last := commit(t, s, Set("base", "n", "11"))
	view := read(t, s, first+1)
	require.NoError(t, s.Compact(t.Context(), at))
	require.NoError(t, s.Compact(t.Context(), first), "it never goes back")
	_, err := s.Read(t.Context(), at-1)
	require.ErrorIs(t, err, config.ErrCompacted)
	_, err = s.Since(t.Context(), at-1, 10)
	require.ErrorIs(t, err, config.ErrCompacted)
	_, err = view.All("base", "")
	require.ErrorIs(t, err, config.ErrCompacted, "a view that was read before")
	_, _, err = view.One("base", "n")
	require.ErrorIs(t, err, config.ErrCompacted)
	_, err = view.Own("base")
	require.ErrorIs(t, err, config.ErrCompacted)
	_, err = s.Commit(t.Context(), at-1, []config.Op{Set("base", "new", "1")}, by)
	require.ErrorIs(t, err, config.ErrCompacted)
	_, err = s.Commit(t.Context(), config.Any, []config.Op{Copy("base", "", "base", at-1)}, by)
	require.ErrorIs(t, err, config.ErrCompacted)

	assert.Equal(t, map[string]string{"old": "1 of base", "n": "10 of base"}, values(t, read(t, s, at), "node"))
	events, err := s.Since(t.Context(), at, 10)
	require.NoError(t, err)
	assert.Len(t, events, 1)
	rev, err := s.Commit(t.Context(), at, []config.Op{Set("base", "old", "2"), Set("base", "gone", "2")}, by)
	require.NoError(t, err)
	assert.Equal(t, last+1, rev)
	require.NoError(t, s.Compact(t.Context(), rev+100), "at most the present")
	assert.Equal(t, map[string]string{"old": "2 of base", "gone": "2 of base", "n": "11 of base"}, values(t, read(t, s, rev), "node"))
}

// rollback: a new revision with what was; keys that were added since are deleted.
func rollback(t *testing.T, s config.Store) {
	tree(t, s)
	old := commit(t, s, Set("staging", "a", "1"), Set("staging", "b", "1"), Set("staging", "x/a", "1"), Set("base", "b", "0"))
	was := values(t, read(t, s, old), "staging")
	base := commit(t, s, Set("staging", "a", "2"), Delete("staging", "b"), Set("staging", "added", "1"), Set("staging", "x/a", "2"), Set("base", "c", "1"))
	some := commit(t, s, Copy("staging", "x/", "staging", old))
	assert.Equal(t, map[string]string{"a": "2 of staging", "b": "0 of base", "c": "1 of base", "added": "1 of staging", "x/a": "1 of staging"},
		values(t, read(t, s, some), "staging"), "only the prefix")
	all := []config.Op{Copy("staging", "", "staging", old)}
	_, err := s.Commit(t.Context(), base, all, by)
	require.ErrorIs(t, err, config.ErrConflict, "x/a has changed")
	other := commit(t, s, Set("node", "a", "7"), Set("base", "c", "2"))
	rev, err := s.Commit(t.Context(), some, all, by)
	require.NoError(t, err, "what changed elsewhere is no conflict")
	assert.Equal(t, other+1, rev)
	was["c"] = "2 of base"
	assert.Equal(t, was, values(t, read(t, s, rev), "staging"))
	events, err := s.Since(t.Context(), other, 10)
	require.NoError(t, err)
	require.Len(t, events, 1)
	var changed []string
	for _, c := range events[0].Changes {
		changed = append(changed, c.String()+" "+string(c.Value))
	}
	assert.Equal(t, []string{"staging/a 1", "staging/added ", "staging/b 1"}, changed, "what differs")
	_, err = s.Commit(t.Context(), some, []config.Op{Copy("staging", "", "staging", old)}, by)
	require.ErrorIs(t, err, config.ErrConflict)

	commit(t, s, Set("staging", "a", `"text"`), Set("staging", "later", "1"))
	commit(t, s, Set(config.Schemas, "a", `{"type": "string"}`), Set("node", "a", `"x"`))
	assert.Equal(t, []string{"staging/a"}, problems(t, s, all...), "what was valid is no longer")
	commit(t, s, Set("staging", "staged", "1"), Copy("staging", "staged", "staging", rev), Set("staging", "kept", "1"))
	assert.NotContains(t, values(t, read(t, s, config.Now), "staging"), "staged", "a copy is on top of what is before it")
	assert.Contains(t, values(t, read(t, s, config.Now), "staging"), "kept")
}

// promote: an environment gets the values of another one under a prefix.
func promote(t *testing.T, s config.Store) {
	commit(t, s, Set(config.Envs, "staging", `{}`), Set(config.Envs, "prod", `{}`))
	commit(t, s, Set("prod", "f/old", "1"), Set("prod", "f/a", "1"), Set("prod", "host", `"p"`))
	base := commit(t, s, Set("staging", "f/a", "2"), Set("staging", "f/new", "2"), Set("staging", "host", `"s"`))
	rev, err := s.Commit(t.Context(), base, []config.Op{Copy("prod", "f/", "staging", 0)}, by)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"f/a": "2 of prod", "f/new": "2 of prod", "host": `"p" of prod`}, values(t, read(t, s, rev), "prod"))
	for _, c := range []struct {
		change config.Op
		want   error
	}{
		{Set("staging", "f/a", "3"), config.ErrConflict}, // the source
		{Set("prod", "f/x", "3"), config.ErrConflict},    // the target
		{Set("prod", "host", `"q"`), nil},
	} {
		base := read(t, s, config.Now).Rev
		commit(t, s, c.change)
		_, err := s.Commit(t.Context(), base, []config.Op{Copy("prod", "f/", "staging", 0)}, by)
		require.ErrorIs(t, err, c.want)
	}
	for _, bad := range []config.Op{Copy("prod", "", "prod", 0), Copy("prod", "", config.Tokens, 0), Copy(config.Roles, "", "prod", 0), Copy("prod", "", "staging", -1), Copy("prod", "", "staging", 1000)} {
		_, err := s.Commit(t.Context(), config.Any, []config.Op{bad}, by)
		require.ErrorIs(t, err, config.ErrBad, "%+v", bad)
	}
	_, err = s.Commit(t.Context(), config.Any, []config.Op{Copy("prod", "", "none", 0)}, by)
	require.ErrorIs(t, err, config.ErrNotFound)
}

// audit: everything that was done or denied, without secrets, in a chain.
func audit(t *testing.T, s config.Store) {
	tree(t, s)
	commit(t, s, Set(config.Schemas, "password", `{"secret": true}`))
	commit(t, s, Set("base", "password", `"hunter2"`), Set("base", "a", "1"))
	_, err := s.Commit(t.Context(), config.Any, []config.Op{Set("none", "a", "1")}, by)
	require.Error(t, err)
	require.NoError(t, s.Deny(t.Context(), config.Denial{By: "mallory", Verb: config.CanWrite, Ref: config.Ref{Env: "base", Key: "a"}}))
	commit(t, s, Delete(config.Schemas, "password"), Set("base", "password", `"hunter3"`))
	all, err := s.Audit(t.Context(), 0, 100)
	require.NoError(t, err)
	require.Len(t, all, 5)
	prev := ""
	for i, r := range all {
		assert.Equal(t, int64(i+1), r.N)
		assert.Equal(t, prev, r.Prev)
		prev = r.Hash
	}
	b, err := json.Marshal(all)
	require.NoError(t, err)
	assert.NotContains(t, string(b), "hunter", "nor when it is a secret no longer")
	assert.Contains(t, string(b), "password")
	assert.Equal(t, []any{"denied", "mallory", "a", int64(3)}, []any{all[3].Do, all[3].By, all[3].Denied.Key, all[3].Rev})
	assert.Equal(t, "1", string(all[2].Changes[0].Value))
	some, err := s.Audit(t.Context(), 2, 2)
	require.NoError(t, err)
	assert.Equal(t, all[2:4], some)
}

// refused: what may not be changes nothing.
func refused(t *testing.T, s config.Store) {
	begin := tree(t, s)
	long := make([]byte, 70<<10)
	for i := range long {
		long[i] = '1'
	}
	many := make([]config.Op, 1001)
	for i := range many {
		many[i] = Set("base", fmt.Sprint("k", i), "1")
	}
	with := func(change func(*config.Op)) []config.Op {
		o := Set("base", "a", "1")
		change(&o)
		return []config.Op{o}
	}
	for name, ops := range map[string][]config.Op{
		"none":      {},
		"many":      many,
		"do":        with(func(o *config.Op) { o.Do = "put" }),
		"env":       with(func(o *config.Op) { o.Env = "Base" }),
		"system":    with(func(o *config.Op) { o.Env = "@base" }),
		"key":       with(func(o *config.Op) { o.Key = "a b" }),
		"empty":     with(func(o *config.Op) { o.Key = "" }),
		"dots":      with(func(o *config.Op) { o.Key = "a/../b" }),
		"slash":     with(func(o *config.Op) { o.Key = "a/" }),
		"path":      with(func(o *config.Op) { o.Key = "watch" }),
		"no value":  with(func(o *config.Op) { o.Value = nil }),
		"null":      with(func(o *config.Op) { o.Value = json.RawMessage(" null ") }),
		"no JSON":   with(func(o *config.Op) { o.Value = json.RawMessage("{") }),
		"large":     with(func(o *config.Op) { o.Value = long }),
		"from":      with(func(o *config.Op) { o.From = "base" }),
		"an env":    {Set(config.Envs, "a/b", "{}")},
		"value":     {{Do: config.Delete, Ref: config.Ref{Env: "base", Key: "a"}, Value: json.RawMessage("1")}},
		"copy one":  {{Do: config.Copy, Ref: config.Ref{Env: "base"}, From: "base"}},
		"copy what": {{Do: config.Copy, Ref: config.Ref{Env: "base"}, From: "node", Value: json.RawMessage("1")}},
	} {
		_, err := s.Commit(t.Context(), config.Any, ops, by)
		assert.ErrorIs(t, err, config.ErrBad, name)
	}
	ok := []config.Op{Set("base", "a", "1")}
	for _, base := range []int64{begin + 1, -2} {
		_, err := s.Commit(t.Context(), base, ok, by)
		assert.ErrorIs(t, err, config.ErrBad)
	}
	_, err := s.Commit(t.Context(), config.Any, ok, config.Meta{By: "a", Note: string(long)})
	assert.ErrorIs(t, err, config.ErrBad)
	assert.Equal(t, begin, read(t, s, config.Now).Rev)
}

// increments: of writers that all read, add one and compare, none is lost (C1).
func increments(t *testing.T, s config.Store) {
	tree(t, s)
	commit(t, s, Set("base", "n", "0"))
	var wg sync.WaitGroup
	const writers, each = 4, 8
	for range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				v, err := s.Read(context.Background(), config.Now)
				if !assert.NoError(t, err) {
					return
				}
				x, _, err := v.One("base", "n")
				if !assert.NoError(t, err) {
					return
				}
				n, _ := strconv.Atoi(string(x.Value))
				_, err = s.Commit(context.Background(), v.Rev, []config.Op{Set("base", "n", strconv.Itoa(n+1))}, by)
				if err == nil {
					done++
				} else if !assert.ErrorIs(t, err, config.ErrConflict) {
					return
				}
			}
		})
	}
	wg.Wait()
	assert.Equal(t, strconv.Itoa(writers*each)+" of base", values(t, read(t, s, config.Now), "base")["n"])
}

// followers: readers that take a snapshot and then what comes after it have, at each
// revision, what that revision has, while compactions go on (C3).
func followers(t *testing.T, s config.Store) {
	begin := tree(t, s)
	const last = 60
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			var v *config.View
			var have map[string]string
			at := int64(-1)
			for at < begin+last {
				if at < 0 {
					var err error
					if v, err = s.Read(ctx, config.Now); !assert.NoError(t, err) {
						return
					}
					all, err := v.All("base", "")
					if errors.Is(err, config.ErrCompacted) {
						continue
					}
					have = map[string]string{}
					for key, x := range all {
						have[key] = string(x.Value) + " of base"
					}
					at = v.Rev
					continue
				}
				if !assert.NoError(t, s.Wait(ctx, at)) {
					return
				}
				events, err := s.Since(ctx, at, 3)
				if errors.Is(err, config.ErrCompacted) {
					at = -1
					continue
				}
				for _, e := range events {
					for _, c := range e.Changes {
						delete(have, c.Key)
						if !c.Deleted {
							have[c.Key] = string(c.Value) + " of base"
						}
					}
					at = e.Rev
				}
			}
			assert.Equal(t, values(t, read(t, s, at), "base"), have)
		})
	}
	for i := range last {
		key := fmt.Sprint("k", i%5)
		if i%4 == 3 {
			commit(t, s, Delete("base", key))
		} else {
			commit(t, s, Set("base", key, strconv.Itoa(i)))
		}
		if i%20 == 19 {
			require.NoError(t, s.Compact(t.Context(), begin+int64(i)))
		}
	}
	wg.Wait()
}
