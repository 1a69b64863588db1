package lfu

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/lfu"
)

// The operations on one key, and those on the whole cache, which are one step in a
// Sync only.
var (
	single = []string{"Get", "Get", "Put", "PutTTL", "Delete", "GetOrPut", "GetOrPut", "Peek", "Frequency", "Contains", "Touch", "Expiry", "Compute", "DeleteFunc"}
	whole  = append([]string{"PopLeastFrequent", "Len"}, single...)
	reads  = []string{
		"Get", "Get", "Put", "Put", "Put", "Delete", "PopLeastFrequent",
		"All", "All", "Backward", "Keys", "Values", "LeastFrequent", "Cost", "Cap", "Clear",
	}
	loads = []string{"GetOrLoad", "GetOrLoad", "GetOrLoad", "Get", "Peek", "Len", "PopLeastFrequent", "WaitLoads", "GetOrLoadAll", "GetOrLoadAll"}
)

func input(ops []string) func(*rand.Rand, int) call {
	return func(r *rand.Rand, _ int) call {
		return call{op: ops[r.IntN(len(ops))], k: r.IntN(keys), v: r.IntN(100)}
	}
}

func checkSync(t *testing.T, name string, a lfu.Aging, ops []string) {
	history.Check(t, history.Type[*lfu.Sync[int, int], call, result, shard]{
		Name: name,
		New: func(*rand.Rand) *lfu.Sync[int, int] {
			return lfu.NewSync(capacity, lfu.Options[int, int]{Aging: a, Cost: func(int, int) int64 { return 1 }})
		},
		Input: input(ops),
		Do:    func(c *lfu.Sync[int, int], in call) result { return do(c, in) },
		Init:  func() shard { return shard{dynamic: a == lfu.Dynamic} },
		Step:  step,
	})
}

func TestSync(t *testing.T) { checkSync(t, "lfu.Sync", lfu.Exact, whole) }

func TestSyncDynamic(t *testing.T) { checkSync(t, "lfu.Sync, Dynamic", lfu.Dynamic, whole) }

func TestSyncLoad(t *testing.T) { checkSync(t, "lfu.Sync, loading", lfu.Exact, loads) }

func TestSyncReads(t *testing.T) { checkSync(t, "lfu.Sync, reads of the whole", lfu.Exact, reads) }

// A sharded is two shards, and what the model has learned about which key belongs to
// which; the cache keeps that secret.
type sharded struct {
	shards [2]shard
	home   [keys]int // 0: not known; shard+1
}

// TestSharded checks the operations on one key, evictions included.
func TestSharded(t *testing.T) {
	history.Check(t, history.Type[*lfu.Sharded[int, int], call, result, sharded]{
		Name: "lfu.Sharded",
		New: func(*rand.Rand) *lfu.Sharded[int, int] {
			return lfu.NewSharded(2*capacity, lfu.Options[int, int]{Shards: 2})
		},
		Input: input(single),
		Do:    func(c *lfu.Sharded[int, int], in call) result { return do(c, in) },
		Init:  func() (s sharded) { return s },
		Step: func(s sharded, in call, out result) (next []sharded) {
			for i := range s.shards {
				if home := s.home[in.k]; home != 0 && home != i+1 {
					continue
				}
				after, want := s.shards[i].do(in)
				switch {
				case out == want:
				case spares(in, out):
					after = s.shards[i]
				default:
					continue
				}
				branch := s
				branch.shards[i], branch.home[in.k] = after, i+1
				next = append(next, branch)
			}
			return next
		},
	})
}
