package timemap

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
)

func each(t *testing.T, f func(t *testing.T, make func(SameTime) timemap)) {
	for name, make := range makers() {
		t.Run(name, func(t *testing.T) { f(t, make) })
	}
}

func TestEmpty(t *testing.T) {
	for _, m := range []timemap{new(Map[string, int]), new(Sync[string, int])} {
		_, got := m.Get("k", 0)
		_, latest := m.Latest("k")
		_, floor := m.Floor("k", math.MaxInt64)
		_, ceiling := m.Ceiling("k", math.MinInt64)
		_, seen := m.AsOf(0).Get("k")
		assert.False(t, got || latest || floor || ceiling || seen)
		assert.Zero(t, m.Len()+m.Versions()+m.Drop("k")+m.CompactBefore(0)+m.KeepLast(1))
		assert.Empty(t, versions(m.History("k")))
		assert.Empty(t, versions(m.Backward("k")))
		assert.Empty(t, slices.Collect(m.Keys()))
		m.Clear()
		m.Set("k", 1, 1)
		assert.Equal(t, 1, m.Len(), "the zero value is ready")
	}
}

func TestBadInput(t *testing.T) {
	assert.PanicsWithValue(t, "timemap.New: unknown SameTime", func() { New(Options[int, int]{SameTime: 3}) })
	assert.PanicsWithValue(t, "timemap.NewSync: unknown SameTime", func() { NewSync(Options[int, int]{SameTime: 3}) })
	assert.PanicsWithValue(t, "timemap.New: at most one Options, got 2", func() { New(Options[int, int]{}, Options[int, int]{}) })
	each(t, func(t *testing.T, make func(SameTime) timemap) {
		for _, n := range []int{0, -1} {
			assert.Panics(t, func() { make(LastWins).KeepLast(n) })
		}
	})
	var nan Sync[float64, int]
	assert.PanicsWithValue(t, "timemap: a key must be equal to itself", func() { nan.Set(math.NaN(), 0, 1) })
	assert.Zero(t, nan.Len())
	nan.Set(1, 0, 1)
	_, ok := nan.Get(math.NaN(), 0)
	assert.False(t, ok, "and no lock is held")
	var any Sync[any, int]
	assert.Panics(t, func() { any.Set([]int{}, 0, 1) }, "as a map does")
	any.Set(1, 0, 1)
	any.checkInvariants()
}

// TestHash: every method uses Options.Hash; without it each map has its own secrets, and
// equal keys hash alike wherever they lie in memory.
func TestHash(t *testing.T) {
	asked := 0
	o := Options[string, int]{Hash: func(string) uint64 { asked++; return 7 }}
	for _, m := range []timemap{New(o), NewSync(o)} {
		asked = 0
		m.Set("a", 1, 1)
		m.Set("b", 1, 2)
		assert.Equal(t, 2, asked)
		v, _ := m.Get("b", 1)
		assert.Equal(t, 2, v, "with one hash for all")
	}
	m := New(o)
	asked = 0
	m.Get("a", 1)
	m.Drop("a")
	assert.Zero(t, asked, "an empty map has nothing to look for")

	for _, m := range []timemap{new(Map[string, int]), new(Sync[string, int]), New[string, int](), NewSync[string, int]()} {
		m.Delete(strings.Clone("key"), 1)
		m.Set(strings.Clone("key"), 2, 2)
		assert.Equal(t, 1, m.Len())
		v, _ := m.Get(strings.Clone("key"), 2)
		assert.Equal(t, 2, v)
	}
	for _, k := range []string{"key", strings.Repeat("forty", 8)} {
		secretsDiffer(t, k)
	}
	secretsDiffer(t, 7)
	secretsDiffer(t, [2]string{"a", "struct"})
}

// secretsDiffer: no two maps hash a key alike.
func secretsDiffer[K comparable](t *testing.T, k K) {
	a, b := New[K, int](), New[K, int]()
	assert.NotEqual(t, a.hash.Hash(k), b.hash.Hash(k))
	c, d := NewSync[K, int](), NewSync[K, int]()
	assert.NotEqual(t, c.hash.Hash(k), d.hash.Hash(k))
	e, f := new(Sync[K, int]), new(Sync[K, int])
	e.Set(k, 1, 1)
	f.Set(k, 1, 1)
	assert.NotEqual(t, e.hash.Hash(k), f.hash.Hash(k))
}

