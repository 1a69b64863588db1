package house

import (
	"context"
	"fmt"
	"go/ast"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/concmap"
	"example.com/flatline/lfu"
	"example.com/flatline/lru"
	"example.com/flatline/randset"
	"example.com/flatline/ratelimit"
	"example.com/flatline/timemap"
)

// An ask is called by each function among the options, with the field's name.
type ask func(field string)

// hooked has, for each type of options with functions, the structures made with all of
// its functions set.
var hooked = map[string][]func(ask) any{
	"lru.Options": {
		func(a ask) any { return lru.New(4, lruOptions(a)) },
		func(a ask) any { return lru.NewSync(4, lruOptions(a)) },
		func(a ask) any { return lru.NewSharded(64, lruOptions(a)) },
	},
	"lfu.Options": {
		func(a ask) any { return lfu.New(4, lfuOptions(a)) },
		func(a ask) any { return lfu.NewSync(4, lfuOptions(a)) },
		func(a ask) any { return lfu.NewSharded(64, lfuOptions(a)) },
	},
	"ratelimit.Options": {func(a ask) any {
		return ratelimit.New(ratelimit.Per(1, time.Hour), 4, ratelimit.Options{Now: clock(a)})
	}},
	"ratelimit.WindowOptions": {
		func(a ask) any {
			return ratelimit.NewSlidingLog(4, time.Hour, ratelimit.WindowOptions{Now: clock(a)})
		},
		func(a ask) any {
			return ratelimit.NewSlidingCounter(4, time.Hour, ratelimit.WindowOptions{Now: clock(a)})
		},
	},
	"ratelimit.PacerOptions": {func(a ask) any {
		return ratelimit.NewPacer(ratelimit.Per(1, time.Hour), 4, ratelimit.PacerOptions{Now: clock(a)})
	}},
	"ratelimit.KeyedOptions": {func(a ask) any {
		return ratelimit.NewKeyed(ratelimit.Per(1, time.Hour), 4, ratelimit.KeyedOptions[int]{
			Now:     clock(a),
			RateFor: func(int) (ratelimit.Rate, int64) { a("RateFor"); return ratelimit.Per(1, time.Hour), 4 },
		})
	}},
	"concmap.Options": {func(a ask) any { return concmap.New[int, int](concmap.Options[int, int]{Hash: hash(a)}) }},
	"timemap.Options": {
		func(a ask) any { return timemap.New[int, int](timemap.Options[int, int]{Hash: hash(a)}) },
		func(a ask) any { return timemap.NewSync[int, int](timemap.Options[int, int]{Hash: hash(a)}) },
	},
	"randset.Options": {
		func(a ask) any { return randset.New(randset.Options[int]{Hash: hash(a)}) },
		func(a ask) any { return randset.NewSync(randset.Options[int]{Hash: hash(a)}) },
		func(a ask) any { return randset.NewBag(randset.Options[int]{Hash: hash(a)}) },
		func(a ask) any { return randset.NewWeighted(randset.Options[int]{Hash: hash(a)}) },
	},
}

func lruOptions(a ask) lru.Options[int, int] {
	return lru.Options[int, int]{
		MaxCost: 1 << 20, Now: clock(a), Hash: hash(a),
		Life:    func(int, int) time.Duration { a("Life"); return time.Hour },
		Cost:    func(int, int) int64 { a("Cost"); return 1 },
		OnEvict: func(int, int, lru.Reason) { a("OnEvict") },
	}
}

func lfuOptions(a ask) lfu.Options[int, int] {
	return lfu.Options[int, int]{
		MaxCost: 1 << 20, Now: clock(a), Hash: hash(a),
		Life:    func(int, int) time.Duration { a("Life"); return time.Hour },
		Cost:    func(int, int) int64 { a("Cost"); return 1 },
		OnEvict: func(int, int, lfu.Reason) { a("OnEvict") },
	}
}

func clock(a ask) func() time.Time {
	return func() time.Time { a("Now"); return time.Unix(1, 0) }
}

func hash(a ask) func(int) uint64 {
	return func(k int) uint64 { a("Hash"); return uint64(k) * 0x9e3779b97f4a7c15 }
}

// TestOptionsThatMisbehave lets each function among the options, at each method that
// calls it, panic, end its goroutine and call every method of the structure.
func TestOptionsThatMisbehave(t *testing.T) {
	for options, fields := range functionsOfOptions(t) {
		pkg, _, _ := strings.Cut(options, ".")
		makers := hooked[options]
		require.NotEmpty(t, makers, "%s has functions, and no test sets them", options)
		var called sync.Map // by field
		for _, make := range makers {
			for _, field := range fields {
				for i := range reflect.TypeOf(make(func(string) {})).NumMethod() {
					for _, m := range []mood{panics, exits, reenters} {
						misbehaves(t, pkg, make, field, i, m, func() { called.Store(field, true) })
					}
				}
			}
		}
		for _, field := range fields {
			_, ok := called.Load(field)
			assert.True(t, ok, "%s.%s is never called", options, field)
		}
	}
}

// misbehaves fills a structure and calls one method while one of its functions is in a
// mood.
func misbehaves(t *testing.T, pkg string, make func(ask) any, field string, method int, m mood, called func()) {
	var misbehave atomic.Pointer[func()] // a load runs in another goroutine
	v := reflect.ValueOf(make(func(name string) {
		if name != field {
			return
		}
		if f := misbehave.Swap(nil); f != nil {
			called()
			(*f)()
			misbehave.CompareAndSwap(nil, f)
		}
	}))
	ctx, cancel := context.WithTimeout(t.Context(), blink)
	defer cancel()
	c := newCaller(ctx)
	for key := range 4 {
		(&caller{ctx: ctx, key: key, called: c.called}).store(v)
	}
	f := c.in(m, v).called
	misbehave.Store(&f)
	call := methodName(v, method)
	what := call + " while " + field + " " + m.String()
	o := outcomeOf(func() { (&caller{ctx: ctx, key: 7, called: c.called}).call(v.Method(method)) })
	require.False(t, o.hung, "%s hangs", what)
	if !strings.HasPrefix(fmt.Sprint(o.panicked), misused) { // a load adds its stack
		requireAnswer(t, o, pkg, what)
	}
	misbehave.Store(nil)
	requireUsable(t, v, pkg, what)
}

// store puts something into v under the caller's key.
func (c *caller) store(v reflect.Value) {
	for _, name := range []string{"Put", "Store", "Insert", "Set", "Allow"} {
		if m := v.MethodByName(name); m.IsValid() && m.Type().NumIn() < 4 && !takesIterator(m.Type()) {
			c.call(m)
		}
	}
}

// functionsOfOptions returns the fields of each struct of options that are functions.
func functionsOfOptions(t *testing.T) map[string][]string {
	found := map[string][]string{}
	for _, pkg := range Packages {
		for _, f := range parse(t, pkg) {
			for _, d := range f.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok {
					continue
				}
				for _, spec := range g.Specs {
					spec, ok := spec.(*ast.TypeSpec)
					if !ok || !strings.HasSuffix(spec.Name.Name, "Options") || !spec.Name.IsExported() {
						continue
					}
					s, ok := spec.Type.(*ast.StructType)
					if !ok {
						continue
					}
					for _, field := range s.Fields.List {
						if _, ok := field.Type.(*ast.FuncType); ok {
							for _, name := range field.Names {
								found[pkg+"."+spec.Name.Name] = append(found[pkg+"."+spec.Name.Name], name.Name)
							}
						}
					}
				}
			}
		}
	}
	require.NotEmpty(t, found)
	return found
}
