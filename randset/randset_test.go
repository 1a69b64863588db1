package randset

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
)

func TestEmpty(t *testing.T) {
	for name, make := range sets {
		s := make()
		_, random := s.Random()
		_, popped := s.Pop()
		assert.False(t, random || popped || s.Contains(1) || s.Delete(1), name)
		assert.Empty(t, s.Sample(3))
		assert.Empty(t, slices.Collect(s.All()))
		assert.Empty(t, slices.Collect(s.Shuffled()))
		s.Clear()
		s.Shrink()
	}
	var b Bag[int]
	_, random := b.Random()
	assert.False(t, random || b.Delete(1) || b.Contains(1))
	assert.Zero(t, b.Count(1))
	var w Weighted[int]
	_, random = w.Random()
	_, weighs := w.Weight(1)
	assert.False(t, random || weighs || w.Delete(1) || w.Contains(1))
	assert.Zero(t, w.Total())
}

func TestAtPanicsAsASliceDoes(t *testing.T) {
	var s Set[int]
	s.Insert(7)
	assert.Equal(t, 7, s.At(0))
	assert.PanicsWithValue(t, "randset: At(-1) of 1 values", func() { s.At(-1) })
	assert.PanicsWithValue(t, "randset: At(1) of 1 values", func() { s.At(1) })
}

func TestNaNIsRefused(t *testing.T) {
	type holder struct{ f float64 }
	var s Set[float64]
	assert.False(t, s.Insert(math.NaN()))
	assert.Zero(t, s.Len())
	var h Set[holder]
	assert.False(t, h.Insert(holder{math.NaN()}))
	var i Sync[any]
	assert.False(t, i.Insert(math.NaN()))
	var b Bag[float64]
	assert.False(t, b.Insert(math.NaN()))
	assert.Zero(t, b.Len())
	var w Weighted[float64]
	assert.ErrorIs(t, w.Set(math.NaN(), 1), ErrValue)
	assert.Zero(t, w.Len())
	assert.True(t, s.Insert(0))
	assert.False(t, s.Insert(math.Copysign(0, -1)), "0 and -0 are equal")
}

func TestUncomparable(t *testing.T) {
	var s Sync[any]
	s.Insert(1)
	assert.Panics(t, func() { s.Insert([]int{}) })
	assert.Equal(t, 1, s.Len(), "as it was, and not locked")
	var p Set[any]
	p.Insert(1)
	assert.Panics(t, func() { p.Contains(func() {}) })
	p.checkInvariants()
}

func TestBadWeights(t *testing.T) {
	var w Weighted[string]
	assert.NoError(t, w.Set("a", 2))
	for _, weight := range []float64{-1, -5e-324, math.NaN(), math.Inf(1), math.Inf(-1)} {
		assert.ErrorIs(t, w.Set("a", weight), ErrWeight)
		assert.ErrorIs(t, w.Set("b", weight), ErrWeight)
	}
	assert.Equal(t, 1, w.Len())
	assert.NoError(t, w.Set("b", math.MaxFloat64))
	assert.ErrorIs(t, w.Set("c", math.MaxFloat64), ErrWeight, "the total would be infinite")
	assert.ErrorIs(t, w.Set("a", math.MaxFloat64), ErrWeight)
	assert.False(t, w.Contains("c"))
	weight, _ := w.Weight("a")
	assert.Equal(t, 2.0, weight, "as it was")
	assert.NoError(t, w.Set("b", math.Copysign(0, -1)))
	weight, ok := w.Weight("b")
	assert.True(t, ok, "a member of weight 0")
	assert.False(t, math.Signbit(weight))
	w.checkInvariants()
	for range 100 {
		v, _ := w.Random()
		assert.Equal(t, "a", v)
	}
	assert.NoError(t, w.Set("a", 0))
	_, ok = w.Random()
	assert.False(t, ok, "nothing weighs anything")
}

// fixed is a source that always returns the same number.
type fixed uint64

func (f fixed) Uint64() uint64 { return uint64(f) }

// TestExtremeDraws: the smallest and the largest draw hit a value with a weight above 0,
// however the sums of the tree have been rounded.
func TestExtremeDraws(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	for range 2000 {
		weights := make([]float64, 8)
		for v := range 5 { // the last ones stay 0
			weights[v] = r.Float64() * float64(r.IntN(2))
		}
		weights[r.IntN(5)] = 0.3
		for _, draw := range []fixed{0, math.MaxUint64} {
			w := NewWeighted(Options[int]{Rand: rand.New(draw)})
			for v, weight := range weights {
				assert.NoError(t, w.Set(v, weight))
			}
			v, ok := w.Random()
			assert.True(t, ok)
			assert.Positive(t, weights[v], "%v", weights)
		}
	}
}

func TestClone(t *testing.T) {
	s := worn(10)
	want := slices.Collect(s.All())
	c := s.Clone()
	assert.Equal(t, want, slices.Collect(c.All()))
	for c.Len() > 0 {
		c.Pop()
	}
	c.Insert(5000)
	assert.Equal(t, want, slices.Collect(s.All()), "the original is as it was")
	s.checkInvariants()
	assert.Zero(t, new(Set[int]).Clone().Len())
}

