package ratelimit

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// check walks the invariants of the package doc.
func (b *Bucket) check(t require.TestingT) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.state.Load()
	require.Nil(t, s.next, "I2: the current state has no successor")
	z := s.z.Load()
	if s.wide {
		require.Equal(t, int64(frozen), z, "I1: the word of a wide state is frozen")
		require.Zero(t, s.maxTake, "I1: the fast path takes nothing from a wide state")
	} else {
		require.Less(t, z, int64(frozen), "I1")
		require.LessOrEqual(t, s.full, int64(edge), "I1")
		require.Equal(t, s.burst, s.maxTake, "I1")
		require.NotEqual(t, Inf, s.rate, "a z that others move must not cause a refusal")
	}
	if b.promises == nil {
		return
	}
	due := int128{hi: math.MinInt64}
	for e := b.reserved.Front(); e != nil; e = e.Next() {
		ps, at := e.Value.(*promise).instant()
		require.Same(t, s, ps)
		require.False(t, at.less(due) && !b.disordered, "I3: reservations stand in the order of their times")
		due = at
	}
	seq := uint64(0)
	due = int128{}
	for e := b.sleepers.Front(); e != nil; e = e.Next() {
		p := e.Value.(*promise)
		require.Less(t, seq, p.seq, "I3: sleepers stand in the order in which they came")
		require.False(t, e.Prev() != nil && p.due.less(i128(0)), "I3: which is the order of their times")
		seq, due = p.seq, due.add(p.due)
	}
	if b.sleepers.Len() > 0 {
		require.Equal(t, b.sleepers.last, due, "I3: the time of the last sleeper is their sum")
		require.False(t, s.rate != Inf && s.load().less(due), "I3: z is not before the last sleeper")
	}
}

// A fakeClock is set by hand; it may go backwards.
type fakeClock struct{ ns int64 }

func (c *fakeClock) Now() time.Time { return time.Unix(0, 0).Add(time.Duration(c.ns)) }

var (
	rates = rapid.OneOf(
		rapid.SampledFrom([]Rate{
			{},
			Inf, Per(100, time.Second), Per(15, 15*time.Minute), Per(3, time.Second), Every(1),
			Per(1_000_003, time.Hour), Per(math.MaxInt64, 1), Every(math.MaxInt64), Per(math.MaxInt64, math.MaxInt64-1),
			Per(1<<33+1, 1<<20), Per(1<<31+1, 1000), Per(7, 24*time.Hour),
		}),
		rapid.Custom(func(t *rapid.T) Rate {
			return Per(rapid.Int64Range(1, 1000).Draw(t, "n"), time.Duration(rapid.Int64Range(1, 1e10).Draw(t, "d")))
		}),
	)
	bursts = rapid.OneOf(rapid.Int64Range(0, 20), rapid.SampledFrom([]int64{1 << 20, 1 << 40, 1 << 61, math.MaxInt64 - 1, math.MaxInt64}))
	counts = rapid.OneOf(rapid.Int64Range(-1, 25), rapid.SampledFrom([]int64{math.MinInt64, 1 << 20, 1 << 61, math.MaxInt64 - 1, math.MaxInt64}))
	waits  = rapid.OneOf(rapid.Int64Range(-1, 2e9), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))
	steps  = rapid.OneOf(rapid.Int64Range(0, 3e9), rapid.Int64Range(0, 5), rapid.SampledFrom([]int64{-1, -1e9, 1 << 40, 1<<50 + 1, 1<<55 + 1, 1 << 61, math.MinInt64})) // products above 2^53, which a float64 rounds
)

// TestLateTimesAreExact: a Bucket decides to the nanosecond after years, when a time in ticks
// is far above 2^53, so that a float64 would not have it exactly.
func TestLateTimesAreExact(t *testing.T) {
	c := new(fakeClock)
	r := Per(7, 1000)
	b, o := New(r, 3, Options{Now: c.Now}), newRat(r, 3, 3)
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		c.ns += random.Int64N(1 << 48)
		for range 4 {
			want := o.take(c.ns, 1)
			require.Equal(t, want, b.Take(1), "at %d", c.ns)
			if want.RetryAfter > 1 {
				c.ns += int64(want.RetryAfter) - 1
				require.False(t, b.Allow(), "at %d, a nanosecond too early", c.ns)
				c.ns++
			}
		}
	}
	require.Greater(t, c.ns, int64(1<<56))
}

