package sched

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
)

// A Step is what a goroutine did when it was chosen.
type Step struct {
	Goroutine int
	Kind      Kind
	File      string // of the code that is tested
	Line      int
	Func      string
	Saw       string // the value that was loaded, whether a compare-and-swap succeeded, …
}

// Tracing reports whether the steps of the run in progress are kept.
//
//go:noinline
func Tracing() bool { return active != nil && active.Trace }

// Saw adds what the operation of the last step found.
//
//go:noinline
func Saw(format string, args ...any) {
	if n := len(active.Steps); n > 0 {
		active.Steps[n-1].Saw = fmt.Sprintf(format, args...)
	}
}

// Say adds a line to the steps that is no step.
//
//go:noinline
func Say(format string, args ...any) {
	if r := active; r != nil && r.Trace {
		r.Steps = append(r.Steps, Step{Goroutine: r.cur.id, Kind: Call, Saw: fmt.Sprintf(format, args...)})
	}
}

// step keeps a step, unless it is part of the harness.
func (r *Run) step(g *goroutine, k Kind) {
	if k == Call || k == waitIdle {
		return
	}
	s := Step{Goroutine: g.id, Kind: k}
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if !strings.Contains(f.Function, "/internal/weave/sched") {
			s.File, s.Line, s.Func = f.File, f.Line, f.Function
			break
		}
		if !more {
			break
		}
	}
	r.Steps = append(r.Steps, s)
}

// Text writes a value as a reader would: an address by the number of its first
// appearance in the run, and a number with many bits in hexadecimal.
//
//go:noinline
func Text(v any) string {
	switch x := reflect.ValueOf(v); {
	case x.Kind() == reflect.Pointer || x.Kind() == reflect.UnsafePointer:
		if x.IsNil() {
			return "nil"
		}
		r, p := active, x.UnsafePointer()
		at := slices.Index(r.names, p)
		if at < 0 {
			at = len(r.names)
			r.names = append(r.names, p)
		}
		return fmt.Sprintf("object %d", at+1)
	case x.CanUint() && x.Uint() > 1<<20:
		return fmt.Sprintf("%#x", x.Uint())
	case x.CanInt() && (x.Int() > 1<<40 || x.Int() < -1<<40):
		return fmt.Sprintf("%#x", x.Int())
	}
	return fmt.Sprint(v)
}
