package lfu

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/internal/cache"
)

// rankOf calls f with the rank of a cache.
func rankOf(c *Cache[int, int], f func(r *tinyLFU)) {
	c.impl().Inspect(0, func(r cache.Rank, _ uint32) { f(r.(*tinyLFU)) })
}

// TestWindow compares caches that are large enough for a window with the plain form of
// TinyLFU, from empty to full and beyond several samples. Most keys are of few, so that
// estimates differ; the score begins anywhere, and trials end both ways.
func TestWindow(t *testing.T) {
	up, down := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(2*windowShare-1, 4*windowShare).Draw(t, "capacity")
		want := newPlain(capacity, rapid.Uint64Range(1, math.MaxUint64).Draw(t, "seed"))
		want.score = rapid.IntRange(-confident, confident).Draw(t, "score")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "operations"), 0))
		c := New(capacity, Options[int, int]{Aging: TinyLFU, Seed: want.seed})
		rankOf(c, func(r *tinyLFU) { r.score = want.score })
		for i := range 1500 {
			k := int(math.Exp(random.Float64() * math.Log(float64(3*capacity))))
			before := want.score
			switch op := random.IntN(40); {
			case op == 0:
				_, found := want.Delete(k)
				_, ok := c.Delete(k)
				require.Equal(t, found, ok)
			case op < 8: // keys that come once
				k += 1000 * i
				require.Equal(t, want.Put(k, i), c.Put(k, i))
			default:
				v, found := want.Get(k)
				got, ok := c.Get(k)
				require.Equal(t, []any{v, found}, []any{got, ok}, "key %d", k)
				if !found {
					require.Equal(t, want.Put(k, i), c.Put(k, i))
				}
			}
			up, down = up+max(want.score-before, 0), down+max(before-want.score, 0)
			if i%200 == 199 {
				c.impl().Check()
				require.Equal(t, want.Pairs(), collect(c.Backward()))
				rankOf(c, func(r *tinyLFU) { compare(t, want, r) })
			}
		}
	})
	assert.Positive(t, up)
	assert.Positive(t, down)
}

// TestHalve: a block that has missed epochs is halved once for each when it is looked at.
func TestHalve(t *testing.T) {
	var k sketch
	k.grow(1)
	const h = 12345
	u := k.add(h)
	for range 20 {
		k.add(h)
		u = k.more(u)
	}
	assert.EqualValues(t, 15, estimate(&k, h), "it ends there")
	assert.EqualValues(t, 15, k.of(u), "that of an entry too")
	for missed, want := range []uint64{15, 7, 3, 1, 0, 0} {
		other := k
		other.blocks, other.epochs = slices.Clone(k.blocks), slices.Clone(k.epochs)
		other.epoch += uint16(missed)
		assert.Equal(t, want, estimate(&other, h), "%d epochs", missed)
		assert.Equal(t, want, other.of(u), "%d epochs, of an entry", missed)
		assert.Equal(t, min(want+1, 15), other.of(other.more(u)), "%d epochs, and a use", missed)
	}
	other := k
	other.epoch += 1<<12 - 1 // all that an entry can miss
	assert.Zero(t, other.of(u))
	k.epoch += math.MaxUint16 // all that a block can
	assert.Zero(t, estimate(&k, h))
}

// TestDoorkeeper: a key that was used once has no counter, and is known until the sample
// ends.
func TestDoorkeeper(t *testing.T) {
	var k sketch
	k.grow(1)
	const h, once = 12345, 54321
	k.add(once)
	assert.EqualValues(t, 1, k.of(k.add(h)))
	assert.EqualValues(t, 1, estimate(&k, h))
	set := 0
	for _, b := range k.blocks {
		assert.Zero(t, [4]uint64(b[4:]), "no counter")
		for _, word := range b[:4] {
			set += bits.OnesCount64(word)
		}
	}
	assert.Equal(t, 2*3, set, "three bits for each")
	assert.EqualValues(t, 2, k.of(k.add(h)), "it was used before")
	assert.EqualValues(t, 2, estimate(&k, h))
	k.epoch++
	assert.Zero(t, estimate(&k, once))
	assert.EqualValues(t, 1, estimate(&k, h))
	k.epoch++
	k.raise(h, uses(k.epoch<<4)|1)
	assert.EqualValues(t, 1, estimate(&k, h), "the uses that its entry had")
}

