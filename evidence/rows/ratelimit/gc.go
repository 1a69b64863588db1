package ratelimit

import (
	"runtime"
	"time"

	"golang.org/x/time/rate"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/ratelimit"
)

// gcWork is the garbage collector's work for a limiter of a million keys: the processor
// time of a collection that frees nothing. It includes what else the process keeps.
func gcWork() measure.Group {
	const n = 1_000_000
	cycle := func(kept any) measure.Side {
		return measure.Side{Run: func(m int) {
			for range m {
				runtime.GC()
			}
			runtime.KeepAlive(kept)
		}}
	}
	return measure.Group{
		Name: "a garbage collection, 1e6 int64 keys kept",
		Ours: func() measure.Side {
			x := ratelimit.NewKeyed[int64](ratelimit.Every(time.Hour), 10)
			for k := range int64(n) {
				x.Allow(k)
			}
			return cycle(x)
		},
		Peers: []measure.Peer{{Name: "map, mutex, x/time/rate", Target: 4, New: func() measure.Side {
			m := make(map[int64]*rate.Limiter)
			for k := range int64(n) {
				l := rate.NewLimiter(1, 10)
				l.Allow()
				m[k] = l
			}
			return cycle(m)
		}}},
	}
}
