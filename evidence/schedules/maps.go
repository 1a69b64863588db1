package main

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"

	"example.com/flatline/concmap"
	"example.com/flatline/evidence/internal/history"
	mapmodel "example.com/flatline/evidence/linear/concmap"
	"example.com/flatline/internal/weave/sched"
)

// A mapped is a map in a program.
type mapped[V comparable] struct {
	*mapmodel.Subject[V]
	computing [4]atomic.Int32 // functions of LoadOrCompute that are running, by key
}

// What LoadOrCompute's function does.
const (
	fails  = 7
	panics = 8
)

var errFails = errors.New("fails")

func same(i int) int { return i }

// compute is LoadOrCompute with a function during which other goroutines can run.
func (x *mapped[V]) compute(in mapmodel.In, of func(int) V, num func(V) int) (out mapmodel.Out) {
	_, k, v := in.Op()
	defer func() {
		if p := recover(); p != nil && p != errFails {
			panic(p)
		}
	}()
	got, loaded, err := x.Map().LoadOrCompute(context.Background(), k, func(context.Context, int) (none V, err error) {
		if x.computing[k].Add(1) > 1 {
			panic("two functions of LoadOrCompute run for one key")
		}
		sched.Point(sched.Call, nil)
		x.computing[k].Add(-1)
		switch in.Marked() {
		case fails:
			return none, errFails
		case panics:
			panic(errFails)
		}
		return of(v), nil
	})
	if err != nil {
		return out
	}
	return mapmodel.Result(num(got), loaded)
}

// loop collects what All yields, and panics if a key is yielded twice.
func loop[V comparable](m *concmap.Map[int, V], num func(V) int) mapmodel.Out {
	var vs [4]int
	for k, v := range m.All() {
		if k >= len(vs) {
			continue
		}
		if vs[k] != 0 {
			panic("All yields a key twice")
		}
		vs[k] = num(v)
	}
	return mapmodel.Entries(vs)
}

// mapDo does an operation on a map whose values are V.
func mapDo[V comparable](of func(int) V, num func(V) int) func(*mapped[V], mapmodel.In) mapmodel.Out {
	return func(x *mapped[V], in mapmodel.In) mapmodel.Out {
		switch op, k, _ := in.Op(); {
		case op == "LoadOrCompute", in.Marked() == fails, in.Marked() == panics:
			return x.compute(in, of, num)
		case op == "All":
			return loop(x.Map(), num)
		case op == "DeleteFunc":
			return mapmodel.Result(0, x.Map().DeleteFunc(func(key int, _ V) bool { return key == k }) > 0)
		}
		return mapmodel.Do(x.Subject, in)
	}
}

// A mapOp is an operation of a map.
type mapOp = op[mapmodel.In]

func keyOp(name string, k int) mapOp {
	return letter(name+"("+strconv.Itoa(k)+")", func(v int) mapmodel.In { return mapmodel.Call(name, k, v, 9) })
}

var wholeOps = map[string]mapOp{
	"Clear": fixed("Clear", mapmodel.Call("Clear", 0, 0, 0)), "Snapshot": fixed("Snapshot", mapmodel.Call("Snapshot", 0, 0, 0)),
	"All": fixed("All", mapmodel.Call("All", 0, 0, 0)),
}

// fill returns a map with n strangers.
func fill[V comparable](n int, of func(int) V, num func(V) int) *mapped[V] {
	m := new(concmap.Map[int, V])
	for i := range n {
		m.Store(1000+i, of(1))
	}
	return &mapped[V]{Subject: mapmodel.Of(m, of, num)}
}

// edge is the number of entries at which the next key divides the only segment.
const edge = 10

// worn returns a map in two segments from which all keys but 3 were deleted, in an
// order that try says.
func worn(try int) *mapped[int] {
	sched.Reseed()
	x := fill(edge, same, same)
	x.Map().Store(3, 9)
	for i := range edge {
		x.Map().Delete(1000 + i*(2*try+1)%edge)
	}
	for i := range try / edge {
		x.Map().Store(2000+i, 1)
		x.Map().Delete(2000 + i)
	}
	return x
}

// joins is the first try after which a Delete of key 3 joins the segments.
var joins = sync.OnceValue(func() int {
	for try := range 500 {
		x := worn(try)
		before := x.Map().Stats().Segments
		x.Map().Delete(3)
		if x.Map().Stats().Segments < before {
			return try
		}
	}
	panic("schedules: no Delete joins segments")
})