// estimate is what k knows of a hash.
func estimate(k *sketch, h uint32) uint64 {
	i, bits := locate(h, len(k.blocks))
	if k.epochs[i] != k.epoch {
		k.renew(i)
	}
	b := &k.blocks[i]
	if word, mask := b.door(bits); *word&mask == mask {
		return max(b.lowest(bits), 1)
	}
	return b.lowest(bits)
}

// TestSketchWork: however large a sketch is, a use changes one block, also the one that
// ends a sample.
func TestSketchWork(t *testing.T) {
	for _, slots := range []int{1, 200, 2000} {
		var k sketch
		k.grow(slots)
		random := rand.New(rand.NewPCG(1, uint64(slots)))
		had := slices.Clone(k.blocks)
		for range 3 * k.sample {
			h := random.Uint32() >> 1
			i, _ := locate(h, len(k.blocks))
			k.add(h)
			had[i] = k.blocks[i]
			if k.added == 0 || k.added == k.sample/2 {
				require.Equal(t, had, k.blocks)
			}
			require.Less(t, k.added, k.sample)
		}
		assert.GreaterOrEqual(t, k.epoch, uint16(2), "%d slots", slots)
		assert.Equal(t, had, k.blocks)
	}
}

// TestEstimates: an estimate is never below the uses of the last sample, and seldom above.
func TestEstimates(t *testing.T) {
	const n = 1000
	var k sketch
	k.grow(n)
	uses := map[uint32]uint64{}
	random := rand.New(rand.NewPCG(2, 3))
	for range k.sample - 1 {
		h := uint32(float64(uint32(1)<<31-1) * math.Pow(random.Float64(), 3))
		h = h/(1<<18)*2_654_435_761 + 1
		k.add(h)
		uses[h] = min(uses[h]+1, 15)
	}
	above := 0
	for h, n := range uses {
		e := estimate(&k, h)
		require.GreaterOrEqual(t, e, n)
		if e > n {
			above++
		}
	}
	t.Logf("%d of %d are too high", above, len(uses))
	assert.Less(t, above, len(uses)/6)
}

// TestGrowKeepsEstimates: entries take what the sketch knows of them to a larger one.
func TestGrowKeepsEstimates(t *testing.T) {
	c := New(1000, Options[int, int]{Aging: TinyLFU, Seed: 7})
	for k := range 200 {
		c.Put(k, k)
		for range k % 12 {
			c.Get(k)
		}
	}
	least := map[int]uint64{}
	of := func(k int) (n uint64) {
		c.impl().Inspect(k, func(r cache.Rank, s uint32) { n = r.(*tinyLFU).sketch.of(r.(*tinyLFU).uses[s]) })
		return n
	}
	for k := range 200 {
		least[k] = of(k)
	}
	blocks := 0
	rankOf(c, func(r *tinyLFU) { blocks = len(r.sketch.blocks) })
	for k := 1000; k < 1400; k++ {
		c.Put(k, k)
	}
	rankOf(c, func(r *tinyLFU) { assert.Greater(t, len(r.sketch.blocks), blocks) })
	for k := range 200 {
		assert.Equal(t, least[k], of(k), "key %d", k)
	}
	c.impl().Check()
	_, err := c.Resize(100)
	require.NoError(t, err)
	c.impl().Check()
	rankOf(c, func(r *tinyLFU) { assert.Equal(t, 13, len(r.sketch.blocks), "a smaller cache gives memory back") })
}

// TestSeed: two caches with one seed do the same, and those with others need not.
func TestSeed(t *testing.T) {
	left := func(seed uint64) (all []int) {
		c := NewSharded(256, Options[int, int]{Aging: TinyLFU, Seed: seed, Shards: 4, OnEvict: func(k, _ int, _ Reason) { all = append(all, k) }})
		random := rand.New(rand.NewPCG(4, 5))
		for range 6000 {
			k := int(math.Exp(random.Float64() * 8))
			if _, ok := c.Get(k); !ok {
				c.Put(k, k)
			}
		}
		return all
	}
	one := left(1)
	assert.NotEmpty(t, one)
	assert.Equal(t, one, left(1))
	assert.NotEqual(t, one, left(2))
	assert.NotEqual(t, left(0), left(0))
}

