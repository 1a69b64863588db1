package logs

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/lru"
)

type segment struct {
	number uint64
	place
	lines  uint64
	raw    int64 // bytes of records
	closed bool  // later records go to another segment
	size   int64 // of the file
	blocks []meta
	full   []group // closed blocks that are not yet in the file
	hot    group
}

type filterKey struct {
	number uint64
	at     int64
}

// Memory is a store in memory: the state machine itself, with its blocks. It reads no clock,
// and the same commands in the same order give the same state, but for which records are in
// blocks already. It is safe for concurrent use.
type Memory struct {
	limits  Limits
	files   files
	flushes sync.Mutex // one at a time; taken before mu
	filters *lru.Sync[filterKey, filter]
	skipped atomic.Int64 // blocks, thanks to filters
	read    atomic.Int64

	mu        sync.Mutex
	now       time.Time
	number    uint64 // of the last segment
	segments  map[uint64]*segment
	open      map[place]*segment
	streams   map[string]int // segments of each
	positions *lru.Cache[source, int64]
	count     Counts
	hot       int // bytes of records that are not in files
}

// NewMemory returns an empty store.
func NewMemory(l Limits) *Memory { return newMemory(l, &memoryFiles{}) }

func newMemory(l Limits, f files) *Memory {
	l.defaults()
	return &Memory{
		limits: l, files: f,
		filters:   lru.NewSync(1<<20, lru.Options[filterKey, filter]{MaxCost: l.Filters, Cost: func(_ filterKey, f filter) int64 { return int64(len(f)) + 100 }}),
		segments:  map[uint64]*segment{},
		open:      map[place]*segment{},
		streams:   map[string]int{},
		positions: lru.New[source, int64](l.Positions),
	}
}

// Apply applies a command. O(its bytes).
func (m *Memory) Apply(c *Command) (e Effects) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.Now.After(m.now) {
		m.now = c.Now
	}
	if c.source != (source{}) {
		at, known := m.positions.Peek(c.source)
		if known && c.First < at {
			return Effects{Next: at, Again: true}
		}
		if known && c.First > at {
			m.count.Gaps += uint64(c.First - at)
		}
		m.positions.Put(c.source, c.Next)
	}
	m.count.In += uint64(c.In)
	m.count.Sampled += uint64(c.Sampled)
	m.count.Expired += uint64(c.Expired)
	for i := range c.groups {
		m.keep(&c.groups[i])
	}
	for _, d := range c.drops {
		if s, ok := m.segments[d.number]; ok && s.lines == d.lines {
			m.drop(s, c.overfull)
			e.dropped = append(e.dropped, d.number)
		}
	}
	e.Next = c.Next
	return e
}

// stream returns the stream of a service. The caller holds the lock.
func (m *Memory) stream(service string) string {
	named := len(m.streams)
	if m.streams[Other] > 0 {
		named--
	}
	if m.streams[service] == 0 && named >= m.limits.Streams {
		return Other
	}
	return service
}

// keep adds records to the segment where they belong, however late they are.
func (m *Memory) keep(g *group) {
	at := place{g.Day, m.stream(g.Stream)}
	s := m.open[at]
	if s == nil {
		m.number++
		s = &segment{number: m.number, place: at}
		m.segments[s.number], m.open[at] = s, s
		m.streams[at.stream]++
	}
	s.lines += uint64(g.Lines)
	s.raw += int64(len(g.Data))
	m.count.Kept += uint64(g.Lines)
	m.hot += len(g.Data)
	s.hot.join(g)
	if len(s.hot.Data) >= blockSize {
		s.close()
	}
	if s.raw >= m.limits.Segment {
		s.closed = true
		delete(m.open, at)
	}
}

// close closes the hot block.
func (s *segment) close() {
	if s.hot.Lines > 0 {
		s.full = append(s.full, s.hot)
		s.hot = group{}
	}
}

func (m *Memory) drop(s *segment, overfull bool) {
	n := &m.count.Aged
	if overfull {
		n = &m.count.Evicted
	}
	*n += s.lines
	delete(m.segments, s.number)
	if m.open[s.place] == s {
		delete(m.open, s.place)
	}
	if m.streams[s.stream]--; m.streams[s.stream] == 0 {
		delete(m.streams, s.stream)
	}
	for i := range s.full {
		m.hot -= len(s.full[i].Data)
	}
	m.hot -= len(s.hot.Data)
}

// parts returns what a query sees, in order.
func (m *Memory) parts(q *Query) (all []part) {
	first, last := q.days()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.segments {
		if s.day < first || s.day > last || q.service != "" && s.stream != q.service {
			continue
		}
		p := part{s.number, s.day, s.stream, s.blocks, slices.Clone(s.full)}
		if s.hot.Lines > 0 {
			p.memory = append(p.memory, s.hot) // its bytes are only ever appended to
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.stream, b.stream), cmp.Compare(a.number, b.number))
	})
	return all
}

// Position returns up to where a file was accepted; 0 if it is not known.
func (m *Memory) Position(agent, file string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, _ := m.positions.Peek(source{agent, file})
	return at
}

// Stream returns the stream in which the records of a service are, or would be.
func (m *Memory) Stream(service string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stream(service)
}

// Append implements Store.
func (m *Memory) Append(_ context.Context, c *Command) (Effects, error) {
	e := m.Apply(c)
	return e, m.settle()
}

// settle writes blocks if there is much in memory.
func (m *Memory) settle() error {
	if !m.heavy() {
		return nil
	}
	m.flushes.Lock()
	defer m.flushes.Unlock()
	if !m.heavy() {
		return nil
	}
	return m.flush(nil)
}

func (m *Memory) heavy() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hot >= m.limits.Hot
}

// Close implements Store.
func (m *Memory) Close() error { return nil }
