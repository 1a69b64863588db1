package lfu

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/internal/cache"
)

var agings = []Aging{Exact, Dynamic, TinyLFU}

// each runs f for all agings.
func each(t *testing.T, f func(t *testing.T, a Aging)) {
	for _, a := range agings {
		t.Run(a.String(), func(t *testing.T) { f(t, a) })
	}
}

func TestBadInput(t *testing.T) {
	type O = Options[int, int]
	for _, tc := range []struct {
		capacity int
		opts     []O
		says     string
	}{
		{0, nil, "capacity must be at least 1, got 0"},
		{-1, nil, "capacity must be at least 1, got -1"},
		{1, []O{{Aging: 7}}, "Aging must be Exact, Dynamic or TinyLFU, got Aging(7)"},
		{1, []O{{}, {}}, "at most one Options, got 2"},
		{1, []O{{TTL: -1}}, "TTL must not be negative, got -1ns"},
		{1, []O{{MaxCost: -1}}, "MaxCost must not be negative, got -1"},
		{1, []O{{MaxCost: 1}}, "MaxCost needs Cost"},
		{1, []O{{Shards: -1}}, "Shards must not be negative, got -1"},
	} {
		assert.PanicsWithValue(t, "lfu.New: "+tc.says, func() { New(tc.capacity, tc.opts...) })
		assert.PanicsWithValue(t, "lfu.NewSync: "+tc.says, func() { NewSync(tc.capacity, tc.opts...) })
		assert.PanicsWithValue(t, "lfu.NewSharded: "+tc.says, func() { NewSharded(tc.capacity, tc.opts...) })
	}
	assert.PanicsWithValue(t, "lfu.New: Shards is for NewSharded only", func() { New(1, O{Shards: 2}) })
}

func TestResizeBadInput(t *testing.T) {
	for _, c := range []interface {
		Resize(int) (int, error)
		Cap() int
		Put(int, int) bool
		Len() int
	}{New[int, int](8), NewSync[int, int](8), NewSharded(8, Options[int, int]{Shards: 2})} {
		c.Put(1, 1)
		for _, capacity := range []int{0, -1, math.MinInt} {
			n, err := c.Resize(capacity)
			require.ErrorIs(t, err, ErrCapacity)
			require.Zero(t, n)
		}
		assert.Equal(t, 8, c.Cap(), "an error changes nothing")
		assert.Equal(t, 1, c.Len(), "an error changes nothing")
	}
	_, err := New[int, int](1).Resize(0)
	assert.EqualError(t, err, "lfu: capacity out of range: must be 1 to 4294967294, got 0")
}

func TestNames(t *testing.T) {
	assert.Equal(t, "exact", Exact.String())
	assert.Equal(t, "dynamic", Dynamic.String())
	assert.Equal(t, "tinylfu", TinyLFU.String())
	assert.Equal(t, "Aging(3)", Aging(3).String())
	assert.Zero(t, Stats{}.Evicted(Cleared+1))
	text, err := json.Marshal(Stats{Joined: 3, evicted: [cache.Reasons]uint64{Deleted: 7}})
	assert.NoError(t, err)
	assert.JSONEq(t, `{"Hits":0,"Misses":0,"Joined":3,"Loads":0,"LoadErrors":0,"Evicted":{
		"capacity":0,"cost":0,"expired":0,"deleted":7,"replaced":0,"cleared":0}}`, string(text))
}

// TestFrequency shows what is a use and what is not.
func TestFrequency(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		c := New(4, Options[string, int]{Aging: a})
		count := func(want uint64, msg string) {
			t.Helper()
			n, ok := c.Frequency("k")
			require.Equal(t, want > 0, ok, msg)
			require.Equal(t, want, n, msg)
			c.impl().Check()
		}
		count(0, "absent")
		c.Put("k", 1)
		count(1, "the first Put is a use")
		c.Get("k")
		count(2, "Get is a use")
		c.Get("k") // alone in the bucket of 2, and the only entry
		count(3, "Get is a use")
		c.Put("k", 2)
		count(4, "a Put that replaces is a use")
		c.GetOrPut("k", 3)
		count(5, "a GetOrPut that finds is a use")
		c.Peek("k")
		c.Contains("k")
		c.LeastFrequent()
		for range c.All() {
			break
		}
		count(5, "looking is not a use")
		c.Put("other", 1)
		c.Get("none")
		count(5, "uses of others are not a use")
		c.Delete("k")
		count(0, "Delete forgets")
		c.GetOrPut("k", 1)
		count(1, "a GetOrPut that puts is a use")
		c.Clear()
		count(0, "Clear forgets")
		for range 20 {
			c.Put("k", 1)
		}
		count(map[Aging]uint64{Exact: 20, Dynamic: 15, TinyLFU: 15}[a], "after 20 uses")
	})
}

