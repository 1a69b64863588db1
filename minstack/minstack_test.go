package minstack

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/assert"
)

func TestEmpty(t *testing.T) {
	for name, make := range stacks {
		t.Run(name, func(t *testing.T) {
			s := make()
			for range 2 {
				_, popped := s.Pop()
				_, peeked := s.Peek()
				_, least := s.Min()
				assert.False(t, popped || peeked || least)
				assert.Zero(t, s.Len())
				assert.Empty(t, slices.Collect(s.All()))
				s.Push(1)
				s.Pop()
				s.Clear()
			}
		})
	}
	var m MinMax[int]
	_, ok := m.Max()
	assert.False(t, ok)
}

func TestBadInput(t *testing.T) {
	assert.PanicsWithValue(t, "minstack.NewFunc: compare must not be nil", func() { NewFunc[int](nil) })
	var zero StackFunc[int]
	for name, call := range map[string]func(){
		"Push": func() { zero.Push(1) }, "Pop": func() { zero.Pop() }, "Peek": func() { zero.Peek() }, "Min": func() { zero.Min() },
		"Len": func() { zero.Len() }, "Clear": zero.Clear, "All": func() { zero.All() },
	} {
		assert.PanicsWithValue(t, "minstack: StackFunc must be made by NewFunc", call, name)
	}
}

func TestNaNIsLeast(t *testing.T) {
	for name, make := range stacks {
		t.Run(name, func(t *testing.T) {
			s := make()
			for _, v := range []float64{3, math.NaN(), math.Inf(-1), math.NaN(), 2} {
				s.Push(v)
			}
			least, _ := s.Min()
			assert.True(t, math.IsNaN(least))
			for range 4 {
				s.Pop()
			}
			least, _ = s.Min()
			assert.Equal(t, 3.0, least, "when the NaNs are gone")
		})
	}
}

// TestEqualMinima: the classic bug is to drop the minimum when the first of two equal
// elements is popped.
func TestEqualMinima(t *testing.T) {
	for name, make := range stacks {
		t.Run(name, func(t *testing.T) {
			s := make()
			for _, v := range []float64{2, 1, 1, 3} {
				s.Push(v)
			}
			for _, want := range []float64{1, 1, 1, 2} {
				least, _ := s.Min()
				assert.Equal(t, want, least)
				s.Pop()
			}
		})
	}
}

// TestEqualCostNothing: two stacks would keep 1000 equal minima.
func TestEqualCostNothing(t *testing.T) {
	var s Stack[int]
	for range 1000 {
		s.Push(7)
	}
	assert.Equal(t, records{}, s.c.minima, "position 0, and none below it")
}

func TestFuncIsStable(t *testing.T) {
	type job struct{ priority, id int }
	s := NewFunc(func(a, b job) int { return cmp.Compare(a.priority, b.priority) })
	s.Push(job{1, 1})
	s.Push(job{1, 2})
	least, _ := s.Min()
	assert.Equal(t, 1, least.id, "the lowest of equals")
}

func TestPanickingCompare(t *testing.T) {
	s := NewFunc(func(a, b int) int {
		if a == 13 {
			panic("unlucky")
		}
		return cmp.Compare(a, b)
	})
	s.Push(2)
	s.Push(1)
	assert.PanicsWithValue(t, "unlucky", func() { s.Push(13) })
	s.checkInvariants()
	assert.Equal(t, []int{1, 2}, slices.Collect(s.All()), "as it was")
}

func TestAllWhileItChanges(t *testing.T) {
	for name, make := range stacks {
		t.Run(name, func(t *testing.T) {
			const n = 3 * chunkLen
			s := make()
			for i := range n {
				s.Push(float64(i))
			}
			pops := []int{1, 5, chunkLen + 3}
			seen := 0
			for v := range s.All() {
				if name != "Sync" { // Sync yields a snapshot
					assert.Less(t, int(v), s.Len())
				}
				if seen++; seen <= len(pops) {
					for range pops[seen-1] {
						s.Pop()
					}
				}
				if seen == 10 {
					s.Push(-1) // above the loop's position
				}
			}
			if name == "Sync" {
				assert.Equal(t, n, seen)
			} else {
				assert.Less(t, seen, n)
			}
			for range s.All() {
				s.Clear()
			}
			assert.Zero(t, s.Len())
			for range s.All() {
				t.Fatal("empty")
			}
		})
	}
}

