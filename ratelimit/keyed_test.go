package ratelimit

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// check walks the invariants of the package doc.
func (x *Keyed[K]) check(t require.TestingT) {
	sum := 0
	for i := range x.shards {
		s := &x.shards[i]
		s.mu.Lock()
		s.table.Check()
		s.promised.Check()
		sum += s.table.Len() + s.promised.Len()
		for slot := s.promised.Next(0); slot != 0; slot = s.promised.Next(slot) {
			e := s.promised.At(slot)
			require.Zero(t, s.table.Find(uint32(x.hash.Hash(e.Key)), e.Key), "I9: a key is in one of the two tables")
			e.Value.check(t)
		}
		if s.looks != nil {
			s.looks.Check()
			require.Equal(t, max(s.table.Slots(), 1), s.slots, "memory follows the table's")
		}
		for slot := s.table.Next(0); slot != 0; slot = s.table.Next(slot) {
			c := s.setting(x, slot)
			debt := c.debt(s.table.At(slot).Value, s.now)
			require.LessOrEqual(t, debt, c.full, "I4: no bucket lacks more than its burst")
			ever := c.left(debt) < math.MaxInt64-max(s.now, math.MaxInt64/2)
			require.True(t, s.looks.Has(slot) || !ever, "I5: every bucket that will be full is looked at")
		}
		if s.settings != nil {
			users := int32(0)
			for _, n := range s.settings.users {
				users += n
			}
			require.EqualValues(t, s.table.Len(), users, "I6: each key has one setting")
		}
		s.mu.Unlock()
	}
	require.EqualValues(t, sum, x.count.Load(), "I7")
	require.False(t, x.max > 0 && int64(sum) > x.max, "I7: never more keys than MaxKeys")
}

var (
	keyRates = rapid.OneOf(
		rapid.SampledFrom([]Rate{{}, Per(100, time.Second), Per(3, time.Second), Every(1), Per(1_000_003, time.Hour), Every(1 << 40)}),
		rapid.Custom(func(t *rapid.T) Rate {
			return Per(rapid.Int64Range(1, 1000).Draw(t, "n"), time.Duration(rapid.Int64Range(1, 1e10).Draw(t, "d")))
		}),
	)
	// All of these are exact at all of the rates: less than 2^61 ticks.
	keyBursts = rapid.OneOf(rapid.Int64Range(0, 20), rapid.Just(int64(1<<19)))
	keySteps  = rapid.OneOf(rapid.Int64Range(0, 3e9), rapid.Int64Range(0, 5), rapid.SampledFrom([]int64{-1, -1e9, 1 << 40, 1 << 43, 1 << 50, 1 << 58}))
)

