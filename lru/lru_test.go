package lru

import (
	"encoding/json"
	"math"
	"math/bits"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type ints = Options[int, int]

// each runs a test with each of the three types.
func each[K comparable, V any](t *testing.T, f func(t *testing.T, mk func(int, Options[K, V]) twin[K, V])) {
	for name, mk := range makers[K, V]() {
		t.Run(name, func(t *testing.T) { f(t, mk) })
	}
}

func TestConstructorsPanic(t *testing.T) {
	for _, c := range []struct {
		capacity int
		opts     []ints
		want     string
	}{
		{0, nil, "capacity must be at least 1, got 0"},
		{-1, nil, "capacity must be at least 1, got -1"},
		{math.MinInt, nil, "capacity must be at least 1, got " + strconv.Itoa(math.MinInt)},
		{1, []ints{{TTL: -1}}, "TTL must not be negative, got -1ns"},
		{1, []ints{{MaxCost: -2, Cost: func(int, int) int64 { return 1 }}}, "MaxCost must not be negative, got -2"},
		{1, []ints{{MaxCost: 1}}, "MaxCost needs Cost"},
		{1, []ints{{Shards: -1}}, "Shards must not be negative, got -1"},
		{1, []ints{{}, {}}, "at most one Options, got 2"},
	} {
		assert.PanicsWithValue(t, "lru.New: "+c.want, func() { New(c.capacity, c.opts...) })
		assert.PanicsWithValue(t, "lru.NewSync: "+c.want, func() { NewSync(c.capacity, c.opts...) })
		assert.PanicsWithValue(t, "lru.NewSharded: "+c.want, func() { NewSharded(c.capacity, c.opts...) })
	}
	assert.PanicsWithValue(t, "lru.New: Shards is for NewSharded only", func() { New(1, ints{Shards: 2}) })
	assert.PanicsWithValue(t, "lru.NewSync: Shards is for NewSharded only", func() { NewSync(1, ints{Shards: 2}) })
}

// TestVictimAheadOfALoop: a Put reuses the slot of the entry that the loop would visit
// next; the new entry is at the front, not at that position.
func TestVictimAheadOfALoop(t *testing.T) {
	c := New[int, int](3)
	for k := range 3 {
		c.Put(k, k)
	}
	var seen []int
	for k := range c.Keys() { // 2, 1, 0
		if seen = append(seen, k); k == 1 {
			c.Put(9, 9)
		}
	}
	assert.Equal(t, []int{2, 1}, seen)
	c.check()
}

// TestResizeUnderLoops: the remaining entries move to other slots, and each loop
// continues where it was.
func TestResizeUnderLoops(t *testing.T) {
	c := New[int, int](10)
	for k := range 10 {
		c.Put(k, k)
	}
	var outer, inner []int
	for k := range c.Keys() { // 9, 8, …
		outer = append(outer, k)
		if k != 9 {
			continue
		}
		for k := range c.Backward() { // 0, 1, …
			inner = append(inner, k)
			if k == 0 {
				evicted, err := c.Resize(5)
				require.NoError(t, err)
				require.Equal(t, 5, evicted)
			}
		}
	}
	assert.Equal(t, []int{9, 8, 7, 6, 5}, outer)
	assert.Equal(t, []int{0, 5, 6, 7, 8, 9}, inner)
	c.check()
}

// TestLoopLooksAtTheClock: entries that expire during the loop are not yielded.
func TestLoopLooksAtTheClock(t *testing.T) {
	at := time.Unix(1000, 0)
	c := New(3, ints{TTL: time.Second, Now: func() time.Time { return at }})
	for k := range 3 {
		c.Put(k, k)
	}
	var seen []int
	for k := range c.Keys() {
		seen = append(seen, k)
		at = at.Add(time.Second)
	}
	assert.Equal(t, []int{2}, seen)
}

// TestResizeLooksAtTheClock: expired entries are removed before any live one is evicted.
func TestResizeLooksAtTheClock(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		at := time.Unix(1000, 0)
		c := mk(2, ints{Now: func() time.Time { return at }})
		c.Put(1, 1)
		c.PutTTL(2, 2, time.Second)
		at = at.Add(time.Second)
		evicted, err := c.Resize(1)
		require.NoError(t, err)
		assert.Zero(t, evicted)
		assert.True(t, c.Contains(1))
		c.check()
	})
}