func TestEndsOfTime(t *testing.T) {
	each(t, func(t *testing.T, make func(SameTime) timemap) {
		m := make(LastWins)
		m.Set("k", math.MaxInt64, 2)
		m.Set("k", math.MinInt64, 1)
		v, ok := m.Get("k", math.MinInt64)
		assert.True(t, ok)
		assert.Equal(t, 1, v)
		v, _ = m.Get("k", math.MaxInt64-1)
		assert.Equal(t, 1, v)
		v, _ = m.Get("k", math.MaxInt64)
		assert.Equal(t, 2, v)
		assert.Len(t, versions(m.Range("k", math.MinInt64, math.MaxInt64)), 2, "both ends are included")
		assert.Len(t, versions(m.Backward("k")), 2)
		m.CompactBefore(math.MaxInt64)
		assert.Equal(t, 1, m.Versions())
	})
}

func TestSameTime(t *testing.T) {
	each(t, func(t *testing.T, make func(SameTime) timemap) {
		for same, want := range map[SameTime][]Version[int]{
			LastWins: {{5, 2}}, FirstWins: {{5, 1}}, KeepAll: {{5, 1}, {5, 2}},
		} {
			m := make(same)
			m.Set("k", 5, 1)
			m.Set("k", 9, 9)
			m.Set("k", 5, 2)
			assert.Equal(t, want, versions(m.Range("k", 5, 5)))
			v, _ := m.Get("k", 5)
			assert.Equal(t, want[len(want)-1].Value, v, "the last one holds")
			m.Delete("k", 5)
			_, ok := m.Get("k", 6)
			assert.Equal(t, same == FirstWins, ok, "a tombstone is a write as others")
		}
	})
}

func TestTombstones(t *testing.T) {
	each(t, func(t *testing.T, make func(SameTime) timemap) {
		m := make(LastWins)
		m.Set("k", 1, 1)
		m.Delete("k", 5)
		m.Set("k", 9, 9)
		for at, want := range map[int64]bool{0: false, 1: true, 4: true, 5: false, 8: false, 9: true} {
			_, ok := m.Get("k", at)
			assert.Equal(t, want, ok, "%d", at)
		}
		assert.Equal(t, []Version[int]{{1, 1}, {9, 9}}, versions(m.History("k")), "never yielded")
		c, _ := m.Ceiling("k", 2)
		assert.Equal(t, Version[int]{9, 9}, c)
		m.Delete("k", 10)
		_, ok := m.Latest("k")
		assert.False(t, ok)
		assert.Equal(t, 4, m.Versions())
	})
}

// TestCompactionKeepsWhatHolds: the version that holds stays, and a late write from
// before it does not hide it.
func TestCompactionKeepsWhatHolds(t *testing.T) {
	each(t, func(t *testing.T, make func(SameTime) timemap) {
		m := make(LastWins)
		for i := range 5 {
			m.Set("value", int64(10*i), i)
		}
		m.Set("gone", 10, 1)
		m.Delete("gone", 20)
		m.Set("back", 10, 1)
		m.Delete("back", 20)
		m.Set("back", 30, 3)
		m.Delete("later", 26)
		assert.Equal(t, 5, m.CompactBefore(25), "two of value, both of gone, one of back")
		assert.Equal(t, []int{3, 0, 2, 1}, []int{m.Count("value"), m.Count("gone"), m.Count("back"), m.Count("later")})
		assert.Equal(t, 3, m.Len(), "gone is no key any more")
		v, _ := m.Get("value", 25)
		assert.Equal(t, 2, v)
		_, ok := m.Get("value", 19)
		assert.False(t, ok, "what was before is forgotten")
		m.Set("value", 5, -1)
		m.Set("gone", 5, -1)
		v, _ = m.Get("value", 25)
		assert.Equal(t, 2, v)
		v, _ = m.Get("gone", 25)
		assert.Equal(t, -1, v, "a late write from before its tombstone brings a dropped key back")
		m.Set("back", 5, -1)
		_, ok = m.Get("back", 25)
		assert.False(t, ok, "where the tombstone is kept it holds")
		assert.Zero(t, m.CompactBefore(math.MinInt64))
		m.checkInvariants()
	})
}

// TestCompactionOfNothing: a compaction that drops nothing moves nothing.
func TestCompactionOfNothing(t *testing.T) {
	m := New[string, int]()
	for i := range 3 * chunkLen {
		m.Set("k", int64(i), i)
	}
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		assert.Zero(t, m.CompactBefore(0))
		assert.Zero(t, m.KeepLast(3*chunkLen))
	}))
}

