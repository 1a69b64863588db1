package skiplist

import "math/rand/v2"

type node struct {
	key  int
	next []*node // one for each level of its tower
}

// A List is a sorted set of ints. The zero value is empty.
type List struct{ head node }

// before returns, for each level, the last node whose key is smaller than k.
func (l *List) before(k int) []*node {
	path := make([]*node, len(l.head.next))
	at := &l.head
	for level := len(path) - 1; level >= 0; level-- {
		for at.next[level] != nil && at.next[level].key < k {
			at = at.next[level]
		}
		path[level] = at
	}
	return path
}

func (l *List) Contains(k int) bool {
	path := l.before(k)
	return len(path) > 0 && path[0].next[0] != nil && path[0].next[0].key == k
}

func (l *List) Insert(k int) {
	path := l.before(k)
	n := &node{key: k}
	for level := 0; level == 0 || rand.Uint64()%2 == 0; level++ {
		if level == len(path) { // a tower higher than all before
			l.head.next = append(l.head.next, nil)
			path = append(path, &l.head)
		}
		n.next = append(n.next, path[level].next[level])
		path[level].next[level] = n
	}
}
