package lfu

import (
	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/list"
)

// tinyLFU puts an admission policy in front of dynamic. A new entry goes to the window,
// the front of the order. The last entry of the window, the candidate, has to leave it
// for the main part, which dynamic orders. There it competes with the rival, the last of
// the order: if the candidate's key was used more often lately, the candidate is admitted
// and gets the place that dynamic gives it. If not, it is turned away: it goes behind the
// rival, and is the next victim.
//
// How often a key was used lately is kept with its entry, if it has one, so that a use
// does not change the sketch, which knows only keys without an entry. A new entry reads
// its uses from the sketch, and an entry that leaves writes them back.
//
// The estimates are checked against what happens. Now and then a candidate that should be
// turned away is admitted: a trial. If it is used before the rival's key comes back, the
// estimate was wrong, and the score rises; if the rival's key comes first, the estimate
// was right, and the score falls. While the score is above 0, all candidates are
// admitted, as by Dynamic.
//
// In addition to the byte of dynamic, it takes 2 bytes per entry for its uses, 8.25 per
// entry for the sketch, and 512 per cache for the trials.
type tinyLFU struct {
	dynamic
	host       cache.Host
	sketch     sketch
	uses       []uses        // of each slot
	tail       uint32        // the last entry of the window; 0 if the window is empty
	n          int           // entries
	inside     int           // entries in the window
	rivals     [trials]trial // by the hash of the rival
	candidates [trials]trial // the same trials, by the hash of the candidate
	score      int
	random     uint64 // the state of a linear congruential generator
}

// A trial is a candidate that was admitted though it was used no more often than its
// rival. Both are known by the hashes of their keys, with the bit known; the zero trial
// is none.
type trial struct{ rival, candidate uint32 }

// known is a bit that no Host's hash has.
const known = 1 << 31

// waiting is the mark of an entry in the window: it has its count where others have their
// class, and 0 where they have their count.
func waiting(count uint8) mark { return mark(count << 4) }

func (m mark) waiting() bool { return m&most == 0 }

// The effect of the constants: the hits in percent on the generated traces of
// evidence/hitratio and on the real ones that its page names, and how far TinyLFU is
// behind Dynamic where it is furthest behind, as means over three seeds. Where nothing
// else is said, the tables are of an earlier form, in which the sketch counted the uses of
// entries too; with the constants as they are it had 56.5, 47.7 and 0.7, and this form has
// 56.7, 47.7 and 0.2.

// windowShare is the part of the entries that is in the window: one in 50, none of fewer.
//
//	1 in        10     20     30     50    100    200
//	generated  56.4   56.5   56.6   56.6   56.7   56.6
//	real       47.0   47.4   47.6   47.6   47.6   47.6
//	behind      0.5    0.7    0.6    0.6    0.7    1.1
//
// In this form 10 has 56.3, 47.1 and 0.2, and 20 has 56.5, 47.5 and 0.3.
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
//
// In this form 16, 96 has 56.7, 47.8 and 0.6, and 16, 64 has 56.7, 47.7 and 0.2: where hot
// keys change, with 1,500 entries, 5 of 24 seeds are more than a point behind with 96, the
// worst by 3.9, and 2 of 24 with 64, the worst by 1.5.
const often, seldom = 16, 64

// trials is the maximum number of trials at a time: 16 and 128 have as many hits.
const trials = 32

func newTinyLFU(order *list.Lists[uint32], host cache.Host) cache.Rank {
	r := &tinyLFU{dynamic: dynamic{order: order}, host: host, score: -confident}
	r.Grow(1)
	return r
}

// Grow reserves memory for the slots below slots, or releases that of the others. The
// uses of the entries are kept, those of other keys forgotten. O(slots).
func (r *tinyLFU) Grow(slots int) {
	r.dynamic.Grow(slots)
	all := make([]uses, slots)
	copy(all, r.uses)
	r.uses = all
	r.sketch.grow(slots)
}