// TestVictim: the victim is the least frequent entry and, of several, the least recently
// used.
func TestVictim(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		var left []string
		c := New(3, Options[string, int]{Aging: a, OnEvict: func(k string, _ int, r Reason) {
			left = append(left, k+" "+r.String())
		}})
		c.Put("a", 1)
		c.Put("b", 1)
		c.Put("c", 1)
		c.Get("a")
		assert.True(t, c.Put("d", 1), "b and c were used once, b longest ago")
		c.Get("c")
		c.Get("d")
		assert.True(t, c.Put("e", 1), "all were used twice, a longest ago")
		assert.True(t, c.Put("f", 1), "e was used once, but with Dynamic after the floor rose to 2")
		c.Put("f", 2) // replaced: a use
		c.PopLeastFrequent()
		assert.Equal(t, map[Aging][]string{
			Exact:   {"b capacity", "a capacity", "e capacity", "f replaced", "c deleted"},
			Dynamic: {"b capacity", "a capacity", "c capacity", "f replaced", "d deleted"},
			// Of a and b, b was used longest ago, but a newcomer that was used as seldom
			// does not take its place: it is the next victim.
			TinyLFU: {"c capacity", "b capacity", "e capacity", "f replaced", "f deleted"},
		}[a], left)
		c.impl().Check()
	})
}

// TestNewcomer: a new entry may be the next victim, but is never evicted by its own Put.
func TestNewcomer(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		for capacity := 1; capacity <= 3; capacity++ {
			c := New(capacity, Options[int, int]{Aging: a})
			for k := range capacity {
				c.Put(-k, 0)
				c.Get(-k)
			}
			for k := 1; k <= 100; k++ {
				require.True(t, c.Put(k, k))
				v, ok := c.Peek(k)
				require.True(t, ok, "set is readable at once")
				require.Equal(t, k, v)
				require.Equal(t, capacity, c.Len())
				if a == Exact {
					require.False(t, c.Contains(k-1), "the one before was used once, or first")
					require.True(t, c.Contains(1-capacity) || capacity == 1, "the others were used twice")
				}
				c.impl().Check()
			}
		}
	})
}

// TestAbsent: looking up an absent key is not a use of any entry.
func TestAbsent(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		for name, c := range strict(3, Options[int, int]{Aging: a}) {
			c.Put(1, 10)
			v, ok := c.Get(2)
			assert.False(t, ok, name)
			assert.Zero(t, v, name)
			v, ok = c.Delete(2)
			assert.False(t, ok, name)
			assert.Zero(t, v, name)
			_, ok = c.Frequency(2)
			assert.False(t, ok, name)
			n, _ := c.Frequency(1)
			assert.EqualValues(t, 1, n, name)
			assert.EqualValues(t, 1, c.Stats().Misses, name)
		}
	})
}

// TestCapacityOne: the only entry is the victim, whatever its count.
func TestCapacityOne(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		for name, c := range strict(1, Options[int, int]{Aging: a}) {
			c.Put(1, 10)
			for range 5 {
				c.Get(1)
			}
			assert.False(t, c.Put(1, 11), name)
			assert.True(t, c.Put(2, 20), name)
			assert.False(t, c.Contains(1), name)
			n, ok := c.Frequency(2)
			assert.True(t, ok, name)
			assert.EqualValues(t, 1, n, name)
		}
	})
}

// TestNaN: a key that is not equal to itself is stored and never found, as in a Go map,
// and is evicted in its turn.
func TestNaN(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		c := New(2, Options[float64, int]{Aging: a})
		c.Put(math.NaN(), 1)
		c.Put(math.NaN(), 2)
		assert.False(t, c.Contains(math.NaN()))
		assert.Equal(t, 2, c.Len())
		assert.True(t, c.Put(1, 3))
		c.Get(1)
		assert.True(t, c.Put(2, 4))
		keys := slices.Collect(c.Keys())
		slices.Sort(keys) // with TinyLFU, 2 is in the window
		assert.Equal(t, []float64{1, 2}, keys)
		c.impl().Check()
	})
}

