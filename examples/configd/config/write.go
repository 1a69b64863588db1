package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"example.com/flatline/examples/internal/serve"
)

// A committed is the answer to a commit.
type committed struct {
	Rev   int64  `json:"rev"`
	Token string `json:"token,omitempty"` // shown this once
}

// commit makes a revision of ops, if the caller may.
func (s *server) commit(r *request, ops ...Op) (any, error) {
	base, err := r.base()
	if err != nil {
		return nil, err
	}
	if err := s.mayCommit(r.Context(), r.who, ops); err != nil {
		return nil, err
	}
	rev, err := s.store.Commit(r.Context(), base, ops, Meta{r.who.name, r.URL.Query().Get("note")})
	var conflict *ConflictError
	if errors.As(err, &conflict) {
		conflict.Changes = r.who.events(conflict.Changes, r.now.System)
	}
	if err != nil {
		return nil, err
	}
	r.w.Header().Set("ETag", tag(rev))
	return committed{Rev: rev}, nil
}

// decode reads the body; an error wraps ErrBad.
func (r *request) decode(v any) error {
	err := serve.Decode(r.w, r.Request, maxBody, v)
	if err != nil && serve.Status(err) == http.StatusBadRequest {
		err = fmt.Errorf("%w: %w", ErrBad, err)
	}
	return err
}

func (r *request) ref() Ref { return Ref{r.PathValue("env"), r.PathValue("key")} }

// put sets one value: the body.
func (s *server) put(r *request) (any, error) {
	var v json.RawMessage
	if err := r.decode(&v); err != nil {
		return nil, err
	}
	return s.commit(r, Op{Do: Set, Ref: r.ref(), Value: v})
}

// remove deletes one value, so that what it hid is in force again.
func (s *server) remove(r *request) (any, error) {
	return s.commit(r, Op{Do: Delete, Ref: r.ref()})
}

// txn makes a revision of several ops.
func (s *server) txn(r *request) (any, error) {
	var body struct {
		Ops []Op `json:"ops"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	return s.commit(r, body.Ops...)
}

// rollback makes a revision in which an environment has the values that it had at another.
func (s *server) rollback(r *request) (any, error) {
	var body struct {
		To     int64  `json:"to"`
		Prefix string `json:"prefix"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	env := r.PathValue("env")
	return s.commit(r, Op{Do: Copy, Ref: Ref{env, body.Prefix}, From: env, At: body.To})
}

// promote makes a revision in which an environment has the values of another one.
func (s *server) promote(r *request) (any, error) {
	var body struct {
		From   string `json:"from"`
		To     string `json:"to"`
		Prefix string `json:"prefix"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	return s.commit(r, Op{Do: Copy, Ref: Ref{body.To, body.Prefix}, From: body.From})
}

// token draws a token. Only its hash is kept.
func (s *server) token(r *request) (any, error) {
	var t Token
	if err := r.decode(&t); err != nil {
		return nil, err
	}
	value, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	token := newToken()
	v, err := s.commit(r, Op{Do: Set, Ref: Ref{Tokens, HashToken(token)}, Value: value})
	if c, ok := v.(committed); ok {
		c.Token = token
		v = c
	}
	return v, err
}
