package wheel

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestModel drives a wheel and a map of deadlines alike, over spans from one
// nanosecond to centuries.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const slots = 12
		w := New(4)
		w.Grow(slots)
		model := map[uint32]int64{}
		now := int64(0)
		uniform := rapid.Int64Range(1, 1<<40).Draw(t, "uniform ttl")
		slot := rapid.Uint32Range(1, slots-1)
		span := func(t *rapid.T, label string) int64 {
			return rapid.Int64Range(1, 1<<rapid.IntRange(1, 62).Draw(t, "bits")).Draw(t, label)
		}
		due := func(t *rapid.T, steps int) {
			s := w.Due(steps)
			if s == 0 {
				if !w.Behind() {
					for s, when := range model {
						require.Greater(t, when, now, "slot %d is overdue", s)
					}
				}
				return
			}
			require.Contains(t, model, s)
			require.LessOrEqual(t, model[s], now)
			w.Remove(s)
			delete(model, s)
		}
		t.Repeat(map[string]func(*rapid.T){
			"Add": func(t *rapid.T) {
				s := slot.Draw(t, "s")
				w.Remove(s)
				delete(model, s)
				ttl, inTurn := uniform, rapid.Bool().Draw(t, "in turn")
				if !inTurn {
					ttl = span(t, "ttl")
				}
				w.Add(s, ttl, Turn(inTurn))
				if ttl < math.MaxInt64-now {
					model[s] = now + ttl
				}
			},
			"Remove": func(t *rapid.T) {
				s := slot.Draw(t, "s")
				w.Remove(s)
				delete(model, s)
			},
			"Advance": func(t *rapid.T) {
				to := now
				if d := span(t, "by"); d < math.MaxInt64-now {
					to += d
				}
				w.Advance(to)
				w.Advance(to - 5) // stands still
				now = to
			},
			"to the next": func(t *rapid.T) {
				next := int64(math.MaxInt64)
				for _, when := range model {
					next = min(next, when)
				}
				if next == math.MaxInt64 || next < now {
					t.Skip("none ahead")
				}
				now = next - int64(rapid.IntRange(0, 1).Draw(t, "just before"))
				now = max(now, w.now)
				w.Advance(now)
			},
			"Due": func(t *rapid.T) { due(t, rapid.IntRange(1, 5).Draw(t, "steps")) },
			"drain": func(t *rapid.T) {
				for range slots + 1 {
					due(t, 1000)
				}
			},
			"Renumber": func(t *rapid.T) {
				from, to := slot.Draw(t, "from"), slot.Draw(t, "to")
				if _, taken := model[to]; taken || from == to {
					t.Skip("taken")
				}
				w.Renumber(from, to)
				if when, ok := model[from]; ok {
					model[to] = when
					delete(model, from)
				}
			},
			"": func(t *rapid.T) {
				w.Check()
				require.Equal(t, len(model), w.Len())
				for s := uint32(1); s < slots; s++ {
					when, ok := model[s]
					require.Equal(t, ok && when <= now, w.Expired(s))
				}
			},
		})
	})
}

// TestKeepsUp: two calls of Due(Steps) for each Add never fall behind, whatever
// the lives.
func TestKeepsUp(t *testing.T) {
	const n = 1 << 12
	w := New(n + 1)
	free := make([]uint32, 0, n)
	for s := uint32(1); s <= n; s++ {
		free = append(free, s)
	}
	life := int64(1)
	for range 20 * n {
		w.Advance(w.now + 1_000_003)
		if len(free) > 0 {
			life = life*6364136223846793005 + 1442695040888963407
			w.Add(free[len(free)-1], 1+int64(uint64(life)>>31), false)
			free = free[:len(free)-1]
		}
		for range 2 {
			if s := w.Due(Steps); s != 0 {
				w.Remove(s)
				free = append(free, s)
			}
		}
	}
	overdue := 0
	for s := uint32(1); s <= n; s++ {
		if w.Expired(s) {
			overdue++
		}
	}
	assert.LessOrEqual(t, overdue, n/64)
	w.Check()
}