// TestAllKeysCollide: with one hash for all keys the table is one chain. The answers
// stay the same.
func TestAllKeysCollide(t *testing.T) {
	const n = 50
	c, want := New(n, Options[int, int]{Hash: func(int) uint64 { return 42 }}), newTextbook[int, int](n)
	for i := range 4 * n {
		k := i * i % (2 * n)
		_, ok := c.Get(k)
		_, found := want.Get(k)
		assert.Equal(t, found, ok)
		assert.Equal(t, want.Put(k, i), c.Put(k, i))
		if i%5 == 0 {
			c.Delete(i)
			want.Delete(i)
		}
	}
	assert.Equal(t, want.Pairs(), collect(c.Backward()))
	c.impl().Check()
}

// TestOverflow brings counts to their maximum, where only recency decides.
func TestOverflow(t *testing.T) {
	c := New[string, int](3)
	c.Put("a", 1)
	c.Put("b", 1)
	c.Put("c", 1)
	c.Get("b")
	c.Get("b")
	c.impl().Inspect("b", func(r cache.Rank, s uint32) { r.(*exact).bucket(r.(*exact).of[s]).count = math.MaxUint64 - 1 })
	frequency := func(k string, want uint64) {
		t.Helper()
		n, _ := c.Frequency(k)
		require.Equal(t, want, n)
		c.impl().Check()
	}
	c.Get("b") // the bucket's count goes up in place
	frequency("b", math.MaxUint64)
	c.Get("b")
	frequency("b", math.MaxUint64)
	c.Get("a")
	c.impl().Inspect("a", func(r cache.Rank, s uint32) { r.(*exact).bucket(r.(*exact).of[s]).count = math.MaxUint64 - 1 })
	c.Get("a") // joins b
	frequency("a", math.MaxUint64)
	k, _, _ := c.LeastFrequent()
	require.Equal(t, "c", k)
	c.Delete("c")
	k, _, _ = c.LeastFrequent()
	require.Equal(t, "b", k, "the counts are equal, b was used longest ago")
	c.Get("b")
	frequency("b", math.MaxUint64)
	k, _, _ = c.LeastFrequent()
	require.Equal(t, "a", k)
}

// TestExpiredStartsAnew: the count of an entry expires with it.
func TestExpiredStartsAnew(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		now := time.Unix(0, 0)
		var left []string
		c := New(4, Options[string, int]{
			Aging: a, TTL: time.Minute, Now: func() time.Time { return now },
			OnEvict: func(k string, v int, r Reason) { left = append(left, fmt.Sprint(k, v, r)) },
		})
		// More entries expire at once than a Put removes, so that the last Put finds the
		// expired entry of its own key.
		for i, k := range []string{"a", "b", "c", "k"} {
			c.Put(k, i)
		}
		for range 5 {
			c.Get("k")
		}
		now = now.Add(time.Hour)
		_, ok := c.Frequency("k")
		require.False(t, ok, "what has expired has no frequency")
		require.False(t, c.Put("k", 9), "nothing alive had to leave")
		n, ok := c.Frequency("k")
		require.True(t, ok)
		require.Equal(t, uint64(1), n)
		c.impl().Check()
		require.Equal(t, 1, c.Len())
		slices.Sort(left)
		require.Equal(t, []string{"a0 expired", "b1 expired", "c2 expired", "k3 expired"}, left)
	})
}

// TestExpiredMakesNoFloor: only an eviction ages the other entries.
func TestExpiredMakesNoFloor(t *testing.T) {
	now := time.Unix(0, 0)
	c := New(2, Options[string, int]{Aging: Dynamic, Now: func() time.Time { return now }})
	floor := func(want uint8, msg string) {
		t.Helper()
		c.impl().Inspect("", func(r cache.Rank, _ uint32) { assert.Equal(t, want, r.(*dynamic).floor, msg) })
	}
	put := func() {
		c.PutTTL("a", 1, time.Minute)
		c.Get("a")
	}
	put()
	now = now.Add(time.Hour)
	c.Put("b", 1)
	floor(0, "a has expired")
	c.Delete("b")
	floor(0, "b was deleted")
	put()
	c.PopLeastFrequent()
	floor(0, "a was popped")
	put()
	c.Put("b", 1)
	c.Put("c", 1)
	floor(1, "b was evicted")
}

