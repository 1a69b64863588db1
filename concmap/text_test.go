package concmap

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTexts: Load finds strings of each length, and no others. The keys of one map differ
// in one byte each, at every place, so that each byte must be compared: of 128 absent keys
// one has the tag of any given key. The keys that are looked up are copies, since a string
// that lies in the same place is equal without a look at its bytes.
func TestTexts(t *testing.T) {
	for n := 1; n <= 80; n++ {
		var m Map[string, int]
		base := strings.Repeat("a", n)
		key := func(i int) string { return base[:i%n] + string(rune('b'+i/n)) + base[i%n+1:] }
		all := n * max(12, 300/n)
		all = min(all, n*24)
		for i := 0; i < all; i += 2 {
			m.Store(key(i), i)
		}
		for round := range 2 {
			for i := range all {
				v, ok := m.Load(strings.Clone(key(i)))
				require.Equal(t, i%2 == 0 && round == 0, ok, "%d bytes, key %d", n, i)
				if ok {
					require.Equal(t, i, v)
				}
				old, ok := m.Load(base)
				require.False(t, ok)
				require.Zero(t, old)
				if round == 0 && i%2 == 0 {
					m.Delete(key(i))
					_, ok = m.Load(key(i))
					require.False(t, ok)
				}
			}
		}
	}
}