// TestKeyedModel: each key behaves as its own bucket in rational arithmetic, however
// often it is forgotten, and whatever RateFor returns.
func TestKeyedModel(t *testing.T) {
	for name, named := range map[string]bool{"one rate": false, "RateFor": true} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				c := new(fakeClock)
				mono := int64(0) // the limiter's view of a clock that goes backwards
				type setting struct {
					r     Rate
					burst int64
				}
				def := setting{keyRates.Draw(t, "rate"), keyBursts.Draw(t, "burst")}
				of := map[int]setting{}
				now := func(k int) setting {
					if s, ok := of[k]; ok {
						return s
					}
					return def
				}
				o := KeyedOptions[int]{Now: c.Now}
				if named {
					o.RateFor = func(k int) (Rate, int64) { return now(k).r, now(k).burst }
				}
				x := NewKeyed(def.r, def.burst, o)
				model := map[int]*ratBucket{}
				keys := rapid.IntRange(0, 30)
				bucket := func(k int, at int64) *ratBucket {
					s := now(k)
					b := model[k]
					if b != nil {
						b.at(at)
					}
					if b == nil || b.tokens.Cmp(rat(b.burst)) == 0 {
						b = newRat(s.r, s.burst, s.burst)
						b.last = at
						model[k] = b
					}
					if b.rate != s.r || b.burst != s.burst {
						b.set(at, s.r, s.burst)
					}
					return b
				}
				t.Repeat(map[string]func(*rapid.T){
					"": func(t *rapid.T) { x.check(t) },
					"time": func(t *rapid.T) {
						step := keySteps.Draw(t, "step")
						c.ns += min(step, math.MaxInt64/2-max(c.ns, 0))
						mono = max(mono, c.ns)
						for i := range x.shards { // each shard sees it
							x.shards[i].snapshot(x, c.ns)
						}
						for k, b := range model { // so does each bucket
							b.at(mono)
							if b.tokens.Cmp(rat(b.burst)) == 0 {
								delete(model, k) // full: the same as new
							}
						}
					},
					"Take": func(t *rapid.T) {
						k, n := keys.Draw(t, "k"), rapid.Int64Range(-1, 22).Draw(t, "n")
						b := bucket(k, mono)
						assert.Equal(t, b.take(mono, n), x.Take(k, n))
					},
					"Reserve": func(t *rapid.T) {
						k, n := keys.Draw(t, "k"), rapid.Int64Range(-1, 22).Draw(t, "n")
						wait := time.Duration(rapid.Int64Range(-1, 2e10).Draw(t, "wait"))
						b := bucket(k, mono)
						delay, ok := b.reserve(mono, n, wait)
						got, gotOK := x.Reserve(k, n, wait)
						require.Equal(t, ok, gotOK)
						if ok {
							require.Equal(t, delay, got.Delay())
							if rapid.Bool().Draw(t, "cancel") { // nothing came after it
								got.Cancel()
								require.Zero(t, got.Delay())
								if delay > 0 {
									b.refund(mono, n)
								}
							}
						}
					},
					"Refund": func(t *rapid.T) {
						k, n := keys.Draw(t, "k"), rapid.Int64Range(-1, 22).Draw(t, "n")
						if b := model[k]; n > 0 && b != nil { // the rate of the last call that took counts
							b.refund(mono, n)
							if b.tokens.Cmp(rat(b.burst)) == 0 {
								delete(model, k)
							}
						}
						x.Refund(k, n)
					},
					"tier": func(t *rapid.T) {
						k, n := keys.Draw(t, "k"), rapid.Int64Range(1, 5).Draw(t, "n")
						b := bucket(k, mono)
						before := new(big.Rat).Set(b.tokens)
						d := b.take(mono, n)
						got, undo := x.Key(k).(tentative).attempt(n)
						assert.Equal(t, d, got)
						if d.OK {
							undo()
							b.tokens = before
						}
						assert.Equal(t, x.Take(k, 0), x.Key(k).(tentative).peek(0))
					},
					"Delete": func(t *rapid.T) {
						k := keys.Draw(t, "k")
						x.Delete(k)
						assert.False(t, x.Delete(k))
						delete(model, k)
					},
					"All": func(t *rapid.T) {
						got := map[int]Decision{}
						for k, d := range x.All() {
							got[k] = d
							break
						}
						for k, d := range x.All() {
							got[k] = d
						}
						assert.LessOrEqual(t, len(got), x.Len())
						for k, b := range model {
							if s := now(k); b.rate == s.r && b.burst == s.burst && b.tokens.Cmp(rat(b.burst)) < 0 {
								assert.Equal(t, b.take(mono, 0), got[k], "key %d", k)
							}
						}
					},
					"rate": func(t *rapid.T) {
						if named {
							of[keys.Draw(t, "k")] = setting{keyRates.Draw(t, "rate"), keyBursts.Draw(t, "burst")}
						}
					},
				})
			})
		})
	}
}

