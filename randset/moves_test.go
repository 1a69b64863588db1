package randset

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/internal/bench"
)

// A meter counts the moves of a slice that is only appended to: one for each element
// stored, and one for each element of a slice that had to grow.
type meter struct{ len, room, moved int }

func (m *meter) read(len, room int) {
	if room != m.room {
		m.moved += m.len
	}
	m.moved += len - m.len
	m.len, m.room = len, room
}

// TestInsertMoves counts the moves of an Insert over the whole life of a set, growth
// included, at the point where the mean is highest.
func TestInsertMoves(t *testing.T) {
	const n = 1<<14 + 1
	var s Set[int]
	var b Bag[int]
	var w Weighted[int]
	var set, values, occurrences, weighted, weights meter
	worst := map[string]float64{}
	note := func(name string, moved, i int) { worst[name] = max(worst[name], float64(moved)/float64(i)) }
	for i := 1; i <= n; i++ {
		s.Insert(i)
		set.read(s.Len(), cap(s.index.values))
		note("Set", set.moved, i)
		b.Insert(i)
		values.read(b.Distinct(), b.index.Slots())
		occurrences.read(b.Len(), cap(b.all))
		note("Bag", values.moved+occurrences.moved, i)
		if err := w.Set(i, 1); err != nil {
			t.Fatal(err)
		}
		weighted.read(w.Len(), w.index.Slots())
		weights.read(w.Len(), len(w.sums))
		note("Weighted", weighted.moved+weights.moved, i)
	}
	for name, most := range map[string]float64{"Set": 3, "Bag": 10.5, "Weighted": 7.5} {
		assert.LessOrEqual(t, worst[name], most, name)
		assert.Greater(t, worst[name], 0.8*most, "%s: the essay names the worst", name)
	}
}

// TestMemory: the bytes per value that the essay states, before a growth and after.
func TestMemory(t *testing.T) {
	if unsafe.Sizeof(int(0)) != 8 || testing.Short() {
		t.Skip("the figures are those of 64 bits; they take half a second")
	}
	for _, n := range []int{1 << 12, 1<<12 + 1, 3<<11 + 1, 1 << 17, 1<<17 + 1, 3<<16 + 1, 1 << 18} {
		got := float64(bench.Bytes(func() any {
			var s Set[int]
			for v := range n {
				s.Insert(v)
			}
			return &s
		})) / float64(n)
		assert.LessOrEqual(t, got, 48.5, n)
		assert.GreaterOrEqual(t, got, 23.5, n)
	}
}
