// Package list is a doubly linked list whose elements are small numbers: slots of
// a table.Table. It is the classic intrusive list with array indices for pointers
// (Knuth, The Art of Computer Programming 1, section 2.2.5): 8 bytes an element,
// no allocation for one, nothing for the garbage collector to follow.
//
// One Lists value holds several circular lists over the same elements, each
// element in at most one of them. A list is named by its head, a number below
// the number of lists that closes the circle and stands for both ends, so that no
// operation has a special case:
//
//	  ┌──────────────────────────────┐
//	  ▼                              │
//	head ⇄ front ⇄ … ⇄ back ⇄ (head)─┘
//
// Invariants: following next from a head leads back to it, prev is its inverse,
// and an element outside every list links to itself in neither direction (both
// its links are 0 and no link leads to it).
package list

// A link is one element's neighbours.
type link struct{ prev, next uint32 }

// Lists is a set of lists. It is made by New; Grow must have made room for an
// element before it is inserted. All methods are O(1) but New and Grow.
type Lists struct{ links []link }

// New returns n empty lists with the heads 0 to n-1; elements are the numbers
// from n on.
func New(n int) Lists {
	l := Lists{links: make([]link, n)}
	for h := range l.links {
		l.links[h] = link{uint32(h), uint32(h)}
	}
	return l
}

// Grow makes room for the elements below n, in exactly the memory that it takes,
// and drops room for those from n on. O(n).
func (l *Lists) Grow(n int) {
	links := make([]link, n)
	copy(links, l.links)
	l.links = links
}

// Len returns the bound that Grow has set last.
func (l *Lists) Len() int { return len(l.links) }

// Next returns the element after e, towards the back; the head after the last.
// Next of the head is the front.
func (l *Lists) Next(e uint32) uint32 { return l.links[e].next }

// Prev returns the element before e, towards the front; the head before the
// first. Prev of the head is the back.
func (l *Lists) Prev(e uint32) uint32 { return l.links[e].prev }

// InsertBefore puts e, which is in no list, just before at. Before the head is
// the back of its list.
func (l *Lists) InsertBefore(e, at uint32) {
	prev := l.links[at].prev
	l.links[e] = link{prev, at}
	l.links[prev].next = e
	l.links[at].prev = e
}

// Remove takes e out of its list.
func (l *Lists) Remove(e uint32) {
	at := l.links[e]
	l.links[at.prev].next = at.next
	l.links[at.next].prev = at.prev
	l.links[e] = link{}
}

// MoveBefore takes e out of its list and puts it just before at.
func (l *Lists) MoveBefore(e, at uint32) {
	if e == at || l.links[e].next == at {
		return
	}
	from := l.links[e]
	l.links[from.prev].next = from.next
	l.links[from.next].prev = from.prev
	l.InsertBefore(e, at)
}

// Renumber gives the place of element from to element to, which is in no list.
func (l *Lists) Renumber(from, to uint32) {
	at := l.links[from]
	l.links[to] = at
	l.links[at.prev].next = to
	l.links[at.next].prev = to
	l.links[from] = link{}
}
