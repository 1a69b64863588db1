package timemap

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestLoopsMayChangeTheMap: what a loop does to the key that it walks.
func TestLoopsMayChangeTheMap(t *testing.T) {
	const n = 3 * chunkLen
	each(t, func(t *testing.T, make func(SameTime) timemap) {
		fill := func() timemap {
			m := make(KeepAll)
			for i := range n {
				m.Set("k", int64(10*i), i)
			}
			return m
		}
		increasing := func(ts []int64, sign int64) {
			for i := 1; i < len(ts); i++ {
				if sign*(ts[i]-ts[i-1]) <= 0 {
					t.Fatalf("%d after %d", ts[i], ts[i-1])
				}
			}
		}
		for name, change := range map[string]func(timemap, int64){
			"append": func(m timemap, t int64) { m.Set("k", 10*n+t, -1) },
			"late":   func(m timemap, t int64) { m.Set("k", t-5, -1) },
			"other":  func(m timemap, t int64) { m.Set(string(rune('A'+t%1000)), t, -1) },
		} {
			m := fill()
			var seen []int64
			for at := range m.History("k") {
				if seen = append(seen, at); len(seen) > n {
					t.Fatalf("%s: the loop does not end", name)
				}
				change(m, at)
			}
			assert.Equal(t, n, len(seen), "%s: what was there is yielded once, and the loop ends", name)
			increasing(seen, 1)
			m = fill()
			seen = nil
			for at := range m.Backward("k") {
				if len(seen) == n {
					break // late writes lie ahead of a walk back
				}
				seen = append(seen, at)
				change(m, at)
			}
			assert.Equal(t, n, len(seen), name)
			increasing(seen, -1)
			m.checkInvariants()
		}
		for name, end := range map[string]func(timemap){
			"Drop": func(m timemap) { m.Drop("k") }, "KeepLast": func(m timemap) { m.KeepLast(1) },
			"CompactBefore": func(m timemap) { m.CompactBefore(math.MaxInt64) }, "Clear": func(m timemap) { m.Clear() },
		} {
			m := fill()
			seen := 0
			for range m.History("k") {
				seen++
				end(m)
			}
			if _, isMap := m.(*Map[string, int]); isMap && name == "Drop" {
				assert.Equal(t, 1, seen, "what was dropped is not yielded")
			}
			m = fill()
			for range m.Backward("k") {
				end(m)
			}
			m.checkInvariants()
			assert.LessOrEqual(t, m.Versions(), 1, name)
		}
		m := fill()
		for k := range m.Keys() {
			m.Drop(k)
		}
		assert.Zero(t, m.Len())
	})
}

// TestLoopGoesOnAfterAChange: a loop that has changed its key looks for its place once,
// and not again for each version of one time.
func TestLoopGoesOnAfterAChange(t *testing.T) {
	m := New(Options[string, int]{SameTime: KeepAll})
	for i, at := range []int64{1, 1, 5, 9, 12} {
		m.Set("k", at, i)
	}
	var seen []int
	for at, v := range m.Backward("k") {
		if seen = append(seen, v); at == 9 {
			m.Set("k", 10, -1) // behind the loop
		}
	}
	assert.Equal(t, []int{4, 3, 2, 1, 0}, seen)
	seen = nil
	for at, v := range m.History("k") {
		if seen = append(seen, v); at == 5 {
			m.Set("k", 3, -1)
		}
	}
	assert.Equal(t, []int{0, 1, 2, 3, -1, 4}, seen)
	seen = nil
	for at, v := range m.History("k") {
		if seen = append(seen, v); at == 1 {
			m.Set("k", 0, -1)
		}
	}
	assert.Equal(t, []int{0, -1, 2, 3, -1, 4}, seen, "1 is of the time last given, and passed over")
}

// TestLoopChangesTheFirstOfAllTimes: nothing is before it, and the walk back ends.
func TestLoopChangesTheFirstOfAllTimes(t *testing.T) {
	m := New[string, int]()
	m.Set("k", math.MinInt64, 1)
	m.Set("k", 0, 2)
	var seen []int64
	for at := range m.Backward("k") {
		if seen = append(seen, at); len(seen) > 2 {
			t.Fatal("the loop does not end")
		}
		if at == math.MinInt64 {
			m.Set("k", -5, 3)
		}
	}
	assert.Equal(t, []int64{0, math.MinInt64}, seen)
}

// TestLoopMakesATombstone: a version that the loop replaces by a tombstone before its
// turn is not yielded.
func TestLoopMakesATombstone(t *testing.T) {
	m := New[string, int]()
	for at := range int64(4) {
		m.Set("k", at, 1)
	}
	var seen []int64
	for at := range m.History("k") {
		if seen = append(seen, at); at == 0 {
			m.Delete("k", 2)
		}
	}
	assert.Equal(t, []int64{0, 1, 3}, seen)
}
