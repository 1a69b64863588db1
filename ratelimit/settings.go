package ratelimit

// settings stores the setting of each slot of a shard, where there is a RateFor. Slots
// with the same setting share one: four bytes per key.
type settings struct {
	all   []setting
	users []int32 // how many slots have it; 0 is free
	index map[setting]uint32
	spare []uint32
	slot  []uint32 // 1 + the setting of the slot; 0 is none
}

func newSettings() *settings { return &settings{index: make(map[setting]uint32)} }

func (t *settings) grow(slots int) {
	slot := make([]uint32, slots)
	copy(slot, t.slot)
	t.slot = slot
}

// of returns the setting of a slot that has one.
func (t *settings) of(slot uint32) *setting { return &t.all[t.slot[slot]-1] }

// has reports whether the slot has the setting c.
func (t *settings) has(slot uint32, c *setting) bool { return *t.of(slot) == *c }

// set gives the slot the setting c. O(1) expected.
func (t *settings) set(slot uint32, c *setting) {
	t.free(slot)
	i, ok := t.index[*c]
	if !ok {
		if n := len(t.spare); n > 0 {
			i, t.spare = t.spare[n-1], t.spare[:n-1]
		} else {
			i = uint32(len(t.all))
			t.all, t.users = append(t.all, setting{}), append(t.users, 0)
		}
		t.all[i], t.index[*c] = *c, i
	}
	t.users[i]++
	t.slot[slot] = i + 1
}

// free removes the setting of the slot, if it has one.
func (t *settings) free(slot uint32) {
	i := t.slot[slot]
	if i == 0 {
		return
	}
	t.slot[slot] = 0
	if t.users[i-1]--; t.users[i-1] == 0 {
		delete(t.index, t.all[i-1])
		t.spare = append(t.spare, i-1)
	}
}

func (t *settings) renumber(from, to uint32) { t.slot[to], t.slot[from] = t.slot[from], 0 }
