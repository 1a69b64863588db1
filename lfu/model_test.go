package lfu

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/internal/cache"
)

// An oracle is a cache that is obviously correct.
type oracle interface {
	Get(k int) (int, bool)
	Put(k, v int) (evicted bool)
	Delete(k int) (int, bool)
	PopLeastFrequent() (int, int, bool)
	EvictOther(k int) // evicts the next victim that is not k, because of the cost
	Resize(capacity int) (evicted int)
	Clear()
	Len() int
	Cap() int
	Frequency(k int) (uint64, bool)
	Pairs() []pair[int, int] // the last of the order first
}

// TestModelExact compares Exact with the textbook answer.
func TestModelExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := capacities.Draw(t, "capacity")
		model(t, Exact, newTextbook[int, int](capacity))
	})
}

// TestModelDynamic compares Dynamic with a scan over all entries.
func TestModelDynamic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := capacities.Draw(t, "capacity")
		model(t, Dynamic, newScan(capacity))
	})
}

// TestModelTinyLFU compares TinyLFU with the plain form of it. Small caches and few uses
// seldom come to a trial, so the score and the random numbers begin anywhere.
func TestModelTinyLFU(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := capacities.Draw(t, "capacity")
		p := newPlain(capacity, rapid.Uint64Range(1, 1<<20).Draw(t, "seed"))
		p.score = rapid.IntRange(-confident, confident).Draw(t, "score")
		p.random = rapid.Uint64().Draw(t, "random")
		p.trial = rapid.Bool().Draw(t, "trial")
		model(t, TinyLFU, p)
	})
}

var (
	capacities = rapid.IntRange(1, 12)
	someKeys   = rapid.IntRange(0, 15)
	fewKeys    = rapid.IntRange(0, 3) // these become hot
)

