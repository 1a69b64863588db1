// Package timemap holds the rows that compare flatline's timemap with other sorted maps.
// All hold the versions of one key: they do not differ in finding the key.
package timemap

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/emirpasic/gods/trees/redblacktree"
	"github.com/emirpasic/gods/utils"
	google "github.com/google/btree"
	tidwall "github.com/tidwall/btree"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/timemap"
)

// Groups returns the rows.
func Groups() []measure.Group {
	var groups []measure.Group
	for _, p := range paces {
		for _, n := range []int{100, 10_000, 1_000_000, 10_000_000} {
			groups = append(groups, get(p, n))
		}
	}
	for _, w := range writes {
		groups = append(groups, build(w, 10_000), build(w, 100_000))
	}
	return append(groups, ranges(), memory())
}

// A history is the versions of one key.
type history interface {
	set(t, v int64)
	get(t int64) int64
	sum(from int64, n int) int64 // the sum of n values from a time on
}

// A kind is ours or a peer, with its targets where there is one.
type kind struct {
	name                               string
	make                               func() history
	steady, bursty, append, late, walk float64
	largest                            int // the maximum number of versions for it
}

// shortHistory is how many versions a history with bursts has at most for which ours is to
// be as fast as the slice. In longer ones each Get misses the cache: ours in the list of
// chunks, in the times and in the values, one after the other, the slice only in the last
// two.
const shortHistory = 1_000_000

var ourKind = kind{make: func() history { return new(ours) }}

var peers = []kind{
	{name: "sorted slice and sort.Search", make: func() history { return new(slice) }, steady: 1, bursty: 1, walk: 0.9, largest: 10_000_000},
	{
		name: "tidwall/btree Map", make: func() history { return &tidwallMap{m: tidwall.NewMap[int64, int64](0)} },
		steady: 4, bursty: 1.3, append: 4, late: 1.3, walk: 2, largest: 10_000_000,
	},
	{name: "google/btree", make: func() history { return newGoogle() }, largest: 1_000_000},
	{name: "gods red-black tree", make: func() history { return &gods{redblacktree.NewWith(utils.Int64Comparator)} }, largest: 1_000_000},
}

type ours struct{ m timemap.Map[int64, int64] }

func (h *ours) set(t, v int64) { h.m.Set(1, t, v) }

func (h *ours) get(t int64) int64 {
	v, _ := h.m.Get(1, t)
	return v
}

func (h *ours) sum(from int64, n int) (sum int64) {
	for _, v := range h.m.Range(1, from, 1<<62) {
		if sum += v; n == 1 {
			break
		}
		n--
	}
	return sum
}

type slice struct{ times, values []int64 }

func (h *slice) at(t int64) int {
	return sort.Search(len(h.times), func(i int) bool { return h.times[i] > t })
}

func (h *slice) set(t, v int64) {
	if n := len(h.times); n == 0 || t > h.times[n-1] {
		h.times, h.values = append(h.times, t), append(h.values, v)
		return
	}
	i := h.at(t)
	if i > 0 && h.times[i-1] == t {
		h.values[i-1] = v
		return
	}
	h.times, h.values = slices.Insert(h.times, i, t), slices.Insert(h.values, i, v)
}

func (h *slice) get(t int64) int64 {
	if i := h.at(t); i > 0 {
		return h.values[i-1]
	}
	return 0
}

func (h *slice) sum(from int64, n int) (sum int64) {
	i := h.at(from - 1)
	for _, v := range h.values[i:min(i+n, len(h.values))] {
		sum += v
	}
	return sum
}

type tidwallMap struct{ m *tidwall.Map[int64, int64] }

func (h *tidwallMap) set(t, v int64) { h.m.Set(t, v) }

func (h *tidwallMap) get(t int64) (v int64) {
	h.m.Descend(t, func(_, value int64) bool {
		v = value
		return false
	})
	return v
}

func (h *tidwallMap) sum(from int64, n int) (sum int64) {
	h.m.Ascend(from, func(_, v int64) bool {
		sum += v
		n--
		return n > 0
	})
	return sum
}

type version struct{ t, v int64 }

type googleTree struct{ t *google.BTreeG[version] }

func newGoogle() *googleTree {
	return &googleTree{google.NewG(32, func(a, b version) bool { return a.t < b.t })}
}

func (h *googleTree) set(t, v int64) { h.t.ReplaceOrInsert(version{t, v}) }

func (h *googleTree) get(t int64) (v int64) {
	h.t.DescendLessOrEqual(version{t: t}, func(w version) bool {
		v = w.v
		return false
	})
	return v
}

func (h *googleTree) sum(from int64, n int) (sum int64) {
	h.t.AscendGreaterOrEqual(version{t: from}, func(w version) bool {
		sum += w.v
		n--
		return n > 0
	})
	return sum
}

type gods struct{ t *redblacktree.Tree }

func (h *gods) set(t, v int64) { h.t.Put(t, v) }

func (h *gods) get(t int64) int64 {
	if n, ok := h.t.Floor(t); ok {
		return n.Value.(int64)
	}
	return 0
}

func (h *gods) sum(from int64, n int) (sum int64) {
	node, ok := h.t.Ceiling(from)
	if !ok {
		return 0
	}
	for it := h.t.IteratorAt(node); ; {
		sum += it.Value().(int64)
		if n--; n == 0 || !it.Next() {
			return sum
		}
	}
}

