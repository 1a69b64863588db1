package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var errNoValue = errors.New("the key has no value")

// A Bundle is what is in force in an environment at a revision.
type Bundle struct {
	Env    string           `json:"env"`
	Rev    int64            `json:"rev"`
	Values map[string]Value `json:"values"`
}

// A shownKey is of what all callers with a role see. The roles are those of the system.
type shownKey struct {
	env, prefix, role string
	rev, system       int64
}

// at returns the view that a request asks for by ?rev=, without waiting for a revision
// that is to come. It may be at most the present one.
func (s *server) at(r *request) (*View, error) {
	rev, err := r.number("rev", r.now.Rev)
	switch {
	case err != nil:
		return nil, err
	case rev == r.now.Rev:
		return r.now, nil
	case rev > r.now.Rev:
		return nil, fmt.Errorf("%w: there is no revision %d yet", ErrBad, rev)
	}
	return s.store.Read(r.Context(), rev)
}

// bundle shows the values in force in an environment, ?rev= at a revision.
func (s *server) bundle(r *request) (any, error) {
	env, prefix := r.PathValue("env"), r.URL.Query().Get("prefix")
	if !r.who.reads(env) {
		return nil, s.may(r.Context(), r.who, CanRead, env, prefix)
	}
	v, err := s.at(r)
	if err != nil {
		return nil, err
	}
	r.w.Header().Set("ETag", tag(v.Rev))
	r.w.Header().Set("Cache-Control", "private, no-cache")
	if r.Header.Get("If-None-Match") == tag(v.Rev) && v.Rev == r.now.Rev {
		return nil, errNotModified
	}
	key := shownKey{env, prefix, r.who.role, v.Rev, r.now.System.Rev}
	if b, ok := s.bundles.Get(key); ok && v.ended() == nil {
		return b, nil
	}
	values, err := r.values(v, env, prefix)
	if err != nil {
		return nil, err
	}
	b, err := encode(Bundle{env, v.Rev, values})
	if err == nil && len(b) < 1<<20 {
		s.bundles.Put(key, b)
	}
	return b, err
}

// values returns what the caller may see of an environment.
func (r *request) values(v *View, env, prefix string) (map[string]Value, error) {
	values := map[string]Value{}
	if (Ref{Env: env}).system() {
		own, err := v.Own(env)
		if err != nil {
			return nil, err
		}
		for key, it := range own {
			if strings.HasPrefix(key, prefix) {
				values[key] = Value{Value: it.Value, From: env, Rev: it.Rev}
			}
		}
	} else {
		var err error
		if values, err = v.All(env, prefix); err != nil {
			return nil, err
		}
	}
	for key, x := range values {
		if !r.who.May(CanRead, env, key) {
			delete(values, key)
			continue
		}
		x.Secret = x.Secret || r.now.Secret(Ref{env, key}) // also if it has become one since
		values[key] = r.who.shown(env, key, x)
	}
	return values, nil
}

// one shows one value.
func (s *server) one(r *request) (any, error) {
	env, key := r.PathValue("env"), r.PathValue("key")
	if err := s.may(r.Context(), r.who, CanRead, env, key); err != nil {
		return nil, err
	}
	v, err := s.at(r)
	if err != nil {
		return nil, err
	}
	var x Value
	var ok bool
	if ref := (Ref{env, key}); ref.system() {
		var it *Item
		if it, ok = v.get(ref); ok {
			x = Value{Value: it.Value, From: env, Rev: it.Rev}
		}
		err = v.ended()
	} else {
		x, ok, err = v.One(env, key)
		x.Secret = x.Secret || r.now.Secret(ref) // also if it has become one since
	}
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, fmt.Errorf("%w: %s/%s", errNoValue, env, key)
	}
	r.w.Header().Set("ETag", tag(v.Rev))
	return r.who.shown(env, key, x), nil
}

// auditOf shows the records of the audit ?after= a number.
func (s *server) auditOf(r *request) (any, error) {
	if err := s.may(r.Context(), r.who, CanAudit, "*", ""); err != nil {
		return nil, err
	}
	after, err := r.number("after", 0)
	n, err2 := r.number("n", 100)
	if err = errors.Join(err, err2); err != nil {
		return nil, err
	}
	all, err := s.store.Audit(r.Context(), after, int(min(n, 1000)))
	return append([]Record{}, all...), err
}

// A Difference is a key whose value differs between two revisions.
type Difference struct {
	Ref
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
	Secret bool            `json:"secret,omitempty"`
}

// diff shows what differs between the revisions ?from= and ?to=. O(keys).
func (s *server) diff(r *request) (any, error) {
	from, err := r.number("from", 0)
	to, err2 := r.number("to", r.now.Rev)
	if err = errors.Join(err, err2); err != nil {
		return nil, err
	}
	if max(from, to) > r.now.Rev {
		return nil, fmt.Errorf("%w: there is no revision %d yet", ErrBad, max(from, to))
	}
	a, err := s.store.Read(r.Context(), from)
	if err != nil {
		return nil, err
	}
	b, err := s.store.Read(r.Context(), to)
	if err != nil {
		return nil, err
	}
	refs := map[Ref]bool{}
	for _, v := range []*View{a, b} {
		for ref := range v.at.All() {
			refs[ref] = true
		}
	}
	all := []Difference{}
	for ref := range refs {
		d := Difference{Ref: ref, Secret: r.now.Secret(ref) || a.Secret(ref) || b.Secret(ref)}
		x, _ := a.get(ref)
		y, _ := b.get(ref)
		if x == y || !r.who.May(CanRead, ref.Env, ref.Key) {
			continue
		}
		show := !d.Secret || r.who.May(CanSee, ref.Env, ref.Key)
		if x != nil && show {
			d.Before = x.Value
		}
		if y != nil && show {
			d.After = y.Value
		}
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Env, b.Env), cmp.Compare(a.Key, b.Key))
	})
	return all, errors.Join(a.ended(), b.ended())
}
