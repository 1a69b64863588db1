//go:build exercise

package task

import (
	"math/rand/v2"
	"slices"
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func TestTask01LRU(t *testing.T) {
	defer lab.Recovered(t)
	c := NewLRU(2)
	c.Put(1, 10)
	c.Put(2, 20)
	for range 1<<16 - 3 {
		c.Get(2)
	}
	c.Get(1)
	c.Put(3, 30) // 2 was used longer ago than 1
	if _, ok := c.Get(1); !ok {
		t.Error("the entry that was used last is evicted")
	}

	c = NewLRU(3)
	var byUse [][2]int // the entry used longest ago first
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 1000 {
		k := r.IntN(6)
		at := slices.IndexFunc(byUse, func(e [2]int) bool { return e[0] == k })
		if v, ok := c.Get(k); ok != (at >= 0) || ok && v != byUse[at][1] {
			t.Fatalf("Get(%d) = %d, %v after %v", k, v, ok, byUse)
		}
		if at >= 0 {
			used := byUse[at]
			byUse = append(slices.Delete(byUse, at, at+1), used)
			continue
		}
		c.Put(k, i)
		byUse = append(byUse, [2]int{k, i})[max(0, len(byUse)-2):]
	}
}
