package table

// Batch is the maximum number of keys of one FindBatch. A processor can have some dozens of
// cache misses under way, so it waits for the memory of all of them at once.
const Batch = 16

// FindBatch stores in slots what Find returns for each key; it has as many elements as
// hashes and keys, at most Batch. It reads all buckets, then all entries, then all keys, so
// that the misses of the processor's caches in one of these passes overlap. A sequence of
// Finds waits for one after the other, above all where a branch depends on what is read.
// O(len(keys)) expected.
func (t *Table[K, V]) FindBatch(hashes []uint32, keys []K, slots []uint32) {
	keys, slots = keys[:len(hashes)], slots[:len(hashes)]
	if len(t.heads) == 0 {
		clear(slots)
		return
	}
	for i, h := range hashes {
		slots[i] = t.heads[int(h)&(len(t.heads)-1)]
	}
	// Four keys in five are first in their chain, and most others second. The compiler makes
	// a conditional move of this if, so that there is no branch to mispredict. Slot 0, at
	// the end of a chain, leads to itself.
	for i, s := range slots {
		e := &t.entries[s]
		next := e.chain
		if e.hash == hashes[i]|taken {
			next = s
		}
		slots[i] = next
	}
	for i, s := range slots {
		for s != 0 {
			e := &t.entries[s]
			if e.hash == hashes[i]|taken && e.Key == keys[i] {
				break
			}
			s = e.chain
		}
		slots[i] = s
	}
}
