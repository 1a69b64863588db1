package lru

import (
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whatever a caller does, the next call from another goroutine returns: each test here
// ends with such a call.

// returns calls f from another goroutine.
func returns(f func()) {
	var wg sync.WaitGroup
	wg.Go(f)
	wg.Wait()
}

// TestZeroValue: each method of a zero value names the constructor that it needs,
// before it takes a lock.
func TestZeroValue(t *testing.T) {
	for want, c := range map[string]any{
		"lru: Cache must be made by New":          new(Cache[int, int]),
		"lru: Sync must be made by NewSync":       new(Sync[int, int]),
		"lru: Sharded must be made by NewSharded": new(Sharded[int, int]),
	} {
		v := reflect.ValueOf(c)
		require.Greater(t, v.NumMethod(), 15)
		for i := range v.NumMethod() {
			name, method := v.Type().Method(i).Name, v.Method(i)
			args := make([]reflect.Value, method.Type().NumIn())
			for a := range args {
				args[a] = reflect.Zero(method.Type().In(a))
			}
			returns(func() {
				assert.PanicsWithValue(t, want, func() { method.Call(args) }, name)
			})
		}
	}
}

// TestPeekAllOfTooFew: PeekAll says so before it stores anything.
func TestPeekAllOfTooFew(t *testing.T) {
	c := New[int, int](4)
	c.Put(1, 10)
	for _, room := range [][2]int{{1, 2}, {2, 1}, {0, 0}} {
		values, found := make([]int, room[0]), make([]bool, room[1])
		assert.PanicsWithValue(t, "lru: PeekAll needs a value and a found for each key", func() { c.PeekAll([]int{1, 1}, values, found) })
		assert.Equal(t, make([]int, room[0]), values)
	}
	assert.Equal(t, 0, c.PeekAll(nil, nil, nil))
}

// TestCopy: a copy of what a constructor returned is the same cache.
func TestCopy(t *testing.T) {
	a, b, c := New[int, int](2), NewSync[int, int](2), NewSharded[int, int](2)
	copies := []func() (made, copied twin[int, int]){
		func() (twin[int, int], twin[int, int]) { return a, shallow(a) },
		func() (twin[int, int], twin[int, int]) { return b, shallow(b) },
		func() (twin[int, int], twin[int, int]) { return c, shallow(c) },
	}
	for _, f := range copies {
		made, copied := f()
		for k := range 4 {
			made.Put(k, k)
			copied.PutTTL(k+100, k, time.Hour)
			returns(func() {
				assert.Equal(t, 2, made.Len())
				assert.True(t, made.Contains(k+100))
			})
		}
		_, err := copied.Resize(5)
		require.NoError(t, err)
		assert.Equal(t, 5, made.Cap())
		made.check()
	}
}

// shallow returns a copy of what c points to, made in a way that vet does not see.
func shallow[T any](c *T) *T {
	d := reflect.New(reflect.TypeFor[T]())
	d.Elem().Set(reflect.ValueOf(c).Elem())
	return d.Interface().(*T)
}

// callbacks makes the three types, a Sharded of several shards among them, with an
// OnEvict that records its calls and the depth of the stack, and then runs f.
func callbacks(t *testing.T, f func(left), test func(t *testing.T, c twin[int, string], calls func() (n, depth int))) {
	const capacity = 4000
	for name, mk := range map[string]func(Options[int, string]) twin[int, string]{
		"Cache":   func(o Options[int, string]) twin[int, string] { return New(capacity, o) },
		"Sync":    func(o Options[int, string]) twin[int, string] { return NewSync(capacity, o) },
		"Sharded": func(o Options[int, string]) twin[int, string] { o.Shards = 8; return NewSharded(capacity, o) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, depth := 0, 0
				c := mk(Options[int, string]{TTL: time.Hour, OnEvict: func(k int, v string, r Reason) {
					n++
					depth = max(depth, runtime.Callers(0, make([]uintptr, 1000)))
					f(left{k, v, r})
				}})
				test(t, c, func() (int, int) {
					defer func() { n, depth = 0, 0 }()
					return n, depth
				})
			})
		})
	}
}

