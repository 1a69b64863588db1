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
