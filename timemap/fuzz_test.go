package timemap

import (
	"math"
	"testing"
)

// FuzzMap reads pairs of bytes as writes of one key: the first byte says what is written,
// the second at which time.
func FuzzMap(f *testing.F) {
	f.Add([]byte{0, 5, 0, 3, 1, 4, 0, 5})
	f.Fuzz(func(t *testing.T, ops []byte) {
		for _, same := range []SameTime{LastWins, FirstWins, KeepAll} {
			m := New(Options[int, byte]{SameTime: same})
			oracle := newTextbook[int, byte](same)
			for i := 0; i+1 < len(ops); i += 2 {
				what, at := ops[i], int64(int8(ops[i+1]))
				switch at {
				case 127:
					at = math.MaxInt64
				case -128:
					at = math.MinInt64
				}
				switch what % 8 {
				case 0:
					m.Delete(0, at)
					oracle.Delete(0, at)
				case 1:
					if got, want := m.CompactBefore(at), oracle.CompactBefore(at); got != want {
						t.Fatalf("CompactBefore(%d): %d, want %d", at, got, want)
					}
				case 2: // many at one time fill a chunk
					for range 50 {
						m.Set(0, at, what)
						oracle.Set(0, at, what)
					}
				default:
					m.Set(0, at, what)
					oracle.Set(0, at, what)
				}
				got, ok := m.Get(0, at)
				if want, wantOK := oracle.Get(0, at); got != want || ok != wantOK {
					t.Fatalf("Get(%d): %d, %v; want %d, %v", at, got, ok, want, wantOK)
				}
			}
			m.checkInvariants()
			want := oracle.Range(0, math.MinInt64, math.MaxInt64)
			i := 0
			for at, v := range m.History(0) {
				if i == len(want) || want[i] != (Version[byte]{at, v}) {
					t.Fatalf("History: %d at %d is number %d of %v", v, at, i, want)
				}
				i++
			}
			if i != len(want) {
				t.Fatalf("History: %d of %d", i, len(want))
			}
		}
	})
}