// TestAppendAtOneTime: writing a version at the newest time is an append too: it fills
// chunks and moves nothing.
func TestAppendAtOneTime(t *testing.T) {
	m := New(Options[string, int]{SameTime: KeepAll})
	for i := range 3 * chunkLen {
		m.Set("k", 7, i)
	}
	s := m.series("k")
	assert.Len(t, s.older, 2)
	assert.Zero(t, s.edits)
}

func TestViewIsLive(t *testing.T) {
	each(t, func(t *testing.T, make func(SameTime) timemap) {
		m := make(LastWins)
		view := m.AsOf(10)
		assert.EqualValues(t, 10, view.At())
		m.Set("k", 11, 11)
		_, ok := view.Get("k")
		assert.False(t, ok, "later times never show")
		m.Set("k", 10, 10)
		v, _ := view.Get("k")
		assert.Equal(t, 10, v, "later writes do")
		m.Set("other", 3, 3)
		m.Delete("k", 10)
		seen := map[string]int{}
		for k, v := range view.All() {
			seen[k] = v
		}
		assert.Equal(t, map[string]int{"other": 3}, seen)
		for range view.All() {
			break
		}
	})
}

// TestAppendAfterAClockStep: after the clock was stepped back, what Set writes is hidden
// by older versions, and what Append writes is not.
func TestAppendAfterAClockStep(t *testing.T) {
	each(t, func(t *testing.T, make func(SameTime) timemap) {
		for _, same := range []SameTime{LastWins, FirstWins, KeepAll} {
			m := make(same)
			m.Set("k", 100, 1)
			m.Set("k", 90, 2)
			last, _ := m.Latest("k")
			assert.Equal(t, Version[int]{100, 1}, last, "a late write")
			assert.EqualValues(t, 101, m.Append("k", 95, 3))
			assert.EqualValues(t, 102, m.Append("k", 101, 4))
			assert.EqualValues(t, 200, m.Append("k", 200, 5))
			assert.EqualValues(t, 201, m.AppendDelete("k", 150))
			_, ok := m.Latest("k")
			assert.False(t, ok, "a removal is the newest too")
			m.Delete("k", 300)
			assert.EqualValues(t, 301, m.Append("k", 250, 6), "nor does it hide it behind a tombstone")
			last, _ = m.Latest("k")
			assert.Equal(t, Version[int]{301, 6}, last)
			assert.Equal(t, int64(math.MaxInt64), m.Append("k", math.MaxInt64, 7))
			assert.Equal(t, int64(math.MaxInt64), m.Append("k", 0, 8))
			last, _ = m.Latest("k")
			assert.Equal(t, map[SameTime]int{LastWins: 8, FirstWins: 7, KeepAll: 8}[same], last.Value)
			assert.EqualValues(t, -5, m.Append("new", -5, 1))
			m.checkInvariants()
		}
	})
	var nan Sync[float64, int]
	assert.PanicsWithValue(t, "timemap: a key must be equal to itself", func() { nan.Append(math.NaN(), 0, 1) })
	assert.PanicsWithValue(t, "timemap: a key must be equal to itself", func() { nan.AppendDelete(math.NaN(), 0) })
}

// TestChangesShowTombstones: History does not; the loop may change the key.
func TestChangesShowTombstones(t *testing.T) {
	each(t, func(t *testing.T, make func(SameTime) timemap) {
		m := make(LastWins)
		m.Set("k", 1, 1)
		m.Delete("k", 5)
		m.Delete("k", 7)
		m.Set("k", 9, 9)
		want := []textbookVersion[int]{{1, 1, false}, {5, 0, true}, {7, 0, true}, {9, 9, false}}
		for leave := range 5 {
			var got []textbookVersion[int]
			for at, c := range m.Changes("k") {
				got = append(got, textbookVersion[int]{at, c.Value, c.Deleted})
				if len(got) > leave {
					break
				}
			}
			assert.Equal(t, want[:min(leave+1, 4)], got)
		}
		var seen []int64
		for at := range m.Changes("k") {
			if seen = append(seen, at); at == 5 {
				m.Set("k", 0, 0) // all versions move
			}
		}
		assert.Equal(t, []int64{1, 5, 7, 9}, seen)
		for range m.Changes("absent") {
			t.Fatal("there is nothing")
		}
	})
}