// removals are the operations that remove many entries in one call.
var removals = map[string]func(c twin[int, string]){
	"Clear":         func(c twin[int, string]) { c.Clear() },
	"Resize":        func(c twin[int, string]) { _, _ = c.Resize(16) },
	"Len":           func(c twin[int, string]) { time.Sleep(time.Hour); c.Len() },
	"Cost":          func(c twin[int, string]) { time.Sleep(time.Hour); c.Cost() },
	"DeleteExpired": func(c twin[int, string]) { time.Sleep(time.Hour); c.DeleteExpired(0) },
	"Oldest":        func(c twin[int, string]) { time.Sleep(time.Hour); c.Oldest() },
}

const many = 1000

// TestPanicForEachValue: an OnEvict that panics for each value of one call is called for
// all of them, and the first panic is raised at the end. The stack does not grow with
// their number.
func TestPanicForEachValue(t *testing.T) {
	for name, remove := range removals {
		t.Run(name, func(t *testing.T) {
			var first *left
			armed := false
			report := func(l left) {
				if !armed {
					return
				}
				if first == nil {
					first = &l
				}
				panic(l)
			}
			callbacks(t, report, func(t *testing.T, c twin[int, string], calls func() (int, int)) {
				for range 2 {
					for k := range many {
						c.Put(k, fmt.Sprint(k))
					}
					first, armed = nil, true
					func() {
						defer func() { assert.Equal(t, *first, recover(), "the first") }()
						remove(c)
					}()
					armed = false
					n, depth := calls()
					assert.GreaterOrEqual(t, n, many-16)
					assert.Less(t, depth, 100)
					returns(func() {
						assert.LessOrEqual(t, c.Len(), 16)
						c.Clear()
						if name == "Resize" {
							assert.Equal(t, 16, c.Cap(), "all shards")
							_, err := c.Resize(4000)
							assert.NoError(t, err)
						}
					})
					calls()
					c.check()
				}
			})
		})
	}
}

// TestGoexitForEachValue: the same for an OnEvict that ends its goroutine.
func TestGoexitForEachValue(t *testing.T) {
	for name, remove := range removals {
		t.Run(name, func(t *testing.T) {
			callbacks(t, func(left) { runtime.Goexit() }, func(t *testing.T, c twin[int, string], calls func() (int, int)) {
				for k := range many {
					c.Put(k, fmt.Sprint(k))
				}
				returns(func() {
					remove(c)
					t.Error("not ended")
				})
				n, depth := calls()
				assert.GreaterOrEqual(t, n, many-16)
				assert.Less(t, depth, 100)
				returns(func() { assert.LessOrEqual(t, c.Len(), 16) })
				c.check()
			})
		})
	}
}

// TestPanicsAndGoexits in turn: each value is reported once, and the panic that came
// first is not lost.
func TestPanicsAndGoexits(t *testing.T) {
	seen := map[int]int{}
	c := NewSync(many, ints{OnEvict: func(k, _ int, _ Reason) {
		seen[k]++
		switch k % 3 {
		case 0:
			panic(k)
		case 1:
			runtime.Goexit()
		}
	}})
	for k := range many {
		c.Put(k, k)
	}
	assert.PanicsWithValue(t, 0, c.Clear)
	assert.Len(t, seen, many)
	for _, n := range seen {
		assert.Equal(t, 1, n)
	}
}

// TestPanicKeepsItsStack: the stack that the runtime shows for a panic of OnEvict begins
// in OnEvict, although the panic is raised after the others were reported.
func TestPanicKeepsItsStack(t *testing.T) {
	c := New(3, ints{OnEvict: func(int, int, Reason) { explode() }})
	c.Put(1, 1)
	c.Put(2, 2)
	defer func() {
		_ = recover()
		stack := make([]byte, 1<<16)
		assert.Contains(t, string(stack[:runtime.Stack(stack, false)]), "lru.explode")
	}()
	c.Clear()
}

//go:noinline
func explode() { panic("explode") }

// TestNoCopy: vet reports a copy of any value that holds, not by a pointer, a type
// with the methods Lock and Unlock; each of the three types does.
func TestNoCopy(t *testing.T) {
	for _, c := range []reflect.Type{
		reflect.TypeFor[Cache[int, int]](), reflect.TypeFor[Sync[int, int]](), reflect.TypeFor[Sharded[int, int]](),
	} {
		assert.True(t, holdsLock(c), c.String())
	}
}

func holdsLock(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[sync.Locker]()) {
		return true
	}
	switch t.Kind() {
	case reflect.Array:
		return holdsLock(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsLock(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
