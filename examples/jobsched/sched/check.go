package sched

import (
	"context"
	"fmt"

	"example.com/flatline/examples/taskq/queue"
)

// Check walks the state and returns the first of J1, J3, J4 and J6 that does not hold. What
// J2 and J5 say is seen over time: the simulation has them. O(n); for tests.
func (m *Memory) Check() error {
	if err := m.Memory.Check(); err != nil {
		return fmt.Errorf("J3: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known := 0
	for _, s := range m.jobs {
		known += s.runs.Len()
	}
	seen, ids := 0, make(map[string]bool, known)
	for name, s := range m.jobs {
		for _, r := range s.runs.All() {
			if ids[r.ID] || r.Kind != Manual && r.Tick.After(s.after) {
				return fmt.Errorf("J1: the run %s of %s, twice or after %v", r.ID, name, s.after)
			}
			ids[r.ID] = true
		}
		alone := true
		for _, j := range m.defs.History(name) {
			alone = alone && j.Overlap != Allow
		}
		if alone && len(s.open) > 1 {
			return fmt.Errorf("J4: %d runs of %s have not ended", len(s.open), name)
		}
		for _, r := range s.open {
			seen++
			t, err := m.Get(context.Background(), r.ID)
			if o := m.live[r.ID]; err != nil || o.run != r || o.of != s || t.State == queue.Done || t.State == queue.Dead {
				return fmt.Errorf("J3: the run %s is open, and its task %s: %v", r.ID, t.State, err)
			}
		}
		if s.after.After(m.now) || !s.next.IsZero() && !s.next.After(s.after) {
			return fmt.Errorf("J6: the next tick of %s is %v, and all up to %v are done at %v", name, s.next, s.after, m.now)
		}
		if m.agenda[s.at] != s {
			return fmt.Errorf("J6: %s is not in its place", name)
		}
	}
	if seen != len(m.live) {
		return fmt.Errorf("J3: %d runs are open, %d are known", seen, len(m.live))
	}
	return nil
}