// TestCompactionDuringWrites: a key is dropped with its tombstone, or written again, in
// one step each, and no write after the compaction is lost.
func TestCompactionDuringWrites(t *testing.T) {
	var s Sync[int, int]
	const workers, rounds = 4, 2000
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range int64(rounds) {
				s.Set(w, 2*i, int(i))
				if v, ok := s.Get(w, 2*i); !ok || v != int(i) {
					t.Errorf("key %d at %d: %d, %v", w, 2*i, v, ok)
				}
				s.Delete(w, 2*i+1)
			}
		})
	}
	stop := make(chan struct{})
	var compactor sync.WaitGroup
	compactor.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				s.CompactBefore(math.MaxInt64)
				s.checkInvariants()
			}
		}
	})
	wg.Wait()
	close(stop)
	compactor.Wait()
	s.CompactBefore(math.MaxInt64)
	assert.Zero(t, s.Len()+s.Versions(), "only tombstones were left")
}

func TestTime(t *testing.T) {
	at := time.Date(2001, 2, 3, 4, 5, 6, 7, time.FixedZone("", 3600))
	assert.Equal(t, at.UnixNano(), Time(at))
	assert.Equal(t, int64(math.MinInt64), Time(time.Time{}))
	assert.Equal(t, int64(math.MaxInt64), Time(time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)))
	assert.Equal(t, Time(at)+1, Time(at.Add(1)))
	assert.EqualValues(t, -1, Time(time.Unix(0, -1)))
	assert.True(t, at.Equal(TimeOf(Time(at))))
	for _, ns := range []int64{0, -1, 1, math.MinInt64, math.MaxInt64} {
		assert.Equal(t, ns, Time(TimeOf(ns)))
		assert.Equal(t, time.UTC, TimeOf(ns).Location())
	}
}

func TestGoneIsCollected(t *testing.T) {
	type big [64]byte
	for name, leave := range map[string]func(m *Map[int, *big]){
		"replaced":      func(m *Map[int, *big]) { m.Set(1, 5, nil) },
		"deleted":       func(m *Map[int, *big]) { m.Delete(1, 5) },
		"CompactBefore": func(m *Map[int, *big]) { m.Set(1, 6, nil); m.CompactBefore(6) },
		"KeepLast":      func(m *Map[int, *big]) { m.Set(1, 6, nil); m.KeepLast(1) },
		"Drop":          func(m *Map[int, *big]) { m.Drop(1) },
		"Clear":         func(m *Map[int, *big]) { m.Clear() },
	} {
		var m Map[int, *big]
		v := new(big)
		gone := weak.Make(v)
		m.Set(1, 5, v)
		v = nil
		leave(&m)
		runtime.GC()
		assert.Nil(t, gone.Value(), name)
		runtime.KeepAlive(&m)
	}
	// A split leaves no copies of the values that it moves.
	var m Map[int, *big]
	v := new(big)
	gone := weak.Make(v)
	for i := range chunkLen {
		m.Set(1, int64(10*i), nil)
	}
	m.Set(1, 10*(chunkLen-1), v)
	v = nil
	m.Set(1, 5, nil)
	m.Set(1, 10*(chunkLen-1), nil)
	runtime.GC()
	assert.Nil(t, gone.Value(), "split")
	runtime.KeepAlive(&m)
}

func TestReadsDoNotAllocate(t *testing.T) {
	m, s := New[int, int](), NewSync[int, int]()
	for i := range 10 * chunkLen {
		m.Set(7, int64(i*i), i)
		s.Set(7, int64(i*i), i)
	}
	at := int64(0)
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		at += 997
		m.Get(7, at)
		m.Floor(7, at)
		m.Latest(7)
		m.AsOf(at).Get(7)
		s.Get(7, at)
		s.Latest(7)
		for range m.Range(7, at, at+100) {
		}
	}))
}

func TestSyncIsSafe(t *testing.T) {
	var s Sync[int, int]
	const workers, each = 4, 2000
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for i := range each {
				k := r.IntN(10)
				s.Set(k, int64(i), w)
				s.Get(k, int64(r.IntN(each)))
				s.Latest(k)
				if i%100 == 0 {
					s.CompactBefore(int64(i - 500))
					for range s.History(k) {
						s.Len()
					}
					for range s.AsOf(int64(i)).All() {
						s.Versions()
					}
				}
			}
		})
	}
	wg.Wait()
	s.checkInvariants()
	assert.Equal(t, 10, s.Len())
}
