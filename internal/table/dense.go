package table

import "slices"

// What a dense set needs in addition to DeleteSwap. None of it is for a table that has
// used Delete.

// Reserve reserves memory for n keys in all, at most the limit, so that none of them
// makes the table grow. O(Len) if there was less.
func (t *Table[K, V]) Reserve(n int) {
	if n >= 1 && n >= cap(t.entries) {
		t.resize(n + 1)
	}
}

// CopyTo makes to, which must be empty, a copy of the table with no more room than
// it needs. O(Len).
func (t *Table[K, V]) CopyTo(to *Table[K, V]) {
	to.heads, to.limit, to.n = slices.Clone(t.heads), t.limit, t.n
	if t.n > 0 {
		to.entries = slices.Clone(t.entries)[:len(t.entries):len(t.entries)]
	}
}
