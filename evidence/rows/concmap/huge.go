package concmap

import (
	"sync"
	"time"

	"example.com/flatline/evidence/internal/measure"
)

// huge compares maps of 1e7 entries: too large to be filled anew for each row and
// round, so that one filling of each serves three rows.
func huge(key func(int) int, peers []kind[int]) []measure.Group {
	const n, ops = 1e7, 2e6
	keys := sync.OnceValue(func() []int { return all(n, key) })
	reads := sync.OnceValue(func() *work[int] { return newWork(keys(), 100, 0) })
	updates := sync.OnceValue(func() *work[int] { return newWork(keys(), 0, 0) })
	type times struct{ growth, load, store float64 }
	once := func(k kind[int]) func() times {
		return sync.OnceValue(func() (took times) {
			w, u, t := reads(), updates(), k.new()
			took.growth = wall(func() { t.fill(keys(), 0) }) / n
			took.load = wall(func() { t.run(w, 0, ops) }) / ops
			took.store = wall(func() { t.run(u, 0, ops) }) / ops
			return took
		})
	}
	groups := []measure.Group{
		{Name: "growth from empty, int keys, n=1e+07"},
		{Name: "Load, int keys, n=1e+07"},
		{Name: "Store to existing keys, int keys, n=1e+07"},
	}
	pick := []func(times) float64{
		func(t times) float64 { return t.growth },
		func(t times) float64 { return t.load },
		func(t times) float64 { return t.store },
	}
	targets := [][2]float64{{2, 4}, {1.3, 2}, {1.5, 3.5}}
	us := once(kind[int]{new: ofMap[int]})
	for i := range groups {
		groups[i].Unit = "ns/op wall"
		groups[i].OursValue = func() float64 { return pick[i](us()) }
	}
	for j, p := range peers {
		them := once(p)
		for i := range groups {
			peer := measure.Peer{Name: p.name, Note: p.note, Value: func() float64 { return pick[i](them()) }}
			if j < 2 {
				peer.Target = targets[i][j]
			}
			groups[i].Peers = append(groups[i].Peers, peer)
		}
	}
	return groups
}

// wall returns how long f takes, in nanoseconds.
func wall(f func()) float64 {
	start := time.Now()
	f()
	return float64(time.Since(start))
}
