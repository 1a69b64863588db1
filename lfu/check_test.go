package lfu

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/internal/cache"
)

// TestCheck breaks each invariant in turn, so that the check which the other tests
// rely on is known to see it.
func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		says   string
		damage func(r *exact)
	}{
		{"I6: count 9 below 2", func(r *exact) { r.bucket(r.bucket(0).above).count = 9 }},
		{"I6: slot 4 has no count", func(r *exact) { r.bucket(r.bucket(0).above).count = 0 }},
		{"I7: bucket 1 begins at slot 1, not 3", func(r *exact) { r.bucket(1).front = 3 }},
		{"I7: above bucket 1 lies 0, not 2", func(r *exact) { r.bucket(1).above = 2 }},
		{"I7: sentinel {0 1 3}, lowest bucket 3", func(r *exact) { r.bucket(0).front = 1 }},
		{"I7: 3 open + 1 closed of 5 buckets", func(r *exact) { r.used++ }},
		{"I7: the closed buckets go round in a circle", func(r *exact) { r.bucket(r.free).above = r.free }},
	} {
		check(t, Exact, tc.says, func(r cache.Rank) { tc.damage(r.(*exact)) })
	}
	for _, tc := range []struct {
		says   string
		damage func(r *dynamic)
	}{
		{"I6: slot 4 lies 14 above the floor, its neighbour in front 2", func(r *dynamic) { r.floor = 3 }},
		{"I6: slot 1 has no count", func(r *dynamic) { r.marks[1] &^= most }},
		{"I7: the classes begin at [0 4 0 0 0 2 0 0 0 1 0 0 0 0 0 0]", func(r *dynamic) { r.front[1] = 3 }},
		{"I7: the classes with entries are 0000001000100010, not 0000001000100110", func(r *dynamic) { r.live |= 1 << 2 }},
	} {
		check(t, Dynamic, tc.says, func(r cache.Rank) { tc.damage(r.(*dynamic)) })
	}
}

func check(t *testing.T, a Aging, says string, damage func(cache.Rank)) {
	t.Helper()
	c := New(5, Options[int, int]{Aging: a})
	for s, count := range []int{3, 2, 1, 1, 5} { // in the slots 1 to 5
		for range count {
			c.Put(s, s)
		}
	}
	c.Delete(4)
	c.c.Check()
	c.c.Inspect(0, func(r cache.Rank, _ uint32) { damage(r) })
	defer func() { assert.Contains(t, fmt.Sprint(recover()), says) }()
	c.c.Check()
}
