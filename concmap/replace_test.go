package concmap

import (
	"runtime"
	"strconv"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCapacity: with a good hint no segment is ever replaced.
func TestCapacity(t *testing.T) {
	const n = 20_000
	m := New(Options[int, int]{Capacity: n})
	m.Store(0, 0)
	depth := m.Stats().Depth
	for i := range n {
		m.Store(i, i)
	}
	assert.Equal(t, depth, m.Stats().Depth)
	assert.Equal(t, 1<<depth, m.Stats().Segments)
}

// TestLargeKeys: the table of a segment takes at most 8 KiB as long as its keys do not
// collide, whatever the capacity.
func TestLargeKeys(t *testing.T) {
	for _, capacity := range []int{0, 500} {
		tablesOf[[64]byte](t, capacity)
		tablesOf[[200]byte](t, capacity) // in tables of four groups
	}
}

// tablesOf looks at the tables of a map of large keys.
func tablesOf[K [64]byte | [200]byte](t *testing.T, capacity int) {
	m := New(Options[K, int]{Capacity: capacity})
	for i := range 1000 {
		var k K
		k[0], k[1] = byte(i), byte(i>>8)
		m.Store(k, i)
	}
	m.checkInvariants(t)
	m.dir.Load().each(func(s *segment[K]) {
		assert.LessOrEqual(t, int(unsafe.Sizeof(group[K]{}))<<s.bits, maxBytes)
	})
}

// TestHashedOnce: a custom hash is called once for each key that is stored, however often
// its segment is replaced.
func TestHashedOnce(t *testing.T) {
	calls := 0
	m := New(Options[int, int]{Hash: func(k int) uint64 { calls++; return uint64(k) }})
	for k := range 2000 {
		m.Store(k, k)
	}
	assert.Equal(t, 2000, calls)
}

// TestBadHash: keys that all collide cost time, and nothing else.
func TestBadHash(t *testing.T) {
	const n = 3000
	for name, hash := range map[string]func(int) uint64{
		"all equal": func(int) uint64 { return 42 },
		"few":       func(k int) uint64 { return uint64(k % 3) },
		"skewed":    func(k int) uint64 { return uint64(k) & -uint64(k) },
	} {
		m := New(Options[int, int]{Hash: hash})
		for i := range n {
			m.Store(i, i)
		}
		m.checkInvariants(t)
		assert.LessOrEqual(t, 1<<m.Stats().Depth, n/3, name)
		if name == "all equal" {
			assert.Zero(t, m.Stats().Depth, "dividing does not help")
		}
		for i := range n {
			v, ok := m.Load(i)
			assert.True(t, ok && v == i, name)
		}
		for i := range n {
			m.Delete(i)
		}
		assert.Zero(t, m.Len())
		m.checkInvariants(t)
	}
}

// TestDirectoryIsBounded: although a segment with few keys, which all collide, is rebuilt
// again and again.
func TestDirectoryIsBounded(t *testing.T) {
	type large struct {
		k int
		_ [192]byte
	}
	const n = 18
	entries := n * int(unsafe.Sizeof(group[large]{})) / groupSlots
	m := New(Options[large, int]{Hash: func(large) uint64 { return 42 }})
	for i := range 1000 {
		m.Store(large{k: i}, i)
		m.Delete(large{k: i - n})
		require.LessOrEqual(t, int(placeSize)<<m.Stats().Depth, entries/4)
	}
	m.checkInvariants(t)
}

// TestTurns: keys are dealt by the turns that were stored with them, until these are used
// up and the keys are hashed for new ones.
func TestTurns(t *testing.T) {
	m := new(Map[string, int])
	for k := 0; k < 10_000 || m.Stats().Depth <= turnBits; k++ {
		m.Store(strconv.Itoa(k), k)
	}
	m.checkInvariants(t)
	used := make(map[uint8]bool)
	m.dir.Load().each(func(s *segment[string]) { used[s.turnsAt] = true })
	assert.Len(t, used, 2, "%v", used)
	for s, k := range m.ToMap() {
		assert.Equal(t, s, strconv.Itoa(k))
	}
}

// TestComingAndGoing: a key that is deleted and stored again keeps its slot, also where
// the hashes of keys are stored, and where groups are full.
func TestComingAndGoing(t *testing.T) {
	for name, m := range map[string]*Map[int, int]{
		"default": {},
		"custom":  New(Options[int, int]{Hash: func(k int) uint64 { return uint64(k) }}),
		"collide": New(Options[int, int]{Hash: func(int) uint64 { return 1 }}),
	} {
		for k := range 10 {
			m.Store(k, k)
		}
		before := m.Stats()
		for range 100 {
			m.Delete(9)
			assert.Equal(t, 1, m.Stats().Tombstones, name)
			m.Store(9, 9)
		}
		assert.Equal(t, before, m.Stats(), name)
		m.checkInvariants(t)
	}
}

// TestTooLate: a call finds that another one has already done its work.
func TestTooLate(t *testing.T) {
	var m Map[int, int]
	m.Store(1, 1)
	h := m.hashOf(1)
	s := m.dir.Load().at(h).segment.Load()
	m.replace(s)
	m.Store(1, 2)
	m.replace(s)
	v, ok := m.Load(1)
	assert.True(t, v == 2 && ok, "a segment is replaced once")
	m.Delete(1)
	_, ok = m.loadAndDelete(h, 1)
	assert.False(t, ok)
	m.Store(1, 3)
	assert.Equal(t, map[int]int{1: 3}, m.ToMap())
	m.checkInvariants(t)

	s = m.dir.Load().at(h).segment.Load()
	m.Clear()
	m.replace(s)
	assert.Empty(t, m.ToMap(), "what is cleared does not come back")
	m.checkInvariants(t)
}

// TestJoin: after a join both segments are replaced, and no lock is held.
func TestJoin(t *testing.T) {
	m := New(Options[int, int]{Hash: func(k int) uint64 { return uint64(k) }})
	for k := range 200 {
		m.Store(k, k)
	}
	m.hot = 0 // with processors to feed, segments are not joined to so few
	var old []*segment[int]
	m.dir.Load().each(func(s *segment[int]) { old = append(old, s) })
	assert.Len(t, old, 2)
	for k := range 190 {
		m.Delete(k)
	}
	assert.Equal(t, 1, m.Stats().Segments)
	for _, s := range old {
		assert.True(t, s.frozen && s.replaced != 0 && s.replaceMu.TryLock())
	}
	assert.Len(t, m.ToMap(), 10)
	m.checkInvariants(t)
}

// TestNoJoin: segments are not joined if the neighbour has too many entries, if there are
// few segments, or if the capacity asked for them.
func TestNoJoin(t *testing.T) {
	var m Map[int, int]
	m.Store(0, 0)
	m.hot = 0
	for k := range 200 {
		m.Store(k, k)
	}
	for k := range 200 {
		if path(m.hashOf(k))&1 == 0 {
			m.Delete(k)
		}
	}
	assert.Equal(t, 2, m.Stats().Segments)
	m.checkInvariants(t)

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var few Map[int, int]
	for k := 0; few.Stats().Segments < 2*16; k++ {
		few.Store(k, k)
	}
	for k := range few.ToMap() {
		few.Delete(k)
	}
	assert.Equal(t, 2*16, few.Stats().Segments, "16 a processor stay for those that may wait")
	few.checkInvariants(t)

	hinted := New(Options[int, int]{Capacity: 1000})
	for k := range 1000 {
		hinted.Store(k, k)
	}
	hinted.hot = 0
	before := hinted.Stats().Segments
	for k := range 1000 {
		hinted.Delete(k)
	}
	assert.Equal(t, before, hinted.Stats().Segments)
	hinted.checkInvariants(t)
}

// TestShrink: after everything is deleted at most a quarter of the peak remains.
func TestShrink(t *testing.T) {
	for _, n := range []int{100, 1000, 30_000} {
		var m Map[int, int]
		for k := range n {
			m.Store(k, k)
		}
		peak := m.Stats()
		for k := range n {
			m.Delete(k)
		}
		rest := m.Stats()
		assert.Zero(t, rest.Entries)
		assert.LessOrEqual(t, 4*rest.Bytes, peak.Bytes, "n=%d", n)
		m.checkInvariants(t)
		for k := range n { // the map grows again
			m.Store(k, k)
		}
		assert.Equal(t, n, m.Len())
		m.checkInvariants(t)
	}
}

// TestDirectoryIsCopiedAhead shows that no Store copies a long directory: it has been
// copied, a few places with each replacement, before the Store that needs it.
func TestDirectoryIsCopiedAhead(t *testing.T) {
	m := new(Map[int, int])
	m.Store(0, 0)
	doubled := 0
	for k := range 100_000 {
		d, copied := m.dir.Load(), m.copied
		m.Store(k, k)
		if m.dir.Load() != d && d.len() >= 256 {
			doubled++
			require.Equal(t, d.len(), copied)
		}
	}
	require.GreaterOrEqual(t, doubled, 2)
}

// TestNextDirectory: while the directory of twice the length is being filled it agrees
// with the current one, through divisions and joins; a Clear discards it.
func TestNextDirectory(t *testing.T) {
	m := new(Map[int, int])
	m.Store(0, 0)
	m.hot = 0 // whatever the number of processors, segments are joined
	begin := func() {
		for k := 0; m.next == nil || m.copied < m.dir.Load().len(); k++ {
			require.Less(t, k, 50_000, "it has not been begun")
			m.Store(k, k)
		}
		m.checkInvariants(t)
	}
	begin()
	segments := m.segments
	for k := range m.Keys() {
		if m.Delete(k); m.segments < segments/2 {
			break
		}
	}
	m.checkInvariants(t)
	m.Clear()
	require.Nil(t, m.next)
	m.checkInvariants(t)
	begin()
	require.Equal(t, m.Len(), m.Snapshot().Len())
}