// TestLargestCapacity: the limit is that of a 32-bit slot, or of an int; no memory is
// reserved for it.
func TestLargestCapacity(t *testing.T) {
	largest, slots := math.MaxInt, int64(math.MaxUint32-1)
	if bits.UintSize == 64 {
		largest = int(slots)
		assert.PanicsWithValue(t, "lru.New: capacity must be at most 4294967294, got "+strconv.Itoa(largest+1),
			func() { New[int, int](largest + 1) })
	}
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(largest, ints{})
		c.Put(1, 2)
		assert.Equal(t, largest, c.Cap())
		n, err := c.Resize(1)
		assert.NoError(t, err)
		assert.Zero(t, n)
		_, err = c.Resize(largest)
		assert.NoError(t, err)
		v, ok := c.Get(1)
		assert.True(t, ok)
		assert.Equal(t, 2, v)
		c.check()
	})
	assert.Equal(t, largest, NewSharded[int, int](largest).Cap())
}

// TestLargestNumbers in every option and argument: nothing overflows.
func TestLargestNumbers(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		at := time.Unix(0, 0)
		c := mk(3, ints{
			TTL: math.MaxInt64, MaxCost: math.MaxInt64, Now: func() time.Time { return at },
			Cost: func(_, v int) int64 { return math.MaxInt64 - int64(v) },
		})
		assert.False(t, c.Put(1, 0))
		assert.Equal(t, int64(math.MaxInt64), c.Cost())
		assert.True(t, c.Put(2, 1), "two of them would overflow the sum")
		assert.Equal(t, int64(math.MaxInt64-1), c.Cost())
		assert.False(t, c.PutTTL(2, 2, math.MaxInt64))
		assert.False(t, c.PutTTL(2, 3, math.MaxInt64-1))
		at = at.Add(math.MaxInt64)
		c.PutTTL(2, 4, math.MaxInt64-1)
		assert.Equal(t, 1, c.Len())
		assert.Zero(t, c.DeleteExpired(math.MaxInt))
		assert.Zero(t, c.DeleteExpired(math.MinInt))
		c.check()
	})
	s := NewSharded(1000, ints{Shards: math.MaxInt, MaxCost: math.MaxInt64, Cost: func(int, int) int64 { return math.MaxInt64 }})
	assert.Equal(t, 256, s.impl().Shards())
	assert.True(t, s.Put(1, 1), "more than a share")
	assert.Zero(t, s.Len())
}

func TestResizeErrors(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(2, ints{})
		c.Put(1, 1)
		bad := []int{0, -1, math.MinInt}
		if bits.UintSize == 64 {
			tooMany := int64(math.MaxUint32)
			bad = append(bad, int(tooMany))
		}
		for _, capacity := range bad {
			n, err := c.Resize(capacity)
			assert.Zero(t, n)
			assert.ErrorIs(t, err, ErrCapacity)
			assert.ErrorContains(t, err, "must be 1 to 4294967294, got "+strconv.Itoa(capacity))
		}
		assert.Equal(t, 2, c.Cap())
		assert.True(t, c.Contains(1), "an error changes nothing")
	})
	s := NewSharded(64, ints{Shards: 8})
	_, err := s.Resize(15)
	assert.EqualError(t, err, "lru: capacity out of range: must be 16 to 4294967294, got 15")
}

func TestCapacityOne(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(1, ints{})
		assert.False(t, c.Put(1, 10))
		assert.False(t, c.Put(1, 11), "a new value for a key makes no room")
		assert.True(t, c.Put(2, 20))
		assert.False(t, c.Contains(1))
		v, ok := c.Get(2)
		assert.True(t, ok)
		assert.Equal(t, 20, v)
		c.check()
	})
}

func TestEmpty(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(3, ints{})
		_, ok := c.Get(1)
		assert.False(t, ok)
		_, ok = c.Delete(1)
		assert.False(t, ok)
		_, _, ok = c.Oldest()
		assert.False(t, ok)
		_, _, ok = c.PopOldest()
		assert.False(t, ok)
		c.Clear()
		assert.Zero(t, c.DeleteExpired(0))
		assert.Zero(t, c.Cost())
		for range c.Backward() {
			t.Error("an entry")
		}
		c.check()
	})
}

