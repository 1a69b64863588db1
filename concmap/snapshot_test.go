package concmap

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/bench"
)

// TestSnapshotStays: a Snapshot does not change, whatever happens to the map.
func TestSnapshotStays(t *testing.T) {
	var m Map[int, int]
	for k := range 5000 {
		m.Store(k, k)
	}
	a := m.Snapshot()
	b := m.Snapshot()
	for k := range 5000 {
		m.Store(k, -k)
		m.Store(k+5000, k)
	}
	m.DeleteFunc(func(k, _ int) bool { return k%2 == 0 })
	m.Clear()
	for _, s := range []*Snapshot[int, int]{a, b} {
		assert.Equal(t, 5000, s.Len())
		for k, v := range s.All() {
			require.Equal(t, k, v)
		}
		v, ok := s.Load(77)
		assert.True(t, ok && v == 77)
		_, ok = s.Load(5001)
		assert.False(t, ok)
	}
}

// TestSnapshotOfFew: a Snapshot of segments in which nothing was stored finds nothing.
func TestSnapshotOfFew(t *testing.T) {
	m := New(Options[int, int]{Capacity: 1000})
	m.Store(0, 1)
	s := m.Snapshot()
	for k := range 100 {
		v, ok := s.Load(k)
		assert.Equal(t, k == 0, ok && v == 1)
	}
}

// TestStatsBytes: Stats states the bytes on the heap, for directories and for boxes.
func TestStatsBytes(t *testing.T) {
	said := 0
	bytes := bench.Bytes(func() any {
		hinted := New(Options[int, int]{Capacity: 1 << 20})
		hinted.Store(1, 1)
		said = hinted.Stats().Bytes
		return hinted
	})
	assert.InEpsilon(t, bytes, said, 0.1)
	bytes = bench.Bytes(func() any {
		var boxed Map[int, [8]int64]
		for k := range 10_000 {
			boxed.Store(k, [8]int64{})
		}
		said = boxed.Stats().Bytes
		return &boxed
	})
	assert.InEpsilon(t, bytes, said, 0.1)
}
