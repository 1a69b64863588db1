package randset

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestDeleteInRuns: a search finds each value that stays, whatever was deleted from a run
// of slots: values with one home, with homes in a row, and with homes at the end of the
// table, whose run goes on at its beginning.
func TestDeleteInRuns(t *testing.T) {
	for name, hash := range map[string]func(v int) uint32{
		"one home":     func(int) uint32 { return 5 },
		"homes in row": func(v int) uint32 { return uint32(v / 2) },
		"at the end":   func(v int) uint32 { return uint32(30 + v%3) },
	} {
		const n = 12 // of the 16 that a table of 32 slots has room for
		for first := range n {
			var x index[int]
			x.reserve(16)
			for v := range n {
				assert.True(t, x.insert(hash(v), v))
			}
			for i := range n {
				v := (first + 5*i) % n
				assert.True(t, x.delete(hash(v), v), name)
				assert.False(t, x.has(hash(v), v), name)
				for j := i + 1; j < n; j++ {
					v := (first + 5*j) % n
					assert.True(t, x.has(hash(v), v), "%s: %d is lost", name, v)
				}
				x.checkInvariants()
			}
		}
	}
}
