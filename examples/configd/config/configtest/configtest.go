// Package configtest checks that a config.Store is one: every store passes the same tests.
package configtest

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/configd/config"
)

// Run checks the stores that open returns, which begin empty.
func Run(t *testing.T, open func(t testing.TB) config.Store) {
	for name, test := range map[string]func(*testing.T, config.Store){
		"order":      order,
		"compare":    compare,
		"together":   together,
		"inherit":    inherit,
		"valid":      valid,
		"required":   required,
		"structure":  structure,
		"watch":      watch,
		"wait":       wait,
		"compacted":  compacted,
		"rollback":   rollback,
		"promote":    promote,
		"audit":      audit,
		"refused":    refused,
		"increments": increments,
		"followers":  followers,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

var by = config.Meta{By: "tester"}

// Set returns an op that sets a key.
func Set(env, key, value string) config.Op {
	return config.Op{Do: config.Set, Ref: config.Ref{Env: env, Key: key}, Value: json.RawMessage(value)}
}

// Delete returns an op that deletes a key.
func Delete(env, key string) config.Op {
	return config.Op{Do: config.Delete, Ref: config.Ref{Env: env, Key: key}}
}

// Copy returns an op that copies the keys with a prefix.
func Copy(to, prefix, from string, at int64) config.Op {
	return config.Op{Do: config.Copy, Ref: config.Ref{Env: to, Key: prefix}, From: from, At: at}
}

// commit makes a revision that must be accepted.
func commit(t require.TestingT, s config.Store, ops ...config.Op) int64 {
	rev, err := s.Commit(context.Background(), config.Any, ops, by)
	require.NoError(t, err)
	return rev
}

// tree makes the environments base ← staging ← node.
func tree(t require.TestingT, s config.Store) int64 {
	return commit(t, s,
		Set(config.Envs, "base", `{"abstract": true}`), Set(config.Envs, "staging", `{"parent": "base"}`),
		Set(config.Envs, "node", `{"parent": "staging"}`))
}

func read(t require.TestingT, s config.Store, rev int64) *config.View {
	v, err := s.Read(context.Background(), rev)
	require.NoError(t, err)
	return v
}

// values returns what is in force, as text.
func values(t require.TestingT, v *config.View, env string) map[string]string {
	all, err := v.All(env, "")
	require.NoError(t, err)
	out := map[string]string{}
	for key, x := range all {
		out[key] = string(x.Value) + " of " + x.From
		one, ok, err := v.One(env, key)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, x, one)
	}
	return out
}

// order: revisions ascend by one, and each can be read (C1, C4).
func order(t *testing.T, s config.Store) {
	begin := tree(t, s)
	var revs []int64
	for i := range 20 {
		revs = append(revs, commit(t, s, Set("base", "n", strconv.Itoa(i)), Set("base", fmt.Sprint("k", i%3), `"x"`)))
	}
	for i, rev := range revs {
		assert.Equal(t, begin+1+int64(i), rev)
		v := read(t, s, rev)
		assert.Equal(t, rev, v.Rev)
		assert.Equal(t, strconv.Itoa(i)+" of base", values(t, v, "node")["n"])
	}
	assert.Empty(t, values(t, read(t, s, begin), "node"))
	assert.Equal(t, revs[19], read(t, s, config.Now).Rev)
}

// compare: a commit whose base is too old changes nothing, and its error has what has changed; a
// change of another key is no conflict (C1).
func compare(t *testing.T, s config.Store) {
	tree(t, s)
	ctx := t.Context()
	base := commit(t, s, Set("base", "a", "1"), Set("base", "b", "1"), Set("base", "c", "1"))
	first, err := s.Commit(ctx, base, []config.Op{Set("base", "a", "2")}, config.Meta{By: "alice", Note: "faster"})
	require.NoError(t, err)
	gone := commit(t, s, Delete("base", "c"))
	for _, op := range []config.Op{Set("base", "a", "3"), Delete("base", "a"), {Do: config.Check, Ref: config.Ref{Env: "base", Key: "a"}}} {
		_, err = s.Commit(ctx, base, []config.Op{op, Set("base", "b", "9")}, by)
		require.ErrorIs(t, err, config.ErrConflict)
		var conflict *config.ConflictError
		require.ErrorAs(t, err, &conflict)
		assert.Equal(t, gone, conflict.Rev)
		require.Len(t, conflict.Changes, 1)
		assert.Equal(t, []any{first, "alice", "faster", 1}, []any{conflict.Changes[0].Rev, conflict.Changes[0].By, conflict.Changes[0].Note, len(conflict.Changes[0].Changes)})
	}
	_, err = s.Commit(ctx, base, []config.Op{Set("base", "c", "2")}, by)
	require.ErrorIs(t, err, config.ErrConflict, "a deletion is a change")
	assert.Equal(t, map[string]string{"a": "2 of base", "b": "1 of base"}, values(t, read(t, s, config.Now), "base"))
	rev, err := s.Commit(ctx, base, []config.Op{Set("base", "b", "2"), Set("base", "new", "1")}, by)
	require.NoError(t, err)
	assert.Equal(t, gone+1, rev, "what was refused is no revision")
	_, err = s.Commit(ctx, gone, []config.Op{Set("base", "a", "4")}, by)
	require.NoError(t, err)
	_, err = s.Commit(ctx, 0, []config.Op{Set("base", "a", "5")}, by)
	require.ErrorIs(t, err, config.ErrConflict, "0 is before there was anything")
}

// together: the ops of a commit are in force together, or none is.
func together(t *testing.T, s config.Store) {
	tree(t, s)
	rev := commit(t, s, Set("base", "host", `"a"`), Set("base", "port", "1"), Set("base", "port", "2"))
	assert.Equal(t, map[string]string{"host": `"a" of base`, "port": "2 of base"}, values(t, read(t, s, rev), "base"))
	_, err := s.Commit(t.Context(), config.Any, []config.Op{Set("base", "host", `"b"`), Set("none", "port", "3")}, by)
	require.ErrorIs(t, err, config.ErrInvalid)
	assert.Equal(t, rev, read(t, s, config.Now).Rev)
	assert.Equal(t, `"a" of base`, values(t, read(t, s, config.Now), "base")["host"])
}

// inherit: the nearest environment that sets a key decides, and a deletion shows the next
// one again.
func inherit(t *testing.T, s config.Store) {
	tree(t, s)
	commit(t, s, Set("base", "a", "1"), Set("base", "b", "1"), Set("staging", "a", "2"))
	assert.Equal(t, map[string]string{"a": "2 of staging", "b": "1 of base"}, values(t, read(t, s, config.Now), "node"))
	assert.Equal(t, map[string]string{"a": "1 of base", "b": "1 of base"}, values(t, read(t, s, config.Now), "base"))
	commit(t, s, Set("node", "a", "3"), Delete("staging", "a"), Delete("staging", "never"))
	assert.Equal(t, map[string]string{"a": "3 of node", "b": "1 of base"}, values(t, read(t, s, config.Now), "node"))
	commit(t, s, Delete("node", "a"))
	assert.Equal(t, map[string]string{"a": "1 of base", "b": "1 of base"}, values(t, read(t, s, config.Now), "node"))
	_, err := read(t, s, config.Now).All("none", "")
	require.ErrorIs(t, err, config.ErrNotFound)
	under, err := read(t, s, config.Now).All("node", "b")
	require.NoError(t, err)
	assert.Len(t, under, 1)
}

// problems returns where a commit would be invalid.
func problems(t require.TestingT, s config.Store, ops ...config.Op) (at []string) {
	_, err := s.Commit(context.Background(), config.Any, ops, by)
	require.ErrorIs(t, err, config.ErrInvalid)
	var invalid *config.InvalidError
	require.ErrorAs(t, err, &invalid)
	for _, p := range invalid.Problems {
		at = append(at, p.Ref.String())
	}
	return at
}

// valid: what is not as its schema says is refused, in each environment that inherits it
// (C5).
func valid(t *testing.T, s config.Store) {
	tree(t, s)
	rev := commit(t, s,
		Set(config.Schemas, "db/", `{"type": "string"}`), Set(config.Schemas, "db/port", `{"type": "integer", "min": 1, "max": 65535}`),
		Set(config.Schemas, "level", `{"enum": ["info", "debug"]}`), Set(config.Schemas, "url", `{"type": "string", "pattern": "^https://"}`),
		Set(config.Schemas, "ratio", `{"type": "number", "max": 1}`),
		Set("staging", "db/port", "5432"), Set("base", "db/host", `"h"`))
	for _, bad := range []config.Op{
		Set("base", "db/host", "1"), Set("base", "db/port", `"1"`), Set("node", "db/port", "0"), Set("base", "db/port", "65536"),
		Set("node", "db/port", "1.5"), Set("base", "level", `"trace"`), Set("base", "url", `"http://x"`), Set("base", "ratio", "1.01"),
		Set("base", "ratio", "1e999"), Set("base", "ratio", "true"),
	} {
		assert.Contains(t, problems(t, s, bad), bad.Env+"/"+bad.Key)
	}
	assert.Equal(t, []string{"base/db/host", "node/db/host", "staging/db/host"}, problems(t, s, Set("base", "db/host", "1")), "all that inherit it")
	assert.Equal(t, []string{"base/db/port"}, problems(t, s, Set("base", "db/port", "0")), "the others do not inherit it")
	assert.Equal(t, []string{"node/db/port", "staging/db/port"}, problems(t, s, Set(config.Schemas, "db/port", `{"max": 80}`)), "a schema must fit what there is")
	assert.Equal(t, []string{"base/db/host", "node/db/host", "staging/db/host"}, problems(t, s, Set(config.Schemas, "db/h", `{"type": "integer"}`)), "and all with its prefix")
	assert.Equal(t, rev, read(t, s, config.Now).Rev)
	commit(t, s, Set("base", "level", `"info"`), Set("base", "url", `"https://x"`), Set("base", "ratio", "1"), Set("base", "db/port", "1"))
	commit(t, s, Set(config.Schemas, "db/port", `{"max": 80}`), Set("staging", "db/port", "80"), Set("base", "level", `"debug"`))
	for _, bad := range []string{`{"type": "word"}`, `{"pattern": "("}`, `{"min": 2, "max": 1}`, `{"colour": 1}`, `7`} {
		assert.Equal(t, []string{"@schemas/x"}, problems(t, s, Set(config.Schemas, "x", bad)), bad)
	}
}

// required: a key that must have a value has one, wherever values are in force.
func required(t *testing.T, s config.Store) {
	tree(t, s)
	need := Set(config.Schemas, "host", `{"required": true}`)
	assert.Equal(t, []string{"node/host", "staging/host"}, problems(t, s, need), "base is abstract")
	commit(t, s, need, Set("staging", "host", `"a"`))
	assert.Equal(t, []string{"node/host", "staging/host"}, problems(t, s, Delete("staging", "host")))
	assert.Equal(t, []string{"staging/host"}, problems(t, s, Delete("staging", "host"), Set("node", "host", `"b"`)))
	assert.Equal(t, []string{"other/host"}, problems(t, s, Set(config.Envs, "other", `{"parent": "base"}`)))
	assert.Equal(t, []string{"base/host"}, problems(t, s, Set(config.Envs, "base", `{}`)))
	commit(t, s, Delete("staging", "host"), Set("base", "host", `"b"`))
	commit(t, s, Set(config.Envs, "other", `{"parent": "base"}`))
}

// structure: environments, roles and tokens fit together.
func structure(t *testing.T, s config.Store) {
	tree(t, s)
	commit(t, s, Set("staging", "a", "1"))
	for _, bad := range [][]config.Op{
		{Set(config.Envs, "x", `{"parent": "none"}`)},
		{Set(config.Envs, "base", `{"parent": "node"}`)},
		{Set(config.Envs, "x", `{"parents": 1}`)},
		{Delete(config.Envs, "staging")},
		{Delete(config.Envs, "base")},
		{Set(config.Tokens, "hash", `{"name": "a", "role": "none"}`)},
		{Set(config.Roles, "reader", `[{"env": "base", "verbs": ["read"]}]`), Set(config.Tokens, "hash", `{"name": "a", "role": "reader"}`)},
		{Set("none", "a", "1")},
	} {
		assert.NotEmpty(t, problems(t, s, bad...), "%v", bad)
	}
	admin := []config.Op{Set(config.Roles, "admin", `[{"env": "*", "verbs": ["read", "write"]}]`), Set(config.Tokens, "hash", `{"name": "a", "role": "admin"}`)}
	commit(t, s, admin...)
	assert.NotEmpty(t, problems(t, s, Delete(config.Roles, "admin")))
	assert.NotEmpty(t, problems(t, s, Set(config.Roles, "admin", `[]`)), "no one could change it back")
	commit(t, s, Delete(config.Tokens, "hash"), Delete(config.Roles, "admin"))
	rev := commit(t, s, Delete("staging", "a"), Set(config.Envs, "node", `{"parent": "base"}`), Delete(config.Envs, "staging"))
	_, err := read(t, s, rev).All("staging", "")
	require.ErrorIs(t, err, config.ErrNotFound)
	_, err = read(t, s, rev-1).All("staging", "")
	require.NoError(t, err, "the past has it")
	chain := []config.Op{Set(config.Envs, "d0", `{}`)}
	for i := range 16 {
		chain = append(chain, Set(config.Envs, fmt.Sprint("d", i+1), fmt.Sprintf(`{"parent": "d%d"}`, i)))
	}
	assert.NotEmpty(t, problems(t, s, chain...))
	commit(t, s, chain[:16]...)
}

// watch: each revision once, in order, with what it changed; what it names can be read
// already (C2).
func watch(t *testing.T, s config.Store) {
	begin := tree(t, s)
	done := make(chan int64)
	go func() {
		rev := begin
		for i := range 50 {
			rev, _ = s.Commit(context.Background(), config.Any, []config.Op{Set("base", "n", strconv.Itoa(i))}, by)
		}
		done <- rev
	}()
	at := begin
	for n := 0; n < 50; {
		require.NoError(t, s.Wait(t.Context(), at))
		events, err := s.Since(t.Context(), at, 7)
		require.NoError(t, err)
		require.NotEmpty(t, events)
		require.LessOrEqual(t, len(events), 7)
		for _, e := range events {
			require.Equal(t, at+1, e.Rev)
			require.Equal(t, "tester", e.By)
			require.Equal(t, []config.Change{{Ref: config.Ref{Env: "base", Key: "n"}, Value: json.RawMessage(strconv.Itoa(n))}}, e.Changes)
			require.Equal(t, strconv.Itoa(n)+" of base", values(t, read(t, s, e.Rev), "node")["n"])
			at = e.Rev
			n++
		}
	}
	assert.Equal(t, at, <-done)
	events, err := s.Since(t.Context(), at, 7)
	require.NoError(t, err)
	assert.Empty(t, events)
}

// wait: waiting ends with a revision, or with the context; a read waits for what is to come.
func wait(t *testing.T, s config.Store) {
	begin := tree(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- s.Wait(ctx, begin) }()
	go func() { _, err := s.Read(ctx, begin+1); ended <- err }()
	cancel()
	require.Error(t, <-ended)
	require.Error(t, <-ended)
	go func() { ended <- s.Wait(t.Context(), begin) }()
	seen := make(chan int64, 1)
	go func() {
		v, err := s.Read(t.Context(), begin+1)
		ended <- err
		seen <- v.Rev
	}()
	rev := commit(t, s, Set("base", "a", "1"))
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
	assert.Equal(t, rev, <-seen)
	require.NoError(t, s.Wait(t.Context(), 0), "what has been")
}
