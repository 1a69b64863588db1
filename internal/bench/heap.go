package bench

import (
	"runtime"
	"slices"
)

// Bytes returns how many bytes of heap the value that build returns keeps in use. It is
// the median of nine builds, because the runtime allocates and frees memory for itself
// meanwhile (a thread takes about six kilobytes). Each build must take the same.
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
// collections in a row leave the same number, at most ten times: after the first one,
// finalizers and pools still hold memory.
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
