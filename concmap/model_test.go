package concmap

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// checkInvariants walks the map and fails if an invariant of the package doc does not
// hold. No other goroutine may be using the map.
func (m *Map[K, V]) checkInvariants(t require.TestingT) {
	d := m.dir.Load()
	if d == nil {
		return
	}
	seen := make(map[K]bool)
	total, segments, dead := 0, 0, 0
	for i := range d.len() {
		p := d.placeAt(i)
		s := p.segment.Load()
		if s == nil {
			require.Equal(t, noGroups(), p.table.Load(), "I1: place %d", i)
			continue
		}
		require.Equal(t, s.table.tagged, p.table.Load(), "I1: place %d", i)
		require.LessOrEqual(t, s.depth, d.depth, "I1: place %d", i)
		require.Equal(t, s.path, i&(1<<s.depth-1), "I1: place %d", i)
		require.False(t, s.replaced != 0, "I1: place %d", i)
		require.Equal(t, d.generation, s.of, "I1: place %d", i)
		if i == s.path {
			total += m.checkSegment(t, s, seen)
			dead += int(s.used - s.live)
			segments++
		}
	}
	require.Equal(t, total, m.Len(), "I5: Len")
	require.Equal(t, segments, m.segments, "segments")
	st := m.Stats()
	require.Equal(t, Stats{total, segments, int(d.depth), dead, st.Bytes}, st)
	require.Greater(t, st.Bytes, segments*int(unsafe.Sizeof(segment[K]{})))
	if m.next != nil {
		require.Equal(t, 2*d.len(), m.next.len(), "I6: length")
		for i := range m.copied {
			for _, j := range []uint64{i, i + d.len()} {
				require.Equal(t, d.placeAt(i).table.Load(), m.next.placeAt(j).table.Load(), "I6: place %d", j)
				require.True(t, d.placeAt(i).segment.Load() == m.next.placeAt(j).segment.Load(), "I6: place %d", j)
			}
		}
	}
}

func (m *Map[K, V]) checkSegment(t require.TestingT, s *segment[K], seen map[K]bool) int {
	first := s.table.first()
	require.Equal(t, uintptr(1)<<s.bits, first.length(), "I2")
	var live, used int32
	for n := range first.length() {
		g := first.at(n)
		ctrl := g.ctrl.Load()
		require.Zero(t, ctrl>>57, "I2: byte 7 is 0 or 1")
		gap := false
		for i := range groupSlots {
			b := ctrl >> (8 * i) & 0xff
			require.False(t, gap && b != 0, "I2: slots fill in order")
			if gap = b == 0; gap {
				continue
			}
			used++
			k := *g.key(i)
			h := m.rehash(s, g, i)
			if b&liveBit == 0 {
				require.Equal(t, deadTag(h), b, "I2: dead")
				if m.layout != words {
					require.Nil(t, *g.pointer(i), "I4: dead")
				}
				continue
			}
			live++
			require.Equal(t, liveTag(h), b, "I2: live")
			require.Equal(t, s.path, path(h)&(1<<s.depth-1), "I3: in the right segment")
			require.LessOrEqual(t, s.turnsAt, s.depth, "I7")
			require.Equal(t, turn(h, s.turnsAt), *g.turn(i)&^displaced, "I7: turn")
			require.Equal(t, g != s.table.home(h), *g.turn(i)&displaced != 0, "I7: outside the home")
			if m.layout != words {
				require.NotNil(t, *g.pointer(i), "I4: live")
			}
			if k == k { // NaN
				require.False(t, seen[k], "I3: %v twice", k)
				seen[k] = true
				at, j := s.table.find(h, k)
				require.True(t, at == g && i == j, "I3: %v is found", k)
			}
		}
	}
	require.Equal(t, live, s.live, "I2")
	require.Equal(t, used, s.used, "I2")
	require.LessOrEqual(t, used, limit(s.bits), "I2")
	return int(live)
}

// machine runs the same operations on a map of any key and value type and on the oracle.
type machine[K comparable, V any] struct {
	m     *Map[K, V]
	o     *Textbook[K, V]
	key   *rapid.Generator[K]
	value *rapid.Generator[V]
	snaps []pair[K, V]
}

