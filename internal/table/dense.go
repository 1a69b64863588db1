package table

import "slices"

// What a dense set needs in addition to DeleteSwap. None of these may be used on a table
// that has used Delete.

// Reserve reserves memory for n keys in total, at most the limit, so that adding them
// does not make the table grow. O(Len) if less was reserved before.
func (t *Table[K, V]) Reserve(n int) {
	if n >= 1 && n >= cap(t.entries) {
		t.resize(n + 1)
	}
}

// CopyTo copies the table to to, which must be empty, with no more memory than it needs.
// O(Len).
func (t *Table[K, V]) CopyTo(to *Table[K, V]) {
	to.heads, to.limit, to.n = slices.Clone(t.heads), t.limit, t.n
	if t.n > 0 {
		to.entries = slices.Clone(t.entries)[:len(t.entries):len(t.entries)]
	}
}
