package house

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/bqueue"
	"example.com/flatline/lfu"
	"example.com/flatline/lru"
	"example.com/flatline/randset"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ringbuffer"
	"example.com/flatline/slidingmax"
	"example.com/flatline/timemap"
)

// numeric are the exported functions that take a number, with fitting arguments; those
// of methods are found by reflection.
var numeric = map[string]struct {
	f    any
	args []any
}{
	"bqueue.New":                   {bqueue.New[int], []any{8}},
	"lfu.New":                      {lfu.New[int, int], []any{8}},
	"lfu.NewSharded":               {lfu.NewSharded[int, int], []any{64}},
	"lfu.NewSync":                  {lfu.NewSync[int, int], []any{8}},
	"lru.New":                      {lru.New[int, int], []any{8}},
	"lru.NewSharded":               {lru.NewSharded[int, int], []any{64}},
	"lru.NewSync":                  {lru.NewSync[int, int], []any{8}},
	"ratelimit.Every":              {ratelimit.Every, []any{second}},
	"ratelimit.New":                {ratelimit.New, []any{ratelimit.Per(1, second), int64(1)}},
	"ratelimit.NewKeyed":           {ratelimit.NewKeyed[int], []any{ratelimit.Per(1, second), int64(1)}},
	"ratelimit.NewPacer":           {ratelimit.NewPacer, []any{ratelimit.Per(1, second), int64(1)}},
	"ratelimit.NewSlidingCounter":  {ratelimit.NewSlidingCounter, []any{int64(1), second}},
	"ratelimit.NewSlidingLog":      {ratelimit.NewSlidingLog, []any{1, second}},
	"ratelimit.ParseRate":          {ratelimit.ParseRate, []any{"1/s"}},
	"ratelimit.Per":                {ratelimit.Per, []any{int64(1), second}},
	"ratelimit.TakeEach":           {ratelimit.TakeEach, []any{int64(1)}},
	"ringbuffer.New":               {ringbuffer.New[int], []any{8}},
	"ringbuffer.NewBytes":          {ringbuffer.NewBytes, []any{8}},
	"ringbuffer.NewMPMC":           {ringbuffer.NewMPMC[int], []any{8}},
	"ringbuffer.NewPipe":           {ringbuffer.NewPipe, []any{8}},
	"ringbuffer.NewSPSC":           {ringbuffer.NewSPSC[int], []any{8}},
	"ringbuffer.NewSync":           {ringbuffer.NewSync[int], []any{8}},
	"slidingmax.AppendMax":         {slidingmax.AppendMax[int], []any{[]int(nil), series, 2}},
	"slidingmax.AppendMin":         {slidingmax.AppendMin[int], []any{[]int(nil), series, 2}},
	"slidingmax.ArgMax":            {slidingmax.ArgMax[int], []any{series, 2}},
	"slidingmax.Max":               {slidingmax.Max[int], []any{series, 2}},
	"slidingmax.MaxFloat":          {slidingmax.MaxFloat[float64], []any{[]float64(nil), []float64{1, 2}, 2, slidingmax.FloatOptions{}}},
	"slidingmax.MaxFunc":           {slidingmax.MaxFunc[int], []any{series, 2, cmp.Compare[int]}},
	"slidingmax.Min":               {slidingmax.Min[int], []any{series, 2}},
	"slidingmax.MinMax":            {slidingmax.MinMax[int], []any{series, 2}},
	"slidingmax.New":               {slidingmax.New[int], []any{8}},
	"slidingmax.NewFunc":           {slidingmax.NewFunc[int], []any{8, cmp.Compare[int]}},
	"slidingmax.NewSync":           {slidingmax.NewSync[int], []any{8}},
	"slidingmax.NewTimeWindow":     {slidingmax.NewTimeWindow[int], []any{second}},
	"slidingmax.ParallelMax":       {slidingmax.ParallelMax[int], []any{[]int(nil), series, 2, 2}},
	"slidingmax.Values":            {slidingmax.Values[int], []any{slices.Values(series), 2}},
	"timemap.Time":                 {timemap.Time, []any{moment}},
	"randset.NewReservoir":         {randset.NewReservoir[int], []any{8}},
	"slidingmax.ArgMin":            {slidingmax.ArgMin[int], []any{series, 2}},
	"slidingmax.MinFloat":          {slidingmax.MinFloat[float64], []any{[]float64(nil), []float64{1, 2}, 2, slidingmax.FloatOptions{}}},
	"slidingmax.NewSyncTimeWindow": {slidingmax.NewSyncTimeWindow[int], []any{second}},
	"timemap.TimeOf":               {timemap.TimeOf, []any{int64(1)}},
}

const second = 1_000_000_000 // as a number of nanoseconds: a time.Duration where one is asked for

var (
	series = []int{3, 1, 2, 5, 4}
	moment = reflect.New(timeType).Elem().Interface()
)

var (
	ints   = []int64{0, -1, 1, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, 1 << 53, 1<<53 + 1}
	floats = []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1), 5e-324, math.MaxFloat64}
)

