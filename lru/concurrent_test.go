package lru

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Failures of other caches: a Get under a read lock corrupts the list; the maximum is
// exceeded under load; a value cannot be read immediately after its Set.

// TestStress runs all operations at once and checks what must hold at every moment.
func TestStress(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 500
	}
	opts := ints{MaxCost: 200, Cost: func(_, v int) int64 { return int64(v & 7) }}
	opts.OnEvict = func(k, v int, _ Reason) { assert.Equal(t, k, v>>8, "a value of another key") }
	sharded := opts
	sharded.Shards = 4
	for name, c := range map[string]loader[int, int]{"Sync": NewSync(64, opts), "Sharded": NewSharded(64, sharded)} {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for g := range 4 {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(uint64(g), 7))
					for range rounds {
						anything(t, c, r)
						if n, capacity := c.Len(), 96; n > capacity {
							t.Errorf("%d entries in a cache for at most %d", n, capacity)
						}
					}
				})
			}
			wg.Wait()
			c.check()
		})
	}
}

func anything(t *testing.T, c loader[int, int], r *rand.Rand) {
	k := r.IntN(128)
	v := k<<8 | r.IntN(256)
	switch r.IntN(12) {
	case 0:
		c.PutTTL(k, v, time.Duration(r.IntN(100))*time.Microsecond)
	case 1:
		c.Delete(k)
	case 2:
		c.GetOrPut(k, v)
	case 3:
		got, err := c.GetOrLoad(background, k, func(_ context.Context, k int) (int, error) { return k << 8, nil })
		if err != nil || got>>8 != k {
			t.Errorf("key %d: %d, %v", k, got, err)
		}
	case 4:
		switch r.IntN(8) {
		case 0:
			c.Clear()
		case 1:
			_, _ = c.Resize(32 + r.IntN(65))
		case 2:
			for k, v := range c.Backward() {
				if v>>8 != k {
					t.Errorf("key %d: %d", k, v)
				}
			}
		default:
			c.PopOldest()
		}
	case 5, 6, 7:
		c.Put(k, v)
	default:
		if got, ok := c.Get(k); ok && got>>8 != k {
			t.Errorf("key %d: %d", k, got)
		}
	}
}

// TestPutIsReadableAtOnce by the goroutine that put it, while others are busy with
// other keys and there is room for all.
func TestPutIsReadableAtOnce(t *testing.T) {
	for name, c := range map[string]loader[int, int]{"Sync": NewSync[int, int](4000), "Sharded": NewSharded(8000, ints{Shards: 2})} {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for g := range 4 {
				wg.Go(func() {
					for i := range 1000 {
						k := g*1000 + i
						c.Put(k, i)
						if v, ok := c.Get(k); !ok || v != i {
							t.Errorf("key %d: %d, %v", k, v, ok)
						}
					}
				})
			}
			wg.Wait()
			assert.Equal(t, 4000, c.Len())
		})
	}
}

// TestGetOrPutStoresOnce: of many callers with one absent key, one stores.
func TestGetOrPutStoresOnce(t *testing.T) {
	c := NewSync[int, int](1000)
	for k := range 500 {
		var wg sync.WaitGroup
		var got [4]int
		for g := range got {
			wg.Go(func() { got[g], _ = c.GetOrPut(k, g+1) })
		}
		wg.Wait()
		for _, v := range got {
			assert.Equal(t, got[0], v)
		}
	}
}