// TestAllOverOtherChunks: the loop empties the chunk that it is in and fills another in
// its place.
func TestAllOverOtherChunks(t *testing.T) {
	var s Segmented[int]
	for i := range 2*chunkLen + 10 {
		s.Push(i)
	}
	var got []int
	for v := range s.All() {
		if got = append(got, v); len(got) == 1 {
			for range chunkLen {
				s.Pop()
			}
			for range chunkLen {
				s.Push(-1)
			}
		}
	}
	assert.Equal(t, []int{2*chunkLen + 9, -1, -1}, got[:3])
	assert.Equal(t, []int{1, 0}, got[len(got)-2:])
	assert.Len(t, got, 2*chunkLen+10)
}

func TestQueueAllWhileItChanges(t *testing.T) {
	var q Queue[int]
	for i := range 10 {
		q.Push(i)
	}
	var got []int
	for v := range q.All() {
		got = append(got, v)
		q.Pop()
		q.Pop()
		q.Push(100)
	}
	assert.Equal(t, []int{0, 2, 4, 6, 8}, got)
	for range q.All() {
		q.Clear()
	}
	assert.Zero(t, q.Len())
}

func TestGoneIsCollected(t *testing.T) {
	// A new string that only the stack refers to.
	fresh := func() (string, weak.Pointer[byte]) {
		b := []byte("a string long enough to have its own memory")
		s := string(b)
		return s, weak.Make(unsafe.StringData(s))
	}
	type pushPop interface {
		Push(string)
		Pop() (string, bool)
	}
	for name, s := range map[string]pushPop{
		"Stack": new(Stack[string]), "MinMax": new(MinMax[string]), "Segmented": new(Segmented[string]),
		"StackFunc": NewFunc(cmp.Compare[string]), "Sync": new(Sync[string]), "Queue": new(Queue[string]),
	} {
		t.Run(name, func(t *testing.T) {
			v, gone := fresh()
			s.Push(v)
			v = ""
			s.Pop()
			runtime.GC()
			assert.Nil(t, gone.Value())
			runtime.KeepAlive(s)
		})
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	for name, make := range stacks {
		s := make()
		for i := range 2 * chunkLen {
			s.Push(float64(-i))
		}
		s.Pop()
		// Across the boundary of a chunk, of a word of bits, and of the slice's capacity.
		assert.Zero(t, testing.AllocsPerRun(1000, func() {
			for i := range 3 {
				s.Push(float64(-1e6 - float64(i)))
			}
			for range 3 {
				s.Pop()
			}
			s.Peek()
			s.Min()
		}), name)
	}
	var q Queue[int]
	for i := range 1000 {
		q.Push(i)
	}
	for range 2000 { // until both stacks have reached their largest size
		q.Push(1)
		q.Pop()
	}
	assert.Zero(t, testing.AllocsPerRun(5000, func() { q.Push(1); q.Pop(); q.Min() }))
}

// TestGrowthDoubles: append alone would grow a large slice by only a quarter.
func TestGrowthDoubles(t *testing.T) {
	const n = 1 << 14
	var s Stack[int]
	var q Queue[int]
	for i := range n + 1 {
		s.Push(-i)
		q.Push(i)
	}
	assert.Equal(t, 2*n, len(s.c.room))
	s.Push(-n - 1) // of n+1 records n are below the current one
	assert.Equal(t, 2*n, cap(s.c.minima.below))
	assert.Equal(t, 2*n, cap(q.in))
}

func TestSyncIsSafe(t *testing.T) {
	var s Sync[int]
	const workers, each = 4, 1000
	var wg sync.WaitGroup
	var popped [workers]int
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				s.Push(w*each + i)
				if i%2 == 1 {
					if _, ok := s.Pop(); ok {
						popped[w]++
					}
				}
				s.Min()
				s.Peek()
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range popped {
		total += n
	}
	assert.Equal(t, workers*each, s.Len()+total, "nothing lost, nothing twice")
	s.checkInvariants()
}

// TestUndo: a state of a Persistent never changes, so a caller can go back to it; a Stack
// overwrites what was popped when another element is pushed.
func TestUndo(t *testing.T) {
	var states []Persistent[int]
	var s Persistent[int]
	for _, v := range []int{3, 1, 2} {
		states = append(states, s)
		s = s.Push(v)
	}
	s, _, _ = s.Pop()
	s = s.Push(0)
	least, _ := s.Min()
	assert.Zero(t, least)
	for n, want := range [][]int{{}, {3}, {1, 3}} {
		assert.Equal(t, want, append([]int{}, slices.Collect(states[n].All())...))
	}
}
