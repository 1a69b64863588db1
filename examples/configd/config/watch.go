package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"example.com/flatline/examples/internal/serve"
)

// An Update is what a revision changes of what is in force in an environment.
type Update struct {
	Rev int64     `json:"rev"`
	At  time.Time `json:"at"`
	Meta
	Changes []Effective `json:"changes"`
}

// An Effective is a key with the value that is in force, or that there is none.
type Effective struct {
	Key string `json:"key"`
	Value
	Deleted bool `json:"deleted,omitempty"`
}

// A session is a watcher: a position.
type session struct {
	name, env, addr string
	begun           time.Time
	rev             atomic.Int64 // up to which it was sent everything
}

// rendered is an update as it is sent to all watchers with a role.
type rendered struct {
	data  json.RawMessage // nil if there is nothing for them
	reset bool            // an update cannot say it: they should read everything
}

// watch streams the updates of an environment after the revision ?from=, or after the one
// in the Last-Event-ID that a browser sends when it reconnects.
func (s *server) watch(r *request) (any, error) {
	env := r.PathValue("env")
	if !r.who.reads(env) {
		return nil, s.may(r.Context(), r.who, CanRead, env, "")
	}
	if _, err := r.now.chain(env); err != nil {
		return nil, err
	}
	from := r.URL.Query().Get("from")
	if r.Header.Get("Last-Event-ID") == "" {
		if from == "" {
			return nil, fmt.Errorf("%w: from must be the revision of what was read", ErrBad)
		}
		r.Header.Set("Last-Event-ID", from)
	}
	x := &session{name: clip(r.URL.Query().Get("client")), env: env, addr: r.RemoteAddr, begun: time.Now()}
	if x.name == "" {
		x.name = r.who.name
	}
	id := s.numbers.Add(1)
	s.sessions.Store(id, x)
	defer s.sessions.Delete(id)
	serve.Events(r.w, r.Request, func(ctx context.Context, after uint64) ([]serve.Event, error) {
		return s.next(ctx, x, r.who, int64(after))
	})
	return nil, errAnswered
}

// batch is how many revisions are sent at once.
const batch = 256

// next returns the updates after a position, and waits for one. A watcher that has missed
// nothing is sent, at last, how far it is.
func (s *server) next(ctx context.Context, x *session, who caller, after int64) ([]serve.Event, error) {
	for at := after; ; {
		x.rev.Store(at)
		if s.store.Wait(ctx, at) != nil { // ctx has ended
			if at > after {
				return []serve.Event{{ID: uint64(at), Name: "progress"}}, nil
			}
			return nil, nil
		}
		events, err := s.store.Since(ctx, at, batch)
		var out []serve.Event
		for i := 0; i < len(events) && err == nil; i++ {
			var u rendered
			if u, err = s.render(ctx, x.env, who, events[i]); err == nil && u.reset {
				return []serve.Event{{ID: uint64(events[i].Rev)}}, serve.ErrGone
			}
			if at = events[i].Rev; u.data != nil {
				out = append(out, serve.Event{ID: uint64(at), Data: u.data})
			}
		}
		if errors.Is(err, ErrCompacted) {
			v, err := s.store.Read(ctx, Now)
			if err != nil {
				return nil, err
			}
			return []serve.Event{{ID: uint64(v.Rev)}}, serve.ErrGone
		}
		if err != nil || len(out) > 0 {
			return out, err
		}
	}
}

// render returns an event as the callers with a role are to see it in an environment; an
// error if this one may see nothing any more.
func (s *server) render(ctx context.Context, env string, who caller, e Event) (u rendered, err error) {
	v, err := s.store.Read(ctx, e.Rev)
	if err != nil {
		return u, err
	}
	now, err := v.caller(who.hash)
	if err != nil || !now.reads(env) {
		return u, errors.Join(err, ErrDenied)
	}
	key := shownKey{env, "", now.role, e.Rev, v.System.Rev}
	if u, ok := s.updates.Get(key); ok {
		return u, nil
	}
	before, err := s.store.Read(ctx, e.Rev-1)
	if err != nil {
		return u, err
	}
	u = rendered{reset: now.role != who.role}
	for _, c := range e.Changes {
		u.reset = u.reset || c.system() && c.Env != Tokens
	}
	if !u.reset {
		if u.data, err = update(env, now, e, before, v); err != nil {
			return u, err
		}
	}
	if now.role == who.role {
		s.updates.Put(key, u)
	}
	return u, nil
}

// update returns what a revision changes for a caller in an environment, nil if nothing.
func update(env string, who caller, e Event, before, after *View) (json.RawMessage, error) {
	u := Update{Rev: e.Rev, At: e.At, Meta: e.Meta}
	seen := map[string]bool{}
	for _, c := range e.Changes {
		if seen[c.Key] || c.system() || !who.May(CanRead, env, c.Key) {
			continue
		}
		seen[c.Key] = true
		x, had, err := before.One(env, c.Key)
		y, has, err2 := after.One(env, c.Key)
		if err = errors.Join(err, err2); err != nil {
			return nil, err
		}
		if had == has && x.Rev == y.Rev && x.From == y.From {
			continue // hidden by a nearer environment, or not inherited
		}
		u.Changes = append(u.Changes, Effective{c.Key, who.shown(env, c.Key, y), !has})
	}
	if len(u.Changes) == 0 {
		return nil, nil
	}
	b, err := encode(u)
	return json.RawMessage(strings.TrimSpace(string(b))), err
}
