package queue

import "fmt"

// Check walks the state and returns the first of I1 to I4 that does not hold. O(n); for
// tests.
func (m *Memory) Check() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := 0
	for _, s := range []State{Ready, Delayed, Leased, Dead} {
		perQueue := map[string]int{}
		for t := range m.in(s) {
			seen++
			perQueue[t.Queue]++
			switch it := m.live[t.ID]; {
			case it == nil || &it.Task != t || t.State != s || m.done.Contains(t.ID):
				return fmt.Errorf("I1: %s is %s, among those that are %s", t.ID, t.State, s)
			case (s == Leased) == t.Until.IsZero():
				return fmt.Errorf("I2: %s is %s, leased until %v", t.ID, s, t.Until)
			case s == Delayed && !t.Due.After(m.now) || s == Ready && t.Due.After(m.now):
				return fmt.Errorf("I3: %s is %s, due %v, and it is %v", t.ID, s, t.Due, m.now)
			case s != Dead && (t.Failures >= t.MaxFailures || t.Lost >= t.MaxLost):
				return fmt.Errorf("I4: %s failed %d times, was lost %d times, and is %s", t.ID, t.Failures, t.Lost, s)
			}
		}
		for name, l := range m.lines {
			if l.n[s] != perQueue[name] {
				return fmt.Errorf("I1: %d of %s are %s, %d are counted", perQueue[name], name, s, l.n[s])
			}
		}
	}
	if seen != len(m.live) {
		return fmt.Errorf("I1: %d tasks in %d places", len(m.live), seen)
	}
	return nil
}
