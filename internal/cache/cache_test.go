package cache

import (
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The tests of lru and lfu are the tests of this package. Here is what those
// cannot see.

func sharded(capacity, shards int) *Sharded[int, int] {
	s := new(Sharded[int, int])
	s.Init(Config[int, int]{Func: "test.New", Capacity: capacity, Shards: shards, ErrCapacity: errors.New("bad")})
	return s
}

// TestPoppingDrainsTheShardsEvenly, and what comes next is what Last shows.
func TestPoppingDrainsTheShardsEvenly(t *testing.T) {
	s := sharded(64, 8)
	for k := range 10_000 {
		s.Put(k, k)
	}
	for popped := range 64 {
		least, most := 64, 0
		for i := range s.shards {
			n := s.shards[i].core.table.Len()
			least, most = min(least, n), max(most, n)
		}
		assert.LessOrEqual(t, most-least, 1, "after %d", popped)
		next, _, _ := s.Last(false)
		k, _, ok := s.Last(true)
		assert.True(t, ok)
		assert.Equal(t, next, k)
	}
	_, _, ok := s.Last(true)
	assert.False(t, ok)
}

// TestSharesAddUp for capacities that the shards do not divide.
func TestSharesAddUp(t *testing.T) {
	for capacity := 16; capacity < 100; capacity++ {
		s := sharded(capacity, 8)
		for i := range s.shards {
			assert.InDelta(t, capacity/8, s.shards[i].core.capacity, 1)
		}
		assert.Equal(t, capacity, s.Cap())
		_, err := s.Resize(capacity + 3)
		assert.NoError(t, err)
		assert.Equal(t, capacity+3, s.Cap())
	}
}

// TestWalksLeaveNoCursor: however and in whatever order walks end, nothing is left
// that later operations would have to look after.
func TestWalksLeaveNoCursor(t *testing.T) {
	var c Cache[int, int]
	c.Init(Config[int, int]{Func: "test.New", Capacity: 10})
	for k := range 10 {
		c.Put(k, k)
	}
	for range c.All(false) {
		for range c.All(true) {
			break
		}
		assert.Panics(t, func() {
			for range c.All(false) {
				panic("out of the loop")
			}
		})
		break
	}
	first, stopFirst := iter.Pull2(c.All(false))
	second, stopSecond := iter.Pull2(c.All(true))
	first()
	second()
	assert.False(t, c.core.plain())
	stopFirst()
	stopSecond()
	assert.Nil(t, c.core.cursors)
	assert.True(t, c.core.plain())
}
