package lfu

import (
	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/list"
)

// tinyLFU puts an admission policy in front of dynamic. A new entry goes to the window,
// the front of the order. The last entry of the window, the candidate, has to leave it
// for the main part, which dynamic orders. There it competes with the rival, the last of
// the order: if the sketch says that the candidate was used more often lately, the
// candidate is admitted and gets the place that dynamic gives it. If not, it is turned
// away: it goes behind the rival, and is the next victim.
//
// The estimates are checked against what happens. Now and then a candidate that should be
// turned away is admitted: a trial. If it is used before the rival's key comes back, the
// estimate was wrong, and the score rises; if the rival's key comes first, the estimate
// was right, and the score falls. While the score is above 0, all candidates are
// admitted, as by Dynamic.
//
// In addition to the byte of dynamic, it takes 1 byte per entry, 8.25 per entry for the
// sketch, and 256 per cache for the trials.
type tinyLFU struct {
	dynamic
	host   cache.Host
	sketch sketch
	state  []state       // of each slot
	tail   uint32        // the last entry of the window; 0 if the window is empty
	n      int           // entries
	inside int           // entries in the window
	trials [trials]trial // by the hash of the rival
	score  int
	random uint64 // the state of a linear congruential generator
}

// A state says where an entry is.
type state uint8

const (
	inMain   state = iota
	inWindow       // before the main part
	onTrial        // in the main part, the candidate of trial 0; onTrial+i of trial i
)

// A trial is a candidate that was admitted though its estimate was not above that of
// its rival.
type trial struct {
	rival uint32 // the hash of its key
	slot  uint32 // of the candidate; 0 if there is no trial
}

// The effect of the constants: the hits in percent on the generated traces of
// evidence/hitratio and on the real ones that its page names, and how far TinyLFU is
// behind Dynamic where it is furthest behind, as means over three seeds.

// windowShare is the part of the entries that is in the window: one in 50, none of fewer.
//
//	1 in        10     20     30     50    100    200
//	generated  56.4   56.5   56.6   56.6   56.7   56.6
//	real       47.0   47.4   47.6   47.6   47.6   47.6
//	behind      0.5    0.7    0.6    0.6    0.7    1.1
const windowShare = 50

// confident bounds the score, which stays in -confident … confident. The score begins at
// the lower end: the estimates are trusted.
//
//	             4      6      8     12     16     32
//	generated  56.5   56.6   56.6   56.6   56.6   56.5
//	real       47.4   47.5   47.6   47.6   47.6   47.6
//	behind      1.9    1.8    0.6    1.4    1.0    5.2
const confident = 8

// Of the candidates that should be turned away, one in often is put on trial while the
// score is above -confident/2, otherwise one in seldom: a trial of an estimate that is
// right costs a hit.
//
//	           16, 16  16, 96  64, 64  8, 64  never
//	generated   55.9    56.6    56.5    56.5   55.7
//	real        46.5    47.6    47.5    47.5   47.6
//	behind       0.3     0.6     0.5     1.1    8.3
const often, seldom = 16, 96

// trials is the maximum number of trials at a time: 16 and 128 have as many hits.
const trials = 32

func newTinyLFU(order *list.Lists[uint32], host cache.Host) cache.Rank {
	r := &tinyLFU{dynamic: dynamic{order: order}, host: host, score: -confident}
	r.Grow(1)
	return r
}

// Grow reserves memory for the slots below slots, or releases that of the others. The
// estimates of the keys in the cache are kept, those of other keys forgotten. O(slots).
func (r *tinyLFU) Grow(slots int) {
	r.dynamic.Grow(slots)
	states := make([]state, slots)
	copy(states, r.state)
	r.state = states
	old := r.sketch
	if r.sketch = newSketch(slots); len(old.blocks) == len(r.sketch.blocks) {
		r.sketch = old
		return
	}
	r.sketch.added = min(old.added, r.sketch.sample-1)
	for s := r.order.Next(0); s != 0; s = r.order.Next(s) {
		h := r.host.Hash(s)
		b, rows := r.sketch.at(h)
		b.raise(rows, old.estimate(h))
	}
}

