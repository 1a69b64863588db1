package lru

import (
	"context"
	"iter"
	"math/rand/v2"
	"runtime"
	"time"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/lru"
)

// cache has the methods that Sync and Sharded share.
type cache interface {
	Get(k int) (int, bool)
	Peek(k int) (int, bool)
	Put(k, v int) bool
	GetOrPut(k, v int) (int, bool)
	GetOrLoad(ctx context.Context, k int, load func(context.Context, int) (int, error)) (int, error)
	GetOrLoadAll(ctx context.Context, keys []int, load func(context.Context, []int) (map[int]int, error)) (map[int]int, error)
	WaitLoads(ctx context.Context) error
	Delete(k int) (int, bool)
	PopOldest() (int, int, bool)
	Oldest() (int, int, bool)
	PutTTL(k, v int, ttl time.Duration) bool
	Compute(k int, f func(old int, loaded bool) (int, lru.Op)) (int, bool)
	DeleteFunc(f func(k, v int) bool) int
	Touch(k int, ttl time.Duration) bool
	Expiry(k int) (time.Duration, bool)
	Contains(k int) bool
	All() iter.Seq2[int, int]
	Backward() iter.Seq2[int, int]
	Keys() iter.Seq[int]
	Values() iter.Seq[int]
	Cap() int
	Cost() int64
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
	case "Oldest":
		out.k, out.v, out.ok = c.Oldest()
	case "PutTTL":
		out.ok = c.PutTTL(in.k, in.v, time.Hour)
	case "GetOrLoadAll":
		all, err := c.GetOrLoadAll(context.Background(), []int{in.k}, func(context.Context, []int) (map[int]int, error) {
			runtime.Gosched() // so that other callers join the load
			if in.v%3 == 0 {
				return nil, nil
			}
			return map[int]int{in.k: in.v}, nil
		})
		if err != nil {
			panic(err)
		}
		out.v, out.ok = all[in.k]
	case "WaitLoads":
		if err := c.WaitLoads(context.Background()); err != nil {
			panic(err)
		}
	case "Compute":
		out.v, out.ok = c.Compute(in.k, func(old int, _ bool) (int, lru.Op) {
			runtime.Gosched() // so that other callers write meanwhile
			if in.v%4 == 0 {
				return 0, lru.Remove
			}
			return old + in.v, lru.Update
		})
	case "DeleteFunc":
		n := c.DeleteFunc(func(k, v int) bool {
			if k == in.k {
				out.v = v
			}
			return k == in.k
		})
		if out.ok = n == 1; !out.ok {
			out.v = 0
		}
	case "Touch":
		out.ok = c.Touch(in.k, lifeOf(in))
	case "Expiry":
		_, out.ok = c.Expiry(in.k)
	case "Contains":
		out.ok = c.Contains(in.k)
	case "All":
		for k, v := range c.All() {
			out.all += pair(k, v)
		}
	case "Backward":
		for k, v := range c.Backward() {
			out.all += pair(k, v)
		}
	case "Keys":
		for k := range c.Keys() {
			out.all += pair(k, 0)
		}
	case "Values":
		for v := range c.Values() {
			out.all += pair(0, v)
		}
	case "Cap":
		out.v = c.Cap()
	case "Cost":
		out.v = int(c.Cost())
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
		runtime.Gosched() // so that other callers join the load
		return in.v, nil
	})
	if err != nil {
		panic(err)
	}
	return v
}

// Cache is a cache with histories.
type Cache = cache

// Call is an operation on a key.
func Call(op string, k, v int) call { return call{op, k, v} }

// Op returns the name, the key and the value of an operation.
func (c call) Op() (op string, k, v int) { return c.op, c.k, c.v }

// Loaded is the result of a GetOrLoad.
func Loaded(v int) result { return result{v: v} }

// Type is the histories of a cache of three entries. If loads can be superseded, the
// callers of a superseded load may see the value that it loaded.
func Type(name string, superseded bool, make func() Cache, do func(Cache, call) result) history.Type[Cache, call, result, state] {
	ty := history.Type[Cache, call, result, state]{
		Name: name, New: func(*rand.Rand) Cache { return make() }, Do: do, Init: func() state { return state{cap: 3} }, Step: step,
	}
	if superseded {
		ty.Step = stepSuperseded
	}
	return ty
}

// Do does an operation.
func Do(c Cache, in call) result { return do(c, in) }

// In is an operation.
type In = call

// Out is what an operation returned.
type Out = result
