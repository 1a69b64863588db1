package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	lfumodel "example.com/flatline/evidence/linear/lfu"
	lrumodel "example.com/flatline/evidence/linear/lru"
	"example.com/flatline/internal/weave/sched"
	"example.com/flatline/lfu"
	"example.com/flatline/lru"
)

// A loader loads values into a cache, with a point at which other goroutines can run, and
// panics if two loads of one key run that may both be stored.
type loader struct {
	once    bool
	loading [8]atomic.Int32
}

func (l *loader) load(k, v int) func(context.Context, int) (int, error) {
	return func(context.Context, int) (int, error) {
		if l.loading[k].Add(1) > 1 && l.once {
			panic("a key is loaded twice at the same time")
		}
		sched.Point(sched.Call, nil)
		l.loading[k].Add(-1)
		return v, nil
	}
}

// A lruCache is a Sync and its loader.
type lruCache struct {
	lrumodel.Cache
	loader
}

func doLRU(c lrumodel.Cache, in lrumodel.In) lrumodel.Out {
	op, k, v := in.Op()
	if op != "GetOrLoad" {
		return lrumodel.Do(c, in)
	}
	x := c.(*lruCache)
	ctx := context.Context(context.Background())
	if v%2 == 0 { // the loader runs in another goroutine
		ctx = sched.WithCancel(ctx)
	}
	got, err := x.GetOrLoad(ctx, k, x.load(k, v))
	if err != nil && !errors.Is(err, context.Canceled) {
		panic(err)
	}
	return lrumodel.Loaded(got)
}

func lruOps(names ...string) (ops []op[lrumodel.In]) {
	for _, name := range names {
		var k int
		var bare string
		if _, err := fmt.Sscanf(name, "%s %d", &bare, &k); err != nil {
			panic(err)
		}
		switch bare {
		case "GetOrLoadAlone": // by the caller itself
			ops = append(ops, letter(name, func(v int) lrumodel.In { return lrumodel.Call("GetOrLoad", k, 2*v+1) }))
		case "GetOrLoad":
			ops = append(ops, letter(name, func(v int) lrumodel.In { return lrumodel.Call("GetOrLoad", k, 2*v) }))
		default:
			ops = append(ops, letter(name, func(v int) lrumodel.In { return lrumodel.Call(bare, k, v) }))
		}
	}
	return ops
}

// The loads of a plan are superseded if its operations can supersede a load, whose callers
// then get a value that is not stored; otherwise they are current.
const current, superseded = false, true

// lruPlan is a plan of a Sync of lru; loads is current or superseded.
func lruPlan(name string, loads bool, ops []string, quick, whole []string) subject {
	ty := lrumodel.Type(name, loads, func() lrumodel.Cache {
		return &lruCache{lru.NewSync(3, lru.Options[int, int]{Cost: func(int, int) int64 { return 1 }}), loader{once: !loads}}
	}, doLRU)
	return newPlan("lru", ty, one(lruOps(ops...)...), lruOps("All 0", "Len 0"), quick, whole)
}

// A lfuCache is a Sync and its loader.
type lfuCache struct {
	*lfu.Sync[int, int]
	loader
}

func lfuOps(names ...string) (ops []op[lfumodel.In]) {
	for _, name := range names {
		var k int
		var bare string
		if _, err := fmt.Sscanf(name, "%s %d", &bare, &k); err != nil {
			panic(err)
		}
		ops = append(ops, letter(name, func(v int) lfumodel.In { return lfumodel.Call(bare, k, v) }))
	}
	return ops
}

func lfuPlan(name string, ops []string, quick, whole []string) subject {
	ty := lfumodel.Type(name, func() *lfuCache {
		return &lfuCache{lfu.NewSync(2, lfu.Options[int, int]{Cost: func(int, int) int64 { return 1 }}), loader{once: true}}
	}, func(c *lfuCache, in lfumodel.In) lfumodel.Out {
		op, k, v := in.Op()
		if op != "GetOrLoad" {
			return lfumodel.Do(c.Sync, in)
		}
		got, err := c.GetOrLoad(context.Background(), k, c.load(k, v))
		if err != nil {
			panic(err)
		}
		return lfumodel.Loaded(got)
	})
	return newPlan("lfu", ty, one(lfuOps(ops...)...), lfuOps("All 0", "Len 0"), quick, whole)
}

func cacheSubjects() []subject {
	small, most := []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"}
	return []subject{
		lruPlan("lru.Sync", current, []string{"Get 0", "Put 0", "Put 1", "Delete 0", "GetOrPut 0", "PopOldest 0", "Clear 0"}, small, most),
		lruPlan("lru.Sync, loading", current, []string{"GetOrLoad 0", "GetOrLoadAlone 0", "Get 0", "Len 0", "PopOldest 0"}, []string{"1+1", "2+1", "1+1+1"}, []string{"2+2"}),
		lruPlan("lru.Sync, superseding loads", superseded, []string{"GetOrLoad 0", "GetOrLoadAlone 0", "Put 0", "Delete 0", "Clear 0"}, small, most),
		lruPlan("lru.Sync, many at once", superseded, []string{"GetOrLoadAll 0", "GetOrLoad 0", "Get 0", "Put 0", "WaitLoads 0"}, small, most),
		lruPlan("lru.Sync, Compute", current, []string{"Compute 0", "DeleteFunc 0", "Get 0", "Put 0", "Delete 0"}, small, most),
		lfuPlan("lfu.Sync", []string{"Get 0", "Put 0", "Put 1", "Delete 0", "GetOrPut 0", "PopLeastFrequent 0", "Frequency 0"}, small, most),
		lfuPlan("lfu.Sync, loading", []string{"GetOrLoad 0", "Get 0", "Len 0", "PopLeastFrequent 0"}, []string{"1+1", "2+1", "1+1+1"}, []string{"2+2"}),
	}
}
