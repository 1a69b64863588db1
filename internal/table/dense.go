package table

// A dense set uses DeleteSwap and Reserve. Reserve must not be used on a table that has
// used Delete.

// Reserve reserves memory for n keys in total, at most the limit, so that adding them
// does not make the table grow. O(Len) if less was reserved before.
func (t *Table[K, V]) Reserve(n int) {
	if n >= 1 && n >= cap(t.entries) {
		t.resize(n + 1)
	}
}
