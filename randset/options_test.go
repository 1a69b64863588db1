package randset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBadOptions(t *testing.T) {
	bad := Options[int]{Capacity: -1}
	for fn, call := range map[string]func(...Options[int]){
		"randset.New":         func(o ...Options[int]) { New(o...) },
		"randset.NewBag":      func(o ...Options[int]) { NewBag(o...) },
		"randset.NewWeighted": func(o ...Options[int]) { NewWeighted(o...) },
		"randset.NewSync":     func(o ...Options[int]) { NewSync(o...) },
	} {
		assert.PanicsWithValue(t, fn+": Capacity must be 0 to 2147483648, got -1", func() { call(bad) })
		assert.PanicsWithValue(t, fn+": at most one Options, got 2", func() { call(Options[int]{}, Options[int]{}) })
	}
	assert.PanicsWithValue(t, "randset.Sample: k must be at least 0, got -1", func() { new(Set[int]).Sample(-1) })
	assert.PanicsWithValue(t, "randset.Sample: k must be at least 0, got -1", func() { new(Sync[int]).Sample(-1) })
	if math.MaxInt > math.MaxUint32 {
		assert.PanicsWithValue(t, fmt.Sprintf("randset.New: Capacity must be 0 to 2147483648, got %d", math.MaxInt), func() { New(Options[int]{Capacity: math.MaxInt}) })
	}
}

// TestHash: Options.Hash is called for each lookup of a value; without it each set has
// its own secrets, and equal values hash alike wherever they lie in memory.
func TestHash(t *testing.T) {
	type set struct {
		insert, contains func(string)
		delete           func(string) bool
		len              func() int
	}
	of := func(s *Set[string], y *Sync[string], b *Bag[string], w *Weighted[string]) map[string]set {
		return map[string]set{
			"Set":  {func(v string) { s.Insert(v) }, func(v string) { s.Contains(v) }, s.Delete, s.Len},
			"Sync": {func(v string) { y.Insert(v) }, func(v string) { y.Contains(v) }, y.Delete, y.Len},
			"Bag":  {func(v string) { b.Insert(v) }, func(v string) { b.Contains(v) }, b.Delete, b.Len},
			"Weighted": {
				func(v string) { assert.NoError(t, w.Set(v, 1)) },
				func(v string) { w.Contains(v) }, w.Delete, w.Len,
			},
		}
	}
	asked := 0
	o := Options[string]{Hash: func(string) uint64 { asked++; return 7 }}
	for name, s := range of(New(o), NewSync(o), NewBag(o), NewWeighted(o)) {
		asked = 0
		if name != "Sync" { // Sync calls it before it takes the lock
			s.contains("a")
			s.delete("a")
			assert.Zero(t, asked, "%s: an empty set has nothing to look for", name)
		}
		asked = 0
		s.insert("a")
		s.insert("b")
		s.contains("b")
		assert.Equal(t, 3, asked, name)
		assert.True(t, s.delete("b"), "%s: with one hash for all", name)
	}
	for name, s := range of(new(Set[string]), new(Sync[string]), new(Bag[string]), new(Weighted[string])) {
		s.insert(strings.Clone("value"))
		assert.True(t, s.delete(strings.Clone("value")), name)
		assert.Zero(t, s.len(), name)
	}
	secretsDiffer(t, "value")
	secretsDiffer(t, strings.Repeat("forty", 8))
	secretsDiffer(t, 7)
	secretsDiffer(t, [2]string{"a", "struct"})
}

// secretsDiffer: no two sets hash a value alike.
func secretsDiffer[T comparable](t *testing.T, v T) {
	var sets, syncs, bags, weighted [2]uint64
	for i := range 2 {
		s, y, b, w := new(Set[T]), new(Sync[T]), new(Bag[T]), new(Weighted[T])
		s.Insert(v)
		b.Insert(v)
		assert.NoError(t, w.Set(v, 1))
		sets[i], syncs[i], bags[i], weighted[i] = s.index.hash.Hash(v), uint64(y.hash(v)), b.hash.Hash(v), w.hash.Hash(v)
	}
	for _, hashes := range [][2]uint64{sets, syncs, bags, weighted} {
		assert.NotEqual(t, hashes[0], hashes[1])
	}
}

func TestHashMayUseTheSet(t *testing.T) {
	var s *Sync[int]
	s = NewSync(Options[int]{Hash: func(v int) uint64 { return uint64(v + s.Len()*0) }})
	assert.True(t, s.Insert(1), "it is called before the lock is taken")
	assert.True(t, s.Contains(1))
}

func TestCapacity(t *testing.T) {
	o := Options[int]{Capacity: 100}
	assert.Equal(t, 100, cap(New(o).index.values))
	assert.Equal(t, 100, cap(NewSync(o).set.index.values))
	assert.Equal(t, 101, NewWeighted(o).index.Slots())
	assert.Equal(t, 100, cap(NewBag(o).all))
}

// TestSeededDrawsRepeat: all draws come from Options.Rand.
func TestSeededDrawsRepeat(t *testing.T) {
	draws := func() (all []int) {
		s, y, b, w := New(seeded(1)), NewSync(seeded(2)), NewBag(seeded(3)), NewWeighted(seeded(4))
		for v := range 100 {
			s.Insert(v)
			y.Insert(v)
			b.Insert(v)
			assert.NoError(t, w.Set(v, float64(v)))
		}
		for range 20 {
			for _, random := range []func() (int, bool){s.Random, y.Random, b.Random, w.Random, s.Pop, y.Pop} {
				v, _ := random()
				all = append(all, v)
			}
		}
		return slices.Concat(all, s.Sample(3), y.Sample(50), slices.Collect(s.Shuffled()), slices.Collect(y.Shuffled()))
	}
	assert.Equal(t, draws(), draws())
}
