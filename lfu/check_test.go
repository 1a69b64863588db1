package lfu

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/invariant"
)

// TestCheck breaks each invariant in turn, so that Check, on which the other tests rely,
// is known to see it.
func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		says   string
		damage func(r *exact)
	}{
		{"I6: count 9 below 2", func(r *exact) { r.bucket(r.bucket(0).above).count = 9 }},
		{"I6: slot 4 has no count", func(r *exact) { r.bucket(r.bucket(0).above).count = 0 }},
		{"I7: bucket 1 begins at slot 1, not 3", func(r *exact) { r.bucket(1).front = 3 }},
		{"I7: above bucket 1 lies 0, not 2", func(r *exact) { r.bucket(1).above = 2 }},
		{"I7: sentinel {0 1 3}, lowest bucket 3", func(r *exact) { r.bucket(0).front = 1 }},
		{"I7: 3 open + 1 closed of 5 buckets", func(r *exact) { r.used++ }},
		{"I7: the closed buckets go round in a circle", func(r *exact) { r.bucket(r.free).above = r.free }},
	} {
		check(t, Exact, tc.says, func(r cache.Rank) { tc.damage(r.(*exact)) })
	}
	for _, tc := range []struct {
		says   string
		damage func(r *dynamic)
	}{
		{"I6: slot 4 lies 14 above the floor, its neighbour in front 2", func(r *dynamic) { r.floor = 3 }},
		{"I6: slot 1 has no count", func(r *dynamic) { r.marks[1] &^= maxCount }},
		{"I7: the classes begin at [0 4 0 0 0 2 0 0 0 1 0 0 0 0 0 0]", func(r *dynamic) { r.front[1] = 3 }},
		{"I7: the classes with entries are 0000001000100010, not 0000001000100110", func(r *dynamic) { r.live |= 1 << 2 }},
	} {
		check(t, Dynamic, tc.says, func(r cache.Rank) { tc.damage(r.(*dynamic)) })
	}
}

// TestCheckTinyLFU is TestCheck for what TinyLFU adds.
func TestCheckTinyLFU(t *testing.T) {
	for says, damage := range map[string]func(r *tinyLFU){
		"I8: slot 100 of the window is behind it":                      func(r *tinyLFU) { r.marks[100] = waiting(1) },
		"I8: the window is 1 entries to slot 200, not 2 to 199":        func(r *tinyLFU) { r.marks[199] = 1 },
		"I8: the window is 2 entries to slot 199, not 2 to 200":        func(r *tinyLFU) { r.tail = 200 },
		"I8: 200 entries, not 199":                                     func(r *tinyLFU) { r.n-- },
		"I6: slot 199 has no count":                                    func(r *tinyLFU) { r.marks[199] = 0 },
		"I7: the classes with entries are ":                            func(r *tinyLFU) { r.live |= 1 << 9 },
		"I9: only one place has the trial {8000000b 80000005}":         func(r *tinyLFU) { r.rivals[11] = trial{known + 11, known + 5} },
		"I9: only one place has the trial {8000000c 80000006}":         func(r *tinyLFU) { r.candidates[6] = trial{known + 12, known + 6} },
		"has no entry in the main part":                                func(r *tinyLFU) { r.begin(trial{known + 12, known + 6}) },
		"I9: a score of -9":                                            func(r *tinyLFU) { r.score = -9 },
		fmt.Sprintf("I9: %d uses in a sample of %[1]d", 26*8*sampleOf): func(r *tinyLFU) { r.sketch.added = r.sketch.sample },
	} {
		c := New(200, Options[int, int]{Aging: TinyLFU, Seed: 1})
		for k := range 200 {
			c.Put(k, k)
		}
		c.impl().Check()
		rankOf(c, func(r *tinyLFU) { damage(r) })
		func() {
			defer func() { assert.Contains(t, fmt.Sprint(recover()), says) }()
			c.impl().Check()
		}()
	}
}

