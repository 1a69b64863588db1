package cache

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestCheck breaks each invariant in turn, so that Check, on which the other tests rely,
// is known to see it.
func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		says   string
		damage func(c *Core[int, int])
	}{
		{"I1: slot 3 of the order is not in use", func(c *Core[int, int]) { c.table.Delete(3) }},
		{"I1: the order has 2 entries, the table 3", func(c *Core[int, int]) { c.order.Remove(2) }},
		{"I2: the entry after 3 does not link back", func(c *Core[int, int]) { c.order.InsertBefore(2, head) }},
		{"I3: 3 entries in a cache for 2", func(c *Core[int, int]) { c.capacity = 2 }},
		{"I4: slot 2 costs -1", func(c *Core[int, int]) { c.costs[2] = -1 }},
		{"I4: costs add up to 7, total is 6, bound 10", func(c *Core[int, int]) { c.costs[2]++ }},
		{"I4: costs add up to 6, total is 6, bound 5", func(c *Core[int, int]) { c.maxCost = 5 }},
		{"I5: 3 entries have deadlines, the wheel holds 4", func(c *Core[int, int]) { c.grow(8); c.timers.Add(6, 5, false) }},
	} {
		c := New(Config[int, int]{
			Func: "test.New", Capacity: 3, MaxCost: 10, Cost: func(k, _ int) int64 { return int64(k) },
			TTL: time.Hour,
		})
		for k := 1; k <= 3; k++ {
			c.Put(k, k)
		}
		c.Check()
		tc.damage(&c.core)
		assert.PanicsWithValue(t, tc.says, c.Check)
	}
}
