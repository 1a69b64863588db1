package control

// List is a slice of ints in no order: membership by looking at each.
type List struct {
	keys []int
}

// NewList returns the keys 0, 1, …, n-1.
func NewList(n int) *List {
	l := &List{keys: make([]int, n)}
	for i := range l.keys {
		l.keys[i] = i
	}
	return l
}

// Find reports whether k is there.
func (l *List) Find(k int) bool {
	for _, key := range l.keys {
		if key == k {
			return true
		}
	}
	return false
}
