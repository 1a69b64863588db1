package control

import "math/rand/v2"

// Skip is a skip list of ints (Pugh, 1990): membership by walking along the highest list,
// and down wherever the next key is too large. Coin flips choose the heights of its
// towers.
type Skip struct {
	head  tower
	coins *rand.Rand
}

// seed gives towers of about the mean height at the sizes that are measured.
const seed = 8

type tower struct {
	key  int
	next []*tower
}

// NewSkip returns the keys 0, 1, …, n-1. The coins are the same in every run, so that
// instructions repeat as counts do.
func NewSkip(n int) *Skip {
	s := &Skip{coins: rand.New(rand.NewPCG(uint64(n), seed))}
	for k := range n {
		s.insert(k)
	}
	return s
}

func (s *Skip) insert(k int) {
	path := make([]*tower, len(s.head.next))
	at := &s.head
	for level := len(path) - 1; level >= 0; level-- {
		at = at.along(level, k)
		path[level] = at
	}
	t := &tower{key: k}
	for level := 0; level == 0 || s.coins.Uint64()%2 == 0; level++ {
		if level == len(path) { // the highest tower so far
			s.head.next, path = append(s.head.next, nil), append(path, &s.head)
		}
		t.next = append(t.next, path[level].next[level])
		path[level].next[level] = t
	}
}

// along returns the last tower of a level, from t on, whose key is below k.
func (t *tower) along(level, k int) *tower {
	for t.next[level] != nil && t.next[level].key < k {
		t = t.next[level]
	}
	return t
}

// Find reports whether k is there.
func (s *Skip) Find(k int) bool {
	at := &s.head
	for level := len(s.head.next) - 1; level >= 0; level-- {
		at = at.along(level, k)
	}
	return len(s.head.next) > 0 && at.next[0] != nil && at.next[0].key == k
}
