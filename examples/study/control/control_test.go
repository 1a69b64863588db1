package control

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSorted(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 64, 100} {
		s := NewSorted(n)
		for k := -1; k <= 2*n+1; k++ {
			assert.Equal(t, k >= 0 && k < 2*n && k%2 == 0, s.Find(k), "n=%d k=%d", n, k)
		}
	}
}

func TestList(t *testing.T) {
	l := NewList(10)
	for k := -1; k <= 10; k++ {
		assert.Equal(t, k >= 0 && k < 10, l.Find(k), k)
	}
}

func TestLFU(t *testing.T) {
	c := NewLFU(3)
	for k := range 3 {
		c.Put(k, 10*k)
	}
	c.Get(0)
	c.Put(2, 21)
	c.Put(3, 30) // 1 has one use
	c.Put(4, 40) // 3 has one use
	for k, want := range map[int]int{0: 0, 2: 21, 4: 40} {
		v, ok := c.Get(k)
		assert.True(t, ok, k)
		assert.Equal(t, want, v)
	}
	for _, k := range []int{1, 3} {
		_, ok := c.Get(k)
		assert.False(t, ok, k)
	}
}

func TestSkip(t *testing.T) {
	for _, n := range []int{0, 1, 2, 100} {
		s := NewSkip(n)
		for k := -1; k <= n; k++ {
			assert.Equal(t, k >= 0 && k < n, s.Find(k), "n=%d k=%d", n, k)
		}
	}
}