// TestNaN: a key that is not equal to itself is stored and never found, as in a Go
// map, and leaves in its turn.
func TestNaN(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, Options[float64, int]) twin[float64, int]) {
		c := mk(2, Options[float64, int]{})
		c.Put(math.NaN(), 1)
		c.Put(math.NaN(), 2)
		assert.False(t, c.Contains(math.NaN()))
		assert.Equal(t, 2, c.Len())
		c.Put(1, 3)
		c.Put(2, 4)
		assert.True(t, c.Contains(1))
		assert.True(t, c.Contains(2))
		c.check()
	})
}

// TestAllKeysCollide: with one hash for all keys the table is one chain. The answers
// stay the same.
func TestAllKeysCollide(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		const n = 100
		c, want := mk(n, ints{Hash: func(int) uint64 { return 42 }}), newTextbook[int, int](n)
		for i := range 3 * n {
			k := i * 7 % (2 * n)
			_, ok := c.Get(k)
			_, found := want.Get(k)
			assert.Equal(t, found, ok)
			assert.Equal(t, want.Put(k, i), c.Put(k, i))
			if i%5 == 0 {
				c.Delete(i)
				want.Delete(i)
			}
		}
		var all []pair[int, int]
		for k, v := range c.All() {
			all = append(all, pair[int, int]{k, v})
		}
		assert.Equal(t, want.All(), all)
		c.check()
	})
}

// TestUncomparableKey: such a key panics, as in a Go map, even with a Hash that accepts
// it, and the cache stays usable and unlocked.
func TestUncomparableKey(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, Options[any, int]) twin[any, int]) {
		for _, opts := range []Options[any, int]{{}, {Hash: func(any) uint64 { return 1 }}} {
			c := mk(2, opts)
			c.Put("a", 1)
			for _, f := range []func(){
				func() { c.Put([]int{1}, 1) },
				func() { c.GetOrPut([]int{1}, 1) },
				func() { c.Get([]int{1}) },
				func() { c.Peek([]int{1}) },
				func() { c.Delete([]int{1}) },
			} {
				assert.Panics(t, f)
			}
			c.Put("b", 2)
			assert.Equal(t, 2, c.Len())
			c.check()
		}
	})
}

func TestCost(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, Options[int, string]) twin[int, string]) {
		var gone []left
		c := mk(10, Options[int, string]{
			MaxCost: 6, Cost: costOf,
			OnEvict: func(k int, v string, r Reason) { gone = append(gone, left{k, v, r}) },
		})
		for k := range 6 {
			c.Put(k, "x")
		}
		c.Get(0)
		assert.Equal(t, int64(6), c.Cost())
		assert.True(t, c.Put(6, "four"), "one heavy entry takes the room of many")
		assert.Equal(t, []left{{1, "x", Cost}, {2, "x", Cost}, {3, "x", Cost}, {4, "x", Cost}}, gone)
		gone = nil
		assert.True(t, c.Put(5, "too heavy"), "the value itself had to leave")
		assert.Equal(t, []left{{5, "x", Replaced}, {5, "too heavy", Cost}}, gone, "the old value must not stay")
		assert.False(t, c.Contains(5))
		gone = nil
		assert.False(t, c.Put(6, "sixsix"[:5]), "grows in its place: 0 has cost 1")
		assert.Equal(t, int64(6), c.Cost())
		c.Clear()
		assert.Zero(t, c.Cost())
		c.check()
	})
}

func TestReasonAndStats(t *testing.T) {
	c := New[int, int](1)
	c.Put(1, 1)
	c.Put(2, 2)
	c.Get(2)
	c.Get(1)
	text, err := json.Marshal(map[Reason]Stats{Capacity: c.Stats()})
	assert.NoError(t, err)
	assert.JSONEq(t, `{"capacity":{"Hits":1,"Misses":1,"Joined":0,"Loads":0,"LoadErrors":0,"Evicted":{
		"capacity":1,"cost":0,"expired":0,"deleted":0,"replaced":0,"cleared":0}}}`, string(text))
	for r, want := range []string{"capacity", "cost", "expired", "deleted", "replaced", "cleared", "Reason(6)"} {
		assert.Equal(t, want, Reason(r).String())
		assert.Zero(t, Stats{}.Evicted(Reason(r)))
	}
}

// TestStatsCountEveryGet: none is lost, hit or miss.
func TestStatsCountEveryGet(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(10, ints{})
		c.Put(1, 1)
		for range 5 {
			c.Get(1)
			c.Get(2)
			c.Peek(1)
			c.Contains(2)
		}
		s := c.Stats()
		assert.Equal(t, uint64(5), s.Hits)
		assert.Equal(t, uint64(5), s.Misses)
	})
}
