package lfu

import (
	"math/bits"
	"slices"

	"example.com/flatline/internal/hash"
)

// plain is TinyLFU as it is defined: the order is a slice, each entry has its priority,
// and every counter, and the uses of every entry, are halved when a sample ends. It does not follow a cache of more than
// 24 entries when that is made smaller.
type plain struct {
	capacity int
	seed     uint64
	hasher   hash.Hasher[int]
	order    []*plainEntry // the most valuable first: the window, then the main part
	floor    uint64
	reserved int // entries that there is memory for
	counters []plainBlock
	added    int
	trials   []plainTrial
	score    int
	random   uint64
}

type plainBlock [4][32]uint64

type plainEntry struct {
	pair[int, int]
	count, priority uint64
	uses            uint64 // of its key, lately
	window          bool
}

type plainTrial struct {
	rival     uint32
	candidate *plainEntry
}

func newPlain(capacity int, seed uint64) *plain {
	return &plain{capacity: capacity, seed: seed, hasher: hash.Seeded[int](nil, seed), counters: make([]plainBlock, leastBlocks), score: -confident}
}

func (p *plain) hash(k int) uint32 { return uint32(p.hasher.Hash(k)) & (1<<31 - 1) }

// The sketch.

func (p *plain) cells(k int) (cells [4]*uint64) {
	b, rows := places(p.hash(k), len(p.counters))
	for row := range 4 { // two bits for each pair of rows, three for each row
		cells[row] = &p.counters[b][row][rows>>(row/2*2)%4*8+rows>>(4+3*row)%8]
	}
	return cells
}

func (p *plain) estimate(k int) uint64 {
	c := p.cells(k)
	return min(*c[0], *c[1], *c[2], *c[3])
}

func (p *plain) raise(k int, to uint64) {
	for _, c := range p.cells(k) {
		*c = max(*c, to)
	}
}

// more counts a use of the key of e.
func (p *plain) more(e *plainEntry) {
	if e.uses == 15 {
		return
	}
	e.uses++
	if p.added++; p.added < 80*len(p.counters) {
		return
	}
	p.added = 40 * len(p.counters)
	for b := range p.counters {
		for row := range p.counters[b] {
			for i := range p.counters[b][row] {
				p.counters[b][row][i] /= 2
			}
		}
	}
	for _, e := range p.order {
		e.uses /= 2
	}
	if !slices.Contains(p.order, e) { // it is about to come
		e.uses /= 2
	}
}

// grow reserves memory as the table does: 8, 12, 16, 24, 32, … entries.
func (p *plain) grow() {
	next := max(8, 1<<bits.Len(uint(p.reserved)))
	if next > 8 && next*3/4 > p.reserved {
		next = next * 3 / 4
	}
	p.reserved = min(next, p.capacity)
	n := max((p.reserved+1+7)/8, leastBlocks)
	if n == len(p.counters) {
		return
	}
	p.counters = make([]plainBlock, n)
}

// The order.

func (p *plain) find(k int) *plainEntry {
	for _, e := range p.order {
		if e.Key == k {
			return e
		}
	}
	return nil
}

func (p *plain) drop(e *plainEntry) {
	i := slices.Index(p.order, e)
	p.order = slices.Delete(p.order, i, i+1)
}

func (p *plain) inside() (n int) {
	for _, e := range p.order {
		if e.window {
			n++
		}
	}
	return n
}

// place puts e, which is not in the order, where its count says.
func (p *plain) place(e *plainEntry) {
	e.priority = p.floor + min(4*e.count-3, 15)
	i := p.inside()
	for i < len(p.order) && p.order[i].priority > e.priority {
		i++
	}
	p.order = slices.Insert(p.order, i, e)
}

func (p *plain) use(e *plainEntry) {
	p.more(e)
	e.count = min(e.count+1, 15)
	p.drop(e)
	if e.window {
		p.order = slices.Insert(p.order, 0, e)
		return
	}
	if p.end(func(t plainTrial) bool { return t.candidate == e }) {
		p.score = min(p.score+1, confident)
	}
	p.place(e)
}