// Insert counts the first use of s, whose key has the hash h. It goes to the window, if
// there is one.
func (r *tinyLFU) Insert(s, h uint32) (before uint32) {
	r.uses[s] = r.sketch.add(h)
	r.returned(h | known)
	r.n++
	room := r.n / windowShare
	for range 2 { // one more than is added, so that a window that is too large shrinks
		if r.inside > 0 && r.inside >= room {
			r.pass()
		}
	}
	if room == 0 && r.inside == 0 {
		return r.enter(s, r.order.Prev(0), 1)
	}
	r.marks[s] = waiting(1)
	if r.inside++; r.inside == 1 {
		r.tail = s
	}
	return r.order.Next(0)
}

// Use counts a use of s, whose key has the hash h.
func (r *tinyLFU) Use(s, h uint32) (before uint32) {
	r.uses[s] = r.sketch.more(r.uses[s])
	m := r.marks[s]
	if !m.waiting() {
		if t := r.candidates[h%trials]; t.candidate == h|known {
			r.end(t)
			r.score = min(r.score+1, confident)
		}
		return r.dynamic.Use(s, h)
	}
	r.marks[s] = waiting(min(m.class()+1, most))
	front := r.order.Next(0)
	if s == r.tail && s != front {
		r.tail = r.order.Prev(s)
	}
	return front
}

// Remove forgets s, whose key has the hash h. Its uses go to the sketch.
func (r *tinyLFU) Remove(s, h uint32, reason cache.Reason) {
	r.n--
	if r.Frequency(s) > 1 { // else the sketch has the only use
		r.sketch.raise(h, r.uses[s])
	}
	if r.marks[s].waiting() {
		r.shorten(s)
		return
	}
	if t := r.candidates[h%trials]; t.candidate == h|known {
		r.end(t)
	}
	r.dynamic.Remove(s, h, reason)
}

// Renumber gives the place of from to the slot to.
func (r *tinyLFU) Renumber(from, to uint32) {
	r.dynamic.Renumber(from, to)
	r.uses[to] = r.uses[from]
	if r.tail == from {
		r.tail = to
	}
}

// Frequency returns the count of s.
func (r *tinyLFU) Frequency(s uint32) uint64 {
	if m := r.marks[s]; m.waiting() {
		return uint64(m.class())
	}
	return r.dynamic.Frequency(s)
}

// shorten takes s out of the window.
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
	r.host.Dodge(s)
	r.order.MoveBefore(s, r.enter(s, rival, r.marks[s].class()))
}

// enter gives s its place in the main part, and returns the entry behind it. rival is
// the last of the order, 0 if there is none.
func (r *tinyLFU) enter(s, rival uint32, count uint8) (before uint32) {
	if rival == 0 || r.admits(s, rival) {
		return r.place(s, count)
	}
	r.marks[s] = r.marks[rival]&^most | mark(count)
	return 0
}

// admits reports whether s is admitted, so that its rival is the next victim.
func (r *tinyLFU) admits(s, rival uint32) bool {
	// One use says nothing about a key: it must not take the place of a key whose own use
	// was halved to 0.
	if u := r.uses[s]; u&most > 1 {
		if mine := r.sketch.of(u); mine > 1 && mine > r.sketch.of(r.uses[rival]) {
			return true
		}
	}
	r.random = r.random*6364136223846793005 + 1442695040888963407 // Knuth's MMIX
	every := uint64(often)
	if r.score <= -confident/2 {
		every = seldom
	}
	if r.random>>32*every>>32 != 0 {
		return r.score > 0
	}
	r.begin(trial{r.host.Hash(rival) | known, r.host.Hash(s) | known})
	return true
}

// returned ends the trial, if there is one, whose rival has the hash h: the rival's key
// has returned before the candidate was used.
func (r *tinyLFU) returned(h uint32) {
	if t := r.rivals[h%trials]; t.rival == h {
		r.end(t)
		r.score = max(r.score-1, -confident)
	}
}

// begin begins a trial, and ends those whose places it takes.
func (r *tinyLFU) begin(t trial) {
	r.end(r.rivals[t.rival%trials])
	r.end(r.candidates[t.candidate%trials])
	r.rivals[t.rival%trials], r.candidates[t.candidate%trials] = t, t
}

// end ends a trial, if it is one.
func (r *tinyLFU) end(t trial) {
	if t != (trial{}) {
		r.rivals[t.rival%trials], r.candidates[t.candidate%trials] = trial{}, trial{}
	}
}
