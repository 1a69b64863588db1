package table

import (
	"math"
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/internal/hash"
)

// TestModel drives a table and a Go map alike. The hash is so weak that chains
// are long and buckets are shared.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Uint32Range(0, 20).Draw(t, "limit")
		dense := rapid.Bool().Draw(t, "dense")
		mask := rapid.SampledFrom([]uint32{0, 1, 5, math.MaxUint32}).Draw(t, "hash mask")
		hashOf := func(k int) uint32 { return uint32(k) * 0x9E3779B9 & mask }
		tab := New[int, string](limit)
		tab.NewFirst = rapid.Bool().Draw(t, "new first")
		model, slots := map[int]string{}, map[int]uint32{}
		key := rapid.IntRange(0, 30)
		value := rapid.StringN(1, 3, -1)

		t.Repeat(map[string]func(*rapid.T){
			"FindOrAdd": func(t *rapid.T) {
				k, v := key.Draw(t, "k"), value.Draw(t, "v")
				if _, ok := model[k]; !ok && limit > 0 && len(model) == int(limit) {
					t.Skip("full")
				}
				s, found := tab.FindOrAdd(hashOf(k), k)
				_, want := model[k]
				require.Equal(t, want, found)
				if found {
					require.Equal(t, slots[k], s)
				} else {
					require.Empty(t, tab.At(s).Value)
				}
				tab.At(s).Value = v
				model[k], slots[k] = v, s
			},
			"FindOrReuse": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("empty")
				}
				k, v := key.Draw(t, "k"), value.Draw(t, "v")
				old := keyOf(t, slots)
				victim := slots[old]
				s, found := tab.FindOrReuse(hashOf(k), k, victim)
				if _, ok := model[k]; ok {
					require.True(t, found)
					require.Equal(t, slots[k], s)
				} else {
					require.False(t, found)
					require.Equal(t, victim, s)
					require.Equal(t, old, tab.At(s).Key, "the victim is still there to be read")
					require.Equal(t, model[old], tab.At(s).Value)
					delete(model, old)
					delete(slots, old)
				}
				*tab.At(s) = Entry[int, string]{tab.At(s).hash, tab.At(s).chain, v, k}
				model[k], slots[k] = v, s
			},
			"Delete": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("empty")
				}
				k := keyOf(t, slots)
				if !dense {
					tab.Delete(slots[k])
				} else if last := tab.DeleteSwap(slots[k]); last != slots[k] {
					slots[tab.At(slots[k]).Key] = slots[k]
				}
				delete(model, k)
				delete(slots, k)
			},
			"Compact": func(t *rapid.T) {
				to := limit
				if limit > 0 {
					to = rapid.Uint32Range(max(1, uint32(len(model))), 20).Draw(t, "to")
				}
				tab.Compact(to, func(from, to uint32) {
					k := tab.At(to).Key
					require.Equal(t, slots[k], from)
					slots[k] = to
				})
				limit = to
				require.LessOrEqual(t, tab.Slots(), len(model)+1)
			},
			"Clear": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "one in ten") > 0 {
					t.Skip("rarely")
				}
				tab.Clear()
				clear(model)
				clear(slots)
			},
			"": func(t *rapid.T) {
				tab.Check()
				require.Equal(t, len(model), tab.Len())
				for k := range 31 {
					s := tab.Find(hashOf(k), k)
					require.Equal(t, slots[k], s)
					if s != 0 {
						require.Less(t, int(s), tab.Slots())
						require.Equal(t, k, tab.At(s).Key)
						require.Equal(t, model[k], tab.At(s).Value)
					}
				}
				keys, hashes := make([]int, Batch), make([]uint32, Batch)
				for first := 0; first < 31; first += Batch - 1 { // they overlap, and the last are absent
					for i := range keys {
						keys[i], hashes[i] = first+i, hashOf(first+i)
					}
					got := make([]uint32, Batch)
					tab.FindBatch(hashes, keys, got)
					for i, k := range keys {
						require.Equal(t, slots[k], got[i], k)
					}
				}
				n := 0
				for s := tab.Next(0); s != 0; s = tab.Next(s) {
					require.Equal(t, s, slots[tab.At(s).Key])
					n++
				}
				require.Equal(t, len(model), n)
				if dense {
					for _, s := range slots {
						require.LessOrEqual(t, int(s), len(model))
					}
				}
			},
		})
	})
}

func keyOf(t *rapid.T, slots map[int]uint32) int {
	var keys []int
	for k := range 31 {
		if slots[k] != 0 {
			keys = append(keys, k)
		}
	}
	return rapid.SampledFrom(keys).Draw(t, "of those there")
}

