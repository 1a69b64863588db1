package config

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
)

// A caller is who sent a request.
type caller struct {
	name string
	role string
	hash string // of the token; "" where there are no tokens
	key  string // what the rate is counted for
	Role
}

var (
	errToken = errors.New("the request needs a token that is known")
	errRate  = errors.New("too many requests")
)

// HashToken returns what is stored of a token. A token is drawn, so that a fast hash is
// enough: there is nothing to guess.
func HashToken(token string) string {
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:])
}

// newToken draws a token.
func newToken() string { return "cfg_" + rand.Text() }

// caller returns who has the token with a hash. As long as there are no tokens, everyone
// may do everything: the server listens on a loopback address.
func (s *System) caller(hash string) (caller, error) {
	if len(s.Tokens) == 0 {
		return caller{name: "anonymous", Role: Admin}, nil
	}
	t, ok := s.Tokens[hash]
	if !ok {
		return caller{}, errToken
	}
	return caller{name: t.Name, role: t.Role, hash: hash, Role: s.Roles[t.Role]}, nil
}

// identify returns who sent a request, if it is not one too many.
func (s *server) identify(r *http.Request, sys *System) (caller, error) {
	hash, key := "", r.RemoteAddr
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		key = host
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		hash = HashToken(token)
	}
	who, err := sys.caller(hash)
	if err == nil && who.hash != "" {
		key = who.hash
	}
	who.key = key
	if s.rate != nil && !s.rate.Allow(key) {
		return who, errRate
	}
	return who, err
}

// may returns ErrDenied, and adds it to the audit, if a caller may not do something. A
// caller who is denied all the time is in the audit once a second only.
func (s *server) may(ctx context.Context, who caller, verb, env, key string) error {
	if who.May(verb, env, key) {
		return nil
	}
	if s.denials.Allow(who.key) {
		d := Denial{By: who.name, Verb: verb, Ref: Ref{env, key}}
		if err := s.store.Deny(ctx, d); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: %s %s/%s", ErrDenied, verb, env, key)
}

// mayCommit checks all that a commit reads or writes. A copy needs the same for all keys
// with its prefix.
func (s *server) mayCommit(ctx context.Context, who caller, ops []Op) error {
	for _, o := range ops {
		err := s.may(ctx, who, CanWrite, o.Env, o.Key)
		if err == nil && o.Do == Copy && o.From != o.Env {
			// Who can copy a secret can read it in an environment of their own.
			if err = s.may(ctx, who, CanRead, o.From, o.Key); err == nil {
				err = s.may(ctx, who, CanSee, o.From, o.Key)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// shown returns a value as a caller may see it in an environment.
func (c caller) shown(env, key string, v Value) Value {
	if v.Secret && !c.May(CanSee, env, key) {
		v.Value = nil
	}
	return v
}

// reads reports whether a caller may read something of an environment.
func (c caller) reads(env string) bool {
	return slices.ContainsFunc(c.Role, func(g Grant) bool {
		return (g.Env == "*" || g.Env == env) && slices.Contains(g.Verbs, CanRead)
	})
}

// events returns revisions with what a caller may see of them.
func (c caller) events(all []Event, sys *System) []Event {
	out := []Event{}
	for _, e := range all {
		changes := []Change{}
		for _, ch := range e.Changes {
			if !c.May(CanRead, ch.Env, ch.Key) {
				continue
			}
			if ch.Secret = sys.Secret(ch.Ref); ch.Secret && !c.May(CanSee, ch.Env, ch.Key) {
				ch.Value = nil
			}
			changes = append(changes, ch)
		}
		e.Changes = changes
		out = append(out, e)
	}
	return out
}
