package cache

import "fmt"

// Stats counts what a cache has done.
type Stats struct {
	Hits, Misses      uint64 // in a Core, its readLog has these two
	Joined            uint64
	Loads, LoadErrors uint64
	Evicted           [Reasons]uint64
}

// Add adds the counts of another cache.
func (s *Stats) Add(o Stats) {
	s.Hits += o.Hits
	s.Misses += o.Misses
	s.Joined += o.Joined
	s.Loads += o.Loads
	s.LoadErrors += o.LoadErrors
	for r, n := range o.Evicted {
		s.Evicted[r] += n
	}
}

// JSON returns the counts as a JSON object. Evicted in it is an object with one count per
// reason, under the reason's name.
func (s Stats) JSON() []byte {
	text := fmt.Appendf(nil, `{"Hits":%d,"Misses":%d,"Joined":%d,"Loads":%d,"LoadErrors":%d,"Evicted":`,
		s.Hits, s.Misses, s.Joined, s.Loads, s.LoadErrors)
	separator := byte('{')
	for r, n := range s.Evicted {
		text = fmt.Appendf(append(text, separator), `"%v":%d`, Reason(r), n)
		separator = ','
	}
	return append(text, "}}"...)
}
