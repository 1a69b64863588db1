// Package runtime stands for runtime in a build into which schedules are woven.
package runtime

import (
	"runtime"

	"example.com/flatline/internal/weave/sched"
)

func Gosched() {
	if sched.Active() {
		sched.Yield()
	} else {
		runtime.Gosched()
	}
}

// Goexit may not run in a program: a coroutine cannot end so.
func Goexit() {
	if sched.Active() {
		panic("sched: Goexit")
	}
	runtime.Goexit()
}

// GOMAXPROCS returns the same on every machine.
func GOMAXPROCS(int) int { return sched.Procs }
