package randset

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/internal/hash"
)

// TestDeleteInRuns: a search finds each value that stays, whatever was deleted from a run
// of slots: values with one home, with homes in a row, and with homes at the end of the
// table, whose run goes on at its beginning.
func TestDeleteInRuns(t *testing.T) {
	for name, hashOf := range map[string]func(v int) uint32{
		"one home":     func(int) uint32 { return 5 },
		"homes in row": func(v int) uint32 { return uint32(v / 2) },
		"at the end":   func(v int) uint32 { return uint32(62 + v%3) },
	} {
		const n = 12 // of the 16 that a table of 64 slots is made for
		for first := range n {
			x := index[int]{hash: hash.New(func(int) uint64 { panic("unused") })} // not words: hashes are kept
			x.reserve(16)
			for v := range n {
				assert.True(t, x.insert(hashOf(v), v))
			}
			for i := range n {
				v := (first + 5*i) % n
				assert.True(t, x.delete(hashOf(v), v), name)
				assert.False(t, x.has(hashOf(v), v), name)
				for j := i + 1; j < n; j++ {
					v := (first + 5*j) % n
					assert.True(t, x.has(hashOf(v), v), "%s: %d is lost", name, v)
				}
				x.checkInvariants()
			}
		}
	}
}

// TestContainsInRuns: Contains finds each value, and no other, wherever its search ends: in
// its home, in the slot after it, or later.
func TestContainsInRuns(t *testing.T) {
	for name, hashOf := range map[string]func(v int) uint64{
		"one home":     func(int) uint64 { return 5 },
		"homes in row": func(v int) uint64 { return uint64(v / 2) },
		"random":       func(v int) uint64 { return uint64(v) * 0x9E3779B97F4A7C15 },
	} {
		s := New(Options[int]{Hash: hashOf})
		for v := range 100 {
			assert.False(t, s.Contains(v), name)
			s.Insert(v)
			assert.True(t, s.Contains(v), name)
		}
		for v := range 200 {
			assert.Equal(t, v < 100, s.Contains(v), "%s: %d", name, v)
		}
	}
}

// TestHashMayClear: a Hash that clears its set during Contains breaks nothing.
func TestHashMayClear(t *testing.T) {
	var s *Set[int]
	clears := false
	s = New(Options[int]{Hash: func(int) uint64 {
		if clears {
			s.Clear()
		}
		return 1
	}})
	s.Insert(1)
	clears = true
	assert.False(t, s.Contains(1))
	assert.Zero(t, s.Len())
}
