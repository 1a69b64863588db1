package lru

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestShards: the shards' capacities add up exactly, none is too small, and a shard's
// part of MaxCost is never 0.
func TestShards(t *testing.T) {
	for _, c := range []struct{ capacity, shards, want int }{
		{1, 0, 1},
		{63, 0, 1},
		{127, 0, 1},
		{128, 0, 2},
		{1, 8, 1},
		{3, 8, 1},
		{4, 8, 2},
		{15, 8, 4},
		{16, 8, 8},
		{1000, 7, 4},
		{1000, 8, 8},
		{1 << 20, 1 << 30, 1 << 16},
	} {
		s := NewSharded(c.capacity, ints{Shards: c.shards})
		assert.Equal(t, c.want, s.impl().Shards(), "%+v", c)
		assert.Equal(t, c.capacity, s.Cap())
	}
	s := NewSharded(1000, ints{Shards: 64, MaxCost: 20, Cost: func(int, int) int64 { return 1 }})
	assert.Equal(t, 16, s.impl().Shards())
	for k := range 1000 {
		s.Put(k, k)
		assert.True(t, s.Contains(k), "a Put is readable at once, whatever its shard")
		assert.LessOrEqual(t, s.Cost(), int64(20))
	}
	assert.Equal(t, int64(20), s.Cost())
}

func TestShardedAsAWhole(t *testing.T) {
	s := NewSharded(64, ints{Shards: 8})
	for k := range 1000 {
		s.Put(k, -k)
		require.True(t, s.Contains(k))
	}
	assert.Equal(t, 64, s.Len(), "every shard is full")
	seen := map[int]int{}
	for k, v := range s.All() {
		assert.Equal(t, -k, v)
		seen[k]++
	}
	assert.Len(t, seen, 64)
	for k := range s.Backward() {
		delete(seen, k)
	}
	assert.Empty(t, seen)

	evicted, err := s.Resize(16)
	require.NoError(t, err)
	assert.Equal(t, 48, evicted)
	assert.Equal(t, 16, s.Cap())
	_, _, ok := s.Oldest()
	assert.True(t, ok)
	for range 16 {
		_, _, ok = s.PopOldest()
		assert.True(t, ok)
	}
	_, _, ok = s.PopOldest()
	assert.False(t, ok)
	s.Clear()
	s.check()
}

// TestShardsUnderCost: the largest value that a Sharded stores by default is the same
// part of MaxCost on every machine; without MaxCost there are locks for every processor,
// as far as the capacity allows, and fewer if each shard has a wheel.
func TestShardsUnderCost(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const maxCost = 64 << 20
	for procs, shards := range map[int]struct{ plain, timed int }{1: {128, 64}, 2: {256, 64}, 6: {256, 64}, 16: {256, 256}, 192: {1024, 1024}} {
		runtime.GOMAXPROCS(procs)
		s := NewSharded(100_000, ints{MaxCost: maxCost, Cost: func(_, v int) int64 { return int64(v) }})
		for k := range 100 {
			s.Put(k, maxCost/16)
			assert.True(t, s.Contains(k), "%d processors: a sixteenth fits into each shard", procs)
			assert.True(t, s.Put(k, maxCost/16+1))
			assert.False(t, s.Contains(k))
		}
		assert.Equal(t, 16, s.impl().Shards())
		assert.Equal(t, shards.plain, NewSharded[int, int](100_000).impl().Shards(), "%d processors", procs)
		for _, o := range []ints{
			{TTL: time.Hour},
			{Refresh: time.Hour},
			{Life: func(int, int) time.Duration { return time.Hour }},
		} {
			assert.Equal(t, shards.timed, NewSharded(100_000, o).impl().Shards(), "%d processors", procs)
		}
		few := NewSharded(16, ints{MaxCost: 1, Cost: func(int, int) int64 { return 1 }})
		assert.Equal(t, 1, few.impl().Shards())
	}
}
