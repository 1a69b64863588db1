package yield

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

// turns returns how many turns another goroutine gets while this one, on the same
// processor, yields n times.
func turns(n int) (got int) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var stop atomic.Bool
	var g sync.WaitGroup
	g.Go(func() {
		for !stop.Load() {
			got++
			runtime.Gosched()
		}
	})
	for range n {
		Yield()
	}
	stop.Store(true)
	g.Wait()
	return got
}

func TestOn(t *testing.T) {
	assert.Greater(t, turns(1000), 100, "on at the start")
	assert.Equal(t, 7, After(7))
	restore := On(false)
	assert.Less(t, turns(1000), 10)
	inner := On(true)
	assert.Greater(t, turns(1000), 100)
	inner()
	assert.Less(t, turns(1000), 10, "as it was before")
	restore()
	assert.Greater(t, turns(1000), 100)
}
