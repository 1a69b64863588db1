package slidingmax

import (
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSync: each Push returns a maximum that is at least its own value, and the last
// window is in order, whichever goroutine was faster.
func TestSync(t *testing.T) {
	assert.PanicsWithValue(t, "slidingmax.NewSync: k must be at least 1, got 0", func() { NewSync[int](0) })
	const workers, each, k = 4, 500, 32
	w := NewSync[int](k)
	var g sync.WaitGroup
	for id := range workers {
		g.Go(func() {
			for i := range each {
				v := i*workers + id
				if largest, _ := w.Push(v); largest < v {
					t.Errorf("pushed %d, the maximum is %d", v, largest)
				}
				if largest, ok := w.Max(); !ok || largest < 0 {
					t.Errorf("Max: %d, %v", largest, ok)
				}
				if i%16 == 0 {
					all := slices.Collect(w.All())
					if !slices.IsSortedFunc(all, func(a, b int) int { return b - a }) {
						t.Errorf("candidates %v", all)
					}
				}
			}
		})
	}
	g.Wait()
	w.checkInvariants()
	assert.Equal(t, k, w.Len())
	for range w.All() {
		w.Push(math.MaxInt) // the loop sees its snapshot, and no lock is held
	}
	w.Clear()
	assert.Zero(t, w.Len())
}
