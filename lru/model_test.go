package lru

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestModel runs the same operations on the three types and on the textbook. After each
// operation every departure has been explained and the invariants I1 to I5 hold.
func TestModel(t *testing.T) {
	for name, mk := range makers[int, string]() {
		t.Run(name, func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { drive(t, name != "Cache", mk) }) })
	}
}

func drive(t *rapid.T, safe bool, mk func(int, Options[int, string]) twin[int, string]) {
	d := newDriver(t, safe, mk)
	o, c := d.o, d.c
	// Hits move their entries later, but before an iteration, so that one after each
	// operation would hide an operation that comes too early.
	observed := rapid.Bool().Draw(t, "observed after each operation")
	all := map[string]func(*rapid.T){
		"iterate and change": func(t *rapid.T) {
			d.tick()
			_, unsynchronised := c.(*Cache[int, string])
			loop(t, o, c, d.tick, d.writes(), unsynchronised)
		},
		"": func(t *rapid.T) {
			c.check()
			require.Empty(t, o.got, "reported without cause")
			s := c.Stats()
			require.Equal(t, Stats{o.hits, o.misses, 0, o.loads, o.errors, o.evicted}, s)
			if observed && (o.now >= d.clock || !o.timed) { // else the cache would read the clock here
				observe(t, o, c, d.weigh)
			}
		},
	}
	for _, ops := range []map[string]func(*rapid.T){d.writes(), d.reads(), d.loads()} {
		maps.Copy(all, ops)
	}
	t.Repeat(all)
}

// observe checks the invariants of the essay, by their numbers, on what a caller can see;
// check checks them on the internals.
func observe(t *rapid.T, o *oracle, c twin[int, string], weigh func(int, string) int64) {
	all, cost := pairs(c.All()), int64(0)
	back := pairs(c.Backward())
	slices.Reverse(back)
	require.Equal(t, all, back, "I2: Backward is All reversed")
	for _, p := range all {
		v, ok := c.Peek(p.key)
		require.Equal(t, []any{p.value, true}, []any{v, ok}, "I1: what the order holds the table finds")
		cost += weigh(p.key, v)
		require.Greater(t, o.deadlines[p.key], o.now, "I5: %d has expired", p.key)
	}
	require.LessOrEqual(t, len(all), c.Cap(), "I3: at most Cap entries")
	require.LessOrEqual(t, cost, o.maxCost, "I4: the costs of the entries")
}

// loop ranges over the cache and changes it meanwhile. A Sync or Sharded yields the
// entries that were present at the beginning. A Cache yields entries that are present:
// untouched ones exactly once and in order, and in total not more than there were.
func loop(t *rapid.T, o *oracle, c twin[int, string], tick func(), ops map[string]func(*rapid.T), live bool) {
	seq, back := c.All(), rapid.Bool().Draw(t, "backward")
	before := o.all()
	if back {
		seq = c.Backward()
		slices.Reverse(before)
	}
	names := slices.Sorted(maps.Keys(ops))
	var yielded []pair[int, string]
	length := o.book.Len()
	o.touched = map[int]bool{}
	for k, v := range seq {
		yielded = append(yielded, pair[int, string]{k, v})
		if live {
			tick()
			require.True(t, o.live(k), "%d is not there", k)
			now, _ := o.book.Peek(k)
			require.Equal(t, now, v)
		}
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			ops[rapid.SampledFrom(names).Draw(t, "op")](t)
		}
	}
	if !live {
		require.Equal(t, before, yielded)
		return
	}
	require.LessOrEqual(t, len(yielded), length)
	c.Contains(0) // makes the cache read the clock
	tick()
	touched := func(p pair[int, string]) bool { return o.touched[p.key] || !o.live(p.key) }
	if !back {
		for i, p := range yielded {
			require.NotContains(t, yielded[:i], p, "used entries go behind the loop")
		}
	}
	require.Equal(t, slices.DeleteFunc(before, touched), slices.DeleteFunc(yielded, touched))
}
