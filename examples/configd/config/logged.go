package config

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// A Logged is a Memory whose commands go through a log first, which Do does.
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

// Commit implements Store.
func (l Logged) Commit(ctx context.Context, base int64, ops []Op, by Meta) (int64, error) {
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

// A LogRecord is a command in a log, with its time.
type LogRecord struct {
	Now time.Time
	Command
}

// encode returns a value as a line of JSON.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // six bytes for one
	err := enc.Encode(v)
	return b.Bytes(), err
}

// Encode returns a command as a record of a log. The error wraps ErrBad: a value is no JSON.
func (c Command) Encode(now time.Time) ([]byte, error) {
	b, err := encode(LogRecord{now, c})
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrBad, err)
	}
	return b, err
}

// ApplyRecord applies a record of a log.
func (m *Memory) ApplyRecord(rec []byte) (Effects, error) {
	var r LogRecord
	if err := json.Unmarshal(rec, &r); err != nil {
		return Effects{}, fmt.Errorf("config: a record of the log: %w", err)
	}
	return m.Apply(r.Now, r.Command), nil
}
