package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/configd/config/configtest"
)

type (
	ref    = config.Ref
	values map[ref]string
)

// model is the plain answer: a list of maps, one for each revision. It knows the few
// schemas and trees that the tests draw.
type model struct {
	all     []values
	changed []map[ref]bool // by each revision
	floor   int64
}

func newModel() *model { return &model{all: []values{{}}, changed: []map[ref]bool{nil}} }

func (m *model) rev() int64 { return int64(len(m.all) - 1) }

// chain returns an environment and those that it inherits from; nil if one is missing.
func (v values) chain(env string) (all []string) {
	for env != "" && len(all) < 5 {
		def, ok := v[ref{Env: config.Envs, Key: env}]
		if !ok {
			return nil
		}
		all = append(all, env)
		var e config.Env
		_ = json.Unmarshal([]byte(def), &e)
		env = e.Parent
	}
	if len(all) == 5 {
		return nil
	}
	return all
}

// effective returns all that is in force in an environment.
func (v values) effective(env string) map[string]string {
	out := map[string]string{}
	chain := v.chain(env)
	slices.Reverse(chain)
	for _, up := range chain {
		for r, x := range v {
			if r.Env == up {
				out[r.Key] = x + " of " + up
			}
		}
	}
	return out
}

// valid decides by looking at everything (C5).
func (v values) valid() bool {
	for r := range v {
		if r.Env == config.Envs && v.chain(r.Key) == nil || r.Env[0] != '@' && v[ref{Env: config.Envs, Key: r.Env}] == "" {
			return false
		}
	}
	schema := v[ref{Env: config.Schemas, Key: "n"}]
	for r := range v {
		if r.Env != config.Envs {
			continue
		}
		n, ok := v.effective(r.Key)["n"]
		n, _, _ = strings.Cut(n, " ")
		switch {
		case strings.Contains(schema, "required") && !ok,
			strings.Contains(schema, "max") && ok && n != `"x"` && n > "5",
			strings.Contains(schema, "integer") && ok && n == `"x"`:
			return false
		}
	}
	return true
}

// commit returns the error that the store must have.
func (m *model) commit(base int64, ops []config.Op) error {
	if base != config.Any && base < m.floor {
		return config.ErrCompacted
	}
	now := m.all[m.rev()]
	next := maps.Clone(now)
	touched := map[ref]bool{}
	for _, o := range ops {
		touched[o.Ref] = true
		switch o.Do {
		case config.Set:
			next[o.Ref] = string(o.Value)
		case config.Delete:
			delete(next, o.Ref)
		case config.Copy:
			from := now
			if o.At > 0 {
				if o.At < m.floor {
					return config.ErrCompacted
				}
				from = m.all[o.At]
			}
			if _, ok := from[ref{Env: config.Envs, Key: o.From}]; !ok {
				return config.ErrNotFound
			}
			maps.DeleteFunc(next, func(r ref, _ string) bool { return r.Env == o.Env && strings.HasPrefix(r.Key, o.Key) })
			for r, x := range from {
				if r.Env == o.From && strings.HasPrefix(r.Key, o.Key) {
					next[ref{Env: o.Env, Key: r.Key}] = x
				}
			}
			for _, key := range keys {
				if strings.HasPrefix(key, o.Key) {
					touched[ref{Env: o.Env, Key: key}] = true
					if o.At == 0 {
						touched[ref{Env: o.From, Key: key}] = true
					}
				}
			}
		}
	}
	if base != config.Any {
		for rev := base + 1; rev <= m.rev(); rev++ {
			for r := range m.changed[rev] {
				if touched[r] {
					return config.ErrConflict
				}
			}
		}
	}
	if !next.valid() {
		return config.ErrInvalid
	}
	changed := map[ref]bool{}
	for _, o := range ops {
		if o.Do == config.Set { // also to what it was
			changed[o.Ref] = true
		}
		if o.Do == config.Copy { // what it sets is a change only if it differs
			maps.DeleteFunc(changed, func(r ref, _ bool) bool { return r.Env == o.Env && strings.HasPrefix(r.Key, o.Key) })
		}
	}
	for _, v := range []values{now, next} {
		for r := range v {
			if now[r] != next[r] {
				changed[r] = true
			}
		}
	}
	for r := range changed {
		if now[r] == "" && next[r] == "" {
			delete(changed, r)
		}
	}
	m.all, m.changed = append(m.all, next), append(m.changed, changed)
	return nil
}

var (
	keys = []string{"n", "m", "x/a", "x/b"}
	envs = []string{"base", "staging", "node"}
)

// op draws one.
func op(t *rapid.T, m *model) config.Op {
	env := rapid.SampledFrom(envs).Draw(t, "env")
	key := rapid.SampledFrom(keys).Draw(t, "key")
	switch rapid.IntRange(0, 13).Draw(t, "op") {
	case 0, 1, 2, 3, 4:
		return configtest.Set(env, key, rapid.SampledFrom([]string{"1", "3", "7", `"x"`}).Draw(t, "value"))
	case 5, 6:
		return configtest.Delete(env, key)
	case 7:
		return config.Op{Do: config.Check, Ref: ref{Env: env, Key: key}}
	case 8:
		return configtest.Copy(env, rapid.SampledFrom([]string{"", "x/", "n"}).Draw(t, "prefix"), env, rapid.Int64Range(1, max(1, m.rev())).Draw(t, "at"))
	case 9:
		if from := rapid.SampledFrom(envs).Draw(t, "from"); from != env {
			return configtest.Copy(env, rapid.SampledFrom([]string{"", "x/"}).Draw(t, "prefix"), from, 0)
		}
		return configtest.Set(env, key, "1")
	case 10:
		return configtest.Set(config.Schemas, "n", rapid.SampledFrom([]string{`{"max":5}`, `{"type":"integer"}`, `{"required":true}`}).Draw(t, "schema"))
	case 11:
		return configtest.Delete(config.Schemas, "n")
	case 12:
		return configtest.Set(config.Envs, env, rapid.SampledFrom([]string{`{}`, `{"parent":"base"}`, `{"parent":"staging"}`}).Draw(t, "def"))
	}
	return configtest.Delete(config.Envs, env)
}