func TestKeyedPanics(t *testing.T) {
	for want, f := range map[string]func(){
		"ratelimit.NewKeyed: burst must not be negative, got -1":   func() { NewKeyed[int](Every(1), -1) },
		"ratelimit.NewKeyed: MaxKeys must not be negative, got -1": func() { NewKeyed(Every(1), 1, KeyedOptions[int]{MaxKeys: -1}) },
		"ratelimit.NewKeyed: at most one Options, got 2":           func() { NewKeyed(Every(1), 1, KeyedOptions[int]{}, KeyedOptions[int]{}) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
}

// TestKeyedRoundsUp: a setting that does not fit is never more generous, and at
// most a part in a million slower.
func TestKeyedRoundsUp(t *testing.T) {
	for _, tc := range []struct {
		r     Rate
		burst int64
	}{
		{Per(1_000_003, 17*24*time.Hour), 1_000_003},
		{Per(100_001, 24*time.Hour), 100_001},
		{Per(1<<31+1, time.Second), 1 << 31},
		{Per(1<<40+1, 1<<20), 1 << 40},
	} {
		c := settingOf(tc.r, tc.burst)
		n, d := tc.r.Fraction()
		exact, got := big.NewRat(int64(d), n), big.NewRat(c.d, c.n)
		require.GreaterOrEqual(t, got.Cmp(exact), 0, "%v", tc)
		assert.LessOrEqual(t, c.full, int64(edge))
		f, _ := got.Quo(got, exact).Float64()
		if c.d > 1_000_000 {
			assert.Less(t, f, 1.000001, "%v", tc)
		}
	}
	for _, c := range []setting{settingOf(Every(math.MaxInt64), math.MaxInt64), settingOf(Every(time.Hour), math.MaxInt64)} {
		assert.Zero(t, c.n, "it takes more than 73 years to fill: it does not")
		assert.Equal(t, int64(edge), c.full)
	}
	x := NewKeyed[int](Every(time.Hour), math.MaxInt64)
	assert.True(t, x.Take(1, edge).OK)
	assert.False(t, x.Take(1, 1).OK)
	assert.Equal(t, Never, x.Take(1, math.MaxInt64).RetryAfter)
}

// onProcessors runs f as on machines with these numbers of processors.
func onProcessors(t *testing.T, f func(t *testing.T)) {
	for _, n := range []int{1, 2, 6, 16, 192} {
		t.Run(fmt.Sprintf("procs=%d", n), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
			f(t)
		})
	}
}

// TestMaxKeys: a new key replaces a full bucket, in any shard, before one with a debt. In
// a flood, new keys replace each other before a key with a large debt: the flood costs at
// most one debtor in eight slots of each shard.
func TestMaxKeys(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		for _, most := range []int{2, 9, 50, 500} {
			c := new(fakeClock)
			x := NewKeyed(Every(time.Second), 100, KeyedOptions[int]{MaxKeys: most, Now: c.Now})
			half := most / 2
			for k := range half {
				require.True(t, x.Take(k, 100).OK) // owe 100 s
			}
			for k := half; k < most; k++ {
				require.True(t, x.Allow(k)) // owe 1 s
			}
			c.ns += int64(2 * time.Second)
			for k := most; k < 2*most-half; k++ {
				require.True(t, x.Allow(k))
			}
			x.check(t)
			assert.Equal(t, most, x.Len())
			for k := range half {
				assert.EqualValues(t, 2, x.Take(k, 0).Remaining, "full buckets went first")
			}
			for k := most; k < 2*most-half; k++ {
				assert.EqualValues(t, 99, x.Take(k, 0).Remaining)
			}
			for k := 10_000; k < 11_000; k++ {
				require.True(t, x.Allow(k))
			}
			x.check(t)
			lost := half
			for k := range half {
				if x.Take(k, 0).Remaining == 2 {
					lost--
				}
			}
			assert.LessOrEqual(t, lost, most/sample+len(x.shards), "MaxKeys %d: those that owe much outlast the flood", most)
			if most <= sample {
				assert.Zero(t, lost, "all are compared")
			}
		}
	})
	one := NewKeyed(Every(time.Hour), 1, KeyedOptions[int]{MaxKeys: 1})
	for k := range 100 {
		require.True(t, one.Allow(k))
		require.Equal(t, 1, one.Len())
	}
}

