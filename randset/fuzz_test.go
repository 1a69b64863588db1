package randset

import "testing"

// FuzzSet reads bytes as operations: the lowest bit says whether to delete, the
// others are the value.
func FuzzSet(f *testing.F) {
	f.Add([]byte{2, 2, 3, 3})
	f.Add([]byte{2, 4, 6, 3, 8, 7, 5, 9})
	f.Fuzz(func(t *testing.T, ops []byte) {
		// A hash with four values makes long chains.
		s := New(Options[byte]{Hash: func(v byte) uint64 { return uint64(v % 4) }})
		var b Bag[byte]
		oracle, counts := newTextbook[byte](), [128]int{}
		for _, op := range ops {
			v := op >> 1
			if op&1 == 1 {
				if got, want := s.Delete(v), oracle.Delete(v); got != want {
					t.Fatalf("Delete(%d): %v, want %v", v, got, want)
				}
				if got, want := b.Delete(v), counts[v] > 0; got != want {
					t.Fatalf("Bag.Delete(%d): %v, want %v", v, got, want)
				}
				counts[v] = max(counts[v]-1, 0)
			} else {
				if got, want := s.Insert(v), oracle.Insert(v); got != want {
					t.Fatalf("Insert(%d): %v, want %v", v, got, want)
				}
				b.Insert(v)
				counts[v]++
			}
			if b.Count(v) != counts[v] {
				t.Fatalf("Count(%d): %d, want %d", v, b.Count(v), counts[v])
			}
		}
		for i, v := range oracle.vs {
			if s.At(i) != v {
				t.Fatalf("At(%d): %d, want %d", i, s.At(i), v)
			}
		}
		s.checkInvariants()
		b.checkInvariants()
	})
}