// command draws a command; the environments are there from the start.
func command(t *rapid.T, m *model) (c config.Command) {
	if m.rev() == 0 {
		return config.Command{Commit: &config.Commit{Base: config.Any, Ops: []config.Op{
			configtest.Set(config.Envs, "base", `{}`), configtest.Set(config.Envs, "staging", `{"parent":"base"}`), configtest.Set(config.Envs, "node", `{"parent":"staging"}`),
		}}}
	}
	switch rapid.IntRange(0, 15).Draw(t, "what") {
	case 0:
		c.Compact = rapid.Int64Range(1, m.rev()).Draw(t, "compact")
	case 1:
		c.Deny = &config.Denial{By: "x", Verb: "write"}
	default:
		c.Commit = &config.Commit{Base: config.Any, Meta: by}
		if rapid.Bool().Draw(t, "compared") {
			c.Commit.Base = rapid.Int64Range(max(0, m.rev()-4), m.rev()).Draw(t, "base")
		}
		for range rapid.IntRange(1, 3).Draw(t, "ops") {
			c.Commit.Ops = append(c.Commit.Ops, op(t, m))
		}
	}
	return c
}

// do does to the model what a command does to the machine, and compares the effects.
func (m *model) do(t require.TestingT, c config.Command, e config.Effects) {
	switch {
	case c.Compact > 0:
		m.floor = max(m.floor, c.Compact)
	case c.Commit != nil:
		if want := m.commit(c.Commit.Base, c.Commit.Ops); want != nil {
			require.ErrorIs(t, e.Err, want, "%+v", c.Commit)
			return
		}
	}
	require.NoError(t, e.Err, "%+v", c.Commit)
	require.Equal(t, m.rev(), e.Rev)
}

// same compares what can be read at a revision (C3, C4).
func (m *model) same(t require.TestingT, s config.Store, rev int64) {
	v, err := s.Read(ctx, rev)
	if rev < m.floor {
		require.ErrorIs(t, err, config.ErrCompacted)
		return
	}
	require.NoError(t, err)
	for r := range m.all[rev] {
		if r.Env != config.Envs {
			continue
		}
		all, err := v.All(r.Key, "")
		require.NoError(t, err)
		got := map[string]string{}
		for key, x := range all {
			got[key] = string(x.Value) + " of " + x.From
		}
		require.Equal(t, m.all[rev].effective(r.Key), got, "%s at %d", r.Key, rev)
	}
}

// TestMachine: after random commands each revision has what the list of maps has, and a
// copy of the state is equal.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, m := config.NewMemory(), newModel()
		now := time.Unix(1_700_000_000, 0)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(-2, 9).Draw(t, "later")) * time.Second)
			c := command(t, m)
			m.do(t, c, s.Apply(now, c))
			m.same(t, s, m.rev())
			m.same(t, s, rapid.Int64Range(1, m.rev()).Draw(t, "rev"))
			if rapid.IntRange(0, 9).Draw(t, "copy") == 0 {
				before := state(t, s)
				var b strings.Builder
				require.NoError(t, s.Dump(json.NewEncoder(&b)))
				s = config.NewMemory()
				require.NoError(t, s.Load(json.NewDecoder(strings.NewReader(b.String()))))
				require.Equal(t, before, state(t, s))
			}
		}
		events, err := s.Since(ctx, m.floor, 1000)
		require.NoError(t, err)
		require.Len(t, events, int(m.rev()-m.floor))
		for i, e := range events {
			at := maps.Clone(m.all[m.floor+int64(i)])
			got := map[ref]bool{}
			for _, c := range e.Changes {
				got[c.Ref] = true
				delete(at, c.Ref)
				if !c.Deleted {
					at[c.Ref] = string(c.Value)
				}
			}
			require.Equal(t, m.all[e.Rev], at, "C3: the events after a snapshot")
			require.Equal(t, m.changed[e.Rev], got)
		}
	})
}

// state is all that a store has, in order.
func state(t require.TestingT, s config.Store) string {
	var b strings.Builder
	v, err := s.Read(ctx, config.Now)
	require.NoError(t, err)
	for rev := v.Rev; rev > 0; rev-- {
		v, err := s.Read(ctx, rev)
		if errors.Is(err, config.ErrCompacted) {
			fmt.Fprintln(&b, "floor", rev+1)
			break
		}
		require.NoError(t, err)
		for _, env := range append([]string{config.Envs, config.Schemas}, envs...) {
			own, err := v.Own(env)
			require.NoError(t, err)
			text, err := json.Marshal(own)
			require.NoError(t, err)
			fmt.Fprintln(&b, rev, env, string(text))
			all, err := v.All(env, "")
			if err == nil {
				text, err = json.Marshal(all)
				require.NoError(t, err)
			}
			fmt.Fprintln(&b, string(text), err)
		}
		events, err := s.Since(ctx, rev, 1)
		text, err2 := json.Marshal(events)
		fmt.Fprintln(&b, string(text), err, err2)
	}
	return b.String()
}