// TestBucketModel: a Bucket decides, to the nanosecond and for any rate, burst,
// clock and change of setting, as a bucket in rational arithmetic does.
func TestBucketModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := new(fakeClock)
		r, burst := rates.Draw(t, "rate"), bursts.Draw(t, "burst")
		initial := rapid.Int64Range(0, burst).Draw(t, "initial")
		b := New(r, burst, Options{Now: c.Now, Initial: &initial})
		o := newRat(r, burst, initial)
		t.Repeat(map[string]func(*rapid.T){
			"": b.checked,
			"time": func(t *rapid.T) {
				if step := steps.Draw(t, "step"); step < 0 {
					o.at(c.ns) // both have seen the time: whether a call with n of 0 reads the clock is left open
					b.Tokens()
					c.ns = max(c.ns+step, math.MinInt64/2)
				} else {
					c.ns += min(step, math.MaxInt64-1-max(c.ns, 0))
				}
			},
			"AllowN": func(t *rapid.T) {
				n := counts.Draw(t, "n")
				require.Equal(t, o.take(c.ns, n).OK, b.AllowN(n))
			},
			"Take": func(t *rapid.T) {
				n := counts.Draw(t, "n")
				require.Equal(t, o.take(c.ns, n), b.Take(n))
			},
			"TakeUpTo": func(t *rapid.T) {
				n := counts.Draw(t, "n")
				require.Equal(t, o.takeUpTo(c.ns, n), b.TakeUpTo(n))
			},
			"Reserve": func(t *rapid.T) {
				n, wait := counts.Draw(t, "n"), time.Duration(waits.Draw(t, "wait"))
				delay, ok := o.reserve(c.ns, n, wait)
				got, gotOK := b.Reserve(n, wait)
				require.Equal(t, ok, gotOK)
				if ok {
					require.Equal(t, delay, got.Delay())
					if rapid.Bool().Draw(t, "cancel") { // nothing came after it
						got.Cancel()
						if delay > 0 { // else the caller may have acted
							o.refund(c.ns, n)
						}
					}
				}
			},
			"tier": func(t *rapid.T) {
				n := counts.Draw(t, "n")
				require.Equal(t, o.take(c.ns, 0), b.peek(0))
				d := o.take(c.ns, n)
				got, undo := b.attempt(n)
				require.Equal(t, d, got)
				if d.OK && rapid.Bool().Draw(t, "undo") {
					undo()
					o.refund(c.ns, n)
				}
			},
			"Refund": func(t *rapid.T) {
				n := counts.Draw(t, "n")
				o.refund(c.ns, n)
				b.Refund(n)
			},
			"Set": func(t *rapid.T) {
				r, burst := rates.Draw(t, "rate"), bursts.Draw(t, "burst")
				o.set(c.ns, r, burst)
				require.NoError(t, b.Set(r, burst))
			},
			"Tokens": func(t *rapid.T) {
				o.at(c.ns)
				want, _ := o.tokens.Float64()
				require.Equal(t, want, b.Tokens())
			},
		})
	})
}

func (b *Bucket) checked(t *rapid.T) { b.check(t) }

func TestInt128(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ints := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64}))
		a := int128{ints.Draw(t, "hi") >> 2, uint64(ints.Draw(t, "lo"))}
		b := int128{ints.Draw(t, "hi") >> 2, uint64(ints.Draw(t, "lo"))}
		x, y := a.big(), b.big()
		assert.Equal(t, x.Cmp(y) < 0, a.less(b))
		assert.Equal(t, x.Cmp(y), a.compare(b))
		assert.Zero(t, a.add(b).big().Cmp(x.Add(x, y)))
		assert.Zero(t, a.big().Cmp(x.Sub(x, y)))
		assert.Zero(t, a.sub(b).big().Cmp(x.Sub(x, y)))
		n := rapid.Int64Range(0, math.MaxInt64).Draw(t, "n")
		assert.Zero(t, mul128(n, n).scale(1, 1).big().Cmp(x.Mul(x.SetInt64(n), y.SetInt64(n))))
		w, ok := a.word()
		assert.Equal(t, a.big().IsInt64(), ok)
		if ok {
			assert.Equal(t, i128(w), a)
		}
	})
}

// TestFloat: the result is the nearest float64, also where a quotient of floats or of
// rounded parts is not, and nothing is allocated.
func TestFloat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ints := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, 1<<53 + 1, 1<<54 + 3, math.MaxInt64, math.MinInt64}))
		a := int128{ints.Draw(t, "hi") >> rapid.SampledFrom([]int{2, 30, 62, 63}).Draw(t, "by"), uint64(ints.Draw(t, "lo"))}
		b := rapid.OneOf(rapid.Int64Range(1, math.MaxInt64), rapid.SampledFrom([]int64{1, 2, 3, 1 << 32, 1<<53 + 1, math.MaxInt64})).Draw(t, "b")
		want, _ := new(big.Rat).SetFrac(a.big(), big.NewInt(b)).Float64()
		require.Equal(t, want, a.float(b))
	})
	a := int128{1 << 40, 12345}
	assert.Zero(t, testing.AllocsPerRun(100, func() { a.float(7) }))
}

// TestScaleHasAnEnd: what does not fit in 126 bits is the nearest number that does.
func TestScaleHasAnEnd(t *testing.T) {
	most := int128{hi: 1 << 62}
	assert.Equal(t, most, int128{hi: 1 << 61}.scale(1<<20, 1))
	assert.Equal(t, i128(0).sub(most), int128{hi: -1 << 61}.scale(1<<20, 1))
	assert.Equal(t, most, int128{hi: 1 << 61}.scale(2, 1))
	assert.Equal(t, i128(-3), i128(-7).scale(1, 2), "rounded up")
}
