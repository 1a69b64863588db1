package queue

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Enqueue implements Store.
func (m *Memory) Enqueue(_ context.Context, tasks []Task) ([]Answer, error) {
	return m.Apply(time.Now(), Command{Enqueue: tasks}).Answers, nil
}

// Lease implements Store.
func (m *Memory) Lease(_ context.Context, a Ask) ([]Task, error) {
	return m.Apply(time.Now(), Command{Lease: &a}).Tasks, nil
}

// Settle implements Store.
func (m *Memory) Settle(_ context.Context, outcomes []Outcome) ([]Answer, error) {
	return m.Apply(time.Now(), Command{Settle: outcomes}).Answers, nil
}

// Tick implements Store.
func (m *Memory) Tick(context.Context) ([]Task, error) {
	return m.Apply(time.Now(), Command{Tick: true}).Tasks, nil
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, id string) (Task, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.get(id); ok {
		return t, nil
	}
	return Task{}, ErrNotFound
}

// List implements Store. O(n log n) for n tasks in the state.
func (m *Memory) List(_ context.Context, s State, after string, n int) (all []Task, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for t := range m.in(s) {
		if t.ID > after {
			all = append(all, *t)
		}
	}
	slices.SortFunc(all, func(a, b Task) int { return cmp.Compare(a.ID, b.ID) })
	return all[:min(n, len(all))], nil
}

// in yields the tasks in a state. m.mu is held.
func (m *Memory) in(s State) func(yield func(*Task) bool) {
	return func(yield func(*Task) bool) {
		var piles [][]*item
		switch s {
		case Done:
			m.done.Values()(yield)
		case Dead:
			for _, it := range m.dead {
				if !yield(&it.Task) {
					return
				}
			}
		case Delayed:
			piles = append(piles, m.delayed.items)
		case Leased:
			piles = append(piles, m.leases.items)
		case Ready:
			for _, l := range m.lines {
				piles = append(piles, l.ready.items)
			}
		}
		for _, p := range piles {
			for _, it := range p {
				if !yield(&it.Task) {
					return
				}
			}
		}
	}
}

// Counts implements Store.
func (m *Memory) Counts(context.Context) (map[string]Counts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]Counts{}
	for name, l := range m.lines {
		c := Counts{Ready: l.n[Ready], Delayed: l.n[Delayed], Leased: l.n[Leased], Dead: l.n[Dead], Done: l.done}
		if it := l.ready.first(); it != nil {
			c.Lag = Duration(max(0, time.Since(it.Due)))
		}
		all[name] = c
	}
	return all, nil
}

// Changed implements Store.
func (m *Memory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changed == nil {
		m.changed = make(chan struct{})
	}
	return m.changed
}

// Close implements Store.
func (m *Memory) Close() error { return nil }
