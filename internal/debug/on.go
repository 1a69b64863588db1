//go:build debug

package debug

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
)

// Enabled reports, as a constant, whether the instruments work in this build.
const Enabled = true

var yields atomic.Bool

// Yield marks a seam: a place between two steps that another goroutine might
// see apart. While Yields is on, one call in four gives up the processor, and
// one in 32 does so several times, so that a whole operation of another
// goroutine fits into the gap.
func Yield() {
	if !yields.Load() {
		return
	}
	switch r := rand.Uint32N(32); {
	case r == 0:
		for range 8 {
			runtime.Gosched()
		}
	case r < 8:
		runtime.Gosched()
	}
}

// Yields switches Yield on or off for a test and returns the call that undoes
// it.
func Yields(on bool) (restore func()) {
	old := yields.Swap(on)
	return func() { yields.Store(old) }
}

// Assert panics with msg if cond is false.
func Assert[B ~bool](cond B, msg string) {
	if !cond {
		panic("assertion failed: " + msg)
	}
}

// A Counter counts the elementary steps (links followed, slots probed,
// elements moved) of one structure. Its methods may be called from any
// goroutine.
type Counter struct{ n atomic.Int64 }

// Add counts n steps.
func (c *Counter) Add(n int) { c.n.Add(int64(n)) }

// Take returns the steps counted since the last Take and starts again at 0.
func (c *Counter) Take() int { return int(c.n.Swap(0)) }