// TestCheapestOfEight: where no bucket is full, the evicted key has the smallest debt of
// at least eight keys, or of all, on any number of processors and for any cap.
func TestCheapestOfEight(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		for _, most := range []int{1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 129, 300} {
			x := NewKeyed(Rate{}, 1000, KeyedOptions[int]{MaxKeys: most})
			owes := map[int]int64{}
			take := func(k int) {
				owes[k] = int64(1000 - (k*37)%1000) // all different
				require.True(t, x.Take(k, owes[k]).OK)
			}
			for k := range most {
				take(k)
			}
			for k := most; k < most+100; k++ {
				before := maps.Clone(owes)
				take(k)
				for kept := range x.All() {
					delete(before, kept)
				}
				require.Len(t, before, 1, "one was evicted")
				for gone, debt := range before {
					delete(owes, gone)
					as := 1 // itself
					for other, o := range owes {
						if other != k && o > debt {
							as++
						}
					}
					require.GreaterOrEqual(t, as, min(sample, most), "MaxKeys %d", most)
				}
			}
		}
	})
}

// TestFullElsewhereGoesFirst: the full bucket is found although its shard has not seen
// the new time.
func TestFullElsewhereGoesFirst(t *testing.T) {
	c := new(fakeClock)
	x := NewKeyed(Every(time.Second), 100, KeyedOptions[int]{MaxKeys: 2 * 64, Now: c.Now})
	require.Len(t, x.shards, 2)
	for k := -1; k > -2*64+2; k-- { // all but two
		require.True(t, x.Take(k, 100).OK)
	}
	shard := func(k int) uint64 { return x.hash.Hash(k) >> x.shift }
	next := func(k int, same bool) int { // a key above k that shares the shard of 0, or not
		for k++; (shard(k) == shard(0)) != same; k++ {
		}
		return k
	}
	require.True(t, x.Take(0, 100).OK)
	require.True(t, x.Allow(next(0, false)))
	c.ns += int64(2 * time.Second)
	require.True(t, x.Allow(next(0, true)))
	assert.EqualValues(t, 2, x.Take(0, 0).Remaining, "it owes, and stays")
}

// TestForgetsWithoutLoss: the memory is proportional to the keys that have a debt.
func TestForgetsWithoutLoss(t *testing.T) {
	c := new(fakeClock)
	x := NewKeyed(Every(time.Second), 10, KeyedOptions[string]{Now: c.Now})
	for k := range 20_000 {
		x.Allow(strconv.Itoa(k))
	}
	assert.Equal(t, 20_000, x.Len())
	c.ns += int64(time.Minute)
	for k := range 20_000 {
		x.Allow(strconv.Itoa(-k))
	}
	// Each new key looks at two keys of its shard; a shard that got fewer new keys than
	// old ones keeps some.
	assert.InDelta(t, 20_000, x.Len(), float64(len(x.shards)), "as new keys come, the old ones go")
	x.check(t)
	c.ns += int64(time.Hour)
	for i := range x.shards {
		x.shards[i].advanceClock(x, c.ns)
		x.shards[i].dropDue(x, -1)
		assert.LessOrEqual(t, x.shards[i].table.Slots(), 64, "and the memory is given back")
	}
	assert.Zero(t, x.Len())
	x.check(t)
	assert.True(t, x.Allow("7"))
}

// TestForgetsOnlyWhatIsFull: a bucket that should have been full at its first look has
// been taken from since.
func TestForgetsOnlyWhatIsFull(t *testing.T) {
	c := new(fakeClock)
	x := NewKeyed(Every(time.Second), 10, KeyedOptions[int]{Now: c.Now})
	for range 2 {
		for k := range 100 {
			x.Allow(k)
		}
		c.ns += int64(800 * time.Millisecond)
	}
	for k := 1000; k < 1400; k++ { // each looks at two that are due
		x.Allow(k)
	}
	for k := range 100 {
		require.Equal(t, 400*time.Millisecond, x.Take(k, 0).ResetAfter)
	}
}

