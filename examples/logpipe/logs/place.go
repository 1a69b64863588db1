package logs

import (
	"cmp"
	"time"
)

// Limits bound a store. A zero value is the default.
type Limits struct {
	Age       time.Duration // after which a record is dropped; default 30 days
	Bytes     int64         // of all files, from which on the oldest segments are dropped; default 1 TiB
	Streams   int           // default 512; the records of further ones are in the stream "other"
	Positions int           // of files, the ones used last; default 65,536
	Hot       int           // bytes of records in memory, from which on blocks are written; default 32 MiB
	Segment   int64         // bytes of records, from which on a segment is closed; default 1 GiB
	Filters   int64         // bytes of filters that are kept in memory; default 64 MiB
}

func (l *Limits) defaults() {
	l.Age = cmp.Or(l.Age, 30*day)
	l.Bytes = cmp.Or(l.Bytes, 1<<40)
	l.Streams = cmp.Or(l.Streams, 512)
	l.Positions = cmp.Or(l.Positions, 1<<16)
	l.Hot = cmp.Or(l.Hot, 32<<20)
	l.Segment = cmp.Or(l.Segment, 1<<30)
	l.Filters = cmp.Or(l.Filters, 64<<20)
}

// Other is the stream of services beyond Limits.Streams.
const Other = "other"

// Counts are numbers of records since the store was made. In is Kept + Sampled + Expired,
// and Kept is what is stored + Aged + Evicted (L1).
type Counts struct {
	In      uint64 `json:"in"`
	Kept    uint64 `json:"kept"`
	Sampled uint64 `json:"sampled"` // not kept, by sampling
	Expired uint64 `json:"expired"` // not kept: older than Limits.Age when they arrived
	Aged    uint64 `json:"aged"`    // dropped when they became older
	Evicted uint64 `json:"evicted"` // dropped because of Limits.Bytes
	Gaps    uint64 `json:"gaps"`    // bytes of files, not records, between positions and what was sent next
}

// A source is a file of an agent.
type source struct{ Agent, File string }

// A Command changes a store: records, which are parsed and sampled, or segments to drop.
type Command struct {
	Now      time.Time
	source         // zero if the sender has no positions
	First    int64 // where in the file the records begin
	Next     int64 // where they end
	In       int   // records, before sampling
	Sampled  int
	Expired  int
	groups   []group
	at       map[place]int
	drops    []drop
	overfull bool // the reason for drops: Limits.Bytes, not Limits.Age
}

// NewCommand returns one that has no records yet. agent and file are "" if the sender has no
// positions.
func NewCommand(now time.Time, agent, file string, first, next int64) *Command {
	return &Command{Now: now, source: source{agent, file}, First: first, Next: next, at: map[place]int{}}
}

// Keep adds a record to those that are to be stored; In is set by the caller.
func (c *Command) Keep(l *Line) {
	d, micro := dayOf(l.Time)
	i, ok := c.at[place{d, l.Service}]
	if !ok {
		i = len(c.groups)
		c.at[place{d, l.Service}] = i
		c.groups = append(c.groups, group{Day: d, Stream: l.Service})
	}
	c.groups[i].add(micro, l)
}

// drop is a segment to drop, if it still has as many records.
type drop struct{ number, lines uint64 }

// Effects are what came of a command.
type Effects struct {
	Next    int64 // the position of the file
	Again   bool  // the store has a part of this already: nothing was changed
	dropped []uint64
}

// place is where records go.
type place struct {
	day    int32
	stream string
}
