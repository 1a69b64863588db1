package concmap

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"example.com/flatline/concmap"
	"example.com/flatline/evidence/internal/history"
)

// A history is about the keys 0 to 3. Strangers, from 1000 up, are there for the
// segments' sake: so many of them that the next stores and deletes replace one.
const (
	keys     = 4
	stranger = 1000
)

// A state is the value of each key, 0 if it is absent.
type state [keys]int

type call struct {
	op   string
	k, v int
	old  int
}

type result struct {
	v  int
	ok bool
	s  state
}

// subject is a Map of values of type V, of which the histories see numbers.
type subject[V comparable] struct {
	m   *concmap.Map[int, V]
	of  func(int) V
	num func(V) int
}

// newSubject fills a map to the edge of one of its sizes.
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

func (x *subject[V]) do(in call) (out result) {
	var v V
	switch in.op {
	case "Load":
		v, out.ok = x.m.Load(in.k)
	case "Store":
		x.m.Store(in.k, x.of(in.v))
	case "LoadOrStore":
		v, out.ok = x.m.LoadOrStore(in.k, x.of(in.v))
	case "LoadOrCompute":
		v, out.ok, _ = x.m.LoadOrCompute(in.k, func() (V, error) { return x.of(in.v), nil })
	case "LoadAndDelete":
		v, out.ok = x.m.LoadAndDelete(in.k)
	case "Swap":
		v, out.ok = x.m.Swap(in.k, x.of(in.v))
	case "CompareAndSwap":
		out.ok = concmap.CompareAndSwap(x.m, in.k, x.of(in.old), x.of(in.v))
	case "CompareAndDelete":
		out.ok = concmap.CompareAndDelete(x.m, in.k, x.of(in.old))
	case "Increment", "Drop":
		v, out.ok = x.m.Compute(in.k, func(old V, loaded bool) (V, concmap.Op) {
			switch {
			case !loaded:
				return x.of(1), concmap.Update
			case in.op == "Drop":
				return old, concmap.Remove
			}
			return x.of(x.num(old) + 1), concmap.Update
		})
	case "Clear":
		x.m.Clear()
	case "Snapshot":
		for k, v := range x.m.Snapshot().All() {
			if k < keys {
				out.s[k] = x.num(v)
			}
		}
	case "Grow":
		for i := range in.v * 20 {
			x.m.Store(stranger+i, x.of(1))
		}
	case "Shrink":
		for i := range 200 {
			x.m.Delete(stranger + i)
		}
	}
	if out.ok || in.op == "LoadOrStore" || in.op == "LoadOrCompute" {
		out.v = x.num(v)
	}
	return out
}

// step is the sequential map.
func step(st state, in call, out result) []state {
	was := st[in.k]
	next := st
	switch in.op {
	case "Load":
		return history.Is(out.ok == (was != 0) && out.v == was, st)
	case "Store":
		next[in.k] = in.v
		return history.Is(true, next)
	case "LoadOrStore", "LoadOrCompute":
		if was == 0 {
			next[in.k] = in.v
		}
		return history.Is(out.ok == (was != 0) && out.v == next[in.k], next)
	case "LoadAndDelete":
		next[in.k] = 0
		return history.Is(out.ok == (was != 0) && out.v == was, next)
	case "Swap":
		next[in.k] = in.v
		return history.Is(out.ok == (was != 0) && out.v == was, next)
	case "CompareAndSwap":
		if was == in.old {
			next[in.k] = in.v
		}
		return history.Is(out.ok == (was == in.old), next)
	case "CompareAndDelete":
		if was == in.old {
			next[in.k] = 0
		}
		return history.Is(out.ok == (was == in.old), next)
	case "Increment", "Drop":
		if next[in.k] = was + 1; was != 0 && in.op == "Drop" {
			next[in.k] = 0
		}
		return history.Is(out.ok == (next[in.k] != 0) && out.v == next[in.k], next)
	case "Clear":
		return history.Is(true, state{})
	case "Snapshot":
		return history.Is(out.s == st, st)
	}
	return history.Is(true, st)
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

func check[V comparable](t *testing.T, name string, of func(int) V, num func(V) int) {
	type T = history.Type[*subject[V], call, result, state]
	t.Run("whole", func(t *testing.T) { // with what concerns all keys at once
		history.Check(t, T{
			Name: "concmap.Map, " + name, New: newSubject(of, num), Do: (*subject[V]).do, Init: func() state { return state{} }, Step: step,
			Input: choose(append([]string{"Clear", "Snapshot", "Snapshot"}, each...)...),
		})
	})
	t.Run("keys", func(t *testing.T) { // each key judged alone, so that histories may be longer
		history.Check(t, T{
			Name: "concmap.Map, " + name + ", by key", New: newSubject(of, num), Do: (*subject[V]).do, Init: func() state { return state{} }, Step: step,
			Input: choose(each...), Part: func(in call) int { return in.k }, Ops: 25,
		})
	})
}

// TestWords: values in the cells.
func TestWords(t *testing.T) {
	same := func(i int) int { return i }
	check(t, "words", same, same)
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
		Input: choose("Load", "Store", "LoadOrStore", "LoadAndDelete", "Swap"),
		Part:  func(in call) int { return in.k }, Ops: 25,
		Do: func(s *concmap.Striped[int, int], in call) (out result) {
			switch in.op {
			case "Load":
				out.v, out.ok = s.Load(in.k)
			case "Store":
				s.Store(in.k, in.v)
			case "LoadOrStore":
				out.v, out.ok = s.LoadOrStore(in.k, in.v)
			case "LoadAndDelete":
				out.v, out.ok = s.LoadAndDelete(in.k)
			case "Swap":
				out.v, out.ok = s.Swap(in.k, in.v)
			}
			return out
		},
	})
}
