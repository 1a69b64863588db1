package config

import (
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/timemap"
)

const (
	keepEvents  = 4096  // revisions that watchers can resume after
	keepRecords = 16384 // of the audit, in memory
)

// A Command is a change of a store. One field is set.
type Command struct {
	Commit  *Commit `json:",omitempty"`
	Deny    *Denial `json:",omitempty"`
	Compact int64   `json:",omitempty"`
}

// A Commit is what Store.Commit is given.
type Commit struct {
	Base int64
	Ops  []Op
	Meta
}

// Effects are what a command answers.
type Effects struct {
	Rev int64
	Err error
}

// Memory is the state machine, and a store that ends with the process. A revision is a
// time of a timemap: what held at it is AsOf, and no copy is made.
type Memory struct {
	mu     sync.Mutex // of Apply
	now    time.Time
	rev    atomic.Int64 // whatever was written with it can be read
	floor  atomic.Int64
	items  *timemap.Sync[Ref, *Item]
	system *timemap.Sync[struct{}, *System]
	events feed[Event]
	chain  chain
	audit  feed[Record]
	sink   func(Record) // of Disk
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	m := &Memory{
		now: time.Unix(0, 0).UTC(), items: timemap.NewSync[Ref, *Item](), system: timemap.NewSync[struct{}, *System](),
		events: newFeed[Event](keepEvents, 1), audit: newFeed[Record](keepRecords, 1),
	}
	empty, _ := newSystem(0, func(func(Ref, jsonValue) bool) {})
	m.system.Set(struct{}{}, 0, empty)
	return m
}

// Apply changes the state by a command, at a time: it reads no clock, and gives the same
// effects for the same commands, so it is also the recovery of a log, the replica of a log
// that others write, the oracle of the tests and what the simulator steps.
func (m *Memory) Apply(now time.Time, c Command) (e Effects) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now = now.UTC().Truncate(time.Microsecond); now.After(m.now) {
		m.now = now
	}
	switch {
	case c.Commit != nil:
		return m.commit(*c.Commit)
	case c.Deny != nil:
		m.record(Record{Do: "denied", Rev: m.rev.Load(), Meta: Meta{By: clip(c.Deny.By)}, Denied: c.Deny.clipped()})
	case c.Compact > 0:
		m.compact(c.Compact)
	}
	e.Rev = m.rev.Load()
	return e
}

// commit makes a revision, or changes nothing (C1).
func (m *Memory) commit(c Commit) (e Effects) {
	rev := m.rev.Load() + 1
	s := stage{m: m, base: c.Base, values: map[Ref]*Item{}, checked: map[Ref]bool{}}
	if e.Err = s.take(c); e.Err != nil {
		return e
	}
	sys, err := s.validate()
	if err != nil {
		e.Err = err
		return e
	}
	ev := Event{Rev: rev, At: m.now, Meta: c.Meta, Changes: s.changes()}
	rec := Record{Do: "commit", Rev: rev, Meta: c.Meta, Changes: hide(ev.Changes, sys, m.systemAt(rev-1))}
	m.record(rec)
	for _, ch := range ev.Changes {
		m.items.Set(ch.Ref, rev, &Item{Value: ch.Value, Rev: rev, Deleted: ch.Deleted})
	}
	if s.structural {
		m.system.Set(struct{}{}, rev, sys)
	}
	m.rev.Store(rev)
	m.events.push(ev) // after all of it can be read
	e.Rev = rev
	return e
}

// systemAt returns the system at a revision.
func (m *Memory) systemAt(rev int64) *System {
	s, _ := m.system.Get(struct{}{}, rev)
	return s
}

// latest returns the newest item of a key.
func (m *Memory) latest(r Ref) (*Item, bool) {
	v, ok := m.items.Latest(r)
	return v.Value, ok
}

// compact forgets what no read from rev on can see. The floor is raised first, so that a
// reader that it overtakes can tell.
func (m *Memory) compact(rev int64) {
	rev = min(rev, m.rev.Load())
	if rev <= m.floor.Load() {
		return
	}
	m.floor.Store(rev)
	m.items.CompactBefore(rev)
	m.system.CompactBefore(rev)
	for r := range m.items.Keys() {
		if it, ok := m.latest(r); ok && it.Deleted && it.Rev <= rev {
			m.items.Drop(r)
		}
	}
}
