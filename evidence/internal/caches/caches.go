// Package caches gives flatline's caches and their peers one interface, for the rows of
// lru and lfu and for the hit ratios. All are bounded by the number of entries and hold
// int64 keys and values.
package caches

import (
	"context"
	"time"

	codehex "github.com/Code-Hex/go-generics-cache"
	codehexlfu "github.com/Code-Hex/go-generics-cache/policy/lfu"
	codehexlru "github.com/Code-Hex/go-generics-cache/policy/lru"
	"github.com/Yiling-J/theine-go"
	"github.com/bluele/gcache"
	"github.com/dgraph-io/ristretto/v2"
	hashicorp "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/jellydator/ttlcache/v3"
	"github.com/maypok86/otter/v2"

	"example.com/flatline/lru"
)

// A Cache is one instance.
type Cache struct {
	Get func(k int64) (int64, bool)
	Put func(k, v int64)
	// Gets and Puts do the same for many keys, with direct calls, where a call through a
	// function value would take a large part of the time; they may be nil.
	Gets   func(keys []int64) (hits int)
	Puts   func(keys []int64)
	Settle func() // waits for the deferred work of Get and Put; may be nil
	Close  func() // may be nil
}

// GetAll gets all keys and returns how many are present.
func (c *Cache) GetAll(keys []int64) (hits int) {
	if c.Gets != nil {
		return c.Gets(keys)
	}
	for _, k := range keys {
		if _, ok := c.Get(k); ok {
			hits++
		}
	}
	return hits
}

// PutAll puts all keys, each as its own value.
func (c *Cache) PutAll(keys []int64) {
	if c.Puts != nil {
		c.Puts(keys)
		return
	}
	for _, k := range keys {
		c.Put(k, k)
	}
}

// Finish is Settle, where there is one.
func (c *Cache) Finish() {
	if c.Settle != nil {
		c.Settle()
	}
}

// A Kind makes caches of one kind.
type Kind struct {
	Name string
	New  func(capacity int) Cache
	Note string
}

// Flatline's own.
var (
	LRU = Kind{Name: "lru.Cache", New: func(capacity int) Cache {
		c := lru.New[int64, int64](capacity)
		gets := func(keys []int64) (hits int) {
			for _, k := range keys {
				if _, ok := c.Get(k); ok {
					hits++
				}
			}
			return hits
		}
		puts := func(keys []int64) {
			for _, k := range keys {
				c.Put(k, k)
			}
		}
		return Cache{Get: c.Get, Put: func(k, v int64) { c.Put(k, v) }, Gets: gets, Puts: puts}
	}}
	LRUSync = Kind{Name: "lru.Sync", New: func(capacity int) Cache {
		c := lru.NewSync[int64, int64](capacity)
		gets := func(keys []int64) (hits int) {
			for _, k := range keys {
				if _, ok := c.Get(k); ok {
					hits++
				}
			}
			return hits
		}
		puts := func(keys []int64) {
			for _, k := range keys {
				c.Put(k, k)
			}
		}
		return Cache{Get: c.Get, Put: func(k, v int64) { c.Put(k, v) }, Gets: gets, Puts: puts}
	}}
	LRUSharded = Kind{Name: "lru.Sharded", New: func(capacity int) Cache {
		c := lru.NewSharded[int64, int64](capacity)
		gets := func(keys []int64) (hits int) {
			for _, k := range keys {
				if _, ok := c.Get(k); ok {
					hits++
				}
			}
			return hits
		}
		puts := func(keys []int64) {
			for _, k := range keys {
				c.Put(k, k)
			}
		}
		return Cache{Get: c.Get, Put: func(k, v int64) { c.Put(k, v) }, Gets: gets, Puts: puts}
	}}
)

