package house

import (
	"cmp"
	"fmt"
	"go/ast"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/bqueue"
	"example.com/flatline/concmap"
	"example.com/flatline/lfu"
	"example.com/flatline/lru"
	"example.com/flatline/minstack"
	"example.com/flatline/randset"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ringbuffer"
	"example.com/flatline/slidingmax"
	"example.com/flatline/timemap"
)

// kinds has each exported type of the ten that has methods, and how to make one that
// holds a few elements.
var kinds = map[string]func() any{
	"lru.Cache":   func() any { c := lru.New[int, int](8); fill(func(i int) { c.Put(i, i) }); return c },
	"lru.Sync":    func() any { c := lru.NewSync[int, int](8); fill(func(i int) { c.Put(i, i) }); return c },
	"lru.Sharded": func() any { c := lru.NewSharded[int, int](64); fill(func(i int) { c.Put(i, i) }); return c },
	"lfu.Cache":   func() any { c := lfu.New[int, int](8); fill(func(i int) { c.Put(i, i) }); return c },
	"lfu.Sync":    func() any { c := lfu.NewSync[int, int](8); fill(func(i int) { c.Put(i, i) }); return c },
	"lfu.Sharded": func() any { c := lfu.NewSharded[int, int](64); fill(func(i int) { c.Put(i, i) }); return c },

	"ratelimit.Bucket": func() any { return ratelimit.New(ratelimit.Per(1, time.Hour), 4) },
	"ratelimit.Keyed": func() any {
		x := ratelimit.NewKeyed[int](ratelimit.Per(1, time.Hour), 4)
		fill(func(i int) { x.Allow(i) })
		return x
	},
	"ratelimit.Pacer":          func() any { return ratelimit.NewPacer(ratelimit.Per(1000, time.Second), 4) },
	"ratelimit.SlidingLog":     func() any { return ratelimit.NewSlidingLog(4, time.Hour) },
	"ratelimit.SlidingCounter": func() any { return ratelimit.NewSlidingCounter(4, time.Hour) },
	"ratelimit.Reservation": func() any {
		r, _ := ratelimit.New(ratelimit.Per(1, time.Hour), 4).Reserve(1, time.Hour)
		return r
	},

	"ringbuffer.Ring": func() any { r := ringbuffer.New[int](8); fill(func(i int) { _ = r.Push(i) }); return r },
	"ringbuffer.Sync": func() any { r := ringbuffer.NewSync[int](8); fill(func(i int) { _, _ = r.Push(i) }); return r },
	"ringbuffer.SPSC": func() any { r := ringbuffer.NewSPSC[int](8); fill(func(i int) { r.TryPush(i) }); return r },
	"ringbuffer.MPMC": func() any { r := ringbuffer.NewMPMC[int](8); fill(func(i int) { r.TryPush(i) }); return r },
	"ringbuffer.Bytes": func() any {
		r := ringbuffer.NewBytes(8)
		fill(func(i int) { _ = r.WriteByte(byte(i)) })
		return r
	},
	// It is closed, since Write and WriteTo wait for another goroutine otherwise.
	"ringbuffer.Pipe": func() any {
		p := ringbuffer.NewPipe(8)
		_, _ = p.Write(make([]byte, elements))
		_ = p.Close()
		return p
	},

	"concmap.Map":      func() any { m := concmap.New[int, int](); fill(func(i int) { m.Store(i, i) }); return m },
	"concmap.Striped":  func() any { m := new(concmap.Striped[int, int]); fill(func(i int) { m.Store(i, i) }); return m },
	"concmap.Snapshot": func() any { m := concmap.New[int, int](); fill(func(i int) { m.Store(i, i) }); return m.Snapshot() },

	"timemap.Map":  func() any { m := timemap.New[int, int](); versions(m.Set); return m },
	"timemap.Sync": func() any { m := timemap.NewSync[int, int](); versions(m.Set); return m },
	"timemap.View": func() any {
		m := timemap.New[int, int]()
		versions(m.Set)
		v := m.AsOf(9)
		return &v
	},

	"minstack.Stack":     func() any { s := new(minstack.Stack[int]); fill(s.Push); return s },
	"minstack.StackFunc": func() any { s := minstack.NewFunc(cmp.Compare[int]); fill(s.Push); return s },
	"minstack.MinMax":    func() any { s := new(minstack.MinMax[int]); fill(s.Push); return s },
	"minstack.Segmented": func() any { s := new(minstack.Segmented[int]); fill(s.Push); return s },
	"minstack.Queue":     func() any { s := new(minstack.Queue[int]); fill(s.Push); return s },
	"minstack.Sync":      func() any { s := new(minstack.Sync[int]); fill(s.Push); return s },
	"minstack.Persistent": func() any {
		var s minstack.Persistent[int]
		fill(func(i int) { s = s.Push(i) })
		return &s
	},

	"randset.Set":  func() any { s := randset.New[int](); fill(func(i int) { s.Insert(i) }); return s },
	"randset.Sync": func() any { s := randset.NewSync[int](); fill(func(i int) { s.Insert(i) }); return s },
	"randset.Bag":  func() any { s := randset.NewBag[int](); fill(func(i int) { s.Insert(i) }); return s },
	"randset.Reservoir": func() any {
		r := randset.NewReservoir[int](8)
		fill(func(i int) { r.Add(i) })
		return r
	},
	"randset.Weighted": func() any { s := randset.NewWeighted[int](); fill(func(i int) { _ = s.Set(i, 1) }); return s },

	"slidingmax.Window": func() any { w := slidingmax.New[int](8); fill(func(i int) { w.Push(-i) }); return w },
	"slidingmax.Sync":   func() any { w := slidingmax.NewSync[int](8); fill(func(i int) { w.Push(-i) }); return w },
	"slidingmax.TimeWindow": func() any {
		w := slidingmax.NewTimeWindow[int](time.Hour)
		fill(func(i int) { w.Push(time.Unix(int64(i), 0), i) })
		return w
	},
	"slidingmax.SyncTimeWindow": func() any {
		w := slidingmax.NewSyncTimeWindow[int](time.Hour)
		fill(func(i int) { w.Push(time.Unix(int64(i), 0), i) })
		return w
	},
	"slidingmax.Aggregator": func() any {
		q := slidingmax.NewAggregator(func(a, b int) int { return max(a, b) })
		fill(q.Push)
		return q
	},

	"bqueue.Queue": func() any {
		q := bqueue.New[int](8)
		fill(func(i int) { _ = q.TryPut(i) })
		return q
	},
}

