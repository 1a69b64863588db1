package lfu

import (
	"math"
	"slices"

	"example.com/flatline/internal/cache"
)

// left is a value that has left, as OnEvict gets it.
type left struct {
	key, value int
	reason     Reason
}

// costOf is the cost of an entry where the model has costs.
func costOf(_, v int) int64 { return int64(v & 7) }

// A judge is an oracle with costs, reasons and counts.
type judge struct {
	oracle
	maxCost      int64
	costs        map[int]int64
	left         []left
	hits, misses uint64
	loads        uint64
	errors       uint64 // of loads
	evicted      [cache.Reasons]uint64
}

func (j *judge) has(k int) bool { _, ok := j.Frequency(k); return ok }

func (j *judge) cost() (sum int64) {
	for _, c := range j.costs {
		sum += c
	}
	return sum
}

// victim returns the next entry to be evicted.
func (j *judge) victim() pair[int, int] {
	if p, ok := j.oracle.(*plain); ok {
		return p.victim().pair
	}
	return j.Pairs()[0]
}

// leaves records that p leaves, or that a Put replaces its value.
func (j *judge) leaves(p pair[int, int], r Reason) {
	j.evicted[r]++
	j.left = append(j.left, left{p.Key, p.Value, r})
	delete(j.costs, p.Key)
}

// of returns the pair of k.
func (j *judge) of(k int) pair[int, int] {
	pairs := j.Pairs()
	return pairs[slices.IndexFunc(pairs, func(p pair[int, int]) bool { return p.Key == k })]
}

func (j *judge) Get(k int) (int, bool) {
	v, ok := j.oracle.Get(k)
	if ok {
		j.hits++
	} else {
		j.misses++
	}
	return v, ok
}

// getAll gets each of keys once, and returns the pairs found and the absent keys.
func (j *judge) getAll(keys []int) (found map[int]int, missed []int) {
	found = map[int]int{}
	for i, k := range keys {
		if slices.Contains(keys[:i], k) {
			continue
		}
		if v, ok := j.Get(k); ok {
			found[k] = v
		} else {
			missed = append(missed, k)
		}
	}
	return found, missed
}

func (j *judge) Put(k, v int) (evicted bool) {
	cost := int64(0)
	if j.maxCost < math.MaxInt64 {
		cost = costOf(k, v)
	}
	if j.has(k) {
		j.leaves(j.of(k), Replaced)
	}
	if cost > j.maxCost {
		j.oracle.Delete(k)
		j.leaves(pair[int, int]{k, v}, Cost)
		return true
	}
	if !j.has(k) && j.Len() == j.Cap() {
		j.leaves(j.victim(), Capacity)
	}
	evicted = j.oracle.Put(k, v)
	for j.cost() > j.maxCost-cost {
		victim := j.victim()
		if victim.Key == k {
			victim = j.Pairs()[0]
		}
		if victim.Key == k {
			victim = j.Pairs()[1]
		}
		j.leaves(victim, Cost)
		j.EvictOther(k)
		evicted = true
	}
	j.costs[k] = cost
	return evicted
}

func (j *judge) Delete(k int) (int, bool) {
	if j.has(k) {
		j.leaves(j.of(k), Deleted)
	}
	return j.oracle.Delete(k)
}

func (j *judge) PopLeastFrequent() (int, int, bool) {
	if j.Len() > 0 {
		j.leaves(j.victim(), Deleted)
	}
	return j.oracle.PopLeastFrequent()
}

func (j *judge) Resize(capacity int) (evicted int) {
	for n := j.Len() - 1; n >= capacity; n-- {
		j.leaves(j.victim(), Capacity)
		evicted += j.oracle.Resize(n)
	}
	return evicted + j.oracle.Resize(capacity)
}

func (j *judge) Clear() {
	for _, p := range j.Pairs() {
		j.leaves(p, Cleared)
	}
	j.oracle.Clear()
}
