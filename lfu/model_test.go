package lfu

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// An oracle is a cache that is plainly right.
type oracle interface {
	Get(k int) (int, bool)
	Put(k, v int) (evicted bool)
	Delete(k int) (int, bool)
	PopLeastFrequent() (int, int, bool)
	Resize(capacity int) (evicted int)
	Clear()
	Len() int
	Frequency(k int) (uint64, bool)
	Pairs() []pair[int, int] // the next to leave first
}

// TestModelExact compares Exact with the textbook answer.
func TestModelExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := capacities.Draw(t, "capacity")
		model(t, New[int, int](capacity), newTextbook[int, int](capacity))
	})
}

// TestModelDynamic compares Dynamic with a scan over all entries.
func TestModelDynamic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := capacities.Draw(t, "capacity")
		model(t, New(capacity, Options[int, int]{Aging: Dynamic}), newScan(capacity))
	})
}

var (
	capacities = rapid.IntRange(1, 12)
	someKeys   = rapid.IntRange(0, 15)
	fewKeys    = rapid.IntRange(0, 3) // these become hot
)

func model(t *rapid.T, c *Cache[int, int], want oracle) {
	next := 0
	fresh := func() int { next++; return next }
	key := func(t *rapid.T) int { return rapid.OneOf(someKeys, fewKeys).Draw(t, "key") }
	t.Repeat(map[string]func(*rapid.T){
		"Get": func(t *rapid.T) {
			k := key(t)
			v, ok := c.Get(k)
			w, found := want.Get(k)
			require.Equal(t, found, ok)
			require.Equal(t, w, v)
		},
		"GetOften": func(t *rapid.T) {
			k := fewKeys.Draw(t, "key")
			for range rapid.IntRange(1, 20).Draw(t, "times") {
				c.Get(k)
				want.Get(k)
			}
		},
		"Put": func(t *rapid.T) {
			k, v := key(t), fresh()
			require.Equal(t, want.Put(k, v), c.Put(k, v), "evicted")
		},
		"PutMany": func(t *rapid.T) { // ages what Dynamic holds
			for range rapid.IntRange(1, 20).Draw(t, "times") {
				k := someKeys.Draw(t, "key")
				require.Equal(t, want.Put(k, k), c.Put(k, k), "evicted")
			}
		},
		"GetOrPut": func(t *rapid.T) {
			k, v := key(t), fresh()
			got, loaded := c.GetOrPut(k, v)
			w, found := want.Get(k)
			if !found {
				w = v
				want.Put(k, v)
			}
			require.Equal(t, found, loaded)
			require.Equal(t, w, got)
		},
		"Delete": func(t *rapid.T) {
			k := key(t)
			v, ok := c.Delete(k)
			w, found := want.Delete(k)
			require.Equal(t, found, ok)
			require.Equal(t, w, v)
		},
		"PopLeastFrequent": func(t *rapid.T) {
			k, v, ok := c.PopLeastFrequent()
			wantKey, wantValue, wantOK := want.PopLeastFrequent()
			require.Equal(t, wantOK, ok)
			require.Equal(t, wantKey, k)
			require.Equal(t, wantValue, v)
		},
		"Resize": func(t *rapid.T) {
			capacity := capacities.Draw(t, "capacity")
			n, err := c.Resize(capacity)
			require.NoError(t, err)
			require.Equal(t, want.Resize(capacity), n, "evicted")
		},
		"Clear": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
				c.Clear()
				want.Clear()
			}
		},
		"": func(t *rapid.T) {
			c.c.Check()
			require.Equal(t, want.Len(), c.Len())
			pairs := want.Pairs()
			require.Equal(t, pairs, collect(c.Backward()), "Backward")
			slices.Reverse(pairs)
			require.Equal(t, pairs, collect(c.All()), "All")
			for k := range 16 {
				n, ok := c.Frequency(k)
				w, found := want.Frequency(k)
				require.Equal(t, found, ok, "Frequency of %d", k)
				require.Equal(t, w, n, "Frequency of %d", k)
				require.Equal(t, found, c.Contains(k), "Contains %d", k)
			}
			k, _, ok := c.LeastFrequent()
			require.Equal(t, len(pairs) > 0, ok)
			if ok {
				require.Equal(t, pairs[len(pairs)-1].Key, k, "LeastFrequent")
			}
		},
	})
}

func collect(seq func(func(int, int) bool)) (all []pair[int, int]) {
	for k, v := range seq {
		all = append(all, pair[int, int]{k, v})
	}
	return all
}

// scan is LFU with dynamic ageing as it is defined: every entry has its priority,
// a number that only grows, and the victim is found by looking at all.
type scan struct {
	capacity int
	entries  []scanned
	floor    uint64
	clock    uint64
}

type scanned struct {
	pair[int, int]
	count, priority, used uint64
}

func newScan(capacity int) *scan { return &scan{capacity: capacity} }

func (s *scan) find(k int) *scanned {
	for i := range s.entries {
		if s.entries[i].Key == k {
			return &s.entries[i]
		}
	}
	return nil
}

func (s *scan) use(e *scanned) {
	s.clock++
	e.count = min(e.count+1, 15)
	e.priority = s.floor + min(4*e.count-3, 15)
	e.used = s.clock
}

func (s *scan) Get(k int) (int, bool) {
	if e := s.find(k); e != nil {
		s.use(e)
		return e.Value, true
	}
	return 0, false
}

func (s *scan) Put(k, v int) (evicted bool) {
	if e := s.find(k); e != nil {
		e.Value = v
		s.use(e)
		return false
	}
	if evicted = len(s.entries) == s.capacity; evicted {
		s.evict()
	}
	e := scanned{pair: pair[int, int]{k, v}}
	s.use(&e)
	s.entries = append(s.entries, e)
	return evicted
}

// evict makes room, which raises the floor.
func (s *scan) evict() {
	s.sort()
	s.floor = s.entries[0].priority
	s.entries = s.entries[1:]
}

// sort puts the next to leave first.
func (s *scan) sort() {
	slices.SortFunc(s.entries, func(a, b scanned) int {
		if a.priority != b.priority {
			return int(a.priority) - int(b.priority)
		}
		return int(a.used) - int(b.used)
	})
}

func (s *scan) Delete(k int) (v int, ok bool) {
	if e := s.find(k); e != nil {
		v, ok = e.Value, true
		s.entries = slices.DeleteFunc(s.entries, func(e scanned) bool { return e.Key == k })
	}
	return v, ok
}

func (s *scan) PopLeastFrequent() (k, v int, ok bool) {
	if len(s.entries) == 0 {
		return 0, 0, false
	}
	s.sort()
	k = s.entries[0].Key
	v, _ = s.Delete(k)
	return k, v, true
}

func (s *scan) Resize(capacity int) (evicted int) {
	for s.capacity = capacity; len(s.entries) > capacity; evicted++ {
		s.evict()
	}
	return evicted
}

func (s *scan) Clear()   { *s = scan{capacity: s.capacity} }
func (s *scan) Len() int { return len(s.entries) }

func (s *scan) Frequency(k int) (uint64, bool) {
	if e := s.find(k); e != nil {
		return e.count, true
	}
	return 0, false
}

func (s *scan) Pairs() (all []pair[int, int]) {
	s.sort()
	for _, e := range s.entries {
		all = append(all, e.pair)
	}
	return all
}
