// Package config is a configuration management system: values in environments that inherit
// from each other, in one order of revisions. A commit compares with the revision that it
// was made from, and is refused if any environment would become invalid.
package config

import "context"

// A Store keeps all revisions from a floor on. Its methods are safe for concurrent use.
type Store interface {
	// Commit makes a revision of all ops, or changes nothing. base is the revision from
	// which they were made: a *ConflictError if one of their keys has changed since. With
	// Any there is no comparison. ErrBad, ErrInvalid, ErrCompacted.
	Commit(ctx context.Context, base int64, ops []Op, by Meta) (rev int64, err error)
	// Read returns what holds at a revision; at Now the present one, which is no older
	// than any that was answered before. It waits for one that is to come.
	// ErrCompacted.
	Read(ctx context.Context, rev int64) (*View, error)
	// Since returns up to n revisions after one, in order; none if there are none yet.
	// ErrCompacted if not all of them are kept.
	Since(ctx context.Context, rev int64, n int) ([]Event, error)
	// Wait returns when there is a revision after one, or when ctx ends.
	Wait(ctx context.Context, rev int64) error
	// Compact forgets what no read at rev or later can see.
	Compact(ctx context.Context, rev int64) error
	// Deny adds a request that was refused to the audit.
	Deny(ctx context.Context, d Denial) error
	// Audit returns up to n records after the one with a number. ErrCompacted.
	Audit(ctx context.Context, after int64, n int) ([]Record, error)
	Close() error
}
