package concmap

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLoopMayChangeTheMap: every key present throughout is yielded exactly once,
// whatever the body does.
func TestLoopMayChangeTheMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{5, 100, 3000} {
		for name, body := range map[string]func(m *Map[int, int], k int){
			"nothing": func(*Map[int, int], int) {},
			"insert":  func(m *Map[int, int], k int) { m.Store(1_000_000+r.IntN(1_000_000), 1) },
			"update":  func(m *Map[int, int], k int) { m.Store(k, -1); m.Store((k+1)%n, -1) },
			"shrink": func(m *Map[int, int], k int) {
				for i := range 10 {
					m.Delete(500_000 + k*10 + i)
				}
			},
			"snapshot": func(m *Map[int, int], k int) { m.Snapshot(); m.Store(k, k) },
			"hot": func(m *Map[int, int], k int) {
				h := m.hashOf(k)
				if _, s := m.lock(h); s != nil {
					s.waits = hotWaits
					s.mu.Unlock()
				}
				m.Store(k, k)
			},
		} {
			var m Map[int, int]
			for k := range n {
				m.Store(k, k)
			}
			for k := range n * 10 {
				m.Store(500_000+k, k)
			}
			m.hot = 5 // as with two processors
			seen := make(map[int]int)
			for k := range m.Keys() {
				seen[k]++
				if k < n {
					body(&m, k)
				}
			}
			for k := range n {
				require.Equal(t, 1, seen[k], "%s, n=%d, key %d", name, n, k)
			}
			for k, times := range seen {
				require.Equal(t, 1, times, "%s, n=%d, key %d", name, n, k)
			}
			m.checkInvariants(t)
		}
	}
}

// TestLoopAcrossAJoin: entries that a loop has seen are not yielded again when their
// segment has been joined with one ahead of the loop.
func TestLoopAcrossAJoin(t *testing.T) {
	var m Map[int, int]
	m.Store(0, 0)
	m.hot = 0 // otherwise segments are not joined to so few
	for k := range 1000 {
		m.Store(k, k)
	}
	seen := make(map[int]int)
	for k := range m.All() {
		if seen[k]++; len(seen) > 1 {
			continue
		}
		for gone := range 1000 {
			if gone%50 != 0 && gone != k {
				m.Delete(gone)
			}
		}
		for m.Stats().Segments > 1 { // deletes join most of them; which ones depends on the hash
			m.dir.Load().each(m.replace)
		}
	}
	for k := 0; k < 1000; k += 50 {
		assert.Equal(t, 1, seen[k])
	}
	for k, times := range seen {
		assert.Equal(t, 1, times, k)
	}
}

// TestLoopSkipsTheDeleted: an entry deleted by the body before its turn is not
// yielded, even if its segment has been replaced or the map cleared.
func TestLoopSkipsTheDeleted(t *testing.T) {
	replaced := func(m *Map[int, int]) { m.Snapshot(); m.Store(1<<30, 1); m.Delete(1 << 30) }
	for name, how := range map[string]struct {
		capacity int
		spoil    func(m *Map[int, int])
	}{
		"in place":    {0, func(*Map[int, int]) {}},
		"replaced":    {0, replaced},
		"not divided": {4000, replaced}, // the directory stays
	} {
		m := New(Options[int, int]{Capacity: how.capacity})
		for k := range 1000 {
			m.Store(k, k)
		}
		var gone []int
		for k := range m.All() {
			assert.NotContains(t, gone, k, name)
			if len(gone) < 500 {
				how.spoil(m)
				for i := range 10 {
					if d := (k*7 + i) % 1000; d != k {
						m.Delete(d)
						gone = append(gone, d)
					}
				}
			}
		}
	}
	var m Map[int, int]
	for k := range 1000 {
		m.Store(k, k)
	}
	n := 0
	for range m.All() {
		m.Clear()
		n++
	}
	assert.Equal(t, 1, n)
}

// TestLoopEnds: a loop ends although its body inserts and the map keeps growing.
func TestLoopEnds(t *testing.T) {
	var m Map[int, int]
	m.Store(0, 0)
	n := 0
	for k := range m.All() {
		for i := range 3 {
			m.Store(k*3+i+1, 0)
		}
		n++
	}
	assert.Positive(t, n)
	for range m.All() {
		break
	}
	for range m.Snapshot().All() {
		break
	}
	for range m.Values() {
		break
	}
}

// TestDeleteFuncJudgesAgain: an entry changed while it is judged is judged again.
func TestDeleteFuncJudgesAgain(t *testing.T) {
	var m Map[string, int]
	m.Store("a", 1)
	var judged []int
	n := m.DeleteFunc(func(_ string, v int) bool {
		judged = append(judged, v)
		if v == 1 {
			m.Store("a", 2)
			return true
		}
		return false
	})
	assert.Zero(t, n)
	assert.Equal(t, []int{1, 2}, judged)
	assert.Equal(t, map[string]int{"a": 2}, m.ToMap())
}

// TestDeleteFuncComesBack: DeleteFunc returns to a NaN whose segment was replaced while
// del ran, and judges no other entry there again.
func TestDeleteFuncComesBack(t *testing.T) {
	var m Map[float64, int]
	for k := range 100 {
		m.Store(float64(k), k)
	}
	m.Store(math.NaN(), -1)
	judged := make(map[int]int)
	n := m.DeleteFunc(func(k float64, v int) bool {
		if judged[v]++; v == -1 && judged[v] == 1 {
			m.Snapshot() // now the segment must be replaced
		}
		return v == -1
	})
	assert.Equal(t, 1, n)
	assert.Len(t, judged, 101)
	for v, times := range judged {
		want := 1
		if v == -1 {
			want = 2
		}
		assert.Equal(t, want, times, v)
	}
}