func TestLimit(t *testing.T) {
	tab := New[int, int](3)
	for k := range 3 {
		tab.FindOrAdd(uint32(k), k)
	}
	assert.Equal(t, 4, tab.Slots(), "exactly what the limit needs")
	assert.PanicsWithValue(t, "table: more keys than its limit", func() { tab.FindOrAdd(3, 3) })
	tab.Check()

	huge := New[int, int](MaxSlots)
	huge.FindOrAdd(1, 1)
	assert.Less(t, huge.Slots(), 100, "a limit sets no memory aside")
}

// TestNaN: a key that is not equal to itself is never found, but its slot can be
// deleted and reused.
func TestNaN(t *testing.T) {
	h := hash.New[float64](nil)
	var tab Table[float64, int]
	nan := math.NaN()
	a, _ := tab.FindOrAdd(uint32(h.Hash(nan)), nan)
	b, found := tab.FindOrAdd(uint32(h.Hash(nan)), nan)
	assert.False(t, found)
	assert.Zero(t, tab.Find(uint32(h.Hash(nan)), nan))
	tab.Delete(a)
	s, found := tab.FindOrReuse(uint32(h.Hash(1)), 1, b)
	assert.Equal(t, b, s)
	assert.False(t, found)
	tab.At(s).Key = 1
	assert.Equal(t, b, tab.Find(uint32(h.Hash(1)), 1))
	tab.Check()
}

func TestDeletedIsCollected(t *testing.T) {
	for name, del := range map[string]func(*Table[int, *[8]int], uint32){
		"Delete":     func(t *Table[int, *[8]int], s uint32) { t.Delete(s) },
		"DeleteSwap": func(t *Table[int, *[8]int], s uint32) { t.DeleteSwap(s) },
	} {
		t.Run(name, func(t *testing.T) {
			var tab Table[int, *[8]int]
			var gone weak.Pointer[[8]int]
			for k := range 3 {
				v := new([8]int)
				s, _ := tab.FindOrAdd(uint32(k), k)
				tab.At(s).Value = v
				if k == 1 {
					gone = weak.Make(v)
				}
			}
			del(&tab, tab.Find(1, 1))
			runtime.GC()
			assert.Nil(t, gone.Value())
			runtime.KeepAlive(&tab)
		})
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	h := hash.New[int](nil)
	tab := New[int, int](100)
	for k := range 100 {
		tab.FindOrAdd(uint32(h.Hash(k)), k)
	}
	k := 100
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		s, _ := tab.FindOrReuse(uint32(h.Hash(k)), k, uint32(k%100)+1)
		tab.At(s).Key = k
		k++
		s = tab.Find(uint32(h.Hash(k-5)), k-5)
		tab.Delete(s)
		s, _ = tab.FindOrAdd(uint32(h.Hash(k)), k)
		tab.At(s).Key = k
		k++
	}))
}

// TestGrowthMoves: a table that grows to a power of two moves each key 2.5 times, and one
// call moves all keys that there are; each size is at most 1.5 times the one before.
func TestGrowthMoves(t *testing.T) {
	h := hash.New[int](nil)
	for k := 4; k <= 16; k++ {
		n := 1 << k
		var tab Table[int, int]
		moves, worst := 0, 0
		for i := range n {
			slots, before := tab.Slots(), tab.Len()
			tab.FindOrAdd(uint32(h.Hash(i)), i)
			if tab.Slots() == slots {
				continue
			}
			moves += before
			worst = max(worst, before)
			if slots > 9 {
				require.LessOrEqual(t, 2*(tab.Slots()-1), 3*(slots-1))
			}
		}
		assert.LessOrEqual(t, 2*moves, 5*n)
		assert.Equal(t, n*3/4, worst)
	}
}

// TestChains: a search visits as many entries as the package doc says, in full
// tables on both sides of the size from which there is one bucket for each slot.
func TestChains(t *testing.T) {
	for n, want := range map[int][2]float64{1 << 12: {0.5, 1.25}, 1 << 17: {0.5, 1.25}, 1 << 18: {1, 1.5}} {
		if testing.Short() && n > 1<<12 {
			continue
		}
		h := hash.New[int](nil)
		tab := New[int, struct{}](uint32(n))
		for k := range n {
			tab.FindOrAdd(uint32(h.Hash(k)), k)
		}
		visits := 0
		for _, s := range tab.heads {
			for at := 1; s != 0; at++ {
				visits += at
				s = tab.entries[s].chain
			}
		}
		assert.InDelta(t, want[0], float64(n)/float64(len(tab.heads)), 0.001, "a search that fails")
		assert.InDelta(t, want[1], float64(visits)/float64(n), 0.05, "a search that succeeds")
	}
}