// TestCostAndTime drives both agings with costs and deadlines.
func TestCostAndTime(t *testing.T) {
	const maxCost = 20
	each(t, func(t *testing.T, a Aging) {
		rapid.Check(t, func(t *rapid.T) {
			now := time.Unix(0, 0)
			deadlines := map[int]time.Time{}
			lives := map[int]time.Duration{}
			puts, gets := 0, 0
			sliding := rapid.Bool().Draw(t, "sliding")
			c := New(8, Options[int, int]{
				Aging: a, Sliding: sliding, MaxCost: maxCost, Now: func() time.Time { return now },
				Cost: func(_, v int) int64 { return int64(v) },
			})
			key, cost := rapid.IntRange(0, 9), rapid.IntRange(0, maxCost+1)
			t.Repeat(map[string]func(*rapid.T){
				"PutTTL": func(t *rapid.T) {
					k, v := key.Draw(t, "key"), cost.Draw(t, "cost")
					ttl := time.Duration(rapid.IntRange(1, 100).Draw(t, "ttl"))
					before, had := c.Frequency(k)
					c.PutTTL(k, v, ttl)
					puts++
					deadlines[k], lives[k] = now.Add(ttl), ttl
					n, ok := c.Frequency(k)
					require.Equal(t, v <= maxCost, ok, "what fits stays")
					if ok && had {
						require.GreaterOrEqual(t, n, before)
					} else if ok {
						require.EqualValues(t, 1, n, "a new entry was used once")
					}
				},
				"Get": func(t *rapid.T) {
					k := key.Draw(t, "key")
					gets++
					if _, ok := c.Get(k); ok {
						require.True(t, now.Before(deadlines[k]), "an expired entry is not returned")
						if sliding {
							deadlines[k] = now.Add(lives[k])
						}
						left, _ := c.Expiry(k)
						require.Equal(t, deadlines[k].Sub(now), left)
					}
				},
				"Touch": func(t *rapid.T) {
					k := key.Draw(t, "key")
					ttl := time.Duration(rapid.IntRange(1, 100).Draw(t, "ttl"))
					before, had := c.Frequency(k)
					require.Equal(t, had, c.Touch(k, ttl))
					if had {
						deadlines[k], lives[k] = now.Add(ttl), ttl
						left, _ := c.Expiry(k)
						require.Equal(t, ttl, left)
					}
					after, has := c.Frequency(k)
					require.Equal(t, []any{before, had}, []any{after, has}, "it is not a use")
				},
				"Wait": func(t *rapid.T) { now = now.Add(time.Duration(rapid.IntRange(1, 50).Draw(t, "ns"))) },
				"Pop":  func(*rapid.T) { c.PopLeastFrequent() },
				"Resize": func(t *rapid.T) {
					_, err := c.Resize(rapid.IntRange(1, 8).Draw(t, "capacity"))
					require.NoError(t, err)
				},
				"": func(t *rapid.T) {
					c.impl().Check()
					require.LessOrEqual(t, c.Cost(), int64(maxCost))
					require.LessOrEqual(t, c.Len(), c.Cap())
					s, gone := c.Stats(), 0
					for r := range Reason(cache.Reasons) {
						gone += int(s.Evicted(r))
					}
					require.Equal(t, puts, c.Len()+gone, "each value is there or has left once")
					require.EqualValues(t, gets, s.Hits+s.Misses)
				},
			})
		})
	})
}

// TestCostVictim: a heavy new entry evicts the least frequent others, not itself.
func TestCostVictim(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		var left []string
		c := New(10, Options[string, int64]{
			Aging: a, MaxCost: 10, Cost: func(_ string, v int64) int64 { return v },
			OnEvict: func(k string, _ int64, r Reason) { left = append(left, k+" "+r.String()) },
		})
		c.Put("a", 4)
		c.Put("b", 4)
		c.Get("a")
		c.Get("b")
		c.Get("b")
		assert.True(t, c.Put("c", 3), "a is evicted, though c is the least frequent")
		assert.True(t, c.Put("d", 11), "d is too heavy for any room")
		assert.Equal(t, []string{"a cost", "d cost"}, left)
		assert.EqualValues(t, 7, c.Cost())
		c.impl().Check()
	})
}

