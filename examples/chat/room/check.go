package room

import "fmt"

// Check walks the state and returns the first of H1, H2 and H5 that does not hold. What H3,
// H4 and H6 say is seen over time: the simulation has them. O(n); for tests.
func (m *Memory) Check() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := map[sender]Message{}
	for name, f := range m.rooms.All() {
		f.mu.Lock()
		prev, n := f.floor, 0
		for _, x := range f.ring.All() {
			if n++; x.Prev != prev || x.Pos != prev+1 || x.At.After(m.now) {
				f.mu.Unlock()
				return fmt.Errorf("H1: message %d of %s is after %d, and says %d", x.Pos, name, prev, x.Prev)
			}
			by := sender{name, x.From, x.Nonce}
			if old, ok := at[by]; ok && x.At.Before(old.At.Add(Window)) {
				f.mu.Unlock()
				return fmt.Errorf("H2: message %d of %s is %d again", x.Pos, name, old.Pos)
			}
			at[by], prev = x.Message, x.Pos
		}
		f.mu.Unlock()
		if prev != f.last || n == 0 || n > Keep {
			return fmt.Errorf("H5: %s has %d messages up to %d, and the last is %d", name, n, prev, f.last)
		}
	}
	for by, pos := range m.nonces.All() {
		f, ok := m.rooms.Load(by.Room)
		if !ok || pos > f.Last() || pos > f.floor && at[by].Pos != pos {
			return fmt.Errorf("H2: %v is at %d, not at %d", by, at[by].Pos, pos)
		}
	}
	if n := m.rooms.Len(); n > MaxRooms {
		return fmt.Errorf("H5: %d rooms", n)
	}
	return nil
}
