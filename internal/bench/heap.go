package bench

import (
	"runtime"
	"slices"
)

// Bytes returns the bytes of the heap that what build returns keeps in use: the median
// of nine builds, because the runtime allocates and frees for itself meanwhile, a
// thread some six kilobytes. Each build must take the same.
func Bytes(build func() any) int64 {
	var all [9]int64
	for i := range all {
		before := heap()
		built := build()
		all[i] = heap() - before
		runtime.KeepAlive(built)
	}
	slices.Sort(all[:])
	return all[len(all)/2]
}

// heap returns the bytes of the heap that are in use. It collects garbage until two
// collections in a row leave the same, or ten times: the first one leaves what
// finalizers and pools still hold.
func heap() int64 {
	last := int64(-1)
	for range 10 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		if int64(m.HeapAlloc) == last {
			break
		}
		last = int64(m.HeapAlloc)
	}
	return last
}
