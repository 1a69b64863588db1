package short

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"example.com/flatline/concmap"
	"example.com/flatline/timemap"
)

// A Command is a change of a store. One field is set.
type Command struct {
	Lease  uint64 `json:",omitempty"`
	Create *Link  `json:",omitempty"`
	Update *Link  `json:",omitempty"` // of its Code, behind its Version
	Count  *Batch `json:",omitempty"`
	Key    *Key   `json:",omitempty"` // before anything else
}

// Effects are what a command answers.
type Effects struct {
	Lease Lease
	Link  Link
	Err   error
}

// tally is the clicks of a code.
type tally struct {
	total   int64
	minutes []Count // in ascending order
}

// Memory is the state machine, and a store that ends with the process. Get takes no lock.
type Memory struct {
	links   concmap.Map[string, *Link] // the newest versions, which do not change
	history *timemap.Sync[string, *Link]

	mu     sync.Mutex
	now    time.Time
	key    Key
	next   uint64
	clicks map[string]*tally
	nodes  map[string]int64 // the last batch of each
}

// NewMemory returns an empty store. Without a key it draws one.
func NewMemory(key ...Key) *Memory {
	m := &Memory{
		history: timemap.NewSync(timemap.Options[string, *Link]{SameTime: timemap.KeepAll}),
		clicks:  map[string]*tally{}, nodes: map[string]int64{},
	}
	if len(key) > 0 {
		m.key = key[0]
	} else {
		_, _ = rand.Read(m.key[:]) // never fails
	}
	return m
}

// Apply changes the state by a command, at a time: it reads no clock, and gives the same
// effects for the same commands, so it is also the recovery of the log and the oracle of
// the tests. Times that go backwards count as the latest one.
func (m *Memory) Apply(now time.Time, c Command) (e Effects) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now = now.UTC().Truncate(time.Microsecond) // as PostgreSQL keeps it
	if now.Before(m.now) {
		now = m.now
	}
	m.now = now
	switch {
	case c.Key != nil:
		m.key = *c.Key
	case c.Create != nil:
		e.Link, e.Err = m.create(*c.Create)
	case c.Update != nil:
		e.Link, e.Err = m.update(*c.Update)
	case c.Count != nil:
		e.Err = m.count(*c.Count)
	default:
		e.Lease = Lease{First: m.next, Key: m.key}
		m.next += c.Lease
	}
	return e
}

func (m *Memory) create(l Link) (Link, error) {
	if _, taken := m.links.Load(l.Code); taken {
		return Link{}, ErrTaken
	}
	l.Created, l.Updated, l.Version, l.Deleted, l.Clicks = m.now, m.now, 1, false, 0
	m.put(l)
	return l, nil
}

func (m *Memory) put(l Link) {
	m.history.Set(l.Code, timemap.Time(l.Updated), &l)
	m.links.Store(l.Code, &l)
}

func (m *Memory) update(l Link) (Link, error) {
	old, ok := m.links.Load(l.Code)
	switch {
	case !ok:
		return Link{}, ErrNotFound
	case old.Deleted:
		return Link{}, ErrGone
	case old.Version != l.Version:
		return Link{}, fmt.Errorf("%w: it has version %d", ErrVersion, old.Version)
	}
	l.Created, l.Updated, l.Version, l.Clicks = old.Created, m.now, old.Version+1, 0
	m.put(l)
	return m.counted(l), nil
}

func (m *Memory) count(b Batch) error {
	if b.Strict {
		if m.spent(b.Counts[0].Code) {
			return ErrSpent
		}
	} else if b.Number <= m.nodes[b.Node] {
		return nil
	} else {
		m.nodes[b.Node] = b.Number
	}
	for _, c := range b.Counts {
		if _, ok := m.links.Load(c.Code); ok {
			m.add(c)
		}
	}
	return nil
}

// spent reports whether a link has been clicked as often as it may be. m.mu is held.
func (m *Memory) spent(code string) bool {
	l, ok := m.links.Load(code)
	t := m.clicks[code]
	return ok && t != nil && l.Max > 0 && t.total >= l.Max
}

func (m *Memory) add(c Count) {
	t := m.clicks[c.Code]
	if t == nil {
		t = &tally{}
		m.clicks[c.Code] = t
	}
	t.total += c.N
	i, found := slices.BinarySearchFunc(t.minutes, c.Minute, func(a Count, minute int64) int { return int(a.Minute - minute) })
	if !found {
		t.minutes = slices.Insert(t.minutes, i, Count{Minute: c.Minute})
	}
	t.minutes[i].N += c.N
}

// counted returns l with its clicks. m.mu is held.
func (m *Memory) counted(l Link) Link {
	l.Clicks = 0
	if t := m.clicks[l.Code]; t != nil {
		l.Clicks = t.total
	}
	return l
}

// Lease implements Store.
func (m *Memory) Lease(_ context.Context, n uint64) (Lease, error) {
	return m.Apply(time.Now(), Command{Lease: n}).Lease, nil
}

// Create implements Store.
func (m *Memory) Create(_ context.Context, l Link) (Link, error) {
	e := m.Apply(time.Now(), Command{Create: &l})
	return e.Link, e.Err
}

// Lookup returns the newest version of a link without its clicks. It takes no lock: it is
// for redirects. O(1) expected.
func (m *Memory) Lookup(_ context.Context, code string) (*Link, error) {
	l, ok := m.links.Load(code)
	if !ok {
		return nil, ErrNotFound
	}
	return l, nil
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, code string, at time.Time) (Link, error) {
	l, ok := m.links.Load(code)
	if !at.IsZero() {
		l, ok = m.history.Get(code, timemap.Time(at))
	}
	if !ok {
		return Link{}, ErrNotFound
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counted(*l), nil
}

// Update implements Store.
func (m *Memory) Update(_ context.Context, code string, version int64, l Link) (Link, error) {
	l.Code, l.Version = code, version
	e := m.Apply(time.Now(), Command{Update: &l})
	return e.Link, e.Err
}

// Count implements Store.
func (m *Memory) Count(_ context.Context, b Batch) error {
	return m.Apply(time.Now(), Command{Count: &b}).Err
}

// Clicks implements Store.
func (m *Memory) Clicks(_ context.Context, code string, from, to int64) (all []Count, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.clicks[code]; t != nil {
		for _, c := range t.minutes {
			if c.Minute >= from && c.Minute <= to {
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// Close implements Store.
func (m *Memory) Close() error { return nil }
