package concmap

import (
	"sync"

	"github.com/puzpuzpuz/xsync/v4"

	"example.com/flatline/concmap"
	"example.com/flatline/evidence/internal/measure"
)

// worst compares the longest single Store on the way from empty to 1e7 entries, in
// processor time of its thread: the work that one writer may have to do for all when a
// map grows. Work that the map gives to other goroutines is not counted.
func worst() measure.Group {
	return measure.Group{
		Name: "worst single Store while growing to 1e7, thread CPU, int keys", Unit: "µs",
		OursValue: func() float64 { return slowest(func() storer { return new(concmap.Map[int, int]) }) },
		Peers: []measure.Peer{
			{
				Name: "puzpuzpuz/xsync v4", Target: 100,
				Value: func() float64 { return slowest(func() storer { return xsync.NewMap[int, int]() }) },
			},
			{
				Name: "sync.Map", Note: "grows node by node, and never moves an entry",
				Value: func() float64 { return slowest(func() storer { return new(stdMap) }) },
			},
			{
				Name: "concmap.Striped", Note: "flatline's own short answer",
				Value: func() float64 { return slowest(func() storer { return new(concmap.Striped[int, int]) }) },
			},
			measure.Bound(1000),
		},
	}
}

type storer interface{ Store(k, v int) }

// stdMap is sync.Map with the signature of the others.
type stdMap struct{ sync.Map }

func (m *stdMap) Store(k, v int) { m.Map.Store(k, v) }
