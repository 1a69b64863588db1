package telemetry

import (
	"fmt"
	"math"

	"example.com/flatline/examples/iot/gorilla"
)

// Check walks the state and returns the first of I1, I5 and the order of the tiers that
// does not hold. O(n); for tests.
func (m *Memory) Check() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	refused := int64(0)
	for _, n := range m.counts.Refused {
		refused += n
	}
	if c := m.counts; c.Received != c.Stored+c.Duplicates+refused {
		return fmt.Errorf("I5: received %d, stored %d, duplicates %d, refused %d", c.Received, c.Stored, c.Duplicates, refused)
	}
	points := int64(0)
	for name, d := range m.devices.All() {
		if d.open < d.sealed {
			return fmt.Errorf("%s: windows from %d on are open, but what is before %d is sealed", name, d.open, d.sealed)
		}
		for metric, s := range d.series {
			hot := d.hotPoints(metric, math.MinInt64, math.MaxInt64)
			points += int64(len(hot))
			last := int64(math.MinInt64)
			for _, c := range s.cold {
				if c.From <= last || c.To < c.From || c.To >= d.sealed {
					return fmt.Errorf("I1: %s %s: a chunk from %d to %d after %d, sealed before %d", name, metric, c.From, c.To, last, d.sealed)
				}
				last = c.To
				points += int64(gorilla.Count(c.Data))
			}
		}
	}
	if want := m.counts.Points - m.counts.Expired; points != want {
		return fmt.Errorf("I1: there are %d points, %d were stored and have not expired", points, want)
	}
	return nil
}
