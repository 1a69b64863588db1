package config

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"example.com/flatline/timemap"
)

// A View is what holds at a revision. It is no copy: a compaction to a later revision ends
// it, and then its methods return ErrCompacted.
type View struct {
	Rev int64
	*System
	m  *Memory
	at timemap.View[Ref, *Item]
}

// A Value is a value that is in force, with where it is from.
type Value struct {
	Value  json.RawMessage `json:"value,omitempty"`
	From   string          `json:"from"` // the environment that sets it
	Rev    int64           `json:"rev"`  // that set it
	Secret bool            `json:"secret,omitempty"`
}

// ended returns ErrCompacted if what was read before may have been forgotten.
func (v *View) ended() error {
	if v.m.floor.Load() > v.Rev {
		return ErrCompacted
	}
	return nil
}

func (v *View) get(r Ref) (*Item, bool) {
	it, ok := v.at.Get(r)
	if !ok || it.Deleted {
		return nil, false
	}
	return it, true
}

// Own returns what an environment sets itself, those of the system included. O(keys of all
// environments).
func (v *View) Own(env string) (map[string]*Item, error) {
	all := map[string]*Item{}
	for r, it := range v.at.All() {
		if r.Env == env && !it.Deleted {
			all[r.Key] = it
		}
	}
	return all, v.ended()
}

// One returns the value of a key that is in force in an environment. O(depth).
func (v *View) One(env, key string) (x Value, ok bool, err error) {
	if _, err := v.chain(env); err != nil {
		return x, false, err
	}
	it, from, ok := v.effective(env, key, v.get)
	if ok {
		x = Value{it.Value, from, it.Rev, v.Secret(Ref{env, key})}
	}
	return x, ok, v.ended()
}

// All returns the values with a prefix that are in force in an environment. O(keys of all
// environments).
func (v *View) All(env, prefix string) (map[string]Value, error) {
	chain, err := v.chain(env)
	if err != nil {
		return nil, err
	}
	depth := map[string]int{}
	for i, up := range chain {
		depth[up] = i
	}
	all := map[string]Value{}
	for r, it := range v.at.All() {
		i, ok := depth[r.Env]
		if !ok || it.Deleted || !strings.HasPrefix(r.Key, prefix) {
			continue
		}
		if has, ok := all[r.Key]; !ok || i < depth[has.From] {
			all[r.Key] = Value{it.Value, r.Env, it.Rev, v.Secret(r)}
		}
	}
	return all, v.ended()
}

// view returns what holds at a revision that there is.
func (m *Memory) view(rev int64) (*View, error) {
	v := &View{Rev: rev, m: m, at: m.items.AsOf(rev), System: m.systemAt(rev)}
	return v, v.ended()
}

// Commit implements Store.
func (m *Memory) Commit(_ context.Context, base int64, ops []Op, by Meta) (int64, error) {
	e := m.Apply(time.Now(), Command{Commit: &Commit{base, ops, by}})
	return e.Rev, e.Err
}

// Read implements Store.
func (m *Memory) Read(ctx context.Context, rev int64) (*View, error) {
	if rev == Now {
		for {
			if v, err := m.view(m.rev.Load()); err == nil { // else a compaction has overtaken it
				return v, nil
			}
		}
	}
	for rev > m.rev.Load() {
		if err := m.Wait(ctx, rev-1); err != nil {
			return nil, err
		}
	}
	return m.view(rev)
}

// Since implements Store.
func (m *Memory) Since(_ context.Context, rev int64, n int) ([]Event, error) {
	if rev < m.floor.Load() {
		return nil, ErrCompacted
	}
	return m.events.since(rev, n)
}

// Wait implements Store. O(1).
func (m *Memory) Wait(ctx context.Context, rev int64) error { return m.events.wait(ctx, rev) }

// Compact implements Store.
func (m *Memory) Compact(_ context.Context, rev int64) error {
	return m.Apply(time.Now(), Command{Compact: rev}).Err
}

// Deny implements Store.
func (m *Memory) Deny(_ context.Context, d Denial) error {
	return m.Apply(time.Now(), Command{Deny: &d}).Err
}

// Audit implements Store.
func (m *Memory) Audit(_ context.Context, after int64, n int) ([]Record, error) {
	return m.audit.since(after, n)
}

// Close implements Store.
func (m *Memory) Close() error { return nil }