// Insert counts the first use of s. It goes to the window, if there is one.
func (r *tinyLFU) Insert(s uint32) (before uint32) {
	h := r.host.Hash(s)
	r.sketch.add(h)
	r.returned(h)
	r.marks[s] = 1
	r.n++
	room := r.n / windowShare
	for range 2 { // one more than is added, so that a window that is too large shrinks
		if r.inside > 0 && r.inside >= room {
			r.pass()
		}
	}
	if room == 0 && r.inside == 0 {
		r.state[s] = inMain
		return r.enter(s, r.order.Prev(0))
	}
	r.state[s] = inWindow
	if r.inside++; r.inside == 1 {
		r.tail = s
	}
	return r.order.Next(0)
}

// Use counts a use of s.
func (r *tinyLFU) Use(s uint32) (before uint32) {
	r.sketch.add(r.host.Hash(s))
	if r.state[s] != inWindow {
		if r.state[s] >= onTrial {
			r.end(uint32(r.state[s] - onTrial))
			r.score = min(r.score+1, confident)
		}
		return r.dynamic.Use(s)
	}
	r.marks[s] = mark(min(r.marks[s].count()+1, most))
	front := r.order.Next(0)
	if s == r.tail && s != front {
		r.tail = r.order.Prev(s)
	}
	return front
}

// Remove forgets s.
func (r *tinyLFU) Remove(s uint32, reason cache.Reason) {
	r.n--
	switch {
	case r.state[s] == inWindow:
		r.shorten(s)
		return
	case r.state[s] >= onTrial:
		r.end(uint32(r.state[s] - onTrial))
	}
	r.dynamic.Remove(s, reason)
}

// Renumber gives the place of from to the slot to.
func (r *tinyLFU) Renumber(from, to uint32) {
	r.dynamic.Renumber(from, to)
	r.state[to] = r.state[from]
	if r.state[to] >= onTrial {
		r.trials[r.state[to]-onTrial].slot = to
	}
	if r.tail == from {
		r.tail = to
	}
}

// shorten removes s from the window.
func (r *tinyLFU) shorten(s uint32) {
	r.inside--
	if s == r.tail {
		r.tail = r.order.Prev(s)
	}
}

// pass moves the last entry of the window to the main part.
func (r *tinyLFU) pass() {
	s := r.tail
	rival := r.order.Prev(0)
	if rival == s {
		rival = 0 // the main part is empty
	}
	r.shorten(s)
	r.state[s] = inMain
	r.host.Dodge(s)
	r.order.MoveBefore(s, r.enter(s, rival))
}

// enter gives s its place in the main part, and returns the entry behind it. rival is
// the last of the order, 0 if there is none.
func (r *tinyLFU) enter(s, rival uint32) (before uint32) {
	count := r.marks[s].count()
	if rival == 0 || r.admits(s, rival) {
		return r.place(s, count)
	}
	r.marks[s] = mark(r.marks[rival].class()<<4 | count)
	return 0
}

// admits reports whether s is admitted, so that its rival is the next victim.
func (r *tinyLFU) admits(s, rival uint32) bool {
	// One use says nothing about a key: it must not take the place of a key whose own use
	// was halved to 0.
	mine := r.sketch.estimate(r.host.Hash(s))
	if mine > 1 && mine > r.sketch.estimate(r.host.Hash(rival)) {
		return true
	}
	r.random = r.random*6364136223846793005 + 1442695040888963407 // Knuth's MMIX
	every := uint64(often)
	if r.score <= -confident/2 {
		every = seldom
	}
	if r.random>>32*every>>32 != 0 {
		return r.score > 0
	}
	its := r.host.Hash(rival)
	i := its % trials
	r.end(i)
	r.trials[i] = trial{its, s}
	r.state[s] = onTrial + state(i)
	return true
}

// returned ends the trial, if there is one, whose rival has the hash h: the rival's key
// has returned before the candidate was used.
func (r *tinyLFU) returned(h uint32) {
	i := h % trials
	if t := r.trials[i]; t.slot != 0 && t.rival == h {
		r.end(i)
		r.score = max(r.score-1, -confident)
	}
}

// end ends trial i, if there is one.
func (r *tinyLFU) end(i uint32) {
	t := &r.trials[i]
	if t.slot != 0 {
		r.state[t.slot] = inMain
		t.slot = 0
	}
}
