package queue

import (
	"sync"
	"time"

	"example.com/flatline/lru"
)

// How long and how many tasks that are done are known: their results, and that their IDs
// are taken. They are constants, since a replay of the log must forget what the first run
// had forgotten, or a new task could be taken for a repetition.
const (
	Keep     = time.Hour
	keepMost = 1 << 16
	keepCost = 256 << 20 // bytes
)

// A Command is a change of a store. One field is set.
type Command struct {
	Enqueue []Task    `json:",omitempty"`
	Lease   *Ask      `json:",omitempty"`
	Settle  []Outcome `json:",omitempty"`
	Tick    bool      `json:",omitempty"`
}

// Effects are what a command answers: Answers in the order of what it had, or Tasks.
type Effects struct {
	Answers []Answer
	Tasks   []Task
}

// line is a queue.
type line struct {
	ready pile
	n     map[State]int // of the states but Done
	done  int64
}

// Memory is the state machine, and a store that ends with the process.
type Memory struct {
	mu      sync.Mutex
	now     time.Time
	live    map[string]*item
	delayed pile
	leases  pile
	dead    map[string]*item
	done    *lru.Cache[string, *Task]
	lines   map[string]*line
	changed chan struct{} // nil if no caller has asked for it since it was closed
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	m := &Memory{
		now: time.Unix(0, 0).UTC(), live: map[string]*item{}, delayed: pile{before: sooner}, leases: pile{before: expires},
		dead: map[string]*item{}, lines: map[string]*line{},
	}
	m.done = lru.New(keepMost, lru.Options[string, *Task]{
		Now:     func() time.Time { return m.now },
		MaxCost: keepCost,
		Cost:    func(_ string, t *Task) int64 { return int64(len(t.Payload) + len(t.Result) + 300) },
		TTL:     Keep,
	})
	return m
}

// Apply changes the state by a command, at a time: it reads no clock, and gives the same
// effects for the same commands, so it is also the recovery of the log and the oracle of
// the tests. Times that go backwards count as the latest one. O(log n) for each task.
func (m *Memory) Apply(now time.Time, c Command) (e Effects) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.advance(now)
	for _, t := range c.Enqueue {
		e.Answers = append(e.Answers, m.enqueue(t))
	}
	for _, o := range c.Settle {
		e.Answers = append(e.Answers, m.settle(o))
	}
	if c.Lease != nil {
		e.Tasks = m.lease(*c.Lease)
	}
	if c.Tick {
		e.Tasks = m.tick()
	}
	return e
}

// advance sets the time, and makes ready what is due.
func (m *Memory) advance(now time.Time) {
	if now = now.UTC().Truncate(time.Microsecond); now.After(m.now) { // as PostgreSQL keeps it
		m.now = now
	}
	for it := m.delayed.first(); it != nil && !it.Due.After(m.now); it = m.delayed.first() {
		m.put(it, it.Promoted())
	}
}

// line returns a queue, which it makes.
func (m *Memory) line(name string) *line {
	l := m.lines[name]
	if l == nil {
		l = &line{ready: pile{before: turn}, n: map[State]int{}}
		m.lines[name] = l
	}
	return l
}

// put changes the task of an item, and moves the item to where its state belongs. It is
// the only place that does, so an item is in one place (I1).
func (m *Memory) put(it *item, t Task) {
	l := m.line(t.Queue)
	if it.State != "" {
		l.n[it.State]--
		it.leave()
		delete(m.dead, it.ID)
	}
	it.Task = t
	l.n[t.State]++
	switch t.State {
	case Ready:
		l.ready.add(it)
		if m.changed != nil {
			close(m.changed)
			m.changed = nil
		}
	case Delayed:
		m.delayed.add(it)
	case Leased:
		m.leases.add(it)
	case Dead:
		m.dead[t.ID] = it
	case Done:
		delete(m.live, t.ID)
		m.done.Put(t.ID, &t)
		l.n[Done]--
		l.done++
	}
}

// get returns the task with an ID.
func (m *Memory) get(id string) (Task, bool) {
	if it := m.live[id]; it != nil {
		return it.Task, true
	}
	if t, ok := m.done.Peek(id); ok {
		return *t, true
	}
	return Task{}, false
}

func (m *Memory) enqueue(t Task) Answer {
	if old, ok := m.get(t.ID); ok {
		return Answer{old, ErrExists}
	}
	it := &item{}
	m.live[t.ID] = it
	m.put(it, t.Accepted(m.now))
	return Answer{Task: it.Task}
}

func (m *Memory) lease(a Ask) (all []Task) {
	for _, name := range a.Queues {
		l := m.lines[name]
		for l != nil && len(all) < a.N && l.ready.Len() > 0 {
			it := l.ready.first()
			m.put(it, it.LeasedBy(m.now, a))
			all = append(all, it.Task)
		}
	}
	return all
}

func (m *Memory) settle(o Outcome) Answer {
	it := m.live[o.ID]
	if it == nil {
		t, ok := m.get(o.ID)
		if !ok {
			return Answer{Err: ErrNotFound}
		}
		_, err := t.Settled(m.now, o)
		return Answer{t, err}
	}
	t, err := it.Settled(m.now, o)
	if err == nil {
		m.put(it, t)
	}
	return Answer{t, err}
}

func (m *Memory) tick() (lost []Task) {
	for it := m.leases.first(); it != nil && !it.Until.After(m.now); it = m.leases.first() {
		m.put(it, it.Vanished(m.now))
		lost = append(lost, it.Task)
	}
	m.done.DeleteExpired(1000)
	return lost
}