// TestTurnedAway: a key that comes once does not take the place of one that was used
// more often, however long ago, and is the next victim.
func TestTurnedAway(t *testing.T) {
	c := New(2, Options[string, int]{Aging: TinyLFU, Seed: 1})
	c.impl().Inspect("", func(r cache.Rank, _ uint32) { r.(*tinyLFU).score = -confident })
	c.Put("a", 1)
	c.Get("a")
	for k := range 50 {
		c.Put(fmt.Sprint(k), k)
		last, _, _ := c.LeastFrequent()
		require.Equal(t, fmt.Sprint(k), last)
		require.True(t, c.Contains("a"))
	}
	n, _ := c.Frequency("a")
	assert.EqualValues(t, 2, n)
	c.Put("b", 1)
	c.Put("c", 1)
	c.Put("b", 1) // the second time, as often as a
	last, _, _ := c.LeastFrequent()
	assert.Equal(t, "b", last)
	c.Put("c", 1)
	c.Get("c")
	c.Get("c")
	c.Put("d", 1)
	assert.False(t, c.Contains("a"), "c was used more often than a")
	assert.True(t, c.Contains("c"))
}

// TestWalkPass: a loop is not lost when the entry that it would yield next leaves the
// window.
func TestWalkPass(t *testing.T) {
	const n = 2 * windowShare // the window is two entries
	c := New(n, Options[int, int]{Aging: TinyLFU, Seed: 1})
	for k := range n {
		c.Put(k, k)
		if 0 < k && k < n-2 { // all but the rival and the window: the candidate goes behind them
			c.Get(k)
			c.Get(k)
		}
	}
	rankOf(c, func(r *tinyLFU) { r.trial = true })
	keys := slices.Collect(c.Keys())
	seen := []int{}
	for k := range c.All() {
		if seen = append(seen, k); len(seen) == 1 {
			c.Put(-1, 0) // keys[1] has to leave the window
		}
	}
	assert.Equal(t, keys[0], seen[0])
	rest := slices.DeleteFunc(slices.Clone(keys), func(k int) bool { return k == keys[1] || !c.Contains(k) })
	assert.Subset(t, seen, rest, "every other entry that stayed is met")
	c.impl().Check()
}

// TestWindowShrinks: when entries are deleted, the window is too large until some have come.
func TestWindowShrinks(t *testing.T) {
	c := New(800, Options[int, int]{Aging: TinyLFU, Seed: 1})
	for k := range 800 {
		c.Put(k, k)
	}
	inside := func(want int) {
		t.Helper()
		rankOf(c, func(r *tinyLFU) { assert.Equal(t, want, r.inside) })
		c.impl().Check()
	}
	inside(8)
	for k := range 600 { // those that came last are in the window
		c.Delete(k)
	}
	inside(8)
	for k := range 10 {
		c.Put(k, k)
		inside(max(7-k, 2))
	}
}

// TestTrials: the score rises where the candidates of trials are used first, falls where
// their rivals come back first, and opens and closes the cache.
func TestTrials(t *testing.T) {
	for name, tc := range map[string]struct {
		trace func(i int) int
		open  bool
	}{
		"hot keys that change":   {func(i int) int { return i/4000*1000 + int(rand.New(rand.NewPCG(1, uint64(i))).Uint32N(150)) }, true},
		"a loop":                 {func(i int) int { return i % 300 }, false},
		"keys that never return": {func(i int) int { return i }, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := New(200, Options[int, int]{Aging: TinyLFU, Seed: 3})
			best := -confident
			for i := range 30_000 {
				if _, ok := c.Get(tc.trace(i)); !ok {
					c.Put(tc.trace(i), i)
				}
				rankOf(c, func(r *tinyLFU) { best = max(best, r.score) })
			}
			t.Logf("highest score %d, hits %d", best, c.Stats().Hits)
			assert.Equal(t, tc.open, best > 0)
			d := New(200, Options[int, int]{Aging: Dynamic})
			for i := range 30_000 {
				if _, ok := d.Get(tc.trace(i)); !ok {
					d.Put(tc.trace(i), i)
				}
			}
			assert.Greater(t, float64(c.Stats().Hits), 0.96*float64(d.Stats().Hits)-1, "hardly fewer than Dynamic")
			c.impl().Check()
		})
	}
}

// TestExpiredInWindow: entries of the window, of trials and of the main part expire.
func TestExpiredInWindow(t *testing.T) {
	now := time.Unix(0, 0)
	c := New(200, Options[int, int]{Aging: TinyLFU, Seed: 1, TTL: time.Minute, Now: func() time.Time { return now }})
	for round := range 20 {
		for k := range 300 {
			if _, ok := c.Get(k * round % 400); !ok {
				c.Put(k*round%400, k)
			}
		}
		c.impl().Check()
		now = now.Add(time.Duration(20+round) * time.Second)
		c.DeleteExpired(round)
		c.impl().Check()
	}
	now = now.Add(time.Hour)
	assert.Zero(t, c.Len())
	c.impl().Check()
}