func model(t *rapid.T, a Aging, oracle oracle) {
	var reported []left
	o := Options[int, int]{Aging: a}
	if rapid.Bool().Draw(t, "callback") {
		o.OnEvict = func(k, v int, r Reason) { reported = append(reported, left{k, v, r}) }
	}
	want := &judge{oracle: oracle, maxCost: math.MaxInt64, costs: map[int]int64{}}
	if rapid.Bool().Draw(t, "costs") {
		want.maxCost = rapid.Int64Range(1, 30).Draw(t, "MaxCost")
		o.MaxCost, o.Cost = want.maxCost, costOf
	}
	tiny, _ := oracle.(*plain)
	if tiny != nil {
		o.Seed = tiny.seed
	}
	types := strict(oracle.Cap(), o)
	c := types[rapid.SampledFrom(slices.Sorted(maps.Keys(types))).Draw(t, "type")].(checkable)
	if tiny != nil {
		c.inspect(0, func(r cache.Rank, _ uint32) {
			r.(*tinyLFU).score, r.(*tinyLFU).random, r.(*tinyLFU).trial = tiny.score, tiny.random, tiny.trial
		})
	}
	next := 0
	fresh := func() int { next++; return next }
	key := func(t *rapid.T) int { return rapid.OneOf(someKeys, fewKeys).Draw(t, "key") }
	t.Repeat(map[string]func(*rapid.T){
		"Get": func(t *rapid.T) {
			k := key(t)
			v, ok := c.Get(k)
			w, found := want.Get(k)
			require.Equal(t, found, ok)
			require.Equal(t, w, v)
		},
		"GetOften": func(t *rapid.T) {
			k := fewKeys.Draw(t, "key")
			for range rapid.IntRange(1, 20).Draw(t, "times") {
				c.Get(k)
				want.Get(k)
			}
		},
		"Put": func(t *rapid.T) {
			k, v := key(t), fresh()
			require.Equal(t, want.Put(k, v), c.Put(k, v), "evicted")
		},
		"PutMany": func(t *rapid.T) { // ages the entries of Dynamic
			for range rapid.IntRange(1, 20).Draw(t, "times") {
				k := someKeys.Draw(t, "key")
				require.Equal(t, want.Put(k, k), c.Put(k, k), "evicted")
			}
		},
		"GetOrPut": func(t *rapid.T) {
			k, v := key(t), fresh()
			got, loaded := c.GetOrPut(k, v)
			w, found := want.Get(k)
			if !found {
				w = v
				want.Put(k, v)
			}
			require.Equal(t, found, loaded)
			require.Equal(t, w, got)
		},
		// Keys with repeats, some of them present. The loader fails, or returns values
		// for some of the keys and for others that were not requested.
		"GetOrLoadAll": func(t *rapid.T) {
			c, ok := c.(safeCache)
			if !ok {
				t.Skip("not safe for concurrent use")
			}
			keys := rapid.SliceOfN(someKeys, 0, 6).Draw(t, "keys")
			brings := map[int]int{}
			for _, k := range rapid.SliceOfN(someKeys, 0, 10).Draw(t, "brings") {
				brings[k] = fresh()
			}
			failure := errors.New("failed")
			if rapid.Bool().Draw(t, "succeeds") {
				failure = nil
			}
			var asked []int
			got, err := c.GetOrLoadAll(context.Background(), keys, func(_ context.Context, keys []int) (map[int]int, error) {
				asked = keys
				return brings, failure
			})
			found, missed := want.getAll(keys)
			require.Equal(t, missed, asked)
			if len(missed) > 0 {
				require.Equal(t, failure, err)
			} else {
				require.NoError(t, err)
			}
			for _, k := range missed {
				if v, ok := brings[k]; failure != nil {
					want.errors++
				} else if ok {
					want.loads++
					want.Put(k, v)
					found[k] = v
				}
			}
			require.Equal(t, found, got)
		},
		"Delete": func(t *rapid.T) {
			k := key(t)
			v, ok := c.Delete(k)
			w, found := want.Delete(k)
			require.Equal(t, found, ok)
			require.Equal(t, w, v)
		},
		"Compute": func(t *rapid.T) {
			k, v := key(t), fresh()
			op := rapid.SampledFrom([]Op{Keep, Update, Remove}).Draw(t, "op")
			was := want.has(k)
			old := 0
			if was {
				old = want.of(k).Value
			}
			got, present := c.Compute(k, func(v0 int, loaded bool) (int, Op) {
				require.Equal(t, []any{old, was}, []any{v0, loaded})
				return v, op
			})
			switch op {
			case Update:
				want.Put(k, v)
			case Remove:
				want.Delete(k)
			}
			require.Equal(t, want.has(k), present)
			if present {
				require.Equal(t, want.of(k).Value, got)
			}
		},
		"DeleteFunc": func(t *rapid.T) {
			rest := rapid.IntRange(0, 3).Draw(t, "rest")
			n := c.DeleteFunc(func(k, _ int) bool { return k%4 == rest })
			for _, p := range slices.Backward(want.Pairs()) {
				if p.Key%4 == rest {
					want.Delete(p.Key)
					n--
				}
			}
			require.Zero(t, n)
		},
		"PopLeastFrequent": func(t *rapid.T) {
			k, v, ok := c.PopLeastFrequent()
			wantKey, wantValue, wantOK := want.PopLeastFrequent()
			require.Equal(t, wantOK, ok)
			require.Equal(t, wantKey, k)
			require.Equal(t, wantValue, v)
		},
		"Resize": func(t *rapid.T) {
			capacity := capacities.Draw(t, "capacity")
			n, err := c.Resize(capacity)
			require.NoError(t, err)
			require.Equal(t, want.Resize(capacity), n, "evicted")
		},
		"Clear": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
				c.Clear()
				want.Clear()
			}
		},
		"": func(t *rapid.T) {
			c.check()
			observe(t, c, want)
			if o.OnEvict != nil {
				require.Equal(t, want.left, reported, "OnEvict")
			}
			if s, ok := oracle.(*scan); ok {
				c.inspect(0, func(r cache.Rank, _ uint32) {
					require.EqualValues(t, s.floor%classes, r.(*dynamic).floor, "I6: the floor")
				})
			}
			if tiny != nil {
				c.inspect(0, func(r cache.Rank, _ uint32) { compare(t, tiny, r.(*tinyLFU)) })
			}
		},
	})
}