type pair[K comparable, V any] struct {
	s *Snapshot[K, V]
	o map[K]V
}

func (x *machine[K, V]) run(t *rapid.T) {
	k := func() K { return x.key.Draw(t, "k") }
	v := func() V { return x.value.Draw(t, "v") }
	same := func(v1 V, ok1 bool, v2 V, ok2 bool) {
		require.Equal(t, v2, v1)
		require.Equal(t, ok2, ok1)
	}
	t.Repeat(map[string]func(*rapid.T){
		"Load": func(t *rapid.T) {
			k := k()
			v1, ok1 := x.m.Load(k)
			v2, ok2 := x.o.Load(k)
			same(v1, ok1, v2, ok2)
		},
		"Store": func(t *rapid.T) {
			k, v := k(), v()
			x.m.Store(k, v)
			x.o.Store(k, v)
		},
		"StoreMany": func(t *rapid.T) {
			for range rapid.IntRange(1, 500).Draw(t, "n") {
				k, v := k(), v()
				x.m.Store(k, v)
				x.o.Store(k, v)
			}
		},
		"DeleteMany": func(t *rapid.T) {
			for range rapid.IntRange(1, 500).Draw(t, "n") {
				k := k()
				x.m.Delete(k)
				x.o.LoadAndDelete(k)
			}
		},
		"Swap": func(t *rapid.T) {
			k, v := k(), v()
			v1, ok1 := x.m.Swap(k, v)
			v2, ok2 := x.o.Swap(k, v)
			same(v1, ok1, v2, ok2)
		},
		"LoadOrStore": func(t *rapid.T) {
			k, v := k(), v()
			v1, ok1 := x.m.LoadOrStore(k, v)
			v2, ok2 := x.o.LoadOrStore(k, v)
			same(v1, ok1, v2, ok2)
		},
		"LoadOrCompute": func(t *rapid.T) {
			k, v := k(), v()
			v1, ok1, err := x.m.LoadOrCompute(bg, k, func(context.Context, K) (V, error) { return v, nil })
			v2, ok2 := x.o.LoadOrStore(k, v)
			require.NoError(t, err)
			same(v1, ok1, v2, ok2)
		},
		"LoadAndDelete": func(t *rapid.T) {
			k := k()
			v1, ok1 := x.m.LoadAndDelete(k)
			v2, ok2 := x.o.LoadAndDelete(k)
			same(v1, ok1, v2, ok2)
		},
		"Compute": func(t *rapid.T) {
			k, v, op := k(), v(), Op(rapid.IntRange(0, 2).Draw(t, "op"))
			f := func(V, bool) (V, Op) { return v, op }
			v1, ok1 := x.m.Compute(k, f)
			v2, ok2 := x.o.Compute(k, f)
			same(v1, ok1, v2, ok2)
		},
		"Clear": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "rarely") == 0 {
				x.m.Clear()
				x.o.Clear()
			}
		},
		"Hot": func(t *rapid.T) { // as if goroutines had waited
			if d := x.m.dir.Load(); d != nil {
				if s := d.placeAt(uint64(rapid.IntRange(0, int(d.len())-1).Draw(t, "place"))).segment.Load(); s != nil && !s.frozen {
					s.waits = hotWaits
				}
			}
		},
		"Snapshot": func(t *rapid.T) {
			x.snaps = append(x.snaps, pair[K, V]{x.m.Snapshot(), maps.Clone(x.o.m)})
			if len(x.snaps) > 3 {
				x.snaps = x.snaps[1:]
			}
		},
		"DeleteFunc": func(t *rapid.T) {
			i, mod := 0, rapid.IntRange(1, 5).Draw(t, "mod")
			gone := make(map[K]bool)
			n := x.m.DeleteFunc(func(k K, v V) bool {
				require.Equal(t, x.o.m[k], v)
				i++
				gone[k] = i%mod == 0
				return gone[k]
			})
			require.Len(t, gone, len(x.o.m))
			maps.DeleteFunc(x.o.m, func(k K, _ V) bool { return gone[k] })
			require.Equal(t, i/mod, n)
		},
		"All": func(t *rapid.T) {
			seen := make(map[K]V)
			for k, v := range x.m.All() {
				require.NotContains(t, seen, k)
				seen[k] = v
			}
			require.Equal(t, x.o.m, seen)
		},
		"ToMap": func(t *rapid.T) { require.Equal(t, x.o.m, x.m.ToMap()) },
		"": func(t *rapid.T) {
			require.Equal(t, x.o.Len(), x.m.Len())
			x.m.checkInvariants(t)
			for _, p := range x.snaps {
				require.Equal(t, len(p.o), p.s.Len())
				require.Equal(t, p.o, maps.Collect(p.s.All()))
				for k, v := range p.o {
					got, ok := p.s.Load(k)
					require.True(t, ok)
					require.Equal(t, v, got)
					break
				}
			}
		},
	})
}