// TestSpared: when an evicting Put spares its own entry, which has the lowest priority,
// the floor does not rise above that priority.
func TestSpared(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		c := New(10, Options[string, int64]{Aging: a, MaxCost: 10, Cost: func(_ string, v int64) int64 { return v }})
		c.Put("hot", 10)
		for range 5 {
			c.Get("hot")
		}
		c.Put("b", 10)
		c.Put("c", 0)
		c.impl().Check()
		k, _, _ := c.LeastFrequent()
		want := map[Aging]string{Exact: "b", Dynamic: "b", TinyLFU: "c"}[a]
		assert.Equal(t, want, k, "b and c were used once, b longest ago; TinyLFU keeps what is there")
	})
}

// TestChangeInLoop changes the cache in a loop over it.
func TestChangeInLoop(t *testing.T) {
	make := func() *Cache[string, int] { // a: 6, b: 4, c: 1, d: 1
		c := New[string, int](4)
		for k, n := range map[string]int{"a": 6, "b": 4} {
			for range n {
				c.Put(k, n)
			}
		}
		c.Put("d", 1)
		c.Put("c", 1)
		return c
	}
	for _, tc := range []struct {
		name string
		at   string
		do   func(c *Cache[string, int])
		want []string
	}{
		{"nothing", "a", func(*Cache[string, int]) {}, []string{"a", "b", "c", "d"}},
		{"next stays where it is", "a", func(c *Cache[string, int]) { c.Get("b") }, []string{"a", "b", "c", "d"}},
		{"front of its bucket stays", "b", func(c *Cache[string, int]) { c.Get("c") }, []string{"a", "b", "c", "d"}},
		{"later one moves ahead", "a", func(c *Cache[string, int]) { c.Get("d") }, []string{"a", "b", "d", "c"}},
		{"next passes the loop", "c", func(c *Cache[string, int]) { c.Get("d") }, []string{"a", "b", "c"}},
		{"next leaves", "b", func(c *Cache[string, int]) { c.Delete("c") }, []string{"a", "b", "d"}},
		{"all leave", "b", func(c *Cache[string, int]) { c.Clear() }, []string{"a", "b"}},
		{"victim makes room", "b", func(c *Cache[string, int]) { c.Put("e", 1) }, []string{"a", "b", "c"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := make()
			var got []string
			for k := range c.Keys() {
				if got = append(got, k); k == tc.at {
					tc.do(c)
				}
			}
			assert.Equal(t, tc.want, got)
			c.impl().Check()
		})
	}
	c := make()
	n := 0
	for k := range c.Backward() { // each use moves the entry ahead of the loop
		c.Get(k)
		n++
	}
	assert.Equal(t, 4, n, "the loop ends")
	assert.Equal(t, []int{6, 4, 1, 1}, slices.Collect(make().Values()))
}

// TestHeapComparisons compares the table of the essay with what the textbook counts.
func TestHeapComparisons(t *testing.T) {
	var random *rand.Rand
	put := func(c *textbook[int, int], n, i int) { c.Put(n+i, 0) }
	get := func(c *textbook[int, int], n, _ int) { c.Get(random.IntN(n)) }
	for _, tc := range []struct {
		name string
		fill func(c *textbook[int, int], n int) *textbook[int, int]
		do   func(c *textbook[int, int], n, i int)
		want map[int]int
	}{
		{"Put", full[*textbook[int, int]], put, map[int]int{100: 13, 1_000: 19, 10_000: 27, 100_000: 33}},
		{"Put, one cold key", hot[*textbook[int, int]], put, map[int]int{100: 18, 1_000: 27, 10_000: 37, 100_000: 48}},
		{"Get", full[*textbook[int, int]], get, map[int]int{100: 12, 1_000: 18, 10_000: 26, 100_000: 26}},
	} {
		for n, want := range tc.want {
			if testing.Short() && n > 1_000 {
				continue
			}
			c := tc.fill(newTextbook[int, int](n), n)
			worst := 0
			random = rand.New(rand.NewPCG(1, 2))
			for i := range max(n/4, 10_000) {
				c.heap.steps = 0
				tc.do(c, n, i)
				worst = max(worst, c.heap.steps)
			}
			assert.Equal(t, want, worst, "%s at n = %d", tc.name, n)
		}
	}
}
