package config_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/configd/config/configtest"
)

// fresh returns a store with the environments base ← prod.
func fresh(t testing.TB) *config.Memory {
	m := config.NewMemory()
	put(t, m, set(config.Envs, "base", `{"abstract": true}`), set(config.Envs, "prod", `{"parent": "base"}`))
	return m
}

// put commits what must be accepted.
func put(t testing.TB, s config.Store, ops ...config.Op) int64 {
	rev, err := s.Commit(t.Context(), config.Any, ops, by)
	require.NoError(t, err)
	return rev
}

// inForce returns the values of an environment at a revision, as text.
func inForce(t testing.TB, s config.Store, env string, rev int64) map[string]string {
	v, err := s.Read(t.Context(), rev)
	require.NoError(t, err)
	all, err := v.All(env, "")
	require.NoError(t, err)
	got := map[string]string{}
	for key, x := range all {
		got[key] = string(x.Value)
	}
	return got
}

// TestNaiveLastWrite: of two editors who have read the same, the later one overwrites what
// the earlier one has done, and neither learns of it (nacos#7945, apollo#3902). Here the
// later one is shown what has changed.
func TestNaiveLastWrite(t *testing.T) {
	naive := map[string]string{"hosts": "a"}
	alice, bob := naive["hosts"], naive["hosts"]
	naive["hosts"] = alice + ",b"
	naive["hosts"] = bob + ",c"
	assert.Equal(t, "a,c", naive["hosts"], "b is lost")

	s := fresh(t)
	base := put(t, s, set("prod", "hosts", `"a"`))
	_, err := s.Commit(ctx, base, []config.Op{set("prod", "hosts", `"a,b"`)}, config.Meta{By: "alice"})
	require.NoError(t, err)
	_, err = s.Commit(ctx, base, []config.Op{set("prod", "hosts", `"a,c"`)}, config.Meta{By: "bob"})
	var conflict *config.ConflictError
	require.ErrorAs(t, err, &conflict)
	assert.Equal(t, "alice", conflict.Changes[0].By)
	assert.Equal(t, map[string]string{"hosts": `"a,b"`}, inForce(t, s, "prod", config.Now))
}

// TestNaiveTwoWrites: of two keys that belong together, set one after the other, a reader
// sees one only (apollo#2941, nacos#12976). Here they are one revision.
func TestNaiveTwoWrites(t *testing.T) {
	naive := map[string]string{"host": "a", "port": "1"}
	naive["host"] = "b"
	between := maps.Clone(naive)
	naive["port"] = "2"
	assert.Equal(t, map[string]string{"host": "b", "port": "1"}, between, "a host and the port of another one")

	s := fresh(t)
	begin := put(t, s, set("prod", "host", `"a"`), set("prod", "port", "1"))
	end := put(t, s, set("prod", "host", `"b"`), set("prod", "port", "2"))
	for rev := begin; rev <= end; rev++ {
		v := inForce(t, s, "prod", rev)
		assert.Equal(t, v["host"] == `"b"`, v["port"] == "2")
	}
}

// TestNaiveNotify: a store that notifies and then writes shows a watcher that reads at once
// the value from before, and there is no later event. Here an event is sent after all of it
// can be read.
func TestNaiveNotify(t *testing.T) {
	naive, seen := map[string]string{"level": "info"}, ""
	set1 := func(v string, notify func()) {
		notify()
		naive["level"] = v
	}
	set1("debug", func() { seen = naive["level"] })
	assert.Equal(t, "info", seen)

	s := fresh(t)
	at := put(t, s, set("prod", "level", `"info"`))
	read := make(chan map[string]string)
	go func() {
		assert.NoError(t, s.Wait(t.Context(), at))
		read <- inForce(t, s, "prod", config.Now)
	}()
	put(t, s, set("prod", "level", `"debug"`))
	assert.Equal(t, map[string]string{"level": `"debug"`}, <-read)
}