func TestModel(t *testing.T) {
	ints := rapid.IntRange(0, 700)
	texts := rapid.Map(ints, func(i int) string { return fmt.Sprint("key", i) })
	t.Run("word", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			(&machine[int, int]{m: new(Map[int, int]), o: NewTextbook[int, int](), key: ints, value: ints}).run(t)
		})
	})
	t.Run("box", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			(&machine[string, string]{m: new(Map[string, string]), o: NewTextbook[string, string](), key: texts, value: texts}).run(t)
		})
	})
	t.Run("pointer", func(t *testing.T) {
		values := rapid.Map(ints, func(i int) *int {
			if i%3 == 0 {
				return nil
			}
			return &i
		})
		rapid.Check(t, func(t *rapid.T) {
			(&machine[[2]int8, *int]{
				m: New(Options[[2]int8, *int]{Capacity: 300}), o: NewTextbook[[2]int8, *int](),
				key: rapid.Map(ints, func(i int) [2]int8 { return [2]int8{int8(i), int8(i >> 7)} }), value: values,
			}).run(t)
		})
	})
	t.Run("bad hash", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			mod := rapid.SampledFrom([]int{1, 2, 10}).Draw(t, "hashes")
			(&machine[int, int8]{
				m: New(Options[int, int8]{Hash: func(k int) uint64 { return uint64(k % mod) }}), o: NewTextbook[int, int8](),
				key: ints, value: rapid.Int8(),
			}).run(t)
		})
	})
}

func TestLayout(t *testing.T) {
	require.Equal(t, unsafe.Sizeof(group[int32]{}), unsafe.Sizeof(pointerGroup[int32]{}))
	require.Equal(t, unsafe.Offsetof(group[int32]{}.slots), unsafe.Offsetof(pointerGroup[int32]{}.slots))
	require.Equal(t, unsafe.Offsetof(slot[int32]{}.cell), unsafe.Offsetof(pointerSlot[int32]{}.cell))
	require.Equal(t, unsafe.Sizeof(slot[int32]{}), unsafe.Sizeof(pointerSlot[int32]{}))
	require.Equal(t, unsafe.Offsetof(group[int32]{}.log), unsafe.Offsetof(pointerGroup[int32]{}.log))
	require.Equal(t, uintptr(8), unsafe.Sizeof(pointer{}))
	require.Equal(t, uintptr(128), unsafe.Sizeof(group[int64]{}))
}

// TestFit: three sizes up to full-grown that leave a quarter of the slots free, and above
// them the smallest that does.
func TestFit(t *testing.T) {
	for full, want := range map[uint8]map[int32]uint8{
		maxBits: {0: 0, 5: 0, 6: 2, 15: 2, 16: 5, 120: 5, 121: 6, 240: 6, 241: 7},
		3:       {5: 0, 6: 2, 15: 2, 16: 3, 30: 3, 31: 4},
		1:       {5: 0, 6: 1, 7: 1, 8: 2},
		0:       {5: 0, 6: 1},
	} {
		for live, bits := range want {
			require.Equal(t, bits, fit(live, full), "%d live, full-grown is %d", live, full)
		}
	}
}
