package logs

import (
	"context"
	"iter"
	"time"
)

// A Store keeps records and finds them. All methods are safe for concurrent use.
type Store interface {
	// Append applies a command, and returns when it is durable. If Effects.Again is set, a
	// part of it was there already: nothing was changed, and what is after Effects.Next can
	// be appended. After an error it may or may not be stored; it can be sent again.
	Append(ctx context.Context, c *Command) (Effects, error)

	// Position returns up to where a file was accepted.
	Position(agent, file string) int64

	// Stream returns the stream in which the records of a service are, or would be.
	Stream(service string) string

	// Expired reports whether a record of a day is too old to be kept.
	Expired(day int32, now time.Time) bool

	// Query yields the records that a query selects. See Memory.Query.
	Query(ctx context.Context, q *Query) iter.Seq2[Line, error]

	// Retain seals segments and drops those beyond the limits.
	Retain(now time.Time) error

	Stats() Stats
	Close() error
}

// Stats are figures of a store at one moment.
type Stats struct {
	Counts
	Stored    uint64 `json:"stored"` // records that a query can find
	Segments  int    `json:"segments"`
	Streams   int    `json:"streams"`
	Blocks    int    `json:"blocks"`
	Positions int    `json:"positions"`
	Hot       int    `json:"hot"`   // bytes of records that are not in files yet
	Raw       int64  `json:"raw"`   // bytes of all stored records
	Bytes     int64  `json:"bytes"` // of the files
	Read      int64  `json:"read"`  // blocks that queries have read
	Skipped   int64  `json:"skipped"`
}

// Stats implements Store.
func (m *Memory) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	st := Stats{Counts: m.count, Segments: len(m.segments), Streams: len(m.streams), Positions: m.positions.Len(), Hot: m.hot, Read: m.read.Load(), Skipped: m.skipped.Load()}
	for _, s := range m.segments {
		st.Stored += s.lines
		st.Blocks += len(s.blocks)
		st.Raw += s.raw
		st.Bytes += s.size
	}
	return st
}