func TestOverflowIsForever(t *testing.T) {
	w := New(2)
	w.Advance(5)
	w.Add(1, math.MaxInt64-5, false)
	assert.Zero(t, w.Len())
	w.Advance(math.MaxInt64)
	assert.Zero(t, w.Due(Steps))
	assert.False(t, w.Expired(1))
	w.Add(1, 1, false)
	assert.Zero(t, w.Len())
}

// bucketOf returns the bucket that holds slot s.
func (w *Wheel) bucketOf(s uint32) uint32 {
	e := heads + s
	for e >= heads {
		e = w.lists.Prev(e)
	}
	return e
}

// TestMovesOfADeadline: with lives of many lengths, from a nanosecond to a century, a
// deadline moves to a lower level at most ten times before it is found. Each move and
// each find is one step.
func TestMovesOfADeadline(t *testing.T) {
	const n = 300
	w := New(n + 1)
	life := uint64(1)
	level := make([]uint32, n+1)
	for s := uint32(1); s <= n; s++ {
		life = life*6364136223846793005 + 1442695040888963407
		w.Advance(w.now + int64(life>>50))
		w.Add(s, 1+int64(life>>(2+s%60)), false)
		level[s] = w.bucketOf(s) >> digit
	}
	moves, found, most := make([]int, n+1), 0, 0
	for found < n {
		next := int64(math.MaxInt64)
		for s := range uint32(n + 1) {
			next = min(next, w.when[s])
		}
		w.Advance(next)
		if s := w.Due(1); s != 0 {
			require.LessOrEqual(t, w.when[s], w.now)
			w.Remove(s)
			found++
			continue
		}
		require.True(t, w.Behind(), "what is due now must be found")
		moved := 0
		for s := uint32(1); s <= n; s++ {
			if !w.Has(s) {
				continue
			}
			if now := w.bucketOf(s) >> digit; now != level[s] {
				require.Less(t, now, level[s], "only downwards")
				level[s] = now
				moves[s]++
				moved++
				most = max(most, moves[s])
			}
		}
		require.Equal(t, 1, moved, "one per step")
	}
	assert.LessOrEqual(t, most, levels-1)
	assert.Equal(t, 10, levels-1, "what the package doc says")
}

// TestStepsReachTheBottom: Steps are enough for a deadline that moves down through all
// levels; one step less than that move needs is not.
func TestStepsReachTheBottom(t *testing.T) {
	deadline := int64(0)
	for l := range levels - 1 {
		deadline |= 1 << (l * digit) // another digit than the time's, at each level
	}
	deadline |= 4 << ((levels - 1) * digit)
	w := New(2)
	w.Add(1, deadline, false)
	w.Advance(deadline - 1)
	assert.Zero(t, w.Due(Steps))
	assert.False(t, w.Behind(), "not due yet")
	w.Advance(deadline)
	w = New(2)
	w.Add(1, deadline, false)
	w.Advance(deadline)
	assert.Zero(t, w.Due(levels-1))
	assert.True(t, w.Behind())
	w = New(2)
	w.Add(1, deadline, false)
	w.Advance(deadline)
	assert.EqualValues(t, 1, w.Due(Steps))
	assert.GreaterOrEqual(t, Steps, levels)
}

// TestCatchesUp: after a long sleep with n deadlines of many lengths, 2n calls of
// Due(Steps), with an Add between each two, find all of them.
func TestCatchesUp(t *testing.T) {
	const n = 1000
	w := New(2*n + 1)
	life := uint64(1)
	for s := uint32(1); s <= n; s++ {
		life = life*6364136223846793005 + 1442695040888963407
		w.Add(s, 1+int64(life>>(4+s%40)), false)
	}
	w.Advance(1 << 61)
	for s := uint32(n + 1); s <= 2*n; s++ {
		w.Add(s, 1<<61, false)
		for range 2 {
			if due := w.Due(Steps); due != 0 {
				w.Remove(due)
			}
		}
	}
	assert.Equal(t, n, w.Len())
	w.Check()
}
