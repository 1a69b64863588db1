package table

import (
	"fmt"

	"example.com/flatline/internal/invariant"
)

// Check panics if an invariant of the package doc does not hold.
func (t *Table[K, V]) Check() {
	seen := make([]bool, len(t.entries))
	var zero Entry[K, V]
	free := 0
	for s := t.free; s != 0; s = t.entries[s].chain {
		invariant.Must(!seen[s], "I1: free slot %d met twice", s)
		seen[s] = true
		free++
		e := t.entries[s]
		e.chain = 0
		invariant.Must(e.hash == 0, "I1: free slot %d is marked as taken", s)
		invariant.Must(fmt.Sprint(e) == fmt.Sprint(zero), "I1: free slot %d is not zeroed: %v", s, e)
	}
	used := 0
	for b, head := range t.heads {
		for s := head; s != 0; s = t.entries[s].chain {
			invariant.Must(!seen[s], "I2: slot %d met twice", s)
			seen[s] = true
			used++
			h := t.entries[s].hash
			invariant.Must(h&taken != 0, "I1: slot %d in use is not marked", s)
			invariant.Must(int(h)&(len(t.heads)-1) == b, "I2: slot %d is in bucket %d", s, b)
		}
	}
	invariant.Must(used == int(t.n), "I2: %d slots are in chains, n is %d", used, t.n)
	invariant.Must(used+free == max(len(t.entries)-1, 0), "I1: %d used + %d free of %d", used, free, len(t.entries)-1)
	invariant.Must(len(t.heads)&(len(t.heads)-1) == 0, "I3: %d buckets", len(t.heads))
	invariant.Must(len(t.heads) >= cap(t.entries)-1, "I3: %d buckets for %d slots", len(t.heads), cap(t.entries)-1)
}
