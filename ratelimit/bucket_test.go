package ratelimit

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func ptr(n int64) *int64 { return &n }

func TestNewPanics(t *testing.T) {
	for want, f := range map[string]func(){
		"ratelimit.New: burst must not be negative, got -1": func() { New(Every(1), -1) },
		"ratelimit.New: Initial must be in 0..5, got 6":     func() { New(Every(1), 5, Options{Initial: ptr(6)}) },
		"ratelimit.New: Initial must be in 0..5, got -1":    func() { New(Every(1), 5, Options{Initial: ptr(-1)}) },
		"ratelimit.New: at most one Options, got 2":         func() { New(Every(1), 5, Options{}, Options{}) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
}

// TestNothingIsMinted: no senseless argument creates a token. Other limiters admit
// AllowN(-5) and add 5 tokens, divide by zero in New(0), or promise a finite time for n >
// burst and then wait without end.
func TestNothingIsMinted(t *testing.T) {
	c := new(fakeClock)
	b := New(Every(time.Second), 10, Options{Now: c.Now, Initial: ptr(0)})
	for _, n := range []int64{0, -1, -5, math.MinInt64} {
		assert.False(t, b.AllowN(n))
		assert.Equal(t, Decision{Limit: 10, RetryAfter: Never, ResetAfter: 10 * time.Second}, b.Take(n))
		assert.Zero(t, b.TakeUpTo(n))
		_, ok := b.Reserve(n, time.Hour)
		assert.False(t, ok)
		assert.ErrorIs(t, b.WaitN(t.Context(), n), ErrNever)
		b.Refund(n)
		assert.Zero(t, b.Tokens())
	}
	c.ns += int64(time.Hour)
	for _, n := range []int64{11, math.MaxInt64} {
		assert.Equal(t, Never, b.Take(n).RetryAfter, "no finite promise for n > burst")
		assert.ErrorIs(t, b.WaitN(t.Context(), n), ErrNever)
	}
	none := New(Rate{}, 0)
	assert.False(t, none.Allow())
	assert.Equal(t, Decision{RetryAfter: Never}, none.Take(1))
	assert.ErrorIs(t, b.Set(Every(1), -1), ErrBurst)
	assert.EqualValues(t, 10, b.Take(0).Limit, "an error changes nothing")
}

func TestInf(t *testing.T) {
	b := New(Inf, 0, Options{Now: new(fakeClock).Now})
	assert.True(t, b.AllowN(math.MaxInt64))
	assert.Equal(t, Decision{OK: true}, b.Take(5))
	assert.EqualValues(t, 7, b.TakeUpTo(7))
	assert.NoError(t, b.WaitN(t.Context(), 9))
	r, ok := b.Reserve(3, 0)
	assert.True(t, ok)
	assert.Zero(t, r.Delay())
	assert.NoError(t, b.Set(Every(time.Hour), 4))
	assert.Zero(t, b.Tokens(), "the old burst was 0")
	r.Cancel()
	assert.Zero(t, r.Delay())
	assert.Zero(t, b.Tokens(), "it took nothing, so it gives nothing back")
	assert.NoError(t, b.Set(Inf, 9))
	b.Refund(5)
	assert.EqualValues(t, 9, b.Tokens())
	assert.NoError(t, b.Set(Every(time.Hour), 4))
	assert.EqualValues(t, 4, b.Tokens(), "a bucket without a limit is full")
}

// TestInfEndsWhatIsOwed: what was reserved before is due at once and stays so. Cancelling
// it returns nothing to the bucket, which is full when a limit is set again.
func TestInfEndsWhatIsOwed(t *testing.T) {
	b := New(Every(time.Second), 5, Options{Now: new(fakeClock).Now, Initial: ptr(0)})
	r, ok := b.Reserve(3, time.Minute)
	require.True(t, ok)
	require.NoError(t, b.Set(Inf, 5))
	b.Refund(5)
	require.NoError(t, b.Set(Every(time.Hour), 9))
	assert.Zero(t, r.Delay())
	assert.True(t, b.AllowN(2))
	r.Cancel()
	assert.EqualValues(t, 3, b.Tokens())
	b.check(t)

	b = New(Every(time.Second), 5, Options{Now: new(fakeClock).Now})
	_, undo := b.attempt(3) // as a tier of All
	require.NoError(t, b.Set(Inf, 5))
	require.NoError(t, b.Set(Every(time.Hour), 9))
	assert.True(t, b.AllowN(2))
	undo()
	assert.EqualValues(t, 3, b.Tokens())
}

// TestCancelOfTheLast: after the last reservation is cancelled, the bucket is as if it
// had never been made, even where an older reservation is larger than the new burst.
func TestCancelOfTheLast(t *testing.T) {
	b := New(Every(time.Second), 5, Options{Now: new(fakeClock).Now, Initial: ptr(0)})
	_, ok := b.Reserve(5, time.Minute)
	require.True(t, ok)
	require.NoError(t, b.Set(Every(time.Second), 2))
	last, ok := b.Reserve(1, time.Minute)
	require.True(t, ok)
	last.Cancel()
	assert.EqualValues(t, -5, b.Tokens())
}

// TestClockGoesBack: other limiters count the step backwards as time that has passed, and
// admit 20,000 where 20 are legal.
func TestClockGoesBack(t *testing.T) {
	c := new(fakeClock)
	b := New(Every(time.Second), 10, Options{Now: c.Now})
	granted := 0
	for b.Allow() {
		granted++
	}
	for i := range 20_000 {
		c.ns = int64(i%2) * 10 * int64(time.Second)
		if b.Allow() {
			granted++
		}
	}
	assert.Equal(t, 20, granted)
}

// TestBelongsToItsBubble: with a package-level time base, read outside the bubble, the
// time of a bucket made inside it would be decades in the future or the past.
func TestBelongsToItsBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Every(time.Second), 1)
		assert.True(t, b.Allow())
		assert.False(t, b.Allow())
		time.Sleep(time.Second)
		assert.True(t, b.Allow())
		assert.False(t, b.Allow())
	})
}

