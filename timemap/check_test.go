package timemap

import "fmt"

// must panics if an invariant of the essay does not hold.
func must(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

func (s *series[V]) checkInvariants() {
	must(s.n > 0, "I1: a key without versions")
	must(len(s.firsts) == len(s.older), "I3: %d first times, %d older chunks", len(s.firsts), len(s.older))
	n := 0
	var last int64
	for k := range len(s.older) + 1 {
		c := s.chunk(k)
		must(len(c.times) > 0 && len(c.times) <= chunkLen, "I2: chunk %d of %d versions", k, len(c.times))
		must(len(c.values) == len(c.times), "I2: %d times, %d values", len(c.times), len(c.values))
		must(c.gone == nil || len(c.gone) == len(c.times), "I2: %d times, %d marks", len(c.times), len(c.gone))
		must(k == len(s.older) || cap(c.times) <= 2*len(c.times), "I2: chunk %d of %d versions has room for %d", k, len(c.times), cap(c.times))
		must(cap(c.times) <= chunkLen, "I2: chunk %d has room for %d", k, cap(c.times))
		must(k == len(s.older) || s.firsts[k] == c.times[0], "I3: first time of chunk %d", k)
		var zero V
		for i, t := range c.times {
			must(n == 0 || t >= last, "I1: %d after %d", t, last)
			must(!c.isGone(i) || fmt.Sprint(c.values[i]) == fmt.Sprint(zero), "I4: a tombstone holds %v", c.values[i])
			last = t
			n++
		}
		for _, v := range c.values[len(c.values):cap(c.values)] {
			must(fmt.Sprint(v) == fmt.Sprint(zero), "I4: %v is left behind", v)
		}
	}
	must(n == s.n, "I1: %d versions, counted %d", n, s.n)
}

func (m *Map[K, V]) checkInvariants() {
	m.keys.Check()
	n := 0
	for slot := m.keys.Next(0); slot != 0; slot = m.keys.Next(slot) {
		s := m.keys.At(slot).Value
		s.checkInvariants()
		n += s.n
	}
	must(n == m.versions, "I1: %d versions, counted %d", n, m.versions)
}

func (s *Sync[K, V]) checkInvariants() {
	for i := range s.stripes {
		s.each(i, (*Map[K, V]).checkInvariants)
	}
}
