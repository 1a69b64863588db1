package sched

import (
	"context"
	"slices"
	"time"

	"example.com/flatline/examples/taskq/queue"
)

// Put implements Store.
func (m *Memory) Put(_ context.Context, j Job, match int64) (Job, error) {
	e := m.Apply(time.Now(), Command{Put: &Put{j, match}})
	return e.Job, e.Err
}

// Delete implements Store.
func (m *Memory) Delete(_ context.Context, name string, match int64) error {
	return m.Apply(time.Now(), Command{Delete: &Put{Job{Name: name}, match}}).Err
}

// RunNow implements Store.
func (m *Memory) RunNow(_ context.Context, name string) (Run, error) {
	return one(m.Apply(time.Now(), Command{Run: name}))
}

func one(e Effects) (Run, error) {
	if e.Err != nil {
		return Run{}, e.Err
	}
	return e.Runs[0], nil
}

// Claim implements Store.
func (m *Memory) Claim(_ context.Context, c Claim) (Leader, error) {
	return m.Apply(time.Now(), Command{Claim: &c}).Leader, nil
}

// Due implements Store. It changes nothing: what is not in the log must not move the
// state's time, or a replay would differ.
func (m *Memory) Due(_ context.Context, n int) (Due, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now().UTC().Truncate(time.Microsecond)
	if now.Before(m.now) {
		now = m.now
	}
	return m.due(now, n), nil
}

// Fire implements Store.
func (m *Memory) Fire(_ context.Context, term int64, all []Fire) ([]Run, []error, error) {
	e := m.Apply(time.Now(), Command{Fire: &Firing{term, all}})
	return e.Runs, e.Errs, nil
}

// Lease implements queue.Store.
func (m *Memory) Lease(_ context.Context, a queue.Ask) ([]queue.Task, error) {
	return m.Apply(time.Now(), Command{Queue: &queue.Command{Lease: &a}}).Queue.Tasks, nil
}

// Settle implements queue.Store.
func (m *Memory) Settle(_ context.Context, outcomes []queue.Outcome) ([]queue.Answer, error) {
	return m.Apply(time.Now(), Command{Queue: &queue.Command{Settle: outcomes}}).Queue.Answers, nil
}

// Tick implements queue.Store.
func (m *Memory) Tick(context.Context) ([]queue.Task, error) {
	return m.Apply(time.Now(), Command{Queue: &queue.Command{Tick: true}}).Queue.Tasks, nil
}

// Enqueue implements queue.Store. Runs are made by Fire and RunNow; this is for tasks that
// belong to no job.
func (m *Memory) Enqueue(_ context.Context, tasks []queue.Task) ([]queue.Answer, error) {
	return m.Apply(time.Now(), Command{Queue: &queue.Command{Enqueue: tasks}}).Queue.Answers, nil
}

// Job implements Store.
func (m *Memory) Job(_ context.Context, name string) (Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.jobs[name] == nil {
		return Entry{}, ErrNotFound
	}
	return m.entry(m.jobs[name]), nil
}

func (m *Memory) entry(s *status) Entry {
	e := Entry{Job: *m.latest(s.name), Next: s.next, Open: len(s.open), Made: s.made, Missed: s.missed}
	if e.Next.Equal(never) {
		e.Next = time.Time{}
	}
	return e
}

// Jobs implements Store. O(n log n) for n jobs.
func (m *Memory) Jobs(_ context.Context, after string, n int) (all []Entry, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.jobs {
		if name > after {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names[:min(n, len(names))] {
		all = append(all, m.entry(m.jobs[name]))
	}
	return all, nil
}

// Runs implements Store.
func (m *Memory) Runs(_ context.Context, name string, n int) (all []Run, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.jobs[name] == nil {
		return nil, ErrNotFound
	}
	for _, r := range m.jobs[name].runs.Backward() {
		if len(all) < n {
			all = append(all, *r)
		}
	}
	return all, nil
}
