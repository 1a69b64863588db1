//go:build race

package sched

import (
	"runtime"
	"unsafe"
)

// A worker is a goroutine that runs one body after the other, and only while the one
// that resumed it is waiting. The race detector sees no order in that.
type worker struct {
	body    func()
	in, out chan struct{}
}

func newWorker() *worker {
	w := &worker{in: make(chan struct{}), out: make(chan struct{})}
	go func() {
		runtime.RaceDisable()
		<-w.in
		runtime.RaceEnable()
		for {
			w.body()
			w.yield()
		}
	}()
	return w
}

func (w *worker) resume() {
	runtime.RaceDisable()
	w.in <- struct{}{}
	<-w.out
	runtime.RaceEnable()
}

func (w *worker) yield() {
	runtime.RaceDisable()
	w.out <- struct{}{}
	<-w.in
	runtime.RaceEnable()
}

// For the race detector, what a starter did is ordered before the goroutine that it
// starts, and what follows the end of all goroutines is ordered after them. The end of one
// goroutine is not ordered before the beginning of another.
var begun, ended byte

func release(b *byte) { runtime.RaceReleaseMerge(unsafe.Pointer(b)) }
func acquire(b *byte) { runtime.RaceAcquire(unsafe.Pointer(b)) }

// Races returns how many data races have been reported.
func Races() int { return runtime.RaceErrors() }
