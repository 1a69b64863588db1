package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// An Env is an environment. What it does not set itself it inherits.
type Env struct {
	Parent   string `json:"parent,omitempty"`
	Abstract bool   `json:"abstract,omitempty"` // only for others to inherit from: keys that are required may lack
}

// Verbs of a Grant.
const (
	CanRead  = "read"
	CanWrite = "write"
	CanSee   = "secret" // the values of secrets
	CanAudit = "audit"
)

// A Grant permits something with the keys of an environment that have a prefix. Env "*" is
// all, those of the system included.
type Grant struct {
	Env    string   `json:"env"`
	Prefix string   `json:"prefix,omitempty"`
	Verbs  []string `json:"verbs"`
}

// A Role is what its grants permit.
type Role []Grant

// May reports whether the role permits a verb. O(grants).
func (r Role) May(verb, env, key string) bool {
	return slices.ContainsFunc(r, func(g Grant) bool {
		return (g.Env == "*" || g.Env == env) && strings.HasPrefix(key, g.Prefix) && slices.Contains(g.Verbs, verb)
	})
}

// Admin permits everything.
var Admin = Role{{Env: "*", Verbs: []string{CanRead, CanWrite, CanSee, CanAudit}}}

// A Token is who has it.
type Token struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

// A System is how the values of a revision are to be read: the environments, the schemas,
// and who may do what. It does not change.
type System struct {
	Rev     int64 // that made it
	Envs    map[string]Env
	Roles   map[string]Role
	Tokens  map[string]Token // by the hash
	schemas []*Schema        // the longest prefix first
	below   map[string][]string
}

// newSystem reads the environments of the system, as a revision makes them.
func newSystem(rev int64, all iter.Seq2[Ref, json.RawMessage]) (*System, []Problem) {
	s := &System{Rev: rev, Envs: map[string]Env{}, Roles: map[string]Role{}, Tokens: map[string]Token{}, below: map[string][]string{}}
	var bad []Problem
	for ref, v := range all {
		var err error
		switch ref.Env {
		case Envs:
			var e Env
			err = strict(v, &e)
			s.Envs[ref.Key] = e
		case Schemas:
			var x *Schema
			x, err = readSchema(ref.Key, v)
			s.schemas = append(s.schemas, x)
		case Roles:
			var r Role
			err = strict(v, &r)
			s.Roles[ref.Key] = r
		case Tokens:
			var t Token
			if err = strict(v, &t); err == nil && t.Name == "" {
				err = errors.New("a token needs a name")
			}
			s.Tokens[ref.Key] = t
		}
		if err != nil {
			bad = append(bad, Problem{ref, err.Error()})
		}
	}
	slices.SortFunc(s.schemas, func(a, b *Schema) int {
		return cmp.Or(cmp.Compare(len(b.prefix), len(a.prefix)), strings.Compare(a.prefix, b.prefix))
	})
	return s, append(bad, s.check()...)
}

// check returns what does not fit together, and notes who inherits from whom.
func (s *System) check() (bad []Problem) {
	for name := range s.Envs {
		chain, err := s.chain(name)
		if err != nil {
			bad = append(bad, Problem{Ref{Envs, name}, err.Error()})
		}
		for _, up := range chain {
			s.below[up] = append(s.below[up], name)
		}
	}
	for _, all := range s.below {
		slices.Sort(all)
	}
	admin := len(s.Tokens) == 0
	for hash, t := range s.Tokens {
		role, ok := s.Roles[t.Role]
		if !ok {
			bad = append(bad, Problem{Ref{Tokens, hash}, fmt.Sprintf("there is no role %q", t.Role)})
		}
		admin = admin || role.May(CanWrite, Tokens, "") && role.May(CanWrite, Roles, "")
	}
	if !admin {
		bad = append(bad, Problem{Ref{Tokens, ""}, "no token could write tokens and roles any more"})
	}
	return bad
}

// chain returns an environment and those that it inherits from, the nearest first.
func (s *System) chain(env string) (all []string, err error) {
	for env != "" {
		e, ok := s.Envs[env]
		switch {
		case !ok:
			return all, fmt.Errorf("%w: %q", ErrNotFound, env)
		case len(all) == maxDepth:
			return all, fmt.Errorf("it inherits from more than %d others, or from itself", maxDepth-1)
		}
		all = append(all, env)
		env = e.Parent
	}
	return all, nil
}

// Schema returns the schema of a key, or nil.
func (s *System) Schema(key string) *Schema {
	for _, x := range s.schemas {
		if strings.HasPrefix(key, x.prefix) {
			return x
		}
	}
	return nil
}

// Secret reports whether the value of a key is one.
func (s *System) Secret(r Ref) bool {
	x := s.Schema(r.Key)
	return !r.system() && x != nil && x.Secret
}

// effective returns the value of a key in an environment, from the nearest that sets it.
func (s *System) effective(env, key string, get func(Ref) (*Item, bool)) (it *Item, from string, ok bool) {
	chain, _ := s.chain(env) // has been checked
	for _, up := range chain {
		if it, ok := get(Ref{up, key}); ok {
			return it, up, true
		}
	}
	return nil, "", false
}

// validate returns what is invalid of a key, in each environment that inherits it (C5).
func (s *System) validate(env, key string, get func(Ref) (*Item, bool)) (bad []Problem) {
	x := s.Schema(key)
	if x == nil {
		return nil
	}
	for _, e := range s.below[env] {
		it, _, ok := s.effective(e, key, get)
		var err error
		switch {
		case ok:
			err = x.check(it.Value)
		case x.Required && !s.Envs[e].Abstract && x.prefix == key:
			err = errors.New("it is required")
		}
		if err != nil {
			bad = append(bad, Problem{Ref{e, key}, err.Error()})
		}
	}
	return bad
}
