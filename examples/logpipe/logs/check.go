package logs

import "fmt"

// Check walks the state and returns the first of L1 and L6 that does not hold. What the
// others say is seen over time or in what a query returns. O(segments); for tests.
func (m *Memory) Check() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.count
	if c.In != c.Kept+c.Sampled+c.Expired {
		return fmt.Errorf("L1: %d records came in, and %d + %d + %d are accounted for", c.In, c.Kept, c.Sampled, c.Expired)
	}
	stored, hot, streams := uint64(0), 0, map[string]int{}
	for _, s := range m.segments {
		n := uint64(s.hot.Lines)
		size := int64(0)
		hot += len(s.hot.Data)
		for i := range s.full {
			n += uint64(s.full[i].Lines)
			hot += len(s.full[i].Data)
		}
		for i := range s.blocks {
			n += uint64(s.blocks[i].lines)
			if s.blocks[i].at != size {
				return fmt.Errorf("segment %d: block %d is at %d, not at %d", s.number, i, s.blocks[i].at, size)
			}
			size += s.blocks[i].size()
		}
		if n != s.lines || size != s.size {
			return fmt.Errorf("L1: segment %d has %d records, not %d, and %d bytes, not %d", s.number, n, s.lines, size, s.size)
		}
		if open := m.open[s.place]; s.closed == (open == s) {
			return fmt.Errorf("segment %d: open and closed", s.number)
		}
		stored += n
		streams[s.stream]++
	}
	if c.Kept != stored+c.Aged+c.Evicted {
		return fmt.Errorf("L1: %d records were kept, and %d + %d + %d are accounted for", c.Kept, stored, c.Aged, c.Evicted)
	}
	if len(streams) != len(m.streams) || len(streams) > m.limits.Streams+1 || m.positions.Len() > m.limits.Positions {
		return fmt.Errorf("L6: %d streams, %d of them known, %d positions", len(streams), len(m.streams), m.positions.Len())
	}
	if hot != m.hot {
		return fmt.Errorf("L6: %d bytes in memory, not %d", hot, m.hot)
	}
	return nil
}
