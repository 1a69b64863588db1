package lru

import (
	"context"
	"iter"
	"time"
)

// twin is what Cache, Sync and Sharded have in common.
type twin[K comparable, V any] interface {
	Get(K) (V, bool)
	Peek(K) (V, bool)
	Contains(K) bool
	Put(K, V) bool
	PutTTL(K, V, time.Duration) bool
	GetOrPut(K, V) (V, bool)
	Compute(K, func(V, bool) (V, Op)) (V, bool)
	DeleteFunc(func(K, V) bool) int
	Touch(K, time.Duration) bool
	Expiry(K) (time.Duration, bool)
	Delete(K) (V, bool)
	Clear()
	Resize(int) (int, error)
	DeleteExpired(int) int
	Oldest() (K, V, bool)
	PopOldest() (K, V, bool)
	Len() int
	Cap() int
	Cost() int64
	Stats() Stats
	All() iter.Seq2[K, V]
	Backward() iter.Seq2[K, V]
	Keys() iter.Seq[K]
	Values() iter.Seq[V]

	check()
}

// loader is what Sync and Sharded have in addition.
type loader[K comparable, V any] interface {
	twin[K, V]
	GetOrLoad(context.Context, K, func(context.Context, K) (V, error)) (V, error)
	GetOrLoadAll(context.Context, []K, func(context.Context, []K) (map[K]V, error)) (map[K]V, error)
	WaitLoads(context.Context) error
}

func (c *Cache[K, V]) check()   { c.impl().Check() }
func (c *Sync[K, V]) check()    { c.impl().Check() }
func (c *Sharded[K, V]) check() { c.impl().Check() }

// makers makes each of the three types; a Sharded of one shard is as strict as the
// others.
func makers[K comparable, V any]() map[string]func(int, Options[K, V]) twin[K, V] {
	return map[string]func(int, Options[K, V]) twin[K, V]{
		"Cache": func(n int, o Options[K, V]) twin[K, V] { return New(n, o) },
		"Sync":  func(n int, o Options[K, V]) twin[K, V] { return NewSync(n, o) },
		"Sharded": func(n int, o Options[K, V]) twin[K, V] {
			o.Shards = 1
			return NewSharded(n, o)
		},
	}
}