// values are the exported types with methods that are plain values: no constructor, no
// state that a call changes.
var values = map[string]bool{
	"lru.Stats": true, "lfu.Aging": true, "lfu.Stats": true,
	"ratelimit.LimitedError": true, "ratelimit.Rate": true, "ringbuffer.Policy": true, "ringbuffer.OverwrittenError": true,
}

const elements = 4

// fill calls add for a few elements.
func fill(add func(i int)) {
	for i := range elements {
		add(i)
	}
}

// versions sets a few keys to a few values each.
func versions(set func(k int, t int64, v int)) {
	fill(func(k int) { fill(func(i int) { set(k, int64(i), i) }) })
}

// TestEveryTypeIsHere: an exported type with methods is in one of the tables.
func TestEveryTypeIsHere(t *testing.T) {
	found := map[string]bool{}
	for _, f := range functions(t) {
		if f.typ != "" {
			found[f.pkg+"."+f.typ] = true
		}
	}
	for name := range found {
		assert.True(t, values[name] != (kinds[name] != nil), "%s belongs into kinds or into values in internal/house/types_test.go", name)
	}
	for _, f := range functions(t) {
		if values[f.pkg+"."+f.typ] && !strings.HasSuffix(f.typ, "Error") && f.Name.Name != "UnmarshalText" {
			_, pointer := f.Recv.List[0].Type.(*ast.StarExpr)
			assert.False(t, pointer, "%s is no plain value, since %s has a pointer: it belongs into kinds", f.typ, f.name())
		}
	}
	for name := range kinds {
		assert.True(t, found[name], "there is no %s", name)
	}
	for name := range values {
		assert.True(t, found[name], "there is no %s", name)
	}
}

// names returns the names of kinds in order.
func names() (all []string) {
	for name := range kinds {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}

// each runs f for every type, given a function that makes one.
func each(t *testing.T, f func(t *testing.T, name string, make func() reflect.Value)) {
	for _, name := range names() {
		t.Run(name, func(t *testing.T) {
			f(t, name, func() reflect.Value { return reflect.ValueOf(kinds[name]()) })
		})
	}
}

func methodName(v reflect.Value, i int) string {
	return fmt.Sprintf("%s.%s", v.Type().Elem().Name(), v.Type().Method(i).Name)
}
