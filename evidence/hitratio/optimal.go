package main

import "container/heap"

// optimal is the largest number of hits that any cache of this capacity can have: it
// knows the future and keeps the keys that are needed soonest (Belady, 1966); it does not
// store a key that is needed later than all it holds.
func optimal(keys []int64, capacity int) (hits int) {
	const never = 1 << 62
	next := make([]int, len(keys)) // the next access to the same key
	last := map[int64]int{}
	for i := len(keys) - 1; i >= 0; i-- {
		if at, ok := last[keys[i]]; ok {
			next[i] = at
		} else {
			next[i] = never
		}
		last[keys[i]] = i
	}
	held := map[int64]int{} // key: its next access
	farthest := &uses{}     // of all keys ever held; outdated entries are skipped
	for i, k := range keys {
		if _, ok := held[k]; ok {
			hits++
		} else if len(held) == capacity {
			top := (*farthest)[0]
			for held[top.key] != top.next {
				heap.Pop(farthest)
				top = (*farthest)[0]
			}
			if top.next <= next[i] {
				continue // k is needed later than anything else
			}
			delete(held, top.key)
		}
		held[k] = next[i]
		heap.Push(farthest, use{k, next[i]})
	}
	return hits
}

// A use is the next access to a key.
type use struct {
	key  int64
	next int
}

// uses is a heap, the farthest first.
type uses []use

func (u uses) Len() int           { return len(u) }
func (u uses) Less(i, j int) bool { return u[i].next > u[j].next }
func (u uses) Swap(i, j int)      { u[i], u[j] = u[j], u[i] }
func (u *uses) Push(x any)        { *u = append(*u, x.(use)) }
func (u *uses) Pop() any {
	old := *u
	x := old[len(old)-1]
	*u = old[:len(old)-1]
	return x
}
