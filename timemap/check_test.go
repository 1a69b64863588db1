package timemap

import (
	"fmt"

	"example.com/flatline/internal/invariant"
)

func (s *series[V]) checkInvariants() {
	invariant.Must(s.n > 0, "I1: a key without versions")
	invariant.Must(len(s.firsts) == len(s.older), "I3: %d first times, %d older chunks", len(s.firsts), len(s.older))
	n := 0
	var last int64
	for k := range len(s.older) + 1 {
		c := s.chunk(k)
		invariant.Must(len(c.times) > 0 && len(c.times) <= chunkLen, "I2: chunk %d of %d versions", k, len(c.times))
		invariant.Must(len(c.values) == len(c.times), "I2: %d times, %d values", len(c.times), len(c.values))
		invariant.Must(c.gone == nil || len(c.gone) == len(c.times), "I2: %d times, %d marks", len(c.times), len(c.gone))
		invariant.Must(k == len(s.older) || cap(c.times) <= 2*len(c.times), "I2: chunk %d of %d versions has room for %d", k, len(c.times), cap(c.times))
		invariant.Must(cap(c.times) <= chunkLen, "I2: chunk %d has room for %d", k, cap(c.times))
		for part := range parts {
			first := c.times[min(part*partLen, len(c.times)-1)]
			invariant.Must(k == len(s.older) || s.older[k].samples[part] == first, "I3: first time of part %d of chunk %d", part, k)
		}
		invariant.Must(k == len(s.older) || s.firsts[k] == c.times[0], "I3: first time of chunk %d", k)
		var zero V
		for i, t := range c.times {
			invariant.Must(n == 0 || t >= last, "I1: %d after %d", t, last)
			invariant.Must(!c.isGone(i) || fmt.Sprint(c.values[i]) == fmt.Sprint(zero), "I4: a tombstone holds %v", c.values[i])
			last = t
			n++
		}
		for _, v := range c.values[len(c.values):cap(c.values)] {
			invariant.Must(fmt.Sprint(v) == fmt.Sprint(zero), "I4: %v is left behind", v)
		}
	}
	invariant.Must(n == s.n, "I1: %d versions, counted %d", n, s.n)
}

func (m *Map[K, V]) checkInvariants() {
	m.keys.Check()
	n := 0
	for slot := m.keys.Next(0); slot != 0; slot = m.keys.Next(slot) {
		s := m.keys.At(slot).Value
		s.checkInvariants()
		n += s.n
	}
	invariant.Must(n == m.versions, "I1: %d versions, counted %d", n, m.versions)
}

func (s *Sync[K, V]) checkInvariants() {
	for i := range s.stripes {
		s.each(i, (*Map[K, V]).checkInvariants)
	}
}