// compare compares what TinyLFU and its plain form know beyond the order.
func compare(t require.TestingT, want *plain, r *tinyLFU) {
	require.EqualValues(t, want.floor%classes, r.floor, "I6: the floor")
	require.Equal(t, []any{want.score, want.random, want.trial, want.added}, []any{r.score, r.random, r.trial, r.sketch.added}, "I9: score, random, trial, uses")
	require.Equal(t, want.inside(), r.inside, "I8: the window")
	for k := range 16 {
		require.Equal(t, want.estimate(k), estimate(&r.sketch, want.hash(k)), "I9: the estimate of %d", k)
	}
	var uses []uint64
	for s := r.order.Next(0); s != 0; s = r.order.Next(s) {
		uses = append(uses, r.sketch.of(r.uses[s]))
	}
	var entries []uint64
	for _, e := range want.order {
		entries = append(entries, e.uses)
	}
	require.Equal(t, entries, uses, "I9: the uses of the entries")
	var trials []trial
	for _, tr := range want.trials {
		trials = append(trials, trial{tr.rival | known, want.hash(tr.candidate.Key) | known})
	}
	require.ElementsMatch(t, trials, r.underWay(), "I9: the trials")
}

// observe compares everything that a caller can see, and checks the invariants of the
// essay by their numbers.
func observe(t require.TestingT, c anyCache, want *judge) {
	pairs := want.Pairs()
	require.Equal(t, pairs, collect(c.Backward()), "Backward")
	slices.Reverse(pairs)
	require.Equal(t, pairs, collect(c.All()), "I2: All, the reverse of Backward")
	require.Equal(t, want.Len(), c.Len())
	require.Equal(t, want.Cap(), c.Cap())
	require.LessOrEqual(t, c.Len(), c.Cap(), "I3: at most Cap entries")
	require.Equal(t, want.cost(), c.Cost(), "I4: the costs of the entries")
	require.LessOrEqual(t, c.Cost(), want.maxCost, "I4: at most MaxCost")
	require.Zero(t, c.DeleteExpired(0), "I5: nothing has a deadline")
	require.Equal(t, Stats{Hits: want.hits, Misses: want.misses, Loads: want.loads, LoadErrors: want.errors, evicted: want.evicted}, c.Stats())
	for k := range 16 {
		n, ok := c.Frequency(k)
		w, found := want.Frequency(k)
		require.Equal(t, found, ok, "Frequency of %d", k)
		require.Equal(t, w, n, "Frequency of %d", k)
		require.Equal(t, found, c.Contains(k), "I1: the order has %d, the table must", k)
	}
	if c, ok := c.(*Cache[int, int]); ok {
		keys, values, found := make([]int, 20), make([]int, 20), make([]bool, 20)
		for k := range keys {
			keys[k] = k
		}
		require.Equal(t, len(pairs), c.PeekAll(keys, values, found), "PeekAll")
		for _, k := range keys {
			v, ok := c.Peek(k)
			require.Equal(t, ok, found[k], "PeekAll of %d", k)
			require.Equal(t, v, values[k], "PeekAll of %d", k)
		}
	}
	k, _, ok := c.LeastFrequent()
	require.Equal(t, len(pairs) > 0, ok)
	if ok {
		require.Equal(t, want.victim().Key, k, "LeastFrequent")
	}
}

func collect(seq func(func(int, int) bool)) (all []pair[int, int]) {
	for k, v := range seq {
		all = append(all, pair[int, int]{k, v})
	}
	return all
}