// The peers.
var (
	SimpleLRU = Kind{Name: "hashicorp/golang-lru simplelru", New: func(capacity int) Cache {
		c, err := simplelru.NewLRU[int64, int64](capacity, nil)
		must(err)
		gets := func(keys []int64) (hits int) {
			for _, k := range keys {
				if _, ok := c.Get(k); ok {
					hits++
				}
			}
			return hits
		}
		puts := func(keys []int64) {
			for _, k := range keys {
				c.Add(k, k)
			}
		}
		return Cache{Get: c.Get, Put: func(k, v int64) { c.Add(k, v) }, Gets: gets, Puts: puts}
	}}
	Hashicorp = Kind{Name: "hashicorp/golang-lru Cache", New: func(capacity int) Cache {
		c, err := hashicorp.New[int64, int64](capacity)
		must(err)
		gets := func(keys []int64) (hits int) {
			for _, k := range keys {
				if _, ok := c.Get(k); ok {
					hits++
				}
			}
			return hits
		}
		puts := func(keys []int64) {
			for _, k := range keys {
				c.Add(k, k)
			}
		}
		return Cache{Get: c.Get, Put: func(k, v int64) { c.Add(k, v) }, Gets: gets, Puts: puts}
	}}
	Otter = Kind{
		Name: "maypok86/otter v2",
		Note: "a slice ends with CleanUp, which does the maintenance that it has put off",
		New: func(capacity int) Cache {
			c, err := otter.New(&otter.Options[int64, int64]{MaximumSize: capacity})
			must(err)
			return Cache{
				Get: c.GetIfPresent, Put: func(k, v int64) { c.Set(k, v) },
				Settle: c.CleanUp, Close: func() { c.StopAllGoroutines() },
			}
		},
	}
	Ristretto = Kind{
		Name: "dgraph-io/ristretto v2",
		Note: "a Set that its full buffer drops is repeated after Wait, so that no work is lost, and a slice ends with Wait; it may still refuse a new key, which is its policy",
		New: func(capacity int) Cache {
			c, err := ristretto.NewCache(&ristretto.Config[int64, int64]{
				NumCounters: int64(10 * capacity), MaxCost: int64(capacity), BufferItems: 64, IgnoreInternalCost: true,
			})
			must(err)
			put := func(k, v int64) {
				for !c.Set(k, v, 1) {
					c.Wait()
				}
			}
			return Cache{Get: c.Get, Put: put, Settle: c.Wait, Close: c.Close}
		},
	}
	Theine = Kind{
		Name: "Yiling-J/theine",
		Note: "a slice ends with Wait, which does the maintenance that it has put off",
		New: func(capacity int) Cache {
			c, err := theine.NewBuilder[int64, int64](int64(capacity)).Build()
			must(err)
			return Cache{Get: c.Get, Put: func(k, v int64) { c.Set(k, v, 1) }, Settle: c.Wait, Close: c.Close}
		},
	}
	TTLCache = Kind{
		Name: "jellydator/ttlcache v3",
		Note: "without a time limit",
		New: func(capacity int) Cache {
			c := ttlcache.New(ttlcache.WithCapacity[int64, int64](uint64(capacity)))
			get := func(k int64) (int64, bool) {
				if item := c.Get(k); item != nil {
					return item.Value(), true
				}
				return 0, false
			}
			return Cache{Get: get, Put: func(k, v int64) { c.Set(k, v, ttlcache.NoTTL) }}
		},
	}
	GCacheLRU = Kind{Name: "bluele/gcache LRU", Note: gcacheNote, New: func(capacity int) Cache {
		return newGCache(gcache.New(capacity).LRU())
	}}
	GCacheLFU = Kind{Name: "bluele/gcache LFU", Note: gcacheNote, New: func(capacity int) Cache {
		return newGCache(gcache.New(capacity).LFU())
	}}
	CodeHexLRU = Kind{Name: "Code-Hex/go-generics-cache LRU", New: func(capacity int) Cache {
		return newCodeHex(codehex.AsLRU[int64, int64](codehexlru.WithCapacity(capacity)))
	}}
	CodeHexLFU = Kind{Name: "Code-Hex/go-generics-cache LFU", New: func(capacity int) Cache {
		return newCodeHex(codehex.AsLFU[int64, int64](codehexlfu.WithCapacity(capacity)))
	}}
)

const gcacheNote = "keys and values are interfaces, which allocate"

func newGCache(b *gcache.CacheBuilder) Cache {
	c := b.Build()
	get := func(k int64) (int64, bool) {
		v, err := c.Get(k)
		if err != nil {
			return 0, false
		}
		return v.(int64), true
	}
	put := func(k, v int64) { must(c.Set(k, v)) }
	return Cache{Get: get, Put: put}
}

// newCodeHex makes a cache whose janitor, which removes expired entries, sleeps.
func newCodeHex(policy codehex.Option[int64, int64]) Cache {
	ctx, stop := context.WithCancel(context.Background())
	c := codehex.NewContext(ctx, policy, codehex.WithJanitorInterval[int64, int64](24*time.Hour))
	return Cache{Get: c.Get, Put: func(k, v int64) { c.Set(k, v) }, Close: stop}
}

func must(err error) {
	if err != nil {
		panic(err.Error())
	}
}
