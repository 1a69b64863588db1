package minstack

import (
	"cmp"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

// A meter counts the moves of a slice that is only appended to: one for each element
// stored, and one for each element of a slice that had to grow.
type meter struct{ len, cap, moved int }

func (m *meter) read(len, cap int) {
	if cap != m.cap {
		m.moved += m.len
	}
	m.moved += len - m.len
	m.len, m.cap = len, cap
}

// series are sequences of values: those that lower the minimum never, rarely and always,
// and those in which each value is a new minimum or a new maximum.
func series() map[string]func(i int) int {
	r := rand.New(rand.NewPCG(5, 6))
	return map[string]func(i int) int{
		"equal":   func(int) int { return 7 },
		"rising":  func(i int) int { return i },
		"random":  func(int) int { return r.Int() },
		"falling": func(i int) int { return -i },
		"both":    func(i int) int { return (1 - i%2*2) * i },
	}
}

// TestPushMoves counts the moves of a Push over the whole life of a stack, growth
// included, at the point where the mean is highest.
func TestPushMoves(t *testing.T) {
	const n = 1<<12 + 1
	for name, value := range series() {
		var s Stack[int]
		f := NewFunc(cmp.Compare[int])
		var m MinMax[int]
		var stack, fun, minMax [3]meter
		worst := 0.0
		for i := 1; i <= n; i++ {
			v := value(i)
			s.Push(v)
			f.Push(v)
			m.Push(v)
			for _, c := range []struct {
				c      *core[int]
				meters *[3]meter
			}{{&s.c, &stack}, {&f.c, &fun}, {&m.c, &minMax}} {
				c.meters[0].read(c.c.n, len(c.c.room))
				c.meters[1].read(len(c.c.minima.below), cap(c.c.minima.below))
			}
			minMax[2].read(len(m.maxima.below), cap(m.maxima.below))
			for _, meters := range [][3]meter{stack, fun, minMax} {
				if (name == "equal" || name == "random") && i < 1000 {
					continue // there are few records, but also few elements
				}
				worst = max(worst, float64(meters[0].moved+meters[1].moved+meters[2].moved)/float64(i))
			}
		}
		switch name {
		case "falling", "both":
			assert.LessOrEqual(t, worst, 6.0, name)
			assert.Greater(t, worst, 5.5, "%s: the essay names the worst", name)
		case "rising": // each raises the maximum of MinMax
			assert.LessOrEqual(t, worst, 6.0, name)
		default:
			assert.LessOrEqual(t, worst, 3.1, "%s: and a few records", name)
		}
	}
}

// TestQueueMoves: a Push moves as many elements as an append to a plain slice, and a Pop
// stores the elements that are poured, and the records of their minimum.
func TestQueueMoves(t *testing.T) {
	for name, value := range series() {
		var q Queue[int]
		var in meter
		pushes, poured, moved, worst := 0, 0, 0, 0.0
		for round := range 20 {
			for range 1 + round*97 {
				q.Push(value(pushes))
				pushes++
				in.read(len(q.in), cap(q.in))
				worst = max(worst, float64(in.moved)/float64(pushes))
			}
			for q.Len() > round {
				n, room := len(q.in), cap(q.out.minima.below)
				if q.Pop(); len(q.in) < n {
					poured += n
					in.len = 0
					// A slice that doubles from one length to another copies the difference.
					moved += n + len(q.out.minima.below) + cap(q.out.minima.below) - room
				}
			}
		}
		assert.LessOrEqual(t, worst, 3.0, name)
		assert.LessOrEqual(t, poured, pushes, "%s: each element is poured once", name)
		assert.LessOrEqual(t, float64(moved), 4*float64(poured), name)
	}
}

// TestPourAllocatesOnce: the second stack reserves memory for all elements at once, and
// copies nothing.
func TestPourAllocatesOnce(t *testing.T) {
	const n = 1 << 12
	var queues [2]Queue[int] // one for the warm-up run
	for i := range queues {
		for v := range n {
			queues[i].Push(n - v) // the first element that is poured is the smallest
		}
	}
	i := 0
	allocs := testing.AllocsPerRun(1, func() { queues[i].Pop(); i++ })
	assert.LessOrEqual(t, allocs, 1.0, "the elements; to double from 8 would take 10")
}

// TestSegmentedMovesNothing: an element stays where it was stored, and no Push
// allocates more than a chunk for it and a chunk for a minimum.
func TestSegmentedMovesNothing(t *testing.T) {
	var s Segmented[int]
	var stored []*int
	for i := range 5 * chunkLen {
		s.Push(-i)
		stored = append(stored, &s.items.top.items[i%chunkLen])
	}
	for i, at := range stored {
		if -i != *at || at != &s.items.at(i).items[i%chunkLen] {
			t.Fatalf("element %d has moved", i)
		}
	}
	i := 0
	assert.LessOrEqual(t, testing.AllocsPerRun(5*chunkLen, func() { i--; s.Push(i) }), 2.0/chunkLen+0.01)
}

// TestMemory: the bytes per element that the essay states.
func TestMemory(t *testing.T) {
	assert.EqualValues(t, 2*unsafe.Sizeof(int(0))+2*unsafe.Sizeof(uintptr(0)), unsafe.Sizeof(layer[int]{}))
	for name, value := range series() {
		var s Stack[int]
		for n := 1; n <= 3000; n++ {
			s.Push(value(n))
			room := max(8, 2*n)
			if len(s.c.room) > room || cap(s.c.minima.below) > room {
				t.Fatalf("%s: %d elements have room for %d and %d records", name, n, len(s.c.room), cap(s.c.minima.below))
			}
		}
	}
}
