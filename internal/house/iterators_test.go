package house

import (
	"context"
	"go/ast"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/slidingmax"
)

// free are the iterators that functions return; those of methods are found by
// reflection.
var free = map[string]func() reflect.Value{
	"slidingmax.Values": func() reflect.Value {
		return reflect.ValueOf(slidingmax.Values(slices.Values([]int{3, 1, 2, 5, 4}), 2))
	},
}

// TestIterators leaves every loop of the library after 0, 1, n-1 and n elements, nests
// it, and changes and clears the structure inside.
func TestIterators(t *testing.T) {
	table := iterators(t)
	for _, name := range iteratorsInSource(t) {
		assert.Contains(t, table, name, "an iterator that no test knows")
	}
	for name, make := range table {
		t.Run(name, func(t *testing.T) {
			n := 0
			ctx, alive, cancel := whileItMoves(t)
			_, loop := make(ctx)
			run(loop, func() bool { alive(); n++; return true })
			cancel()
			require.GreaterOrEqual(t, n, 2, "too short a loop to leave it early")
			for _, leave := range []int{0, 1, n - 1, n} {
				for _, inside := range []string{"nothing", "a nested loop", "changes", "Clear"} {
					ctx, alive, cancel := whileItMoves(t)
					v, loop := make(ctx)
					seen, left := 0, false
					o := outcomeOf(func() {
						run(loop, func() bool {
							alive()
							if left {
								panic("a loop that was left goes on")
							}
							if inside == "a nested loop" && seen == 0 {
								run(loop, func() bool { alive(); return true })
							}
							if v.IsValid() {
								change(ctx, v, inside)
							}
							seen++
							left = seen > leave
							return !left
						})
					})
					cancel()
					what := inside + " inside, left early"
					require.False(t, o.hung, what)
					require.Nil(t, o.panicked, what)
					if inside == "nothing" {
						require.Equal(t, min(leave+1, n), seen, what)
					}
					if v.IsValid() {
						pkg, _, _ := strings.Cut(name, ".")
						requireUsable(t, v, pkg, "a loop that was left")
					}
				}
			}
		})
	}
}

// whileItMoves returns a context that ends when alive has not been called for a while: a
// loop that waits for further elements ends, and one on a busy machine does not end early.
func whileItMoves(t *testing.T) (ctx context.Context, alive, cancel func()) {
	const patience = 50 * blink
	ctx, end := context.WithCancel(t.Context())
	idle := time.AfterFunc(patience, end)
	return ctx, func() { idle.Reset(patience) }, func() { idle.Stop(); end() }
}

// change does to a structure what the body of a loop may do.
func change(ctx context.Context, v reflect.Value, how string) {
	c := newCaller(ctx)
	for i := range v.NumMethod() {
		name := v.Type().Method(i).Name
		switch {
		case how == "Clear" && name == "Clear",
			how == "changes" && slices.Contains([]string{
				"Put", "Push", "Store", "Set", "Insert", "Delete", "Pop", "Resize", "KeepLast", "Drop", "Shrink",
			}, name) && v.Method(i).Type().NumIn() < 4 && !takesIterator(v.Method(i).Type()):
			c.call(v.Method(i))
		}
	}
}

func takesIterator(t reflect.Type) bool { return t.NumIn() == 1 && isIterator(t.In(0)) }

// iterators returns how to make each iterator, with the structure that it goes through.
func iterators(t *testing.T) map[string]func(context.Context) (v, loop reflect.Value) {
	table := map[string]func(context.Context) (v, loop reflect.Value){}
	for name, make := range free {
		table[name] = func(context.Context) (v, loop reflect.Value) { return v, make() }
	}
	each(t, func(_ *testing.T, name string, make func() reflect.Value) {
		v := make()
		for i := range v.NumMethod() {
			if m := v.Method(i).Type(); m.NumOut() > 0 && isIterator(m.Out(0)) {
				table[name+"."+v.Type().Method(i).Name] = func(ctx context.Context) (v, loop reflect.Value) {
					v = make()
					m := v.Method(i)
					return v, m.Call(newCaller(ctx).args(m.Type()))[0]
				}
			}
		}
	})
	return table
}

// run goes through an iterator.
func run(loop reflect.Value, yield func() bool) {
	f := reflect.MakeFunc(loop.Type().In(0), func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(yield())}
	})
	loop.Call([]reflect.Value{f})
}

// iteratorsInSource returns the names of the functions and methods that return an
// iter.Seq or iter.Seq2.
func iteratorsInSource(t *testing.T) (all []string) {
	for _, f := range functions(t) {
		if f.Type.Results == nil {
			continue
		}
		for _, result := range f.Type.Results.List {
			if isSeq(result.Type) {
				all = append(all, f.name())
			}
		}
	}
	require.Greater(t, len(all), 40)
	return all
}

func isSeq(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.IndexExpr:
		e = x.X
	case *ast.IndexListExpr:
		e = x.X
	}
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := s.X.(*ast.Ident)
	return ok && pkg.Name == "iter" && strings.HasPrefix(s.Sel.Name, "Seq")
}
