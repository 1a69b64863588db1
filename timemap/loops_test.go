package timemap

import (
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestLoopsMayChangeTheMap: a loop changes the key that it walks, in every way.
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
					break // late writes are ahead of a backward walk
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

// TestLoopGoesOnAfterAChange: a loop that has changed its key searches for its position
// once, not again for each version of the same time.
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

// TestLoopChangesTheFirstOfAllTimes: nothing is before it, and the backward walk ends.
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

// TestWritesDuringALoop: another goroutine changes the key in every way during a loop
// over a Sync; the loop shows the earlier versions, and the race detector confirms that
// memory it reads is not written.
func TestWritesDuringALoop(t *testing.T) {
	const first = 2*chunkLen - 100 // the oldest chunk has 100 versions and no memory for more
	make := func() *Sync[string, int] {
		m := NewSync(Options[string, int]{SameTime: LastWins})
		for i := range 4*chunkLen + 10 {
			m.Set("k", int64(10*i), i)
		}
		m.KeepLast(4*chunkLen + 10 - first)
		return m
	}
	for name, write := range map[string]func(m *Sync[string, int]){
		"append":                func(m *Sync[string, int]) { m.Set("k", 1e6, -1) },
		"before all":            func(m *Sync[string, int]) { m.Set("k", 0, -1) },
		"to a chunk that grows": func(m *Sync[string, int]) { m.Set("k", 10*first+5, -1) },
		"to a full chunk":       func(m *Sync[string, int]) { m.Set("k", 10*(3*chunkLen+3)+5, -1) },
		"to the newest":         func(m *Sync[string, int]) { m.Set("k", 10*(4*chunkLen+3)+5, -1) },
		"replace":               func(m *Sync[string, int]) { m.Set("k", 10*(first+3), -1) },
		"replace the newest":    func(m *Sync[string, int]) { m.Set("k", 10*(4*chunkLen+9), -1) },
		"Delete":                func(m *Sync[string, int]) { m.Delete("k", 10*(3*chunkLen)) },
		"CompactBefore":         func(m *Sync[string, int]) { m.CompactBefore(10 * (3*chunkLen + 7)) },
		"KeepLast":              func(m *Sync[string, int]) { m.KeepLast(3) },
		"Drop":                  func(m *Sync[string, int]) { m.Drop("k") },
		"Clear":                 func(m *Sync[string, int]) { m.Clear() },
	} {
		for _, backward := range []bool{false, true} {
			m := make()
			loop := m.History("k")
			want := versions(loop)
			if backward {
				loop = m.Backward("k")
				slices.Reverse(want)
			}
			var writer sync.WaitGroup
			var seen []Version[int]
			for at, v := range loop {
				if seen = append(seen, Version[int]{at, v}); len(seen) == 1 {
					writer.Go(func() { write(m); write(m) })
				}
			}
			writer.Wait()
			assert.Equal(t, want, seen, name)
			m.checkInvariants()
		}
	}
}
