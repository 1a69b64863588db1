package sched

import (
	"container/heap"
	"fmt"
	"sync"
	"time"

	"example.com/flatline/examples/taskq/queue"
	"example.com/flatline/timemap"
)

// A Command is a change of a store, or a question: Due. One field is set.
type Command struct {
	Put    *Put           `json:",omitempty"`
	Delete *Put           `json:",omitempty"`
	Run    string         `json:",omitempty"`
	Claim  *Claim         `json:",omitempty"`
	Fire   *Firing        `json:",omitempty"`
	Queue  *queue.Command `json:",omitempty"`
	Due    int            `json:",omitempty"`
}

// A Put is a job with the version that it must have.
type Put struct {
	Job   Job
	Match int64
}

// A Firing is what a leader writes.
type Firing struct {
	Term int64
	All  []Fire
}

// Effects are what a command answers.
type Effects struct {
	Job    Job
	Leader Leader
	Due    Due
	Runs   []Run
	Errs   []error // of each Fire
	Queue  queue.Effects
	Err    error
}

// open is a run that has not ended.
type open struct {
	run *Run
	of  *status
}

// Memory is the state machine, and a store that ends with the process. Its queue is
// taskq's, whose methods that only read are its own.
type Memory struct {
	*queue.Memory
	mu       sync.Mutex
	now      time.Time
	leader   Leader
	versions int64                      // of all jobs, ever
	defs     *timemap.Map[string, *Job] // what held when
	jobs     map[string]*status
	agenda   agenda
	live     map[string]open // by the ID of the task
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		Memory: queue.NewMemory(), now: time.Unix(0, 0).UTC(), defs: timemap.New[string, *Job](),
		jobs: map[string]*status{}, live: map[string]open{},
	}
}

// Apply changes the state by a command, at a time: it reads no clock, and gives the same
// effects for the same commands, so it is also the recovery of the log, the oracle of the
// tests and what the simulator steps. Times that go backwards count as the latest one.
func (m *Memory) Apply(now time.Time, c Command) (e Effects) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now = now.UTC().Truncate(time.Microsecond); now.After(m.now) { // as PostgreSQL keeps it
		m.now = now
	}
	switch {
	case c.Put != nil:
		e.Job, e.Err = m.put(c.Put.Job, c.Put.Match)
	case c.Delete != nil:
		e.Err = m.remove(c.Delete.Job.Name, c.Delete.Match)
	case c.Run != "":
		e.Runs, e.Err = m.byHand(c.Run)
	case c.Claim != nil:
		m.leader = m.leader.Claimed(m.now, *c.Claim)
		e.Leader = m.leader
	case c.Fire != nil:
		for _, f := range c.Fire.All {
			runs, err := m.fire(c.Fire.Term, f)
			e.Runs, e.Errs = append(e.Runs, runs...), append(e.Errs, err)
		}
	case c.Queue != nil:
		e.Queue = m.queue(*c.Queue)
	case c.Due > 0:
		e.Due = m.due(m.now, c.Due)
	}
	return e
}

// match returns the status of a job that has a version.
func (m *Memory) match(name string, version int64) (*status, error) {
	s := m.jobs[name]
	switch {
	case version == Any, s == nil && version == 0, s != nil && s.version == version:
		return s, nil
	case s == nil:
		return nil, fmt.Errorf("%w: there is none", ErrVersion)
	}
	return nil, fmt.Errorf("%w: %d", ErrVersion, s.version)
}

func (m *Memory) put(j Job, match int64) (Job, error) {
	s, err := m.match(j.Name, match)
	if err != nil {
		return Job{}, err
	}
	if s == nil {
		s = &status{name: j.Name, after: m.now, runs: newRing()}
		m.enter(s)
	}
	m.versions++
	j.Version, j.Updated = m.versions, m.now
	s.version = j.Version
	m.defs.Set(j.Name, timemap.Time(m.now), &j)
	m.schedule(s, time.Time{})
	if m.versions%1024 == 0 { // old versions, but for what held a month ago
		m.defs.CompactBefore(timemap.Time(m.now.AddDate(0, -1, 0)))
	}
	return j, nil
}

// enter adds a job.
func (m *Memory) enter(s *status) {
	m.jobs[s.name] = s
	heap.Push(&m.agenda, s)
}

// latest returns the definition of a job that there is.
func (m *Memory) latest(name string) *Job {
	v, _ := m.defs.Latest(name)
	return v.Value
}

// schedule sets when a job is to be looked at.
func (m *Memory) schedule(s *status, next time.Time) {
	s.next = next
	heap.Fix(&m.agenda, s.at)
	m.blocks(s)
}

// blocks notes whether a job's ticks wait for a run.
func (m *Memory) blocks(s *status) {
	s.waits = len(s.open) > 0 && m.latest(s.name).InTurn()
}

func (m *Memory) remove(name string, match int64) error {
	s, err := m.match(name, match)
	if err != nil {
		return err
	}
	if s == nil {
		return ErrNotFound
	}
	m.cancel(s, "the job was deleted")
	heap.Remove(&m.agenda, s.at)
	delete(m.jobs, name)
	m.defs.Drop(name)
	return nil
}

// fire makes runs, and writes the next tick with them (J6).
func (m *Memory) fire(term int64, f Fire) (runs []Run, err error) {
	if !m.leader.Holds(m.now, term) { // J2
		return nil, ErrTerm
	}
	s := m.jobs[f.Job]
	if s == nil {
		return nil, ErrNotFound
	}
	if s.waits || !f.Applies(s.version, s.after, m.now) { // J1
		return nil, ErrStale
	}
	for i, t := range f.Ticks {
		if j, ok := m.defs.Get(f.Job, timemap.Time(t)); ok {
			runs = append(runs, m.begin(s, j, t, f.Kind(i)))
		}
	}
	s.after, s.made, s.missed = f.Upto, s.made+int64(len(runs)), s.missed+int64(f.Missed)
	m.schedule(s, f.Next)
	return runs, nil
}

func (m *Memory) byHand(name string) ([]Run, error) {
	s := m.jobs[name]
	if s == nil {
		return nil, ErrNotFound
	}
	j := m.latest(name)
	if err := j.MayRun(s.ids()); err != nil {
		return nil, err
	}
	return []Run{m.begin(s, j, m.now, Manual)}, nil
}

// begin makes a run, with a task unless it may not overlap (J4).
func (m *Memory) begin(s *status, j *Job, tick time.Time, kind string) Run {
	run, replace := j.Begin(m.now, tick, kind, s.ids())
	r := &run
	if replace {
		m.cancel(s, "replaced by "+r.ID)
	}
	if r.State == Skipped {
		s.runs.PushEvict(r)
		return *r
	}
	a := m.Memory.Apply(m.now, queue.Command{Enqueue: []queue.Task{j.Task(*r)}}).Answers[0]
	r.State = a.Task.State
	if a.Err == nil { // else two by hand in one microsecond
		s.runs.PushEvict(r)
		m.track(s, r)
	}
	return *r
}

// track notes a run that has not ended.
func (m *Memory) track(s *status, r *Run) {
	s.open = append(s.open, r)
	m.live[r.ID] = open{r, s}
	m.blocks(s)
}
