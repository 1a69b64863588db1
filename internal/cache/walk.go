package cache

import "slices"

// A Direction is the way in which All follows the order.
type Direction bool

const (
	Forward  Direction = false // from the front, the newest or most frequent entry
	Backward Direction = true  // from the back
)

// A cursor is a walk under way. It holds the slot of the next entry, and is advanced when
// that entry moves or leaves.
type cursor struct {
	at uint32
	d  Direction
	up *cursor
}

func (c *Core[K, V]) after(s uint32, d Direction) uint32 {
	if d == Backward {
		return c.order.Prev(s)
	}
	return c.order.Next(s)
}

// dodge moves the cursors away from an entry that is about to move or leave.
func (c *Core[K, V]) dodge(s uint32) {
	for cur := c.cursors; cur != nil; cur = cur.up {
		if cur.at == s {
			cur.at = c.after(s, cur.d)
		}
	}
}

// Dodge and Hash make the Core a Host.
func (c *Core[K, V]) Dodge(s uint32)       { c.dodge(s) }
func (c *Core[K, V]) Hash(s uint32) uint32 { return c.table.Hash(s) }

// walk yields the live entries of a cache that may change meanwhile, and that logs no hits.
// It does not yield an entry that has left, nor one again that has not moved. It yields at
// most as many entries as there were at the beginning, so that a loop that moves entries
// ahead of itself ends.
func (c *Core[K, V]) walk(d Direction, advance func(), yield func(K, V) bool) {
	cur := &cursor{at: c.after(head, d), d: d, up: c.cursors}
	c.cursors = cur
	c.setPlain()
	defer func() {
		link := &c.cursors
		for *link != cur { // iter.Pull can end walks in any order
			link = &(*link).up
		}
		*link = cur.up
		c.setPlain()
	}()
	for left := c.table.Len(); left > 0; left-- {
		advance() // calls the user's clock, so before anything is read
		s := cur.at
		if s == head {
			return
		}
		cur.at = c.after(s, d)
		if c.expired(s) {
			continue
		}
		if e := c.table.At(s); !yield(e.Key, e.Value) {
			return
		}
	}
}

// A pair is a key and its value.
type pair[K comparable, V any] struct {
	key   K
	value V
}

// snapshot returns the live entries as they are now. O(n).
func (c *Core[K, V]) snapshot(d Direction) []pair[K, V] {
	c.applyReads()
	all := make([]pair[K, V], 0, c.table.Len())
	for s := c.order.Next(head); s != head; s = c.order.Next(s) {
		if e := c.table.At(s); !c.expired(s) {
			all = append(all, pair[K, V]{e.Key, e.Value})
		}
	}
	if d == Backward {
		slices.Reverse(all)
	}
	return all
}
