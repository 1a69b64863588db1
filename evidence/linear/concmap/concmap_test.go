package concmap

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"example.com/flatline/concmap"
	"example.com/flatline/evidence/internal/history"
)

// newSubject fills a map so that the next entry makes it grow.
func newSubject[V comparable](of func(int) V, num func(V) int) func(*rand.Rand) *subject[V] {
	return func(r *rand.Rand) *subject[V] {
		m := new(concmap.Map[int, V])
		edge := []int{0, 7, 20, 160}[r.IntN(4)]
		for i := range max(0, edge-r.IntN(5)) {
			m.Store(stranger+i, of(1))
		}
		return &subject[V]{m, of, num}
	}
}

func choose(ops ...string) func(*rand.Rand, int) call {
	return func(r *rand.Rand, _ int) call {
		return call{op: ops[r.IntN(len(ops))], k: r.IntN(keys), v: 1 + r.IntN(9), old: 1 + r.IntN(9)}
	}
}

var each = []string{
	"Load", "Load", "Load", "Store", "Store", "LoadOrStore", "LoadOrCompute", "LoadAndDelete", "LoadAndDelete",
	"Swap", "CompareAndSwap", "CompareAndDelete", "Increment", "Increment", "Drop", "Grow", "Shrink",
}

func check[V comparable](t *testing.T, name string, of func(int) V, num func(V) int, more ...string) {
	each := slices.Concat(each, more)
	type T = history.Type[*subject[V], call, result, state]
	t.Run("whole", func(t *testing.T) { // with operations on all keys
		history.Check(t, T{
			Name: "concmap.Map, " + name, New: newSubject(of, num), Do: (*subject[V]).do, Init: func() state { return state{} }, Step: step,
			Input: choose(append([]string{"Clear", "Snapshot", "Snapshot"}, each...)...),
		})
	})
	t.Run("keys", func(t *testing.T) { // each key is judged alone, so histories may be longer
		history.Check(t, T{
			Name: "concmap.Map, " + name + ", by key", New: newSubject(of, num), Do: (*subject[V]).do, Init: func() state { return state{} }, Step: step,
			Input: choose(each...), Part: func(in call) int { return in.k }, Ops: 25,
		})
	})
}

// TestWords: values in the cells.
func TestWords(t *testing.T) {
	same := func(i int) int { return i }
	check(t, "words", same, same, "Add", "Add")
}

// TestBoxes: values behind pointers.
func TestBoxes(t *testing.T) {
	check(t, "boxes",
		func(i int) string { return fmt.Sprint(i) },
		func(s string) (i int) { _, _ = fmt.Sscan(s, &i); return i })
}

// TestPointers: pointers in the cells. The number 5 is the nil pointer.
func TestPointers(t *testing.T) {
	var numbers [1000]int
	for i := range numbers {
		numbers[i] = i
	}
	check(t, "pointers",
		func(i int) *int {
			if i == 5 {
				return nil
			}
			return &numbers[i]
		},
		func(p *int) int {
			if p == nil {
				return 5
			}
			return *p
		})
}

func TestStriped(t *testing.T) {
	history.Check(t, history.Type[*concmap.Striped[int, int], call, result, state]{
		Name: "concmap.Striped", New: func(*rand.Rand) *concmap.Striped[int, int] { return new(concmap.Striped[int, int]) },
		Init: func() state { return state{} }, Step: step,
		Input: choose("Load", "Store", "LoadOrStore", "LoadAndDelete", "Delete", "Swap"),
		Part:  func(in call) int { return in.k }, Ops: 25,
		Do: doStriped,
	})
}