func check(t *testing.T, a Aging, says string, damage func(cache.Rank)) {
	t.Helper()
	c := New(5, Options[int, int]{Aging: a})
	for s, count := range []int{3, 2, 1, 1, 5} { // in the slots 1 to 5
		for range count {
			c.Put(s, s)
		}
	}
	c.Delete(4)
	c.impl().Check()
	c.impl().Inspect(0, func(r cache.Rank, _ uint32) { damage(r) })
	defer func() { assert.Contains(t, fmt.Sprint(recover()), says) }()
	c.impl().Check()
}

// Check panics if an invariant of the essay does not hold.
func (r *exact) Check(order []uint32) {
	var above uint32
	open := 0
	for _, s := range order {
		b := r.of[s]
		if b != above {
			open++
			invariant.Must(r.bucket(b).front == s, "I7: bucket %d begins at slot %d, not %d", b, s, r.bucket(b).front)
			invariant.Must(r.bucket(b).above == above, "I7: above bucket %d lies %d, not %d", b, above, r.bucket(b).above)
			invariant.Must(above == 0 || r.bucket(b).count < r.bucket(above).count, "I6: count %d below %d",
				r.bucket(b).count, r.bucket(above).count)
			above = b
		}
		invariant.Must(b != 0 && r.bucket(b).count > 0, "I6: slot %d has no count", s)
	}
	invariant.Must(*r.bucket(0) == bucket{above: above} && r.of[0] == 0, "I7: sentinel %v, lowest bucket %d", *r.bucket(0), above)
	closed := 0
	for b := r.free; b != 0; b = r.bucket(b).above {
		invariant.Must(closed < int(r.used), "I7: the closed buckets go round in a circle")
		closed++
	}
	invariant.Must(open+closed == int(r.used)-1, "I7: %d open + %d closed of %d buckets", open, closed, r.used-1)
}

// Check panics if an invariant of the essay does not hold.
func (r *dynamic) Check(order []uint32) {
	var front [classes]uint32
	var live uint16
	last := classes
	for _, s := range order {
		m := r.marks[s]
		up := int(m.class()-r.floor) % classes
		invariant.Must(up <= last, "I6: slot %d lies %d above the floor, its neighbour in front %d", s, up, last)
		invariant.Must(m.count() > 0, "I6: slot %d has no count", s)
		if up < last {
			front[m.class()] = s
			live |= 1 << m.class()
		}
		last = up
	}
	invariant.Must(front == r.front, "I7: the classes begin at %v, not %v", front, r.front)
	invariant.Must(live == r.live, "I7: the classes with entries are %016b, not %016b", live, r.live)
}

// Check panics if an invariant of the essay does not hold.
func (r *tinyLFU) Check(order []uint32) {
	inside := 0
	for inside < len(order) && r.marks[order[inside]].waiting() {
		invariant.Must(r.marks[order[inside]] != 0, "I6: slot %d has no count", order[inside])
		inside++
	}
	for _, s := range order[inside:] {
		invariant.Must(!r.marks[s].waiting(), "I8: slot %d of the window is behind it", s)
	}
	var tail uint32
	if inside > 0 {
		tail = order[inside-1]
	}
	invariant.Must(inside == r.inside && tail == r.tail, "I8: the window is %d entries to slot %d, not %d to %d", inside, tail, r.inside, r.tail)
	invariant.Must(len(order) == r.n, "I8: %d entries, not %d", len(order), r.n)
	r.dynamic.Check(order[inside:])
	main := map[uint32]bool{}
	for _, s := range order[inside:] {
		main[r.host.Hash(s)|known] = true
	}
	for _, t := range r.underWay() {
		invariant.Must(r.rivals[t.rival%trials] == t && r.candidates[t.candidate%trials] == t, "I9: only one place has the trial %x", t)
		invariant.Must(main[t.candidate], "I9: the candidate of the trial %x has no entry in the main part", t)
	}
	invariant.Must(-confident <= r.score && r.score <= confident, "I9: a score of %d", r.score)
	invariant.Must(r.sketch.added < r.sketch.sample, "I9: %d uses in a sample of %d", r.sketch.added, r.sketch.sample)
}

// underWay returns the trials that either table has.
func (r *tinyLFU) underWay() (all []trial) {
	for _, t := range slices.Concat(r.rivals[:], r.candidates[:]) {
		if t != (trial{}) && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}
