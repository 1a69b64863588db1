package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

type jsonValue = json.RawMessage

// A stage is a commit that has changed nothing yet.
type stage struct {
	m          *Memory
	base       int64
	values     map[Ref]*Item // what is to be; Deleted if there is to be none
	checked    map[Ref]bool  // must not have changed since the base
	structural bool          // the system changes
}

// take reads the ops of a commit, the later ones on top of the earlier, and compares with
// the base.
func (s *stage) take(c Commit) error {
	rev := s.m.rev.Load()
	switch {
	case len(c.Ops) == 0 || len(c.Ops) > maxOps:
		return fmt.Errorf("%w: a commit has from 1 to %d ops, got %d", ErrBad, maxOps, len(c.Ops))
	case len(c.By) > maxText || len(c.Note) > maxText:
		return fmt.Errorf("%w: a name or a note of more than %d bytes", ErrBad, maxText)
	case c.Base != Any && (c.Base < 0 || c.Base > rev):
		return fmt.Errorf("%w: there is no revision %d yet", ErrBad, c.Base)
	case c.Base != Any && c.Base < s.m.floor.Load():
		return ErrCompacted
	}
	for _, o := range c.Ops {
		o, err := o.check()
		if err != nil {
			return err
		}
		s.checked[o.Ref] = true
		switch o.Do {
		case Set:
			s.values[o.Ref] = &Item{Value: o.Value}
		case Delete:
			s.values[o.Ref] = &Item{Deleted: true}
		case Copy:
			if err := s.copy(o); err != nil {
				return err
			}
		}
	}
	return s.compare()
}

// copy makes the keys with a prefix what they were before this commit in another
// environment, or at another revision: keys that were added since are deleted.
func (s *stage) copy(o Op) error {
	delete(s.checked, o.Ref)
	switch {
	case o.At > s.m.rev.Load():
		return fmt.Errorf("%w: there is no revision %d yet", ErrBad, o.At)
	case o.At > 0 && o.At < s.m.floor.Load():
		return ErrCompacted
	}
	at := cmp.Or(o.At, s.m.rev.Load())
	if _, ok := s.m.systemAt(at).Envs[o.From]; !ok {
		return fmt.Errorf("%w: %q", ErrNotFound, o.From)
	}
	maps.DeleteFunc(s.values, func(r Ref, _ *Item) bool { return r.Env == o.Env && strings.HasPrefix(r.Key, o.Key) })
	want := map[Ref]*Item{}
	for r, it := range s.m.items.AsOf(at).All() {
		if r.Env == o.From && strings.HasPrefix(r.Key, o.Key) && !it.Deleted {
			want[Ref{o.Env, r.Key}] = it
		}
	}
	for r, it := range s.m.items.AsOf(s.m.rev.Load()).All() {
		if !strings.HasPrefix(r.Key, o.Key) || r.Env != o.Env && (r.Env != o.From || o.At > 0) {
			continue
		}
		s.checked[r] = true
		if r.Env == o.Env && !it.Deleted && want[r] == nil {
			s.values[r] = &Item{Deleted: true}
		}
	}
	for r, it := range want {
		s.checked[r] = true
		if now, ok := s.m.latest(r); !ok || now.Deleted || string(now.Value) != string(it.Value) {
			s.values[r] = &Item{Value: it.Value}
		}
	}
	return nil
}

// compare returns a *ConflictError if a key has changed since the base (C1).
func (s *stage) compare() error {
	if s.base == Any {
		return nil
	}
	changed := map[Ref]bool{}
	for r := range s.checked {
		if it, ok := s.m.latest(r); ok && it.Rev > s.base {
			changed[r] = true
		}
	}
	if len(changed) == 0 {
		return nil
	}
	e := &ConflictError{Rev: s.m.rev.Load()}
	events, _ := s.m.events.since(s.base, keepEvents) // as far as they are kept
	for _, ev := range events {
		all := slices.DeleteFunc(slices.Clone(ev.Changes), func(c Change) bool { return !changed[c.Ref] })
		if ev.Changes = all; len(all) > 0 {
			e.Changes = append(e.Changes, ev)
		}
	}
	return e
}

// get returns what a key is to be.
func (s *stage) get(r Ref) (*Item, bool) {
	it, ok := s.values[r]
	if !ok {
		it, ok = s.m.latest(r)
	}
	return it, ok && !it.Deleted
}

// all yields what all keys are to be.
func (s *stage) all() iter.Seq2[Ref, jsonValue] {
	return func(yield func(Ref, jsonValue) bool) {
		for r, v := range s.m.valuesAt(s.m.rev.Load()) {
			if s.values[r] == nil && !yield(r, v) {
				return
			}
		}
		for r, it := range s.values {
			if !it.Deleted && !yield(r, it.Value) {
				return
			}
		}
	}
}

// valuesAt yields the values of all keys at a revision. O(keys).
func (m *Memory) valuesAt(rev int64) iter.Seq2[Ref, jsonValue] {
	return func(yield func(Ref, jsonValue) bool) {
		for r, it := range m.items.AsOf(rev).All() {
			if !it.Deleted && !yield(r, it.Value) {
				return
			}
		}
	}
}

// validate returns the system as it is to be. It is an *InvalidError if a value is not
// valid in one of the environments that inherit it (C5). Of a change of values only the
// keys are looked at that change; of a change of the system all.
func (s *stage) validate() (*System, error) {
	for r := range s.values {
		s.structural = s.structural || r.system()
	}
	sys := s.m.systemAt(s.m.rev.Load())
	keys := s.values
	var bad []Problem
	if s.structural {
		if sys, bad = newSystem(s.m.rev.Load()+1, s.all()); len(bad) > 0 {
			return nil, invalid(bad)
		}
		keys = map[Ref]*Item{}
		for r := range s.all() {
			keys[r] = nil
		}
		for _, x := range sys.schemas {
			for env := range sys.Envs {
				keys[Ref{env, x.prefix}] = nil
			}
		}
	}
	for r := range keys {
		if r.system() {
			continue
		}
		_, known := sys.Envs[r.Env]
		if _, ok := s.get(r); ok && !known {
			bad = append(bad, Problem{r, fmt.Sprintf("%v: %q", ErrNotFound, r.Env)})
		}
		bad = append(bad, sys.validate(r.Env, r.Key, s.get)...)
	}
	if len(bad) > 0 {
		return nil, invalid(bad)
	}
	return sys, nil
}

func invalid(bad []Problem) error {
	slices.SortFunc(bad, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Env, b.Env), strings.Compare(a.Key, b.Key), strings.Compare(a.Text, b.Text))
	})
	bad = slices.Compact(bad)
	return &InvalidError{bad[:min(len(bad), maxProblems)]}
}

// changes returns what the commit changes, in the order of the names.
func (s *stage) changes() []Change {
	all := []Change{}
	refs := slices.SortedFunc(maps.Keys(s.values), func(a, b Ref) int {
		return cmp.Or(strings.Compare(a.Env, b.Env), strings.Compare(a.Key, b.Key))
	})
	for _, r := range refs {
		it := s.values[r]
		if now, ok := s.m.latest(r); it.Deleted && (!ok || now.Deleted) {
			continue // there is none
		}
		all = append(all, Change{Ref: r, Value: it.Value, Deleted: it.Deleted})
	}
	return all
}