// TestSetKeepsWhatIsHeldAndOwed: by tokens, not by time.
func TestSetKeepsWhatIsHeldAndOwed(t *testing.T) {
	c := new(fakeClock)
	b := New(Every(time.Second), 10, Options{Now: c.Now, Initial: ptr(4)})
	require.NoError(t, b.Set(Every(time.Hour), 100))
	assert.EqualValues(t, 4, b.Tokens())
	require.NoError(t, b.Set(Every(time.Minute), 3))
	assert.EqualValues(t, 3, b.Tokens(), "as many as there is room for")
	r, ok := b.Reserve(3, 0)
	require.True(t, ok)
	late, ok := b.Reserve(2, time.Hour)
	require.True(t, ok)
	assert.Zero(t, r.Delay())
	assert.Equal(t, 2*time.Minute, late.Delay())
	require.NoError(t, b.Set(Every(time.Second), 3))
	assert.EqualValues(t, -2, b.Tokens())
	assert.Equal(t, 2*time.Second, late.Delay())
	late.Cancel()
	late.Cancel()
	assert.EqualValues(t, 0, b.Tokens(), "given back once")
	r.Cancel()
	assert.EqualValues(t, 0, b.Tokens(), "its time had come")
	b.Refund(3)
	assert.EqualValues(t, 3, b.Tokens())
}

// An event is n tokens used at a time.
type event struct{ at, n int64 }

// violates returns the first event with which more than burst + rate*time has happened in
// some window, or -1. A token is d ticks, a nanosecond n ticks.
func violates(events []event, burst, n, d int64) int {
	slices.SortFunc(events, func(a, b event) int { return int(a.at - b.at) })
	var sum int64
	least := int64(math.MaxInt64) // over windows that begin at i: ticks used before i, less i
	for i, e := range events {
		least = min(least, sum-e.at*n)
		sum += e.n * d
		if sum-e.at*n-least > burst*d {
			return i
		}
	}
	return -1
}

