package house

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A mood is the behaviour of a function that is passed to a structure.
type mood int

const (
	fine mood = iota
	panics
	exits    // ends its goroutine
	reenters // calls every method of the structure
)

func (m mood) String() string { return [...]string{"fine", "panics", "exits", "reenters"}[m] }

// misused is what functions in the mood panics panic with.
const misused = "the callback panics"

// A caller calls methods by reflection, with arguments that fit.
type caller struct {
	ctx    context.Context
	key    int // every int among the arguments
	called func()
}

func newCaller(ctx context.Context) *caller { return &caller{ctx: ctx, key: 1, called: func() {}} }

// in is a caller whose functions are in a mood. v is the structure.
func (c *caller) in(m mood, v reflect.Value) *caller {
	entered := false
	called := func() {
		switch m {
		case panics:
			panic(misused)
		case exits:
			runtime.Goexit()
		case reenters:
			if !entered { // once: OnEvict of an eviction in OnEvict has no end
				entered = true
				(&caller{ctx: c.ctx, key: c.key + 1, called: func() {}}).all(v)
			}
		}
	}
	return &caller{ctx: c.ctx, key: c.key, called: called}
}

// all calls every method of v.
func (c *caller) all(v reflect.Value) {
	for i := range v.NumMethod() {
		c.call(v.Method(i))
	}
}

// call calls a method, and runs the iterators that it returns.
func (c *caller) call(method reflect.Value) {
	t := method.Type()
	for _, result := range method.Call(c.args(t)) {
		if isIterator(result.Type()) && !result.IsNil() {
			result.Call([]reflect.Value{c.yield(result.Type().In(0))})
		}
	}
}

// args returns arguments for a function. Of two times the second is later.
func (c *caller) args(t reflect.Type) (all []reflect.Value) {
	times := 0
	for i := range t.NumIn() {
		v := c.arg(t.In(i))
		if t.In(i) == reflect.TypeFor[int64]() {
			v.SetInt(v.Int() + int64(100*times))
			times++
		}
		all = append(all, v)
	}
	return all
}

func isIterator(t reflect.Type) bool {
	return t.Kind() == reflect.Func && t.NumIn() == 1 && t.NumOut() == 0 && t.In(0).Kind() == reflect.Func &&
		t.In(0).NumOut() == 1 && t.In(0).Out(0).Kind() == reflect.Bool
}

func (c *caller) yield(t reflect.Type) reflect.Value {
	return reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value {
		c.called()
		return []reflect.Value{reflect.ValueOf(true)}
	})
}

var (
	contextType = reflect.TypeFor[context.Context]()
	readerType  = reflect.TypeFor[io.Reader]()
	writerType  = reflect.TypeFor[io.Writer]()
	timeType    = reflect.TypeFor[time.Time]()
)

// arg returns an argument of a type: a small number, a short slice, a function.
func (c *caller) arg(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch {
	case t == contextType:
		return reflect.ValueOf(c.ctx)
	case t == readerType:
		return reflect.ValueOf(strings.NewReader("ab"))
	case t == writerType:
		return reflect.ValueOf(io.Discard)
	case t == timeType:
		return reflect.ValueOf(time.Unix(10, 0))
	case t == reflect.TypeFor[time.Duration]():
		v.SetInt(int64(time.Hour))
	case t.Kind() == reflect.Slice:
		return reflect.MakeSlice(t, 2, 2)
	case isIterator(t):
		return reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value { return nil }) // of nothing
	case t.Kind() == reflect.Func:
		return reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value {
			c.called()
			return zeros(t)
		})
	case v.CanInt():
		v.SetInt(int64(c.key))
	case v.CanUint():
		v.SetUint(uint64(c.key))
	case v.CanFloat():
		v.SetFloat(float64(c.key))
	}
	return v
}

func zeros(t reflect.Type) (all []reflect.Value) {
	for i := range t.NumOut() {
		all = append(all, reflect.Zero(t.Out(i)))
	}
	return all
}

// An outcome is how a call ended.
type outcome struct {
	panicked any
	exited   bool // the goroutine ended
	hung     bool
}

// patience is the time limit for a call that must not hang.
const patience = time.Minute

// outcomeOf runs f in a new goroutine.
func outcomeOf(f func()) outcome {
	done := make(chan outcome, 1)
	go func() {
		o := outcome{exited: true}
		defer func() {
			if v := recover(); v != nil {
				o = outcome{panicked: v}
			}
			done <- o
		}()
		f()
		o.exited = false
	}()
	select {
	case o := <-done:
		return o
	case <-time.After(patience):
		return outcome{hung: true}
	}
}

// requireAnswer fails the test if a call hung, or panicked with something that does not
// name the package: an index out of range tells a caller nothing.
func requireAnswer(t *testing.T, o outcome, pkg, call string) {
	t.Helper()
	require.False(t, o.hung, "%s hangs", call)
	if o.panicked == nil {
		return
	}
	text := fmt.Sprint(o.panicked)
	var fault runtime.Error
	if err, ok := o.panicked.(error); ok && errors.As(err, &fault) {
		require.Failf(t, "a runtime error", "%s: %s", call, text)
	}
	require.True(t, strings.HasPrefix(text, pkg+": ") || strings.HasPrefix(text, pkg+"."),
		"%s panics with %q, which does not begin with %q", call, text, pkg+": ")
}

// requireUsable calls every method from another goroutine; each must return, or panic
// with a message of the package.
func requireUsable(t *testing.T, v reflect.Value, pkg, after string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), blink)
	defer cancel()
	c := newCaller(ctx)
	for i := range v.NumMethod() {
		o := outcomeOf(func() { c.call(v.Method(i)) })
		requireAnswer(t, o, pkg, methodName(v, i)+" after "+after)
	}
}

// blink is the time limit of a wait for something that does not happen.
const blink = 2 * time.Millisecond
