package lru

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/lru"
)

// capacity is small, so that a history evicts, and so is the number of keys.
const capacity = 3

func newSync(*rand.Rand) cache {
	return lru.NewSync(capacity, lru.Options[int, int]{Cost: func(int, int) int64 { return 1 }})
}

func empty() state { return state{cap: capacity} }

func TestSync(t *testing.T) {
	history.Check(t, history.Type[cache, call, result, state]{
		Name: "lru.Sync", New: newSync, Do: do, Init: empty, Step: step,
		Input: choose(4, "Get", "Get", "Put", "Put", "Put", "Delete", "GetOrPut", "GetOrPut", "Peek", "PopOldest", "Len", "Clear", "Resize",
			"Compute", "Compute", "DeleteFunc"),
	})
}

// TestSyncReads has the operations that read the whole cache.
func TestSyncReads(t *testing.T) {
	history.Check(t, history.Type[cache, call, result, state]{
		Name: "lru.Sync, reads of the whole", New: newSync, Do: do, Init: empty, Step: step,
		Input: choose(4, "Get", "Put", "PutTTL", "PutTTL", "Put", "Delete", "PopOldest", "Resize",
			"All", "All", "Backward", "Keys", "Values", "Oldest", "Contains", "Cap", "Cost", "Touch", "Expiry"),
	})
}

// TestSyncLoad has no operation that supersedes a load, so each value must be stored, and
// each load run once.
func TestSyncLoad(t *testing.T) {
	history.Check(t, history.Type[cache, call, result, state]{
		Name: "lru.Sync, loading", New: newSync, Do: do, Init: empty, Step: step,
		Input: choose(4, "GetOrLoad", "GetOrLoad", "GetOrLoad", "Get", "Peek", "Len", "PopOldest", "WaitLoads",
			"GetOrLoadAll", "GetOrLoadAll"),
	})
}

func TestSyncSupersede(t *testing.T) {
	history.Check(t, history.Type[cache, call, result, state]{
		Name: "lru.Sync, superseding loads", New: newSync, Do: do, Init: empty, Step: stepSuperseded,
		Input: choose(2, "GetOrLoad", "GetOrLoad", "Put", "Delete", "GetOrPut", "Get", "Peek", "Clear"),
	})
}

// sharded is a Sharded of two shards with two entries each. The hash is secret, so it
// finds out from evictions which keys are in which shard: the names 0 to 2 stand for keys
// of one shard, 3 to 5 for keys of the other. Each shard is a strict cache.
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
	// b is the first key that finds its shard full; a, which it evicts, is in the same
	// shard.
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

// evicts reports whether putting the last of the keys evicts one.
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
	checkSharded(t, "lru.Sharded", "Get", "Get", "Put", "PutTTL", "Put", "Delete", "GetOrPut", "GetOrPut", "Peek", "Contains", "Touch", "Expiry", "Compute", "DeleteFunc")
}

func TestShardedLoad(t *testing.T) {
	checkSharded(t, "lru.Sharded, loading", "GetOrLoad", "GetOrLoad", "GetOrLoadAll", "Get", "Peek")
}
