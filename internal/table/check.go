package table

import "fmt"

// Check panics if an invariant of the package doc does not hold.
func (t *Table[K, V]) Check() {
	must := func(ok bool, format string, args ...any) {
		if !ok {
			panic(fmt.Sprintf(format, args...))
		}
	}
	seen := make([]bool, len(t.entries))
	var zero Entry[K, V]
	free := 0
	for s := t.free; s != 0; s = t.entries[s].chain {
		must(!seen[s], "I1: free slot %d met twice", s)
		seen[s] = true
		free++
		e := t.entries[s]
		e.chain = 0
		must(e.hash == 0, "I1: free slot %d is marked as taken", s)
		must(fmt.Sprint(e) == fmt.Sprint(zero), "I1: free slot %d is not zeroed: %v", s, e)
	}
	used := 0
	for b, head := range t.heads {
		for s := head; s != 0; s = t.entries[s].chain {
			must(!seen[s], "I2: slot %d met twice", s)
			seen[s] = true
			used++
			h := t.entries[s].hash
			must(h&taken != 0, "I1: slot %d in use is not marked", s)
			must(int(h)&(len(t.heads)-1) == b, "I2: slot %d hangs in bucket %d", s, b)
		}
	}
	must(used == int(t.n), "I2: %d slots hang in chains, n is %d", used, t.n)
	must(used+free == max(len(t.entries)-1, 0), "I1: %d used + %d free of %d", used, free, len(t.entries)-1)
	must(len(t.heads)&(len(t.heads)-1) == 0, "I3: %d buckets", len(t.heads))
	must(len(t.heads) >= cap(t.entries)-1, "I3: %d buckets for %d slots", len(t.heads), cap(t.entries)-1)
}