// TestSyncClone: a clone shows one moment, has its own generator, and is usable at once.
func TestSyncClone(t *testing.T) {
	assert.True(t, new(Sync[int]).Clone().Insert(1))
	s := NewSync(seeded(11))
	for v := range 100 {
		s.Insert(v)
	}
	c := s.Clone()
	assert.Nil(t, c.set.rand.r, "two sets would use one generator at the same time")
	assert.Equal(t, slices.Collect(s.All()), slices.Collect(c.All()))
	for c.Len() > 0 {
		c.Pop()
	}
	assert.True(t, c.Insert(7))
	assert.True(t, c.Contains(7))
	assert.Equal(t, 100, s.Len())
	s.checkInvariants()
	c.checkInvariants()
}

// TestReservoir: the sample has all values while there are few, then k of them; the last
// value may not be among them.
func TestReservoir(t *testing.T) {
	r := NewReservoir[int](3, ReservoirOptions{Rand: rand.New(rand.NewPCG(1, 1))})
	assert.Empty(t, r.Sample())
	held := 0
	for v := range 1000 {
		if r.Add(v) {
			held++
			assert.Contains(t, r.Sample(), v)
		} else {
			assert.NotContains(t, r.Sample(), v)
		}
		assert.Equal(t, []int{v + 1, min(v+1, 3), 3}, []int{r.Seen(), r.Len(), r.Cap()})
	}
	assert.Less(t, held, 100)
	sample := r.Sample()
	sample[0] = -1
	assert.NotContains(t, r.Sample(), -1, "it is a copy")
	r.Clear()
	assert.Zero(t, r.Seen()+r.Len())
	assert.True(t, r.Add(5))
	assert.PanicsWithValue(t, "randset.NewReservoir: k must be at least 1, got 0", func() { NewReservoir[int](0) })
	assert.PanicsWithValue(t, "randset: Reservoir must be made by NewReservoir", func() { new(Reservoir[int]).Add(1) })
	bad := NewReservoir[int](1, ReservoirOptions{Rand: rand.New(failing{})})
	bad.Add(1)
	assert.Panics(t, func() { bad.Add(2) })
	assert.Equal(t, 1, bad.Seen(), "as if it had not been added")
}

func TestGoneIsCollected(t *testing.T) {
	type big [64]byte
	for name, leave := range map[string]func(*Set[*big], *big){
		"Delete": func(s *Set[*big], v *big) { s.Delete(v) },
		"Pop": func(s *Set[*big], _ *big) {
			for s.Len() > 0 {
				s.Pop()
			}
		},
		"Clear": func(s *Set[*big], _ *big) { s.Clear() },
	} {
		var s Set[*big]
		s.Insert(new(big))
		v := new(big)
		gone := weak.Make(v)
		s.Insert(v)
		leave(&s, v)
		v = nil
		runtime.GC()
		assert.Nil(t, gone.Value(), name)
		runtime.KeepAlive(&s)
	}
	var b Bag[*big]
	v := new(big)
	gone := weak.Make(v)
	b.Insert(v)
	b.Insert(v)
	b.Delete(v)
	b.Delete(v)
	v = nil
	runtime.GC()
	assert.Nil(t, gone.Value(), "Bag")
	runtime.KeepAlive(&b)
}

func TestShrink(t *testing.T) {
	var s Set[int]
	for v := range 1000 {
		s.Insert(v)
	}
	for v := range 990 {
		s.Delete(v)
	}
	s.Shrink()
	assert.Equal(t, 10, cap(s.index.values))
	s.checkInvariants()
	assert.True(t, s.Contains(995))
	assert.True(t, s.Insert(5), "and it grows again")
	var y Sync[int]
	for v := range 1000 {
		y.Insert(v)
	}
	for range 990 {
		y.Pop()
	}
	y.Shrink()
	assert.Equal(t, 10, cap(y.set.index.values))
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	s, y, b, w := New[int](), NewSync[int](), NewBag[int](), NewWeighted[int]()
	for v := range 1000 {
		s.Insert(v)
		y.Insert(v)
		b.Insert(v)
		assert.NoError(t, w.Set(v, 1))
	}
	v := 0
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		v = (v + 1) % 1000
		s.Delete(v)
		s.Insert(v)
		s.Random()
		y.Delete(v)
		y.Insert(v)
		y.Random()
		b.Delete(v)
		b.Insert(v)
		b.Random()
		w.Delete(v)
		_ = w.Set(v, 2)
		w.Random()
	}))
}

func TestSyncIsSafe(t *testing.T) {
	var s Sync[int]
	const workers, each = 4, 1000
	var wg sync.WaitGroup
	var left [workers]int
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				if s.Insert(w*each + i) {
					left[w]++
				}
				s.Random()
				s.Contains(i)
				if i%2 == 0 {
					if _, ok := s.Pop(); ok {
						left[w]--
					}
				}
			}
		})
	}
	wg.Wait()
	assert.Equal(t, left[0]+left[1]+left[2]+left[3], s.Len(), "nothing lost, nothing twice")
	s.checkInvariants()
}
