package concmap

import (
	"runtime"
	"sync"
	"time"

	"example.com/flatline/evidence/internal/measure"
)

// huge compares maps of 1e7 entries. They are too large to be filled again for each row
// and round, so each filling serves three rows, and there are three fillings.
func huge(key func(int) int, peers []kind[int]) []measure.Group {
	const n, ops = 1e7, 2e6
	keys := sync.OnceValue(func() []int { return all(n, key) })
	reads := sync.OnceValue(func() *work[int] { return newWork(keys(), 100, 0) })
	updates := sync.OnceValue(func() *work[int] { return newWork(keys(), 0, 0) })
	type times [3]float64 // growth, Load, Store
	measured := func(k kind[int]) (t times) {
		r, u := reads(), updates()
		runtime.GC() // the garbage of the previous filling
		m := k.new()
		t[0] = wall(func() { m.fill(keys(), 0) }) / n
		t[1] = wall(func() { m.run(r, 0, ops) }) / ops
		t[2] = wall(func() { m.run(u, 0, ops) }) / ops
		return t
	}
	values := func(k kind[int]) (rows [3]func() float64) { // one figure a call
		var fillings []times
		for i := range rows {
			next := 0
			rows[i] = func() float64 {
				if next == len(fillings) {
					fillings = append(fillings, measured(k))
				}
				next++
				return fillings[next-1][i]
			}
		}
		return rows
	}
	groups := []measure.Group{
		{Name: "growth from empty, int keys, n=1e+07, 1 procs"},
		{Name: "Load, int keys, n=1e+07, 1 procs"},
		{Name: "Store to existing keys, int keys, n=1e+07, 1 procs"},
	}
	us := values(kind[int]{new: ofMap[int]})
	for i := range groups {
		groups[i].Unit = "ns/op wall"
		groups[i].Procs = 1 // work that others do on a second processor counts
		groups[i].Repeats = 3
		groups[i].OursValue = us[i]
	}
	targets := [][2]float64{{2, 4}, {1.3, 2}, {1.5, 3.5}}
	for j, p := range peers {
		them := values(p)
		for i := range groups {
			peer := measure.Peer{Name: p.name, Note: p.note, Value: them[i]}
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