// TestCancelNeverGivesTooMuch plays random histories of takes, reservations and
// cancellations, before and after the reserved time: the tokens that were really used, at
// the times of their use, never exceed burst + rate*time in any window. A caller that
// acts at the reserved time and cancels later, by a defer, has used its tokens. With
// x/time/rate, 22 of as many histories exceed it.
func TestCancelNeverGivesTooMuch(t *testing.T) {
	histories := 300_000
	if testing.Short() {
		histories = 10_000
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	type promise struct {
		r  *Reservation
		at int64
		n  int64
	}
	cancelled := 0
	for range histories {
		c := new(fakeClock)
		burst, d := 1+rnd.Int64N(5), 1+rnd.Int64N(4)
		b := New(Every(time.Duration(d)), burst, Options{Now: c.Now})
		var used []event
		var open []promise
		for range 3 + rnd.IntN(14) {
			n := 1 + rnd.Int64N(burst)
			switch rnd.IntN(6) {
			case 0, 1:
				c.ns += rnd.Int64N(2 * d)
			case 2:
				if b.AllowN(n) {
					used = append(used, event{c.ns, n})
				}
			case 3, 4:
				if r, ok := b.Reserve(n, time.Duration(rnd.Int64N(20))); ok {
					open = append(open, promise{r, c.ns + int64(r.Delay()), n})
				}
			case 5:
				if len(open) > 0 {
					i := rnd.IntN(len(open))
					if open[i].r.Delay() == 0 {
						used = append(used, event{open[i].at, open[i].n})
					}
					open[i].r.Cancel()
					open = slices.Delete(open, i, i+1)
					cancelled++
				}
			}
		}
		for _, p := range open {
			used = append(used, event{p.at, p.n})
		}
		c.ns += rnd.Int64N(3)
		for range 5 { // and the bucket does not keep too much
			c.ns += rnd.Int64N(3)
			if n := b.TakeUpTo(burst); n > 0 {
				used = append(used, event{c.ns, n})
			}
		}
		require.Negative(t, violates(used, burst, 1, d), "burst %d, a token in %d: %v", burst, d, used)
	}
	assert.Greater(t, cancelled, histories/2)
}

// TestWindowInequality records concurrent grants with the times at which they were
// decided. In the order of the words that they wrote, any run of them is within the burst
// plus the tokens gained in its time.
func TestWindowInequality(t *testing.T) {
	const burst, goroutines = 50, 4
	rounds := 20_000
	if testing.Short() {
		rounds = 4_000
	}
	b := New(Per(3, 2*time.Microsecond), burst)
	type grant struct{ z, now, n int64 }
	grants := make([][]grant, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(g)))
			for range rounds {
				n := 1 + rnd.Int64N(4)
				if v, _, z, now := b.try(n); v == granted {
					grants[g] = append(grants[g], grant{z, now, n})
				}
			}
		})
	}
	wg.Wait()
	all := slices.Concat(grants...)
	slices.SortFunc(all, func(a, b grant) int { return int(a.z - b.z) })
	s := b.state.Load()
	var sum, used int64
	least := int64(math.MaxInt64)
	for i, g := range all {
		if i > 0 {
			require.Less(t, all[i-1].z, g.z, "two grants wrote one word")
		}
		least = min(least, sum-g.now)
		sum += g.n * s.d
		used += g.n
		require.LessOrEqual(t, sum-g.now-least, s.full, "I8: grants %d and before", i)
	}
	assert.Greater(t, used, int64(burst))
}