// TestNumbers calls every function and method that takes a number with numbers that no
// caller should pass. Each returns, or panics with a message of its package, and the
// structure answers afterwards.
func TestNumbers(t *testing.T) {
	for name, c := range numeric {
		t.Run(name, func(t *testing.T) {
			f := reflect.ValueOf(c.f)
			pkg, _, _ := strings.Cut(name, ".")
			var args []reflect.Value
			for i, a := range c.args {
				args = append(args, reflect.ValueOf(a).Convert(f.Type().In(i)))
			}
			extremes(args, func(call string, args []reflect.Value) {
				requireAnswer(t, outcomeOf(func() { f.Call(args) }), pkg, name+call)
			})
		})
	}
	each(t, func(t *testing.T, name string, make func() reflect.Value) {
		pkg, _, _ := strings.Cut(name, ".")
		for i := range make().NumMethod() {
			ctx, cancel := context.WithTimeout(t.Context(), blink)
			f := make().Method(i)
			extremes(newCaller(ctx).args(f.Type()), func(call string, args []reflect.Value) {
				v := make()
				call = methodName(v, i) + call
				requireAnswer(t, outcomeOf(func() { v.Method(i).Call(args) }), pkg, call)
				requireUsable(t, v, pkg, call)
			})
			cancel()
		}
	})
}

// extremes calls try with args, in which one number has been replaced by one that is too
// large, too small or not a number.
func extremes(args []reflect.Value, try func(call string, args []reflect.Value)) {
	for i, a := range args {
		with := func(set func(v reflect.Value)) {
			v := reflect.New(a.Type()).Elem()
			set(v)
			changed := slices.Clone(args)
			changed[i] = v
			try(describe(changed), changed)
		}
		switch {
		case a.CanInt():
			for _, n := range ints {
				if !reflect.Zero(a.Type()).OverflowInt(n) {
					with(func(v reflect.Value) { v.SetInt(n) })
				}
			}
		case a.CanUint():
			for _, n := range ints {
				if !reflect.Zero(a.Type()).OverflowUint(uint64(n)) {
					with(func(v reflect.Value) { v.SetUint(uint64(n)) })
				}
			}
		case a.CanFloat():
			for _, x := range floats {
				with(func(v reflect.Value) { v.SetFloat(x) })
			}
		}
	}
}

func describe(args []reflect.Value) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, a := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		switch {
		case a.CanInt(), a.CanUint(), a.CanFloat():
			fmt.Fprintf(&b, "%v", a)
		default:
			b.WriteByte('_')
		}
	}
	b.WriteByte(')')
	return b.String()
}

// TestEveryFunctionWithANumberIsHere: a function of the ten that takes a number is in
// the table.
func TestEveryFunctionWithANumberIsHere(t *testing.T) {
	found := map[string]bool{}
	for _, f := range functions(t) {
		if f.typ == "" && takesNumber(f.FuncDecl) {
			found[f.name()] = true
			assert.Contains(t, numeric, f.name(), "a function with a number that no test knows")
		}
	}
	for name := range numeric {
		assert.True(t, found[name] || name == "ratelimit.ParseRate" || name == "timemap.Time", "there is no %s", name)
	}
}

func takesNumber(fn *ast.FuncDecl) bool {
	for _, p := range fn.Type.Params.List {
		switch x := p.Type.(type) {
		case *ast.Ident:
			if slices.Contains([]string{"int", "int64", "uint64", "float64", "uint32", "int32"}, x.Name) {
				return true
			}
		case *ast.SelectorExpr:
			if x.Sel.Name == "Duration" {
				return true
			}
		}
	}
	return false
}

// TestNumbersCostNoMemory: a limit is not a size. What a limit may hold is allocated
// when it is held.
func TestNumbersCostNoMemory(t *testing.T) {
	// Variables: as constants they would not fit an int of 32 bits.
	many, most := int64(math.MaxUint32-1), int64(1)<<40
	for name, f := range map[string]func(){
		"lru.New":         func() { lru.New[int, int](int(many)) },
		"lru.NewSync":     func() { lru.NewSync[int, int](int(many)) },
		"lfu.New":         func() { lfu.New[int, int](int(many)) },
		"lfu.NewSync":     func() { lfu.NewSync[int, int](int(many)) },
		"NewSlidingLog":   func() { ratelimit.NewSlidingLog(int(most), second).Allow() },
		"slidingmax.New":  func() { slidingmax.New[int](int(most)).Push(1) },
		"slidingmax.Sync": func() { slidingmax.NewSync[int](int(most)).Push(1) },
		"a tier of a log": func() {
			ratelimit.TakeEach(1, ratelimit.NewSlidingLog(int(many), second), ratelimit.New(ratelimit.Per(1, second), 0))
		},
		"slidingmax.Max": func() { slidingmax.Max(series, math.MaxInt) },
		"ParallelMax":    func() { slidingmax.ParallelMax(nil, series, 2, math.MaxInt) },
	} {
		t.Run(name, func(t *testing.T) {
			if math.MaxInt == math.MaxInt32 {
				t.Skip("limits beyond memory do not fit an int here")
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f()
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
		})
	}
}