// A pace is the spacing of the times of versions.
type pace struct {
	name   string
	gap    func(r *rand.Rand) int64
	target func(kind) float64
}

var paces = []pace{
	{"steady", func(*rand.Rand) int64 { return 1000 }, func(k kind) float64 { return k.steady }},
	{"bursty", func(r *rand.Rand) int64 {
		if r.IntN(200) == 0 {
			return r.Int64N(1_000_000)
		}
		return 1 + r.Int64N(10)
	}, func(k kind) float64 { return k.bursty }},
}

func (p pace) times(n int) []int64 {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	times, at := make([]int64, n), int64(1000)
	for i := range times {
		at += p.gap(r)
		times[i] = at
	}
	return times
}

func get(p pace, n int) measure.Group {
	times := p.times(n)
	r := rand.New(rand.NewPCG(uint64(n), 2))
	ats, want := make([]int64, 1<<16), make([]int64, 1<<16)
	for i := range ats {
		j := r.IntN(n)
		ats[i], want[i] = times[j], int64(j)
	}
	side := func(k kind) func() measure.Side {
		return func() measure.Side {
			h := k.make()
			for i, t := range times {
				h.set(t, int64(i))
			}
			i := 0
			return measure.Side{Run: func(m int) {
				for range m {
					if h.get(ats[i]) != want[i] {
						panic("returns another version")
					}
					i = (i + 1) & (len(ats) - 1)
				}
			}}
		}
	}
	g := measure.Group{Name: fmt.Sprintf("Map: Get, %s times, %.0e versions", p.name, float64(n)), Ours: side(ourKind)}
	for _, k := range peers {
		peer := measure.Peer{Name: k.name, Target: p.target(k), New: side(k)}
		if k.name == "sorted slice and sort.Search" && p.name == "bursty" && n > shortHistory {
			peer.Target, peer.Note = 0.6, "three cache misses one after the other, in the list of chunks, the times and the values; a slice has the last two; the target was 1 once"
		}
		if n <= k.largest {
			g.Peers = append(g.Peers, peer)
		}
	}
	return g
}

// A writing is an order in which the versions are written.
type writing struct {
	name   string
	order  func(r *rand.Rand, times []int64)
	target func(kind) float64
}

var writes = []writing{
	{"in order", func(*rand.Rand, []int64) {}, func(k kind) float64 { return k.append }},
	{"5 % late by up to 1000 places", func(r *rand.Rand, times []int64) {
		for i := range times {
			if r.IntN(20) == 0 {
				j := min(i+r.IntN(1000), len(times)-1)
				t := times[i]
				copy(times[i:j], times[i+1:j+1])
				times[j] = t
			}
		}
	}, func(k kind) float64 { return k.late }},
	{"in random order", func(r *rand.Rand, times []int64) {
		r.Shuffle(len(times), func(i, j int) { times[i], times[j] = times[j], times[i] })
	}, func(kind) float64 { return 0 }},
}

// build writes n versions into a new map; all of them are one operation.
func build(w writing, n int) measure.Group {
	times := paces[0].times(n)
	w.order(rand.New(rand.NewPCG(uint64(n), 3)), times)
	side := func(k kind) func() measure.Side {
		return func() measure.Side {
			return measure.Side{Run: func(m int) {
				for range m {
					h := k.make()
					for i, t := range times {
						h.set(t, int64(i))
					}
				}
			}}
		}
	}
	g := measure.Group{
		Name: fmt.Sprintf("Map: Set %.0e versions, %s", float64(n), w.name), Unit: "ns/build CPU",
		Ours: side(ourKind),
	}
	for _, k := range peers {
		g.Peers = append(g.Peers, measure.Peer{Name: k.name, Target: w.target(k), New: side(k)})
	}
	return g
}

func ranges() measure.Group {
	const n, long = 1_000_000, 100
	times := paces[0].times(n)
	r := rand.New(rand.NewPCG(n, 4))
	from := make([]int64, 1<<12)
	for i := range from {
		from[i] = times[r.IntN(n-long)]
	}
	side := func(k kind) func() measure.Side {
		return func() measure.Side {
			h := k.make()
			for i, t := range times {
				h.set(t, int64(i))
			}
			i := 0
			return measure.Side{Run: func(m int) {
				for range m {
					h.sum(from[i], long)
					i = (i + 1) & (len(from) - 1)
				}
			}}
		}
	}
	g := measure.Group{Name: "Map: Range of 100 in 1e+06 versions", Ours: side(ourKind)}
	for _, k := range peers {
		g.Peers = append(g.Peers, measure.Peer{Name: k.name, Target: k.walk, New: side(k)})
	}
	return g
}

func memory() measure.Group {
	const n = 1_000_000
	each := func(k kind) func() float64 {
		return func() float64 {
			return measure.Heap(func() any {
				h := k.make()
				for i := range int64(n) {
					h.set(1000*i, i)
				}
				return h
			}) / n
		}
	}
	g := measure.Group{Name: "Map: memory of 1e+06 versions, int64", Unit: "B/version", OursValue: each(ourKind)}
	g.Peers = append(g.Peers, measure.Bound(17))
	for _, k := range peers {
		g.Peers = append(g.Peers, measure.Peer{Name: k.name, Value: each(k)})
	}
	return g
}
