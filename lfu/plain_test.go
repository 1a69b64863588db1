package lfu

import (
	"math/bits"
	"slices"

	"example.com/flatline/internal/hash"
)

// plain is TinyLFU as it is defined: the order is a slice, each entry has its priority,
// and every counter, and the uses of every entry, are halved when a sample ends. It does
// not follow a cache of more than 24 entries when that is made smaller.
type plain struct {
	capacity int
	seed     uint64
	hasher   hash.Hasher[int]
	order    []*plainEntry // the most valuable first: the window, then the main part
	floor    uint64
	reserved int // entries that there is memory for
	blocks   []plainBlock
	added    int
	trials   []plainTrial
	score    int
	trial    bool // the next candidate is admitted if it should be turned away
	random   uint64
}

type plainBlock struct {
	door     [4][64]bool
	counters [2][32]uint64
}

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
	return &plain{capacity: capacity, seed: seed, hasher: hash.Seeded[int](nil, seed), blocks: make([]plainBlock, minBlocks), score: start}
}

func (p *plain) hash(k int) uint32 { return uint32(p.hasher.Hash(k)) & (1<<31 - 1) }

// The sketch.

func (p *plain) cells(k int) (door [3]*bool, cells [2]*uint64) {
	b, bits := locate(p.hash(k), len(p.blocks))
	for i := range door {
		door[i] = &p.blocks[b].door[bits%4][bits>>(2+6*i)%64]
	}
	for row := range cells { // a bit for its word, and four for its place there
		cells[row] = &p.blocks[b].counters[row][bits>>(20+row)%2*16+bits>>(22+4*row)%16]
	}
	return door, cells
}

func (p *plain) estimate(k int) uint64 {
	d, c := p.cells(k)
	seen := uint64(0)
	if *d[0] && *d[1] && *d[2] {
		seen = 1
	}
	return max(seen, min(*c[0], *c[1]))
}

func (p *plain) raise(k int, to uint64) {
	door, cells := p.cells(k)
	switch to {
	case 0:
	case 1:
		for _, d := range door {
			*d = true
		}
	default:
		for _, c := range cells {
			*c = max(*c, to)
		}
	}
}

// more counts a use of the key of e.
func (p *plain) more(e *plainEntry) {
	if e.uses == 15 {
		return
	}
	e.uses++
	if p.added++; p.added < 80*len(p.blocks) {
		return
	}
	p.added = 40 * len(p.blocks)
	for i := range p.blocks {
		b := &p.blocks[i]
		b.door = [4][64]bool{}
		for row := range b.counters {
			for i := range b.counters[row] {
				b.counters[row][i] /= 2
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
	n := max((p.reserved+1+7)/8, minBlocks)
	if n == len(p.blocks) {
		return
	}
	p.blocks = make([]plainBlock, n)
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

// room is how many entries may be in the window of n.
func room(n int) int { return max(n/windowShare, 1) }

// candidate returns the last entry of the window if it has to leave, nil otherwise.
func (p *plain) candidate() *plainEntry {
	if n := p.inside(); n > 0 && n >= room(len(p.order)) {
		return p.order[n-1]
	}
	return nil
}

// victim is the next entry to be evicted.
func (p *plain) victim() *plainEntry {
	if c := p.candidate(); c != nil && !p.admits(c, p.last()) {
		return c
	}
	return p.last()
}

// leave removes e. If it was evicted, the floor rises, and the candidate that competed
// with it is admitted.
func (p *plain) leave(e *plainEntry, evicted bool) {
	c := p.candidate()
	evicted = evicted && !p.last().window
	if evicted {
		p.floor = p.last().priority
	}
	p.end(func(t plainTrial) bool { return t.candidate == e })
	if e.count > 1 {
		p.raise(e.Key, e.uses)
	}
	p.drop(e)
	switch {
	case !evicted:
	case e.window:
		p.draw()
	case c != nil && p.admits(c, e):
		if c.uses <= max(e.uses, 1) {
			if p.trial {
				p.begin(c, e)
			}
			p.draw()
		}
		p.pass(c)
	}
}

// pass moves e from the window to the main part.
func (p *plain) pass(e *plainEntry) {
	p.drop(e)
	e.window = false
	p.place(e)
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
		p.leave(p.victim(), true)
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
	for range 2 {
		if n := p.inside(); n >= room(len(p.order)+1) {
			p.pass(p.order[n-1])
		}
	}
	e.window = true
	p.order = slices.Insert(p.order, 0, e)
	return evicted
}

// admits reports whether the candidate e is admitted in place of rival.
func (p *plain) admits(e, rival *plainEntry) bool {
	return !rival.window && (p.score > 0 || p.trial || e.uses > max(rival.uses, 1))
}

// draw decides whether the next candidate is put on trial.
func (p *plain) draw() {
	p.random = p.random*6364136223846793005 + 1442695040888963407
	every := uint64(16)
	if p.score <= -4 {
		every = 64
	}
	p.trial = p.random>>32*every>>32 == 0
}

// begin begins a trial of e, and ends those whose places it takes.
func (p *plain) begin(e, rival *plainEntry) {
	begins := plainTrial{p.hash(rival.Key), e}
	p.end(func(t plainTrial) bool {
		return t.rival%32 == begins.rival%32 || p.hash(t.candidate.Key)%32 == p.hash(e.Key)%32
	})
	p.trials = append(p.trials, begins)
}

// EvictOther evicts for a Put of k, which it spares.
func (p *plain) EvictOther(k int) {
	e := p.victim()
	if e.Key == k {
		e = p.last()
	}
	if e.Key == k {
		e = p.order[len(p.order)-2]
	}
	p.leave(e, true)
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
	e := p.victim()
	p.leave(e, false)
	return e.Key, e.Value, true
}

func (p *plain) Resize(capacity int) (evicted int) {
	for p.capacity = capacity; len(p.order) > capacity; evicted++ {
		p.leave(p.victim(), true)
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
