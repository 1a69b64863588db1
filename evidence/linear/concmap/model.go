// Package concmap checks recorded histories of concmap.Map and concmap.Striped.
package concmap

import (
	"context"
	"math/rand/v2"

	"example.com/flatline/concmap"
	"example.com/flatline/evidence/internal/history"
)

// A history is about the keys 0 to 3. Other keys, from 1000 up ("strangers"), only fill
// the segments, so that the next stores and deletes replace one.
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

// subject is a Map with values of type V, which the histories see as numbers.
type subject[V comparable] struct {
	m   *concmap.Map[int, V]
	of  func(int) V
	num func(V) int
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
		v, out.ok, _ = x.m.LoadOrCompute(context.Background(), in.k, func(context.Context, int) (V, error) { return x.of(in.v), nil })
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
	case "Add": // of words only
		v, out.ok = any(concmap.Add(any(x.m).(*concmap.Map[int, int]), in.k, in.v)).(V)
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
	case "Delete":
		next[in.k] = 0
		return history.Is(true, next)
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
	case "Add":
		next[in.k] = was + in.v
		return history.Is(out.ok && out.v == next[in.k], next)
	case "Clear":
		return history.Is(true, state{})
	case "Snapshot":
		return history.Is(out.s == st, st)
	}
	return history.Is(true, st)
}

// A Subject is a Map that the histories see through numbers.
type Subject[V comparable] = subject[V]

// Of returns m as a Subject; of and num translate between values and numbers.
func Of[V comparable](m *concmap.Map[int, V], of func(int) V, num func(V) int) *Subject[V] {
	return &subject[V]{m, of, num}
}

// Map returns the map.
func (x *subject[V]) Map() *concmap.Map[int, V] { return x.m }

// Call is an operation of a Map on a key, with a value to store and one to compare.
func Call(op string, k, v, old int) call { return call{op, k, v, old} }

// Op returns the name, the key and the value of an operation.
func (in call) Op() (op string, k, v int) { return in.op, in.k, in.v }

// Result is what an operation returned: a value and whether there is one.
func Result(v int, ok bool) result { return result{v: v, ok: ok} }

// Do does an operation.
func Do[V comparable](x *Subject[V], in call) result { return x.do(in) }

// Type is the histories of a T that holds a map in which key 3 has the value at3 at the
// start; 0 stands for absent.
func Type[T any](name string, at3 int, make func() T, do func(T, call) result) history.Type[T, call, result, state] {
	return history.Type[T, call, result, state]{
		Name: name, New: func(*rand.Rand) T { return make() }, Do: do, Init: func() state { return state{3: at3} }, Step: step,
	}
}

// Loads returns, for each key, the Load that a loop which yielded vs amounts to.
func Loads(vs [4]int) (steps []history.Step[call, result]) {
	for k, v := range vs {
		steps = append(steps, history.Step[call, result]{In: call{op: "Load", k: k}, Out: result{v: v, ok: v != 0}})
	}
	return steps
}

// Entries makes the result of a loop from vs, by key.
func Entries(vs [4]int) result { return result{s: vs} }

func (out result) Loop() [4]int { return out.s }

// Marked returns the argument old of Call.
func (in call) Marked() int { return in.old }

// StripedType is the histories of a Striped.
func StripedType(name string) history.Type[*concmap.Striped[int, int], call, result, state] {
	return history.Type[*concmap.Striped[int, int], call, result, state]{
		Name: name, New: func(*rand.Rand) *concmap.Striped[int, int] { return new(concmap.Striped[int, int]) },
		Do: doStriped, Init: func() state { return state{} }, Step: step,
	}
}

func doStriped(s *concmap.Striped[int, int], in call) (out result) {
	switch in.op {
	case "Load":
		out.v, out.ok = s.Load(in.k)
	case "Store":
		s.Store(in.k, in.v)
	case "LoadOrStore":
		out.v, out.ok = s.LoadOrStore(in.k, in.v)
	case "LoadAndDelete":
		out.v, out.ok = s.LoadAndDelete(in.k)
	case "Delete":
		s.Delete(in.k)
	case "Swap":
		out.v, out.ok = s.Swap(in.k, in.v)
	}
	return out
}

// In is an operation.
type In = call

// Out is what an operation returned.
type Out = result

// Deleted returns the step of a DeleteFunc for k: it deleted the key, or the key was
// absent at some moment.
func Deleted(k int, out result) []history.Step[call, result] {
	if out.ok {
		return []history.Step[call, result]{{In: call{op: "Drop", k: k}, Out: result{}}}
	}
	return []history.Step[call, result]{{In: call{op: "Load", k: k}, Out: result{}}}
}
