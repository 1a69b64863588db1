package concmap

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// searched returns how many groups a search for k looks at.
func (m *Map[K, V]) searched(k K) int {
	h := m.hashOf(k)
	t := table[K]{m.dir.Load().at(h).table.Load()}
	found, _ := t.find(h, k)
	n := 1
	for g := t.home(h); g != found; g = t.after(g) {
		n++
	}
	return n
}

// moved calls f, which writes k, and returns how many entries it has moved: those of
// the segment of k, if that has been replaced.
func (m *Map[K, V]) moved(k K, f func()) int {
	h := m.hashOf(k)
	before := m.dir.Load().at(h).segment.Load()
	f()
	switch after := m.dir.Load().at(h).segment.Load(); {
	case before == nil || after == before:
		return 0
	case after.depth > before.depth:
		return int(before.live) // divided
	default:
		return int(after.live)
	}
}

// TestConstantWork: a search looks at the same number of groups at every size, and over
// the life of a map no call moves more than the entries of one segment, at most 160.
func TestConstantWork(t *testing.T) {
	const most = 1 << 15
	for _, n := range []int{most >> 6, most >> 3, most} {
		stored, deleted, second := 0, 0, 0
		for range most / n { // all segments of one small map may be nearly full
			var m Map[int, int]
			m.Store(0, 0)
			m.hot = 0 // whatever the number of processors, segments are joined
			for k := range n {
				stored = max(stored, m.moved(k, func() { m.Store(k, k) }))
			}
			for k := range n {
				if m.searched(k) > 1 {
					second++
				}
			}
			for _, k := range rand.Perm(n) {
				deleted = max(deleted, m.moved(k, func() { m.Delete(k) }))
			}
		}
		assert.LessOrEqual(t, stored, 160, "n=%d", n)
		assert.Greater(t, stored, 100, "n=%d: the test sees what is moved", n)
		assert.LessOrEqual(t, deleted, 40, "n=%d", n)
		assert.Less(t, float64(second)/most, 0.03, "n=%d: one search in fifty", n)
	}
	require.EqualValues(t, 160, limit(maxBits))
	require.Equal(t, 224, groupSlots<<maxBits)
}

// TestStripedIsShort: Striped is no longer than the 150 lines that the essay states.
func TestStripedIsShort(t *testing.T) {
	text, err := os.ReadFile("striped.go")
	require.NoError(t, err)
	assert.InDelta(t, 150, bytes.Count(text, []byte("\n")), 10)
}
