// Package yield is the runtime of the yield loom: only copies rewritten by
// internal/weave call Yield and After. On is for tests.
package yield

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
)

var off atomic.Bool

// On switches the yields of a woven build on or off and returns the call that
// undoes it. They are on at the start.
func On(on bool) (restore func()) {
	was := off.Swap(!on)
	return func() { off.Store(was) }
}

// Yield is called between two steps between which another goroutine might run. One call
// in four gives up the processor, and one in 32 does so several times, so that a whole
// operation of another goroutine fits into the gap.
func Yield() {
	if off.Load() {
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

// After yields and returns v: for a step that is part of an expression.
func After[T any](v T) T {
	Yield()
	return v
}
