package cache

import (
	"fmt"

	"example.com/flatline/internal/table"
)

// PeekAll looks up the keys in batches: see table.FindBatch.
func (l *Cache[K, V]) PeekAll(keys []K, values []V, found []bool) (n int) {
	if len(values) < len(keys) || len(found) < len(keys) {
		panic(fmt.Sprintf("%s: PeekAll needs a value and a found for each key", l.env.name))
	}
	l.advance()
	var hashes [table.Batch]uint32
	for len(keys) > 0 {
		size := min(len(keys), table.Batch)
		for i, k := range keys[:size] {
			hashes[i] = l.hash(k)
		}
		n += l.core.peekBatch(hashes[:size], keys[:size], values, found)
		keys, values, found = keys[size:], values[size:], found[size:]
	}
	return n
}

// peekBatch is peek for at most table.Batch keys, and returns how many it has found.
func (c *Core[K, V]) peekBatch(hashes []uint32, keys []K, values []V, found []bool) (n int) {
	var slots [table.Batch]uint32
	c.table.FindBatch(hashes, keys, slots[:len(keys)])
	for i, s := range slots[:len(keys)] {
		var v V
		if found[i] = s != 0 && !c.expired(s); found[i] {
			v = c.table.At(s).Value
			n++
		}
		values[i] = v
	}
	return n
}
