package lru

import (
	"context"
	"math/rand/v2"
	"runtime"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/lru"
)

// cache is what Sync and Sharded have in common.
type cache interface {
	Get(k int) (int, bool)
	Peek(k int) (int, bool)
	Put(k, v int) bool
	GetOrPut(k, v int) (int, bool)
	GetOrLoad(ctx context.Context, k int, load func(context.Context, int) (int, error)) (int, error)
	Delete(k int) (int, bool)
	PopOldest() (int, int, bool)
	Len() int
	Clear()
	Resize(capacity int) (int, error)
}

func do(c cache, in call) (out result) {
	switch in.op {
	case "Get":
		out.v, out.ok = c.Get(in.k)
	case "Peek":
		out.v, out.ok = c.Peek(in.k)
	case "Put":
		out.ok = c.Put(in.k, in.v)
	case "GetOrPut":
		out.v, out.ok = c.GetOrPut(in.k, in.v)
	case "GetOrLoad":
		out.v = load(c, in)
	case "Delete":
		out.v, out.ok = c.Delete(in.k)
	case "PopOldest":
		out.k, out.v, out.ok = c.PopOldest()
	case "Len":
		out.v = c.Len()
	case "Clear":
		c.Clear()
	case "Resize":
		out.v, _ = c.Resize(capacityOf(in))
	}
	return out
}

// load loads in.v for in.k. A context that can end makes the cache run the loader
// in another goroutine.
func load(c cache, in call) int {
	ctx := context.Background()
	if in.v%2 == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
	}
	v, err := c.GetOrLoad(ctx, in.k, func(context.Context, int) (int, error) {
		runtime.Gosched() // so that others meet the load
		return in.v, nil
	})
	if err != nil {
		panic(err)
	}
	return v
}

// capacity is small, so that a history evicts, and so is the number of keys.
const capacity = 3

func newSync(*rand.Rand) cache { return lru.NewSync[int, int](capacity) }

func empty() state { return state{cap: capacity} }

func TestSync(t *testing.T) {
	history.Check(t, history.Type[cache, call, result, state]{
		Name: "lru.Sync", New: newSync, Do: do, Init: empty, Step: step,
		Input: choose(4, "Get", "Get", "Put", "Put", "Put", "Delete", "GetOrPut", "GetOrPut", "Peek", "PopOldest", "Len", "Clear", "Resize"),
	})
}

// TestSyncLoad has nothing that supersedes a load, so that each must be stored,
// and run once.
func TestSyncLoad(t *testing.T) {
	history.Check(t, history.Type[cache, call, result, state]{
		Name: "lru.Sync, loading", New: newSync, Do: do, Init: empty, Step: step,
		Input: choose(4, "GetOrLoad", "GetOrLoad", "GetOrLoad", "Get", "Peek", "Len", "PopOldest"),
	})
}

func TestSyncSupersede(t *testing.T) {
	history.Check(t, history.Type[cache, call, result, state]{
		Name: "lru.Sync, superseding loads", New: newSync, Do: do, Init: empty, Step: stepSuperseded,
		Input: choose(2, "GetOrLoad", "GetOrLoad", "Put", "Delete", "GetOrPut", "Get", "Peek", "Clear"),
	})
}

// sharded is a Sharded of two shards with two entries each. The hash is secret, so
// it finds out by what it evicts which keys lie where: names 0 to 2 stand for keys
// of one shard, 3 to 5 for keys of the other. Each shard is a strict cache of its
// own.
type sharded struct {
	*lru.Sharded[int, int]
	keys [2 * perShard]int
}

const (
	perShard      = 3
	shardCapacity = 2
)

func newSharded(*rand.Rand) *sharded {
	c := &sharded{Sharded: lru.NewSharded(2*shardCapacity, lru.Options[int, int]{Shards: 2})}
	// b is the first that finds its shard full; a, which it pushes out, lies there too.
	a, b := 0, 0
	for !c.Put(b, 0) {
		b++
	}
	for c.Contains(a) {
		a++
	}
	var found [2]int
	for k := 100; found != [2]int{perShard, perShard}; k++ {
		shard := 0
		if c.evicts(a, b, k) {
			shard = 1
		}
		if found[shard] < perShard {
			c.keys[shard*perShard+found[shard]] = k
			found[shard]++
		}
	}
	c.Clear()
	return c
}

// evicts reports whether the last of the keys has to push one out.
func (c *sharded) evicts(keys ...int) (evicted bool) {
	c.Clear()
	for _, k := range keys {
		evicted = c.Put(k, 0)
	}
	return evicted
}

func (c *sharded) do(in call) result {
	in.k = c.keys[in.k]
	return do(c, in)
}

func checkSharded(t *testing.T, name string, ops ...string) {
	history.Check(t, history.Type[*sharded, call, result, state]{
		Name:  name,
		New:   newSharded,
		Do:    (*sharded).do,
		Init:  func() state { return state{cap: shardCapacity} },
		Step:  step,
		Part:  func(in call) int { return in.k / perShard },
		Input: choose(2*perShard, ops...),
	})
}

func TestSharded(t *testing.T) {
	checkSharded(t, "lru.Sharded", "Get", "Get", "Put", "Put", "Put", "Delete", "GetOrPut", "GetOrPut", "Peek")
}

func TestShardedLoad(t *testing.T) {
	checkSharded(t, "lru.Sharded, loading", "GetOrLoad", "GetOrLoad", "Get", "Peek")
}
