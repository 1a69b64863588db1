package gate

import (
	"sync"
	"time"

	"example.com/flatline/lfu"
	"example.com/flatline/slidingmax"
)

// Stats count what the nodes of a process did. They are made by NewStats and safe for
// concurrent use; their memory is bounded.
type Stats struct {
	mu       sync.Mutex
	began    time.Time
	now      int64 // the second since began that is being counted, from 60
	seconds  [60]second
	peak     *slidingmax.TimeWindow[int64] // of whole seconds
	admitted int64
	refused  map[string]int64              // by tier
	keys     *lfu.Cache[string, *keyCount] // the busiest stay
	masks    masks
}

type second struct {
	OK      int64 `json:"ok"`
	Refused int64 `json:"refused"`
}

type keyCount struct {
	Key string `json:"key"`
	second
}

// NewStats returns counts of nothing.
func NewStats() *Stats {
	return &Stats{
		began: time.Now(), now: 60, peak: slidingmax.NewTimeWindow[int64](time.Minute),
		refused: map[string]int64{}, keys: lfu.New[string, *keyCount](1024),
		masks: newMasks(),
	}
}

// advance closes the seconds that have passed. s.mu is held. At most 60 have to be
// closed: older ones have left the minute. Seconds are counted on the monotonic clock:
// the page must not stand still when the wall clock is set back.
func (s *Stats) advance() {
	now := 60 + int64(time.Since(s.began)/time.Second)
	s.now = max(s.now, now-60)
	for ; s.now < now; s.now++ {
		done := s.seconds[s.now%60]
		s.peak.Push(time.Unix(s.now, 0), done.OK+done.Refused)
		s.seconds[(s.now+1)%60] = second{}
	}
}

// Count counts a request of a client: refused by a tier, or granted if that is "".
func (s *Stats) Count(client string, known bool, refused string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	k, loaded := s.keys.GetOrPut(client, &keyCount{Key: client})
	if !loaded && known {
		k.Key = s.masks.of(client)
	}
	if at := &s.seconds[s.now%60]; refused == "" {
		s.admitted++
		at.OK++
		k.OK++
	} else {
		s.refused[refused]++
		at.Refused++
		k.Refused++
	}
}

func (s *Stats) fill(st *status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	st.Admitted, st.Refused = s.admitted, map[string]int64{"client": 0, "route": 0, "global": 0, "store": 0}
	for tier, n := range s.refused {
		st.Refused[tier] = n
	}
	for at := s.now - 59; at < s.now; at++ {
		st.Seconds = append(st.Seconds, s.seconds[at%60])
	}
	last := st.Seconds[len(st.Seconds)-1]
	st.Now = last.OK + last.Refused
	st.Peak, _ = s.peak.Max(time.Unix(s.now, 0))
	for _, k := range s.keys.All() {
		if st.Top = append(st.Top, *k); len(st.Top) == 8 {
			break
		}
	}
}
