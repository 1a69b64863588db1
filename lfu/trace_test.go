package lfu

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/lru"
)

// The three traces that separate the eviction policies, for a cache of 100 entries.

// scanTrace reads 80 hot keys in turn and then, between every two rounds, 100 keys that
// are never read again.
func scanTrace(read func(k int)) {
	next := 1000
	for turn := range 60 {
		for k := range 80 {
			read(k)
		}
		if turn < 10 {
			continue
		}
		for range 100 {
			read(next)
			next++
		}
	}
}

// shiftTrace reads 80 hot keys in turn, and then 80 others.
func shiftTrace(read func(k int)) {
	for _, first := range []int{0, 1000} {
		for range 50 {
			for k := range 80 {
				read(first + k)
			}
		}
	}
}

// loopTrace reads 150 keys in turn.
func loopTrace(read func(k int)) {
	for range 50 {
		for k := range 150 {
			read(k)
		}
	}
}

// TestTraces compares the table of the essay with the measured hits.
func TestTraces(t *testing.T) {
	hits := func(trace func(func(int)), get func(int) (int, bool), put func(int, int) bool) (percent int) {
		hits, reads := 0, 0
		trace(func(k int) {
			reads++
			if _, ok := get(k); ok {
				hits++
			} else {
				put(k, k)
			}
		})
		return hits * 100 / reads
	}
	for _, tc := range []struct {
		name                      string
		trace                     func(func(int))
		lru, exact, dynamic, tiny int
	}{
		{"scan", scanTrace, 8, 48, 48, 48},
		{"shift", shiftTrace, 98, 49, 94, 93},
		{"loop", loopTrace, 0, 0, 0, 64},
	} {
		l := lru.New[int, int](100)
		e := New[int, int](100)
		d := New(100, Options[int, int]{Aging: Dynamic})
		y := New(100, Options[int, int]{Aging: TinyLFU, Seed: 1})
		assert.Equal(t, tc.lru, hits(tc.trace, l.Get, l.Put), "%s, lru", tc.name)
		assert.Equal(t, tc.exact, hits(tc.trace, e.Get, e.Put), "%s, exact", tc.name)
		assert.Equal(t, tc.dynamic, hits(tc.trace, d.Get, d.Put), "%s, dynamic", tc.name)
		assert.Equal(t, tc.tiny, hits(tc.trace, y.Get, y.Put), "%s, tinylfu", tc.name)
	}
}
