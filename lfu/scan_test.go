package lfu

import "slices"

// scan is LFU with dynamic ageing as it is defined: every entry has a priority, a number
// that only grows, and the victim is found by looking at all entries.
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

// evict evicts an entry, which raises the floor.
func (s *scan) evict() {
	s.sort()
	s.floor = s.entries[0].priority
	s.entries = s.entries[1:]
}

// EvictOther evicts an entry for a Put of k, but not k. The floor rises to the lowest
// priority, even if that is k's.
func (s *scan) EvictOther(k int) {
	s.sort()
	s.floor = s.entries[0].priority
	if i := slices.IndexFunc(s.entries, func(e scanned) bool { return e.Key != k }); i >= 0 {
		s.entries = slices.Delete(s.entries, i, i+1)
	}
}

// sort puts the next victim first.
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
func (s *scan) Cap() int { return s.capacity }

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
