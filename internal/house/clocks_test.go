package house

import (
	"go/ast"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/lfu"
	"example.com/flatline/lru"
	"example.com/flatline/ratelimit"
)

// A timed is a structure that reads a caller's clock. spend uses up something that a
// second restores: the space for a new value of key 1, or a token. It reports whether
// there was any.
type timed struct {
	make  func(now func() time.Time) any
	spend func(v any) bool
}

// clocks has each option Now of the ten, and what is made with it.
var clocks = map[string][]timed{
	"lru.Options": {
		{func(now func() time.Time) any {
			return lru.New(8, lru.Options[int, int]{TTL: time.Second, Now: now})
		}, spendTTL},
		{func(now func() time.Time) any {
			return lru.NewSync(8, lru.Options[int, int]{TTL: time.Second, Now: now})
		}, spendTTL},
		{func(now func() time.Time) any {
			return lru.NewSharded(64, lru.Options[int, int]{TTL: time.Second, Now: now})
		}, spendTTL},
	},
	"lfu.Options": {
		{func(now func() time.Time) any {
			return lfu.New(8, lfu.Options[int, int]{TTL: time.Second, Now: now})
		}, spendTTL},
		{func(now func() time.Time) any {
			return lfu.NewSync(8, lfu.Options[int, int]{TTL: time.Second, Now: now})
		}, spendTTL},
		{func(now func() time.Time) any {
			return lfu.NewSharded(64, lfu.Options[int, int]{TTL: time.Second, Now: now})
		}, spendTTL},
	},
	"ratelimit.Options": {{
		func(now func() time.Time) any {
			return ratelimit.New(ratelimit.Per(1, time.Second), 1, ratelimit.Options{Now: now})
		},
		func(v any) bool { return v.(*ratelimit.Bucket).Allow() },
	}},
	"ratelimit.WindowOptions": {
		{func(now func() time.Time) any {
			return ratelimit.NewSlidingLog(1, time.Second, ratelimit.WindowOptions{Now: now})
		}, func(v any) bool { return v.(*ratelimit.SlidingLog).Allow() }},
		{func(now func() time.Time) any { // an event counts for up to two windows
			return ratelimit.NewSlidingCounter(1, time.Second/2, ratelimit.WindowOptions{Now: now})
		}, func(v any) bool { return v.(*ratelimit.SlidingCounter).Allow() }},
	},
	"ratelimit.PacerOptions": {{
		func(now func() time.Time) any {
			return ratelimit.NewPacer(ratelimit.Per(1, time.Second), 0, ratelimit.PacerOptions{Now: now})
		},
		func(v any) bool { _, ok := v.(*ratelimit.Pacer).TryNext(); return ok },
	}},
	"ratelimit.KeyedOptions": {{
		func(now func() time.Time) any {
			return ratelimit.NewKeyed(ratelimit.Per(1, time.Second), 1, ratelimit.KeyedOptions[int]{Now: now})
		},
		func(v any) bool { return v.(*ratelimit.Keyed[int]).Allow(1) },
	}},
}

// spendTTL puts a value in the place of one that has expired.
func spendTTL(v any) bool {
	_, loaded := v.(interface {
		GetOrPut(k, v int) (int, bool)
	}).GetOrPut(1, 1)
	return !loaded
}

// TestClocks drives each structure with its own clock through everything that a clock can
// do and time does not.
func TestClocks(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, all := range clocks {
		pkg, _, _ := strings.Cut(name, ".")
		for _, c := range all {
			for what, at := range map[string]time.Time{"a sound clock": start, "a clock at zero": {}} {
				var mu sync.Mutex
				now := at
				set := func(to time.Time) { mu.Lock(); defer mu.Unlock(); now = to }
				v := c.make(func() time.Time { mu.Lock(); defer mu.Unlock(); return now })
				t.Run(reflect.TypeOf(v).String()+", made on "+what, func(t *testing.T) {
					set(start)
					require.True(t, c.spend(v), "at the start")
					require.False(t, c.spend(v), "standing still")
					set(start.Add(time.Second))
					require.True(t, c.spend(v), "a second later")
					set(start)
					require.False(t, c.spend(v), "a second back")
					set(start.Add(-24 * time.Hour))
					require.False(t, c.spend(v), "a day back")
					set(start.Add(2 * time.Second))
					require.True(t, c.spend(v), "forward again")
					for _, jump := range []time.Time{
						start.AddDate(500, 0, 0), start, {}, time.Unix(1<<62, 0), start.Add(3 * time.Second),
					} {
						set(jump)
						requireUsable(t, reflect.ValueOf(v), pkg, "a reading of "+jump.String())
					}
				})
			}
		}
	}
}

// TestEveryClockIsHere: each struct of options with a field Now is in the table.
func TestEveryClockIsHere(t *testing.T) {
	found := map[string]bool{}
	for _, pkg := range Packages {
		for _, f := range parse(t, pkg) {
			ast.Inspect(f, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok || !spec.Name.IsExported() {
					return true
				}
				s, ok := spec.Type.(*ast.StructType)
				if !ok {
					return true
				}
				for _, field := range s.Fields.List {
					for _, name := range field.Names {
						if name.Name == "Now" {
							found[pkg+"."+spec.Name.Name] = true
							assert.Contains(t, clocks, pkg+"."+spec.Name.Name, "a clock that no test drives")
						}
					}
				}
				return true
			})
		}
	}
	assert.Len(t, found, len(clocks))
}
