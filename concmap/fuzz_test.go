package concmap

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzMap reads its input as operations on keys 0 to 255, two bytes each, on a map whose
// custom hash has as many values as the first byte says, and compares the map with the
// oracle.
func FuzzMap(f *testing.F) {
	f.Add([]byte{1, 0, 1, 0, 2, 1, 1, 2, 2, 5, 0, 6, 0, 7, 9})
	f.Add([]byte{0, 8, 200, 3, 7, 9, 0, 8, 255, 4, 100, 1, 50})
	f.Fuzz(func(t *testing.T, in []byte) {
		var o Options[int, int]
		if len(in) > 0 && in[0] > 0 {
			mod := int(in[0])
			o.Hash = func(k int) uint64 { return uint64(k % mod) }
		}
		m, oracle := New(o), NewTextbook[int, int]()
		for i := 1; i+1 < len(in); i += 2 {
			k := int(in[i+1])
			switch in[i] % 10 {
			case 0:
				m.Store(k, i)
				oracle.Store(k, i)
			case 1:
				v1, ok1 := m.LoadAndDelete(k)
				v2, ok2 := oracle.LoadAndDelete(k)
				require.True(t, v1 == v2 && ok1 == ok2)
			case 2:
				v1, ok1 := m.LoadOrStore(k, i)
				v2, ok2 := oracle.LoadOrStore(k, i)
				require.True(t, v1 == v2 && ok1 == ok2)
			case 3:
				v1, ok1 := m.Swap(k, i)
				v2, ok2 := oracle.Swap(k, i)
				require.True(t, v1 == v2 && ok1 == ok2)
			case 4:
				require.Equal(t, oracle.m, m.ToMap())
			case 5:
				m.Clear()
				oracle.Clear()
			case 6:
				require.Equal(t, oracle.m, m.Snapshot().toMap())
			case 7:
				m.DeleteFunc(func(x, _ int) bool { return x%2 == k%2 })
				for x := range oracle.m {
					if x%2 == k%2 {
						delete(oracle.m, x)
					}
				}
			default:
				for x := range k {
					m.Store(x, i)
					oracle.Store(x, i)
				}
			}
			v1, ok1 := m.Load(k)
			v2, ok2 := oracle.Load(k)
			require.True(t, v1 == v2 && ok1 == ok2 && m.Len() == oracle.Len())
		}
		m.checkInvariants(t)
	})
}

func (s *Snapshot[K, V]) toMap() map[K]V {
	to := make(map[K]V)
	for k, v := range s.All() {
		to[k] = v
	}
	return to
}