// TestNaiveListThenWatch: who lists, and then watches, misses what happens between the two
// (etcd#8668). Here a watch begins at the revision of the list.
func TestNaiveListThenWatch(t *testing.T) {
	s := fresh(t)
	listed := put(t, s, set("prod", "a", "1"))
	naive := inForce(t, s, "prod", listed)
	have := maps.Clone(naive)
	put(t, s, set("prod", "a", "2")) // between the two
	v, err := s.Read(ctx, config.Now)
	require.NoError(t, err)
	put(t, s, set("prod", "b", "1"))
	follow := func(into map[string]string, from int64) {
		events, err := s.Since(ctx, from, 100)
		require.NoError(t, err)
		for _, e := range events {
			for _, c := range e.Changes {
				into[c.Key] = string(c.Value)
			}
		}
	}
	follow(naive, v.Rev)
	assert.Equal(t, map[string]string{"a": "1", "b": "1"}, naive, "and it stays so")
	follow(have, listed)
	assert.Equal(t, inForce(t, s, "prod", config.Now), have)
}

// TestNaiveRollback: who sets again what was leaves the keys that were added since, which
// the old program may not know. Here they are deleted, in a new revision.
func TestNaiveRollback(t *testing.T) {
	naive := map[string]string{"a": "1"}
	old := maps.Clone(naive)
	naive["a"], naive["added"] = "2", "1"
	maps.Copy(naive, old)
	assert.Equal(t, map[string]string{"a": "1", "added": "1"}, naive)

	s := fresh(t)
	good := put(t, s, set("prod", "a", "1"))
	bad := put(t, s, set("prod", "a", "2"), set("prod", "added", "1"))
	rev := put(t, s, configtest.Copy("prod", "", "prod", good))
	assert.Equal(t, bad+1, rev)
	assert.Equal(t, map[string]string{"a": "1"}, inForce(t, s, "prod", rev))
	assert.Equal(t, map[string]string{"a": "2", "added": "1"}, inForce(t, s, "prod", bad), "what was, was")
}

// TestNaiveSecret: an audit that has what was written has the passwords, for as long as it
// is kept. Here it has that they were changed.
func TestNaiveSecret(t *testing.T) {
	op := set("prod", "db/password", `"hunter2"`)
	naive, err := json.Marshal(op)
	require.NoError(t, err)
	assert.Contains(t, string(naive), "hunter2")

	s := fresh(t)
	put(t, s, set(config.Schemas, "db/password", `{"secret": true}`))
	put(t, s, op)
	all, err := s.Audit(ctx, 0, 100)
	require.NoError(t, err)
	b, err := json.Marshal(all)
	require.NoError(t, err)
	assert.NotContains(t, string(b), "hunter2")
	assert.Contains(t, string(b), "db/password")
}

// TestNaiveAnyAnswer: a client that takes each answer goes back to an old configuration
// when it asks a node that lags (nacos#12557). Here it keeps what it has.
func TestNaiveAnyAnswer(t *testing.T) {
	newer, older := &config.Bundle{Env: "prod", Rev: 7}, &config.Bundle{Env: "prod", Rev: 5}
	var naive *config.Bundle
	for _, b := range []*config.Bundle{newer, older} {
		naive = b
	}
	assert.Equal(t, int64(5), naive.Rev)

	var f config.Follower
	require.NoError(t, f.Load(newer))
	require.ErrorIs(t, f.Load(older), config.ErrBehind)
	require.NoError(t, f.Apply(5, config.Update{Rev: 6}), "known already")
	assert.Same(t, newer, f.Have())
	require.ErrorIs(t, f.Apply(8, config.Update{Rev: 9}), config.ErrGap)
	require.NoError(t, f.Apply(6, config.Update{Rev: 9}))
	assert.Equal(t, int64(9), f.Have().Rev)
	var none config.Follower
	require.ErrorIs(t, none.Apply(0, config.Update{Rev: 1}), config.ErrGap)
}

// TestNaiveOwnSchema: who validates what is written in the environment that it is written
// to does not see that another one, which inherits it, becomes invalid.
func TestNaiveOwnSchema(t *testing.T) {
	s := fresh(t)
	put(t, s, set(config.Schemas, "port", `{"required": true}`), set("base", "port", "1"))
	_, err := s.Commit(ctx, config.Any, []config.Op{configtest.Delete("base", "port")}, by)
	var invalid *config.InvalidError
	require.ErrorAs(t, err, &invalid, "base itself is abstract, and would be valid")
	assert.Equal(t, "prod/port", invalid.Problems[0].Ref.String())
}
