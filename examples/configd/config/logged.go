package config

import (
	"bytes"
	"context"
	"encoding/json"
)

// A Logged is a Memory whose commands go through a log first, which Do does. Several may
// follow one log: each makes the same of it.
type Logged struct {
	*Memory
	Do func(context.Context, Command) (Effects, error)
}

// do returns the error of the log, or else that of the command.
func (l Logged) do(ctx context.Context, c Command) (int64, error) {
	e, err := l.Do(ctx, c)
	if err == nil {
		err = e.Err
	}
	return e.Rev, err
}

// Commit implements Store. What can never be accepted is not logged.
func (l Logged) Commit(ctx context.Context, base int64, ops []Op, by Meta) (int64, error) {
	for _, o := range ops {
		if _, err := o.check(); err != nil {
			return 0, err
		}
	}
	return l.do(ctx, Command{Commit: &Commit{base, ops, by}})
}

// Compact implements Store.
func (l Logged) Compact(ctx context.Context, rev int64) error {
	_, err := l.do(ctx, Command{Compact: rev})
	return err
}

// Deny implements Store.
func (l Logged) Deny(ctx context.Context, d Denial) error {
	_, err := l.do(ctx, Command{Deny: &d})
	return err
}

// encode returns a value as a line of JSON.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // six bytes for one
	err := enc.Encode(v)
	return b.Bytes(), err
}
