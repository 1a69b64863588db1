package table

// What a dense set needs in addition to DeleteSwap. None of these may be used on a table
// that has used Delete.

// Reserve reserves memory for n keys in total, at most the limit, so that adding them
// does not make the table grow. O(Len) if less was reserved before.
func (t *Table[K, V]) Reserve(n int) {
	if n >= 1 && n >= cap(t.entries) {
		t.resize(n + 1)
	}
}
