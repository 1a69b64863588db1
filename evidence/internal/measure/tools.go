package measure

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

// Parallel runs f on several goroutines, which share n operations, and returns
// when all have ended. It panics if one of them does.
func Parallel(workers, n int, f func(worker, n int)) {
	var wg sync.WaitGroup
	var once sync.Once
	var failed string
	for w := range workers {
		share := n / workers
		if w < n%workers {
			share++
		}
		wg.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					once.Do(func() { failed = fmt.Sprintf("%v\n%s", v, debug.Stack()) })
				}
			}()
			f(w, share)
		})
	}
	wg.Wait()
	if failed != "" {
		panic(failed)
	}
}

// Allocs returns the allocations per operation when run does n operations, including
// those of other goroutines.
func Allocs(n int, run func(n int)) float64 {
	run(n) // what is allocated once
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run(n)
	runtime.ReadMemStats(&after)
	// A few come from the runtime: fewer than one in a hundred operations count as none.
	return float64(100*(after.Mallocs-before.Mallocs)/uint64(n)) / 100
}

// Heap returns the bytes of heap that the value returned by build keeps in use; memory
// outside the heap is not counted.
func Heap(build func() any) float64 {
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // memory that finalizers and pools had kept
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	kept := build()
	after := live()
	runtime.KeepAlive(kept)
	return float64(after) - float64(before)
}
