package slidingmax

import (
	"math"
	"slices"
	"testing"
)

// FuzzMax reads bytes as values and a window, and compares the batch forms, the
// stream and brute force.
func FuzzMax(f *testing.F) {
	f.Add([]byte{3, 1, 3, 0, 5}, uint16(2))
	f.Add([]byte{9, 8, 7, 6, 5, 4}, uint16(5))
	f.Fuzz(func(t *testing.T, raw []byte, window uint16) {
		k := 1 + int(window)%(len(raw)+2)
		s := make2(raw, func(b byte) float64 {
			switch b {
			case 0:
				return math.NaN()
			case 1:
				return negativeZero
			case 2:
				return 0
			}
			return float64(int8(b))
		})
		want, least := brute(s, k, larger[float64]), brute(s, k, smaller[float64])
		dst := make([]float64, 0, len(s))
		for name, got := range map[string][]float64{
			"Max":       Max(s, k),
			"AppendMax": AppendMax(dst, s, k),
			"Values":    slices.Collect(Values(slices.Values(s), k)),
			"in place":  inPlace(s, k),
		} {
			if !slices.EqualFunc(want, got, is) {
				t.Fatalf("%s(%v, %d): want %v, got %v", name, s, k, want, got)
			}
		}
		if got := Min(s, k); !slices.EqualFunc(least, got, is) {
			t.Fatalf("Min(%v, %d): want %v, got %v", s, k, least, got)
		}
		if got, want := Max(raw, k), brute(raw, k, larger[byte]); !slices.Equal(want, got) {
			t.Fatalf("Max(%v, %d): want %v, got %v", raw, k, want, got)
		}
	})
}

func inPlace(s []float64, k int) []float64 {
	s = slices.Clone(s)
	return AppendMax(s[:0], s, k)
}

// FuzzWindow reads bytes as operations on a window of k: 255 clears, others push.
func FuzzWindow(f *testing.F) {
	f.Add([]byte{9, 8, 7, 6, 10, 255, 1, 1, 1}, uint8(3))
	f.Fuzz(func(t *testing.T, ops []byte, window uint8) {
		k := 1 + int(window)
		w := New[float64](k)
		oracle := textbook[float64]{k: k, compare: order[float64]}
		for i, op := range ops {
			if op == 255 {
				w.Clear()
				oracle = textbook[float64]{k: k, compare: order[float64]}
				continue
			}
			got, full := w.Push(float64(op))
			want, wantFull := oracle.Push(float64(op))
			if got != want || full != wantFull {
				t.Fatalf("k=%d, operation %d of %v: got %v, %v; want %v, %v", k, i, ops, got, full, want, wantFull)
			}
			w.checkInvariants()
		}
	})
}
