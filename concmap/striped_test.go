package concmap

import (
	"fmt"
	"maps"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestStripedModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Striped[int, int]
		o := NewTextbook[int, int]()
		k := func() int { return rapid.IntRange(0, 50).Draw(t, "k") }
		same := func(v1 int, ok1 bool, v2 int, ok2 bool) {
			require.Equal(t, v2, v1)
			require.Equal(t, ok2, ok1)
		}
		n := 0
		t.Repeat(map[string]func(*rapid.T){
			"Load": func(*rapid.T) {
				k := k()
				v1, ok1 := s.Load(k)
				v2, ok2 := o.Load(k)
				same(v1, ok1, v2, ok2)
			},
			"Store": func(*rapid.T) {
				k := k()
				n++
				s.Store(k, n)
				o.Store(k, n)
			},
			"Swap": func(*rapid.T) {
				k := k()
				n++
				v1, ok1 := s.Swap(k, n)
				v2, ok2 := o.Swap(k, n)
				same(v1, ok1, v2, ok2)
			},
			"LoadOrStore": func(*rapid.T) {
				k := k()
				n++
				v1, ok1 := s.LoadOrStore(k, n)
				v2, ok2 := o.LoadOrStore(k, n)
				same(v1, ok1, v2, ok2)
			},
			"LoadAndDelete": func(*rapid.T) {
				k := k()
				v1, ok1 := s.LoadAndDelete(k)
				v2, ok2 := o.LoadAndDelete(k)
				same(v1, ok1, v2, ok2)
			},
			"Delete": func(*rapid.T) {
				k := k()
				s.Delete(k)
				o.LoadAndDelete(k)
			},
			"Clear": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "rarely") == 0 {
					s.Clear()
					o.Clear()
				}
			},
			"": func(*rapid.T) {
				require.Equal(t, o.Len(), s.Len())
				require.Equal(t, o.m, maps.Collect(s.All()))
			},
		})
	})
}

func TestStripedLoopMayChangeTheMap(t *testing.T) {
	var s Striped[int, int]
	for i := range 1000 {
		s.Store(i, i)
	}
	n := 0
	for k := range s.All() {
		s.Delete(k)
		s.Store(k+1000, k)
		if n++; n == 5000 {
			break
		}
	}
	assert.LessOrEqual(t, n, 5000)
	for range s.All() {
		break
	}
}

func TestStripedOddKeys(t *testing.T) {
	var s Striped[any, int]
	s.Store(math.NaN(), 1)
	s.Store(math.NaN(), 2)
	assert.Equal(t, 2, s.Len())
	_, ok := s.Load(math.NaN())
	assert.False(t, ok)
	assert.Panics(t, func() { s.Store([]int{1}, 1) })
	assert.Panics(t, func() { s.Load(func() {}) })
	s.Store("usable", 3)
	assert.Equal(t, 3, s.Len())
	s.Clear()
	assert.Zero(t, s.Len())
}

// TestStripedEqualKeys: equal keys are one key, wherever they lie in memory.
func TestStripedEqualKeys(t *testing.T) {
	var s Striped[string, int]
	for i := range 100 {
		s.Store(fmt.Sprint("key", i), i)
	}
	for i := range 100 {
		v, ok := s.Load(fmt.Sprint("key", i))
		assert.True(t, ok && v == i)
	}
}

func TestStripedConcurrent(t *testing.T) {
	var s Striped[int, int]
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				s.Store(i*4+g, i)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 8000, s.Len())
	assert.Zero(t, testing.AllocsPerRun(100, func() { s.Load(7); s.Store(7, 1) }))
}
