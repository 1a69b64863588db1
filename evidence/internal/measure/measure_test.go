package measure

import (
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// work returns a side that does cost units of work for each operation.
func work(cost int) func() Side {
	return func() Side {
		x := uint64(1)
		return Side{Run: func(n int) {
			for range n * cost {
				x = x*6364136223846793005 + 1
			}
			sink.Store(x)
		}}
	}
}

var sink atomic.Uint64

// TestRatio compares known amounts of work. The band is wide: it asserts that the
// larger amount is seen as larger, not how fast the machine is.
func TestRatio(t *testing.T) {
	g := Group{Name: "work", Ours: work(100), Peers: []Peer{
		{Name: "8 times", New: work(800), Target: 2},
		{Name: "an eighth", New: work(12), Target: 1, Note: "a loss"},
	}}
	rows := g.Measure(3)
	require.Len(t, rows, 2)
	slow, fast := rows[0], rows[1]
	assert.Greater(t, slow.Ratio, 2.0)
	assert.True(t, slow.Met)
	assert.Less(t, fast.Ratio, 0.5)
	assert.False(t, fast.Met)
	assert.Equal(t, "ns/op CPU", slow.Unit)
	assert.Equal(t, 3, slow.Rounds)
	assert.Equal(t, "a loss", fast.Note)
	for _, r := range rows {
		assert.LessOrEqual(t, r.Spread[0], r.Ratio)
		assert.GreaterOrEqual(t, r.Spread[1], r.Ratio)
	}
}

// TestOps: the figure is that of an operation, of which Run does several at once.
func TestOps(t *testing.T) {
	g := Group{Ours: work(1000), Peers: []Peer{{New: work(1000)}}}
	whole := g.Measure(3)[0].Ours
	g.Ops = 1000
	assert.Less(t, g.Measure(3)[0].Ours, whole/100)
}

func TestHigherIsBetter(t *testing.T) {
	value := func(v float64) func() float64 { return func() float64 { return v } }
	g := Group{Name: "hits", Unit: "%", Higher: true, OursValue: value(60), Peers: []Peer{
		{Name: "p", Value: value(30), Target: 2},
		Bound(61),
	}}
	rows := g.Measure(9)
	assert.Equal(t, 2.0, rows[0].Ratio)
	assert.True(t, rows[0].Met)
	assert.Equal(t, 1, rows[0].Rounds, "a value is found once")
	assert.False(t, rows[1].Met)

	g.Higher = false
	rows = g.Measure(1)
	assert.Equal(t, 0.5, rows[0].Ratio)
	assert.True(t, rows[1].Met)
}

func TestValuesThatVaryAreFoundInRounds(t *testing.T) {
	var order []string
	value := func(name string, vs ...float64) func() float64 {
		return func() float64 {
			order = append(order, name)
			v := vs[0]
			vs = vs[1:]
			return v
		}
	}
	g := Group{Unit: "B", Repeats: 3, OursValue: value("ours", 1, 2, 3), Peers: []Peer{{Name: "p", Value: value("p", 2, 2, 30)}}}
	row := g.Measure(9)[0]
	assert.Equal(t, []string{"ours", "p", "p", "ours", "ours", "p"}, order, "interleaved, and each is first in turn")
	assert.Equal(t, 3, row.Rounds)
	assert.Equal(t, 2.0, row.Ours)
	assert.Equal(t, 2.0, row.Ratio, "of 2/1, 2/2 and 30/3")
}

func TestNothingAgainstSomething(t *testing.T) {
	assert.Equal(t, 1.0, ratio(0, 0))
	assert.Equal(t, Unbounded, ratio(3, 0))
	assert.Equal(t, 0.0, ratio(0, 3))
}

func TestPanicIsARow(t *testing.T) {
	closed := false
	boom := func() Side {
		return Side{Run: func(int) { panic("boom") }, Close: func() { closed = true }}
	}
	g := Group{Name: "g", Ours: work(1), Peers: []Peer{{Name: "bad", New: boom, Target: 1}, {Name: "good", New: work(1)}}}
	rows := g.Measure(3)
	assert.Equal(t, "boom", rows[0].Failed)
	assert.False(t, rows[0].Met)
	assert.True(t, closed)
	assert.Empty(t, rows[1].Failed)
	assert.Positive(t, rows[1].Ratio)

	g.Ours = func() Side {
		return Side{Run: func(n int) { Parallel(2, n, func(int, int) { panic("worker") }) }}
	}
	for _, r := range g.Measure(3) {
		assert.Contains(t, r.Failed, "worker")
	}
}

// TestWaiting shows what Wall is for: sleep costs no processor time.
func TestWaiting(t *testing.T) {
	sleep := func() Side {
		return Side{Run: func(n int) { time.Sleep(time.Duration(n) * 50 * time.Microsecond) }}
	}
	g := Group{Name: "sleep", Wall: true, Ours: sleep, Peers: []Peer{{Name: "sleep", New: sleep}}}
	assert.Greater(t, g.Measure(3)[0].Ours, 50_000.0, "wall time holds the sleep")
}

func TestParallelSharesExactly(t *testing.T) {
	var sum atomic.Int64
	Parallel(3, 100, func(_, n int) { sum.Add(int64(n)) })
	assert.EqualValues(t, 100, sum.Load())
}

func TestAllocsAndHeap(t *testing.T) {
	var keep []*int
	assert.Zero(t, Allocs(1000, func(int) {}))
	assert.InDelta(t, 1, Allocs(1000, func(n int) {
		keep = make([]*int, 0, n)
		for i := range n {
			keep = append(keep, &i)
		}
	}), 0.1)
	assert.InEpsilon(t, 1<<20, Heap(func() any { return make([]byte, 1<<20) }), 0.05)
}

func TestQuantile(t *testing.T) {
	xs := []float64{5, 1, 3, 2, 4}
	assert.Equal(t, 3.0, Quantile(xs, 0.5))
	assert.Equal(t, 1.0, Quantile(xs, 0))
	assert.Equal(t, 5.0, Quantile(xs, 1))
	assert.InDelta(t, 1.4, Quantile(xs, 0.1), 1e-12)
	assert.False(t, math.IsNaN(Quantile([]float64{7}, 0.9)))
}
