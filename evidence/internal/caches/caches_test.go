package caches

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestKinds checks what the rows assume of every cache: keys that were put are found,
// others are not, and the capacity is kept.
func TestKinds(t *testing.T) {
	const capacity = 1000
	for _, kind := range []Kind{
		LRU, LRUSync, LRUSharded, Textbook, SimpleLRU, Hashicorp, Otter, Ristretto, Theine, TTLCache,
		GCacheLRU, GCacheLFU, CodeHexLRU, CodeHexLFU,
	} {
		t.Run(kind.Name, func(t *testing.T) {
			c := kind.New(capacity)
			if c.Close != nil {
				defer c.Close()
			}
			_, ok := c.Get(7)
			assert.False(t, ok)
			c.Put(7, 49)
			c.Finish()
			v, ok := c.Get(7)
			assert.True(t, ok)
			assert.EqualValues(t, 49, v)
			c.PutAll([]int64{1, 2, 3})
			c.Finish()
			assert.Equal(t, 3, c.GetAll([]int64{1, 2, 3, 4}))
			for k := range int64(10 * capacity) {
				c.Put(k, k*k)
			}
			c.Finish()
			held := 0
			for k := range int64(10 * capacity) {
				if v, ok := c.Get(k); ok {
					held++
					assert.Equal(t, k*k, v)
				}
			}
			assert.LessOrEqual(t, held, capacity)
			assert.Greater(t, held, capacity/2)
		})
	}
}