// TestRateForHoldsNoLock: it may use the limiter, and may panic.
func TestRateForHoldsNoLock(t *testing.T) {
	var x *Keyed[int]
	calls := 0
	x = NewKeyed(Every(1), 1, KeyedOptions[int]{RateFor: func(k int) (Rate, int64) {
		calls++
		switch {
		case k == 0:
			panic("no rate")
		case k > 1:
			x.Allow(k - 1)
			x.Len()
			x.Delete(k)
		}
		return Every(time.Hour), int64(k)
	}})
	assert.True(t, x.Allow(3))
	assert.Equal(t, 3, calls)
	assert.Panics(t, func() { x.Allow(0) })
	assert.False(t, x.Take(1, 1).OK, "taken above")
	assert.False(t, NewKeyed(Every(1), 1, KeyedOptions[int]{RateFor: func(int) (Rate, int64) { return Inf, 0 }}).Take(1, 0).OK)
	assert.False(t, NewKeyed(Every(1), 1, KeyedOptions[int]{RateFor: func(int) (Rate, int64) { return Every(1), -5 }}).Allow(1))
}

// TestKeyedUnderFire: exactly the burst of each key is admitted, at the cap too,
// as long as it is not exceeded.
func TestKeyedUnderFire(t *testing.T) {
	const keys, burst, goroutines = 40, 100, 4
	x := NewKeyed(Rate{}, burst, KeyedOptions[int]{MaxKeys: keys})
	got := make([][keys]int, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range keys * burst {
				if k := (i + g) % keys; x.Allow(k) {
					got[g][k]++
				}
			}
		})
	}
	wg.Wait()
	for k := range keys {
		sum := 0
		for g := range goroutines {
			sum += got[g][k]
		}
		assert.Equal(t, burst, sum)
	}
	for g := range goroutines { // and beyond it Len stays within the cap
		wg.Go(func() {
			for i := range 2000 {
				x.Allow(i*goroutines + g)
				if n := x.Len(); n > keys {
					panic("Len is " + strconv.Itoa(n))
				}
				for range x.All() {
					break
				}
			}
		})
	}
	wg.Wait()
	x.check(t)
}

func TestKeyedDoesNotAllocate(t *testing.T) {
	x := NewKeyed[string](Per(1000, time.Second), 1000)
	x.Allow("a")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		x.Allow("a")
		x.Take("a", 5)
	}))
}

// TestNaNKey: NaN is not equal to itself, so each call has a full bucket, and MaxKeys
// bounds the memory.
func TestNaNKey(t *testing.T) {
	x := NewKeyed(Rate{}, 1, KeyedOptions[float64]{MaxKeys: 100})
	for range 1000 {
		assert.True(t, x.Allow(math.NaN()))
	}
	assert.Equal(t, 100, x.Len())
	assert.False(t, x.Delete(math.NaN()))
	x.check(t)
}

// TestShards: four for each processor that can run, at most 256, and fewer where MaxKeys
// would leave less than 64 keys for each.
func TestShards(t *testing.T) {
	for procs, want := range map[int]int{1: 4, 2: 8, 3: 16, 4: 16, 6: 32, 16: 64, 100: 256, 192: 256} {
		assert.Equal(t, want, shardsFor(procs, 0), "%d processors", procs)
		assert.Equal(t, 1, shardsFor(procs, 127))
		assert.Equal(t, 2, shardsFor(procs, 128))
		assert.Equal(t, min(want, 8), shardsFor(procs, 1000))
		assert.Equal(t, want, shardsFor(procs, math.MaxInt))
	}
	onProcessors(t, func(t *testing.T) {
		x := NewKeyed[int](Every(1), 1)
		assert.Len(t, x.shards, shardsFor(runtime.GOMAXPROCS(0), 0))
		for k := range 1000 {
			x.Allow(k) // each finds its shard
		}
	})
}

// TestKeyedRefundsOne: a refund of 1 token is not lost.
func TestKeyedRefundsOne(t *testing.T) {
	x := NewKeyed[string](Rate{}, 2)
	require.True(t, x.Take("a", 2).OK)
	x.Refund("a", 1)
	assert.True(t, x.Allow("a"))
	assert.False(t, x.Allow("a"))
}