// TestAdmitsWhenWordsRace: a limiter that gives up after some lost races, and then admits
// or refuses without counting, is wrong.
func TestAdmitsWhenWordsRace(t *testing.T) {
	const burst, goroutines = 10_000, 8
	b := New(Rate{}, burst)
	var wg sync.WaitGroup
	got := make([]int, goroutines)
	for g := range goroutines {
		wg.Go(func() {
			for range burst {
				if b.Allow() {
					got[g]++
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range got {
		sum += n
	}
	assert.Equal(t, burst, sum, "exactly the burst")
}

// TestSetUnderFire replaces the setting while others take: no token is lost or created
// when a state is frozen between a load and a swap.
func TestSetUnderFire(t *testing.T) {
	const burst, goroutines = 1 << 20, 4
	b := New(Rate{}, burst)
	stop := make(chan struct{})
	var takers, setter sync.WaitGroup
	setter.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				_ = b.Set(Rate{}, burst+int64(i&1)<<61) // narrow, wide, narrow, …
			}
		}
	})
	got := make([]int64, goroutines)
	for g := range goroutines {
		takers.Go(func() {
			for range 5_000 {
				if g == 0 {
					got[g] += b.TakeUpTo(2)
				} else if b.Allow() {
					got[g]++
				}
			}
		})
	}
	takers.Wait()
	close(stop)
	setter.Wait()
	sum := int64(0)
	for _, n := range got {
		sum += n
	}
	assert.EqualValues(t, burst-sum, b.Tokens())
	b.check(t)
}

// TestTimeOutrunsTheTicks: 3,000,000,001 ticks per nanosecond fill a word in less than a
// second.
func TestTimeOutrunsTheTicks(t *testing.T) {
	c := new(fakeClock)
	b := New(Per(3_000_000_001, time.Second), 100, Options{Now: c.Now})
	first := b.state.Load()
	require.False(t, first.wide)
	r, ok := b.Reserve(100, 0)
	require.True(t, ok)
	c.ns += int64(time.Hour)
	assert.True(t, b.AllowN(1))
	assert.NotSame(t, first, b.state.Load())
	assert.False(t, b.state.Load().wide, "tick 0 has moved")
	r.Cancel()
	assert.EqualValues(t, 99, b.Tokens())
	assert.True(t, b.AllowN(99))
	assert.False(t, b.Allow())
	b.check(t)
}

// TestDebtOutgrowsTheWord: reservations whose sum fits in no word.
func TestDebtOutgrowsTheWord(t *testing.T) {
	c := new(fakeClock)
	b := New(Every(time.Hour), 300_000, Options{Now: c.Now})
	require.False(t, b.state.Load().wide)
	var all []*Reservation
	for i := range 9 {
		r, ok := b.Reserve(300_000, Never)
		require.True(t, ok)
		assert.Equal(t, time.Duration(i)*300_000*time.Hour, r.Delay())
		all = append(all, r)
	}
	assert.True(t, b.state.Load().wide)
	_, ok := b.Reserve(300_000, Never)
	assert.False(t, ok, "in more than 292 years")
	slices.Reverse(all)
	for _, r := range all {
		r.Cancel()
	}
	assert.EqualValues(t, 0, b.Tokens(), "the first was due at once, and stays taken")
	b.check(t)
}

// TestDebtHasAnEnd: a debt of 2^63 tokens stays exact whatever Set does; a larger one is
// cut at a rate so slow that its ticks do not fit, and the bucket stays usable.
func TestDebtHasAnEnd(t *testing.T) {
	const most = math.MaxInt64
	for _, tokens := range []int64{1, 1 << 20} {
		c := new(fakeClock)
		b := New(Per(most, 1), most, Options{Now: c.Now, Initial: new(int64)})
		o := newRat(Per(most, 1), most, 0)
		for _, n := range []int64{tokens, most} {
			_, ok := b.Reserve(n, most)
			_, want := o.reserve(0, n, most)
			require.True(t, ok && want)
		}
		for _, r := range []Rate{Every(3), Every(most), Every(time.Second), Per(most, 1)} {
			o.set(c.ns, r, most)
			require.NoError(t, b.Set(r, most))
			want, _ := o.tokens.Float64()
			require.Equal(t, want, b.Tokens(), "%v", r)
			b.check(t)
		}
		c.ns += 10 // which pays for it all at the last rate
		require.Equal(t, o.take(c.ns, most), b.Take(most))
	}
}

// TestUndoAfterTheRim: a tier that is rolled back late gets back what would still be
// there: the tokens taken, less those that would have overflowed the burst meanwhile.
func TestUndoAfterTheRim(t *testing.T) {
	for later, back := range map[int64]int64{0: 3, 1: 2, 2: 1, 3: 0, 9: 0} {
		c := new(fakeClock)
		b := New(Every(time.Second), 5, Options{Now: c.Now})
		_, undo := b.attempt(3)
		c.ns += later * int64(time.Second)
		taken := b.TakeUpTo(5)
		undo()
		assert.EqualValues(t, back, b.TakeUpTo(5), "%d taken %d s later", taken, later)
	}
}

// TestUndoMayReturnLess: of two takes that are undone, the first of 2 gets back 1. What
// was taken since, 4, counts in full, although 1 of it has been returned: if the bucket
// had been full at that moment without the first take, that 1 would have overflowed. Two
// takes that are undone in reverse order get everything back, and a reservation that is
// not due always does (TestCancelNeverGivesTooMuch is the other side).
func TestUndoMayReturnLess(t *testing.T) {
	b := New(Rate{}, 6)
	_, first := b.attempt(2)
	_, second := b.attempt(1)
	assert.True(t, b.AllowN(3))
	second()
	assert.EqualValues(t, 1, b.Tokens())
	first()
	assert.EqualValues(t, 2, b.Tokens(), "3 if it were known that nothing ran over")
	b.check(t)

	b = New(Rate{}, 6)
	_, first = b.attempt(2)
	_, second = b.attempt(1)
	second()
	first()
	assert.EqualValues(t, 6, b.Tokens())
}

// TestCancelAfterItsTime: a deferred Cancel returns nothing, neither at the reserved time
// nor after it.
func TestCancelAfterItsTime(t *testing.T) {
	for _, late := range []time.Duration{0, 1, time.Hour} {
		c := new(fakeClock)
		b := New(Every(time.Second), 5, Options{Now: c.Now, Initial: ptr(0)})
		at := func() int { return b.reserved.Len() }
		r, ok := b.Reserve(2, time.Minute)
		require.True(t, ok)
		behind, ok := b.Reserve(5, time.Minute)
		require.True(t, ok)
		require.Equal(t, 2, at())
		c.ns += int64(2*time.Second + late)
		before := b.Tokens()
		r.Cancel()
		assert.Equal(t, before, b.Tokens())
		assert.Zero(t, r.Delay())
		b.check(t)
		behind.Cancel()
		assert.GreaterOrEqual(t, b.Tokens(), before)
	}
	b := New(Every(time.Second), 5)
	r, ok := b.Reserve(5, 0)
	require.True(t, ok)
	r.Cancel()
	assert.False(t, b.Allow(), "it was there at once, and may have been used")
}

// TestPromisesAreForgotten: a promise that is due is dropped.
func TestPromisesAreForgotten(t *testing.T) {
	c := new(fakeClock)
	b := New(Every(time.Second), 1, Options{Now: c.Now, Initial: ptr(0)})
	for range 100 {
		_, ok := b.Reserve(1, time.Minute)
		require.True(t, ok)
		c.ns += int64(time.Second)
	}
	assert.LessOrEqual(t, b.reserved.Len(), 2)
}

// TestReserveForgetsFew: a call after many promises have come due does not drop all of
// them at once; each call drops a few.
func TestReserveForgetsFew(t *testing.T) {
	c := new(fakeClock)
	b := New(Every(time.Second), 1, Options{Now: c.Now, Initial: ptr(0)})
	for range 1000 {
		_, ok := b.Reserve(1, time.Hour)
		require.True(t, ok)
	}
	c.ns += int64(1000 * time.Second)
	for i := range 500 {
		r, ok := b.Reserve(1, time.Hour)
		require.True(t, ok)
		require.NotZero(t, r.Delay())
		require.Equal(t, 1000-(i+1), b.reserved.Len(), "two are forgotten, one comes")
	}
}

// TestPromiseBeforeAnother: after a Cancel a new promise may be due before an older one,
// and is then listed before it.
func TestPromiseBeforeAnother(t *testing.T) {
	c := new(fakeClock)
	b := New(Every(time.Second), 5, Options{Now: c.Now, Initial: ptr(0)})
	first, _ := b.Reserve(4, time.Minute)
	fixed, _ := b.Reserve(1, time.Minute)
	require.Equal(t, 5*time.Second, fixed.Delay())
	first.Cancel()
	assert.Zero(t, first.Delay())
	early, ok := b.Reserve(1, time.Minute)
	require.True(t, ok)
	require.Less(t, early.Delay(), fixed.Delay())
	b.check(t)
	assert.True(t, b.disordered)
	last, ok := b.Reserve(1, time.Minute)
	require.True(t, ok)
	last.Cancel()
	assert.False(t, b.disordered)
	b.check(t)
	assert.Equal(t, early.p, b.reserved.Front().Value)
}

// TestBytesOfABucket: the size of a Bucket that the essay states is what New allocates.
func TestBytesOfABucket(t *testing.T) {
	if bits.UintSize != 64 {
		t.Skip("the essay says it for 64 bits")
	}
	essay, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	said := regexp.MustCompile(`A Bucket takes (\d+) bytes`).FindSubmatch(essay)
	require.NotNil(t, said)
	const n = 1000
	all := make([]*Bucket, n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range all {
		all[i] = New(Every(1), 1)
	}
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(all)
	assert.InDelta(t, float64(after.TotalAlloc-before.TotalAlloc)/n, atoi(t, said[1]), 8)
}

func atoi(t *testing.T, b []byte) float64 {
	n, err := strconv.Atoi(string(b))
	require.NoError(t, err)
	return float64(n)
}

func TestBucketDoesNotAllocate(t *testing.T) {
	for name, b := range map[string]*Bucket{
		"narrow": New(Per(1e6, time.Second), 1e6),
		"denied": New(Rate{}, 0),
		"inf":    New(Inf, 0),
		"wide":   New(Every(time.Hour), math.MaxInt64),
	} {
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			b.Allow()
			b.AllowN(3)
			b.Take(2)
			b.TakeUpTo(2)
			b.Refund(1)
			b.Tokens()
		}), name)
	}
	free := New(Inf, 0)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = free.WaitN(t.Context(), 3) }), "no sleep, no promise")
}
