package timemap

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/internal/bench"
)

// far is a time far beyond all others here.
const far = 1 << 40

// backfill returns the times of some newest versions and then those of older ones, step
// apart.
func backfill(newer int, step int64) func(i int) int64 {
	return func(i int) int64 {
		if i < newer {
			return far + int64(i)
		}
		return step * int64(i)
	}
}

// gap returns the times of some old versions, of as many new ones, and then of versions
// between them, which fill the gap from its end.
func gap(older int) func(i int) int64 {
	return func(i int) int64 {
		switch {
		case i < older:
			return int64(i) - far
		case i < 2*older:
			return far + int64(i)
		}
		return -int64(i)
	}
}

// TestBytesOfAChunk: the size of a chunk in the list of chunks.
func TestBytesOfAChunk(t *testing.T) {
	var s series[int64]
	assert.EqualValues(t, 8, unsafe.Sizeof(s.firsts[0]))
	word := unsafe.Sizeof(uintptr(0))
	assert.EqualValues(t, 3*3*word+8+8*parts, unsafe.Sizeof(full[int64]{}), "three slices, a mark, a flag and four times: 112 where a word has 64 bits")
}

// TestMemoryInEveryOrder: the memory of a version does not depend on the direction in
// which its neighbours are written, as long as they are written one after the other. A
// map has one chunk more, which it is filling.
func TestMemoryInEveryOrder(t *testing.T) {
	n := 50_000
	if testing.Short() {
		n = 20_000
	}
	filling := chunkLen * 16. // bytes of a chunk of 64-bit times and values
	random := rand.New(rand.NewPCG(1, 3)).Perm(n)
	for _, c := range []struct {
		name string
		at   func(i int) int64
		most float64 // bytes per version
	}{
		{"in order", func(i int) int64 { return int64(i) }, 17},
		{"against the order", func(i int) int64 { return int64(-i) }, 17},
		{"one in the future, then in order", backfill(1, 1), 17},
		{"in order before 72", backfill(72, 1), 17},
		{"in order before 200", backfill(200, 1), 17},
		{"in order before 256", backfill(256, 1), 17},
		{"in order before 1000", backfill(1000, 1), 17},
		{"against the order before 300", backfill(300, -1), 17},
		{"against the order in a gap after 1", gap(1), 17},
		{"against the order in a gap after 136", gap(136), 18}, // 240 per chunk
		{"against the order in a gap after 255", gap(255), 17},
		{"against the order in a gap after 256", gap(256), 17},
		{"two histories in turn", func(i int) int64 { return int64(i%2)*far + int64(i) }, 17},
		{"sixteen histories in turn", func(i int) int64 { return int64(i%16)*far + int64(i) }, 18}, // n is small for 16
		{"one late write a chunk", func(i int) int64 {
			if i < n*255/256 {
				return int64(i) * 2
			}
			return int64(i-n*255/256)*512 + 201
		}, 25.5},
		{"in random order", func(i int) int64 { return int64(random[i]) }, 24},
		{"one in 20 late by 1000", func(i int) int64 {
			if i%20 == 0 {
				return 2*int64(i-min(i, 1000)) + 1
			}
			return 2 * int64(i)
		}, 32},
	} {
		if testing.Short() && c.most != 17 {
			continue
		}
		got := bytesAVersion(n, c.at)
		t.Logf("%-40s %.2f", c.name, got)
		assert.LessOrEqual(t, got, c.most+filling/float64(n), c.name)
		assert.Greater(t, got, 16., "%s: the measurement", c.name)
	}
}

// bytesAVersion returns the heap bytes per version of a map of one key of n versions.
func bytesAVersion(n int, at func(i int) int64) float64 {
	return float64(bench.Bytes(func() any {
		m := new(Map[int, int64])
		for i := range n {
			m.Set(1, at(i), int64(i))
		}
		m.checkInvariants()
		return m
	})) / float64(n)
}

// TestSyncIsSmall: an empty Sync stays small however many processors there are.
func TestSyncIsSmall(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for procs, stripes := range map[int]int{1: 16, 2: 32, 6: 128, 16: 256, 192: 256} {
		runtime.GOMAXPROCS(procs)
		var s Sync[int, int]
		assert.Zero(t, s.Len())
		assert.Equal(t, stripes, len(s.stripes), "%d processors", procs)
		assert.LessOrEqual(t, uintptr(stripes)*unsafe.Sizeof(s.stripes[0]), uintptr(66_000))
		for k := range 1000 {
			s.Set(k, 1, k)
		}
		for k := range 1000 {
			v, _ := s.Get(k, 1)
			assert.Equal(t, k, v)
		}
		s.checkInvariants()
		assert.Equal(t, 1000, s.Len())
	}
}

// TestLoopsOverSyncCopyNothing: one step over a long history allocates nothing.
func TestLoopsOverSyncCopyNothing(t *testing.T) {
	var s Sync[int, int]
	for i := range 100 * chunkLen {
		s.Set(1, int64(i), i)
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for range s.Backward(1) {
			break
		}
		for range s.History(1) {
			break
		}
		for range s.Range(1, 500, 600) {
		}
	}))
}