// end ends the trials of that kind, and reports whether there was one.
func (p *plain) end(kind func(t plainTrial) bool) bool {
	n := len(p.trials)
	p.trials = slices.DeleteFunc(p.trials, kind)
	return len(p.trials) < n
}

// leave removes e, and raises the floor if it was evicted.
func (p *plain) leave(e *plainEntry, evicted bool) {
	if evicted && !e.window {
		p.floor = p.order[len(p.order)-1].priority
	}
	p.end(func(t plainTrial) bool { return t.candidate == e })
	if e.count > 1 {
		p.raise(e.Key, e.uses)
	}
	p.drop(e)
}

func (p *plain) last() *plainEntry { return p.order[len(p.order)-1] }

func (p *plain) Get(k int) (int, bool) {
	if e := p.find(k); e != nil {
		p.use(e)
		return e.Value, true
	}
	return 0, false
}

func (p *plain) Put(k, v int) (evicted bool) {
	if e := p.find(k); e != nil {
		e.Value = v
		p.use(e)
		return false
	}
	if evicted = len(p.order) == p.capacity; evicted {
		p.leave(p.last(), true)
	}
	if len(p.order) == p.reserved {
		p.grow()
	}
	e := &plainEntry{pair: pair[int, int]{k, v}, count: 1, uses: p.estimate(k)}
	p.raise(k, min(e.uses+1, 15))
	p.more(e)
	if p.end(func(t plainTrial) bool { return t.rival == p.hash(k) }) {
		p.score = max(p.score-1, -confident)
	}
	room := (len(p.order) + 1) / windowShare
	for range 2 {
		if n := p.inside(); n > 0 && n >= room {
			w := p.order[n-1]
			p.drop(w)
			w.window = false
			p.enter(w)
		}
	}
	if room == 0 && p.inside() == 0 {
		p.enter(e)
		return evicted
	}
	e.window = true
	p.order = slices.Insert(p.order, 0, e)
	return evicted
}

// enter puts e, which is not in the order, into the main part.
func (p *plain) enter(e *plainEntry) {
	if len(p.order) == p.inside() || p.admits(e, p.last()) {
		p.place(e)
		return
	}
	e.priority = p.last().priority
	p.order = append(p.order, e)
}

func (p *plain) admits(e, rival *plainEntry) bool {
	if e.uses > max(rival.uses, 1) {
		return true
	}
	p.random = p.random*6364136223846793005 + 1442695040888963407
	every := uint64(16)
	if p.score <= -4 {
		every = 64
	}
	if p.random>>32*every>>32 != 0 {
		return p.score > 0
	}
	begins := plainTrial{p.hash(rival.Key), e}
	p.end(func(t plainTrial) bool {
		return t.rival%32 == begins.rival%32 || p.hash(t.candidate.Key)%32 == p.hash(e.Key)%32
	})
	p.trials = append(p.trials, begins)
	return true
}

// EvictOther evicts for a Put of k, which it spares.
func (p *plain) EvictOther(k int) {
	for _, e := range slices.Backward(p.order) {
		if e.Key != k {
			p.leave(e, true)
			return
		}
	}
}

func (p *plain) Delete(k int) (v int, ok bool) {
	e := p.find(k)
	if e == nil {
		return 0, false
	}
	p.leave(e, false)
	return e.Value, true
}

func (p *plain) PopLeastFrequent() (k, v int, ok bool) {
	if len(p.order) == 0 {
		return 0, 0, false
	}
	e := p.last()
	p.leave(e, false)
	return e.Key, e.Value, true
}

func (p *plain) Resize(capacity int) (evicted int) {
	for p.capacity = capacity; len(p.order) > capacity; evicted++ {
		p.leave(p.last(), true)
	}
	return evicted
}

func (p *plain) Clear()   { *p = *newPlain(p.capacity, p.seed) }
func (p *plain) Len() int { return len(p.order) }
func (p *plain) Cap() int { return p.capacity }

func (p *plain) Frequency(k int) (uint64, bool) {
	if e := p.find(k); e != nil {
		return e.count, true
	}
	return 0, false
}

func (p *plain) Pairs() (all []pair[int, int]) {
	for _, e := range slices.Backward(p.order) {
		all = append(all, e.pair)
	}
	return all
}
