package concmap

import (
	"context"
	"math"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestAddModel: Add gives the same result as + on a Go map, for values in cells and in
// boxes, through all changes of shape.
func TestAddModel(t *testing.T) {
	t.Run("int8", addModel(rapid.Int8()))
	t.Run("complex128", addModel(rapid.Map(rapid.IntRange(-9, 9), func(i int) complex128 { return complex(float64(i), 1) })))
}

func addModel[V Number](values *rapid.Generator[V]) func(*testing.T) {
	return func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			var m Map[int, V]
			want := map[int]V{}
			key := rapid.IntRange(0, 300)
			t.Repeat(map[string]func(*rapid.T){
				"Add": func(t *rapid.T) {
					for range rapid.IntRange(1, 40).Draw(t, "n") {
						k, v := key.Draw(t, "k"), values.Draw(t, "v")
						want[k] += v
						require.Equal(t, want[k], Add(&m, k, v))
					}
				},
				"Delete": func(t *rapid.T) {
					k := key.Draw(t, "k")
					m.Delete(k)
					delete(want, k)
				},
				"": func(t *rapid.T) {
					m.checkInvariants(t)
					require.Equal(t, want, m.ToMap())
				},
			})
		})
	}
}

func TestAdd(t *testing.T) {
	var m Map[string, int64]
	assert.Zero(t, Add(&m, "a", 0))
	_, ok := m.Load("a")
	assert.True(t, ok, "0 is stored too")
	Add(&m, "a", math.MaxInt64)
	assert.Equal(t, int64(math.MinInt64), Add(&m, "a", 1), "it wraps around")
	assert.Zero(t, testing.AllocsPerRun(100, func() { Add(&m, "a", 1) }))
	var nan Map[float64, int]
	Add(&nan, math.NaN(), 1)
	assert.Equal(t, 1, Add(&nan, math.NaN(), 1), "each NaN is a separate key")
	assert.Equal(t, 2, nan.Len())
	var bad Map[any, int]
	assert.Panics(t, func() { Add(&bad, any([]int{}), 1) })
	assert.Zero(t, bad.Len())
}

// TestConcurrentAdd: no addition is lost, and the sums that are returned are all
// different.
func TestConcurrentAdd(t *testing.T) {
	const goroutines, n = 4, 2000
	var m Map[int, int]
	sums := make([][]int, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range n {
				sums[g] = append(sums[g], Add(&m, 7, 1))
				m.Store(100+i, i)
				m.Delete(100 + i/2)
			}
		})
	}
	wg.Wait()
	seen := map[int]bool{}
	for _, s := range sums {
		for _, v := range s {
			assert.False(t, seen[v], v)
			seen[v] = true
		}
	}
	v, _ := m.Load(7)
	assert.Equal(t, goroutines*n, v)
}

// TestLoadOrComputeContexts: a wait for another caller's function ends with the context,
// a call whose context has ended does not begin, and a present key is returned in any
// case.
func TestLoadOrComputeContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Map[string, int]
		ended, cancel := context.WithCancelCause(bg)
		cancel(assert.AnError)
		_, loaded, err := m.LoadOrCompute(ended, "k", nil)
		assert.False(t, loaded)
		require.Equal(t, assert.AnError, err)

		release := make(chan struct{})
		go func() {
			v, loaded, err := m.LoadOrCompute(context.WithValue(bg, &m, "own"), "k", func(ctx context.Context, k string) (int, error) {
				assert.Equal(t, "own", ctx.Value(&m), "its caller's context")
				<-release
				return len(k), nil
			})
			assert.True(t, v == 1 && !loaded && err == nil)
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancelCause(bg)
		err = nil
		go func() { _, _, err = m.LoadOrCompute(ctx, "k", nil) }()
		got := 0
		go func() { got, _, _ = m.LoadOrCompute(bg, "k", nil) }()
		synctest.Wait()
		cancel(assert.AnError)
		synctest.Wait()
		assert.Equal(t, assert.AnError, err)
		assert.Zero(t, got, "the other one waits on")
		close(release)
		synctest.Wait()
		assert.Equal(t, 1, got)
		v, loaded, err := m.LoadOrCompute(ended, "k", nil)
		assert.True(t, v == 1 && loaded && err == nil, "it is there")
		assert.Empty(t, m.flights.m)
	})
}
