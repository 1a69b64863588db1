package concmap

import (
	"math/bits"
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

// TestBytesAfterRandomDeletes: checks what Delete's doc says about memory. Stats counts
// the memory on the heap, as TestStatsBytes shows.
func TestBytesAfterRandomDeletes(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for _, n := range []int{20_000, 35_000} {
		var m Map[int64, int64]
		for k := range int64(n) {
			m.Store(k, k)
		}
		peak := m.Stats().Bytes
		gone := rand.Perm(n)
		deleteTo := func(left int) (bytes int) {
			for _, k := range gone[:len(gone)-left] {
				m.Delete(int64(k))
			}
			gone = gone[len(gone)-left:]
			return m.Stats().Bytes
		}
		assert.InEpsilon(t, peak, deleteTo(n/3), 0.03, "a third left: all of it")
		assert.InEpsilon(t, peak/2, deleteTo(n/10), 0.25, "a tenth left: half of it")
		for _, left := range []int{n / 12, n / 20, n / 50} {
			assert.LessOrEqual(t, deleteTo(left)/left, 240, "%d left: bytes an entry", left)
		}
		dense := Collect(m.All())
		assert.Equal(t, m.Len(), dense.Len())
		assert.Less(t, dense.Stats().Bytes/dense.Len(), 70, "bytes an entry of a copy")
		m.checkInvariants(t)
	}
}

// TestBytesOfSegments: an entry of two words takes 26 bytes in a full segment and 53 in
// one that has just been divided.
func TestBytesOfSegments(t *testing.T) {
	bytes := float64(unsafe.Sizeof(segment[int64]{}) + unsafe.Sizeof(group[int64]{})<<maxBits)
	full := float64(limit(maxBits))
	assert.InDelta(t, 26, bytes/full, 1)
	assert.InDelta(t, 53, bytes/(full/2), 1)
}

// TestClearIsSmall: Clear of a map that was made for many entries allocates almost
// nothing, releases everything, and leaves a map that grows.
func TestClearIsSmall(t *testing.T) {
	m := New(Options[int64, int64]{Capacity: 1 << 20})
	m.Store(1, 1)
	assert.Greater(t, m.Stats().Bytes, 100_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m.Clear()
	runtime.ReadMemStats(&after)
	assert.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(4096))
	assert.LessOrEqual(t, m.Stats().Bytes, 1024)
	for k := range int64(1000) {
		m.Store(k, k)
	}
	assert.Equal(t, 1000, m.Len())
	m.checkInvariants(t)
}

// TestHugeCapacity: an absurd hint allocates at most 64 MiB, with the first write.
func TestHugeCapacity(t *testing.T) {
	assert.LessOrEqual(t, int(placeSize)<<maxDepth, 64<<20)
	if testing.Short() {
		t.Skip("allocates it")
	}
	m := New(Options[int, int]{Capacity: 1<<31 - 1})
	assert.LessOrEqual(t, m.Stats().Bytes, 1024)
	m.Store(1, 1)
	assert.Equal(t, int(maxDepth), m.Stats().Depth)
	v, ok := m.Load(1)
	assert.True(t, v == 1 && ok)
	_, ok = m.Load(2)
	assert.False(t, ok)
}

// TestSegmentsShareNoLines: on a 64-bit system a segment fills a pair of cache lines
// exactly; its padding is a sum written by hand.
func TestSegmentsShareNoLines(t *testing.T) {
	if bits.UintSize == 32 {
		t.Skip("other sizes")
	}
	assert.EqualValues(t, 128, unsafe.Sizeof(segment[int64]{}))
	assert.EqualValues(t, 128, unsafe.Sizeof(segment[string]{}))
}
