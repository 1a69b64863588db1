package minstack

import "testing"

// FuzzStack reads bytes as operations: an odd one pops, an even one pushes.
func FuzzStack(f *testing.F) {
	f.Add([]byte{2, 2, 1, 1, 1})
	f.Add([]byte{8, 6, 6, 4, 1, 1, 2, 1, 1, 1})
	f.Fuzz(func(t *testing.T, ops []byte) {
		ops = ops[:min(len(ops), 300)] // the oracle scans all its elements each time
		for name, make := range stacks {
			s := make()
			var oracle textbook[float64]
			for _, op := range ops {
				if op%2 == 1 {
					got, ok := s.Pop()
					want, wantOK := oracle.Pop()
					if ok != wantOK || got != want {
						t.Fatalf("%s.Pop: %v, %v; want %v, %v", name, got, ok, want, wantOK)
					}
				} else {
					s.Push(float64(op / 2))
					oracle.Push(float64(op / 2))
				}
				got, ok := s.Min()
				if want, wantOK := oracle.Min(); ok != wantOK || got != want {
					t.Fatalf("%s.Min: %v, %v; want %v, %v", name, got, ok, want, wantOK)
				}
			}
			s.checkInvariants()
		}
	})
}
