// Package list is a doubly linked list whose elements are small numbers: slots of a
// table.Table. It is the classic intrusive list with array indices for pointers (Knuth,
// The Art of Computer Programming 1, section 2.2.5): 8 bytes per element, no allocation
// per element, and no pointers for the garbage collector to follow.
//
// One Lists value holds several circular lists over the same elements, each element in at
// most one of them. A list is named by its head, a number below the number of lists. The
// head closes the circle and stands for both ends, so that no operation has a special
// case:
//
//	  ┌──────────────────────────────┐
//	  ▼                              │
//	head ⇄ front ⇄ … ⇄ back ⇄ (head)─┘
//
// The type parameter exists for the compiler. It inlines generic functions into generic
// code wherever that code is compiled, but other functions only where their package is
// imported directly.
//
// Invariants: following next from a head leads back to it, prev is its inverse,
// and an element outside every list links to itself in neither direction (both
// its links are 0 and no link leads to it).
package list

// A link is one element's neighbours.
type link[E ~uint32] struct{ prev, next E }

// Lists is a set of lists. It is made by New. Before an element is inserted, Grow must
// have reserved memory for it. All methods except Grow are O(1); New is O(n).
type Lists[E ~uint32] struct{ links []link[E] }

// New returns n empty lists with the heads 0 to n-1; elements are the numbers
// from n on.
func New[E ~uint32](n int) Lists[E] {
	l := Lists[E]{links: make([]link[E], n)}
	for h := range l.links {
		l.links[h] = link[E]{E(h), E(h)}
	}
	return l
}

// Grow reserves exactly the memory for the elements below n, and releases that for
// those from n on. O(n).
func (l *Lists[E]) Grow(n int) {
	links := make([]link[E], n)
	copy(links, l.links)
	l.links = links
}

// Len returns the bound that the last Grow set.
func (l *Lists[E]) Len() int { return len(l.links) }

// Next returns the element after e, towards the back; the head after the last.
// Next of the head is the front.
func (l *Lists[E]) Next(e E) E { return l.links[e].next }

// Prev returns the element before e, towards the front; the head before the
// first. Prev of the head is the back.
func (l *Lists[E]) Prev(e E) E { return l.links[e].prev }

// InsertBefore inserts e, which is in no list, just before at. Before the head is the
// back of its list.
func (l *Lists[E]) InsertBefore(e, at E) {
	prev := l.links[at].prev
	l.links[e] = link[E]{prev, at}
	l.links[prev].next = e
	l.links[at].prev = e
}

// Remove removes e from its list.
func (l *Lists[E]) Remove(e E) {
	at := l.links[e]
	l.links[at.prev].next = at.next
	l.links[at.next].prev = at.prev
	l.links[e] = link[E]{}
}

// MoveBefore removes e from its list and inserts it just before at.
func (l *Lists[E]) MoveBefore(e, at E) {
	if e == at || l.links[e].next == at {
		return
	}
	from := l.links[e]
	l.links[from.prev].next = from.next
	l.links[from.next].prev = from.prev
	l.InsertBefore(e, at)
}

// MoveToFront moves e to the front of its list, whose head is head.
func (l *Lists[E]) MoveToFront(e, head E) {
	links := l.links
	front := links[head].next
	if e == front {
		return
	}
	from := links[e]
	links[from.prev].next = from.next
	links[from.next].prev = from.prev
	links[e] = link[E]{head, front}
	links[head].next = e
	links[front].prev = e
}

// Renumber gives the place of element from to element to, which is in no list.
func (l *Lists[E]) Renumber(from, to E) {
	at := l.links[from]
	l.links[to] = at
	l.links[at.prev].next = to
	l.links[at.next].prev = to
	l.links[from] = link[E]{}
}