func mapPlan[V comparable](name string, at3 int, make func() *mapped[V], do func(*mapped[V], mapmodel.In) mapmodel.Out, ops []mapOp, quick, whole []string) subject {
	p := newPlan("concmap", mapmodel.Type(name, at3, make, do), one(ops...), []mapOp{wholeOps["Snapshot"]}, quick, whole)
	p.parts = func(in mapmodel.In, out mapmodel.Out) []history.Step[mapmodel.In, mapmodel.Out] {
		switch op, k, _ := in.Op(); op {
		case "All":
			return mapmodel.Loads(out.Loop())
		case "DeleteFunc": // a CompareAndDelete of the value that it finds
			return mapmodel.Deleted(k, out)
		}
		return nil
	}
	return p
}

func mapSubjects() []subject {
	numbers := mapDo(same, same)
	empty := func() *mapped[int] { return fill(0, same, same) }
	full := func() *mapped[int] { return fill(edge, same, same) }
	basic := []mapOp{keyOp("Load", 0), keyOp("Store", 0), keyOp("LoadAndDelete", 0), keyOp("LoadOrStore", 0)}
	boxes := func(i int) string { return strconv.Itoa(i) }
	unbox := func(s string) int { i, _ := strconv.Atoi(s); return i }
	small, most := []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"}
	return []subject{
		mapPlan("concmap.Map", 0, empty, numbers,
			append(basic, keyOp("Store", 1), wholeOps["Clear"]), []string{"1+1", "2+1", "2+2"}, []string{"1+1+1"}),
		mapPlan("concmap.Map, Add", 0, empty, numbers,
			[]mapOp{keyOp("Add", 0), keyOp("Load", 0), keyOp("Store", 0), keyOp("CompareAndDelete", 0)}, small, most),
		mapPlan("concmap.Map, full segment", 0, full, numbers,
			append(basic, keyOp("Store", 1), wholeOps["Clear"]), small, most),
		mapPlan("concmap.Map, Snapshot", 0, full, numbers,
			[]mapOp{wholeOps["Snapshot"], keyOp("Store", 0), keyOp("Store", 1), keyOp("LoadAndDelete", 0), wholeOps["Clear"]}, small, most),
		mapPlan("concmap.Map, segments that join", 9, func() *mapped[int] { return worn(joins()) }, numbers,
			[]mapOp{keyOp("Load", 3), keyOp("LoadAndDelete", 3), keyOp("Store", 3), keyOp("Store", 0), wholeOps["Clear"]}, []string{"1+1", "2+1"}, most),
		mapPlan("concmap.Map, Compute", 0, empty, numbers,
			[]mapOp{keyOp("Increment", 0), keyOp("Drop", 0), keyOp("Store", 0), keyOp("CompareAndSwap", 0), keyOp("Swap", 0)}, small, most),
		mapPlan("concmap.Map, LoadOrCompute", 0, empty, numbers,
			[]mapOp{
				keyOp("LoadOrCompute", 0), letter("LoadOrCompute(0), which fails", func(v int) mapmodel.In { return mapmodel.Call("Load", 0, v, fails) }),
				letter("LoadOrCompute(0), which panics", func(v int) mapmodel.In { return mapmodel.Call("Load", 0, v, panics) }), keyOp("Store", 0), keyOp("LoadAndDelete", 0),
			}, []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"}),
		mapPlan("concmap.Map, All", 9, func() *mapped[int] { x := full(); x.Map().Store(3, 9); return x }, numbers,
			[]mapOp{wholeOps["All"], keyOp("Store", 0), keyOp("LoadAndDelete", 3), keyOp("DeleteFunc", 3), wholeOps["Clear"]}, []string{"1+1"}, []string{"2+1"}),
		mapPlan("concmap.Map, boxes", 0, func() *mapped[string] { return fill(0, boxes, unbox) }, mapDo(boxes, unbox),
			[]mapOp{keyOp("Load", 0), keyOp("Store", 0), keyOp("LoadAndDelete", 0), keyOp("Swap", 0)}, small, most),
		newPlan("concmap", mapmodel.StripedType("concmap.Striped"), one(keyOp("Load", 0), keyOp("Store", 0), keyOp("LoadOrStore", 0), keyOp("LoadAndDelete", 0), keyOp("Swap", 0)),
			[]mapOp{keyOp("Load", 0)}, small, most),
	}
}
