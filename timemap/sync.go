package timemap

import (
	"iter"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"example.com/flatline/internal/hash"
	"example.com/flatline/internal/pad"
)

// Sync is a map in stripes, each a Map behind its own mutex, so that goroutines which use
// different keys rarely contend. Each key is in one stripe: a method's effect on a key
// takes place at one moment. The zero value is empty and ready to use. It is safe for
// concurrent use. Options.Hash is called before a lock is taken.
//
// What is weaker than in a Map: Len, Versions, Keys, Clear, CompactBefore, KeepLast and a
// view's All go stripe by stripe, each at a different moment. There are 16 stripes for
// each processor, 256 at most: 4 to 66 KB, allocated by the first method called. A copy
// of a Sync in use shares its stripes, so it is the same map.
type Sync[K comparable, V any] struct {
	made    sync.Once
	stripes []stripe[K, V]
	shift   uint // the high bits of a hash choose the stripe
	hash    hash.Hasher[K]
}

type stripe[K comparable, V any] struct {
	mu sync.Mutex
	m  Map[K, V]
	_  pad.Gap // keeps the next stripe's lock off this pair of cache lines
}

// With perProcessor stripes for each processor, two running goroutines rarely contend for
// one, and a goroutine that is preempted while it holds a lock rarely blocks others.
// maxStripes bounds the memory of an empty map on a large machine.
const (
	perProcessor = 16
	maxStripes   = 256
)

// NewSync returns an empty map. It panics as New does.
func NewSync[K comparable, V any](opts ...Options[K, V]) *Sync[K, V] {
	s := new(Sync[K, V])
	s.made.Do(func() { s.init("timemap.NewSync", opts) })
	return s
}

func (s *Sync[K, V]) init(fn string, opts []Options[K, V]) {
	n := bits.Len(uint(min(perProcessor*runtime.GOMAXPROCS(0), maxStripes) - 1))
	s.stripes = make([]stripe[K, V], 1<<n)
	s.shift = uint(64 - n)
	for i := range s.stripes {
		s.stripes[i].m.init(fn, opts)
	}
	s.hash = s.stripes[0].m.hash
}

func (s *Sync[K, V]) parts() []stripe[K, V] {
	s.made.Do(func() { s.init("", nil) })
	return s.stripes
}

// lock returns the stripe of k with its lock held, and the hash for use in it.
func (s *Sync[K, V]) lock(k K) (*stripe[K, V], uint32) {
	stripes := s.parts()
	h := s.hash.Hash(k)
	p := &stripes[h>>s.shift]
	p.mu.Lock()
	return p, uint32(h)
}

// Set writes that k has the value v from time t on; see [Map.Set].
func (s *Sync[K, V]) Set(k K, t int64, v V) {
	mustEqualItself(k)
	p, h := s.lock(k)
	defer p.mu.Unlock()
	p.m.write(h, k, t, v, present)
}

// Delete writes that k is absent from time t on; see [Map.Delete].
func (s *Sync[K, V]) Delete(k K, t int64) {
	mustEqualItself(k)
	p, h := s.lock(k)
	defer p.mu.Unlock()
	var zero V
	p.m.write(h, k, t, zero, tombstone)
}

// Append writes v as the newest version of k and returns its time; see [Map.Append].
func (s *Sync[K, V]) Append(k K, t int64, v V) int64 {
	mustEqualItself(k)
	p, h := s.lock(k)
	defer p.mu.Unlock()
	return p.m.append(h, k, t, v, present)
}

// AppendDelete writes a tombstone as the newest version of k and returns its time; see
// [Map.AppendDelete].
func (s *Sync[K, V]) AppendDelete(k K, t int64) int64 {
	mustEqualItself(k)
	p, h := s.lock(k)
	defer p.mu.Unlock()
	var zero V
	return p.m.append(h, k, t, zero, tombstone)
}

// Count returns the number of versions of k, tombstones included. O(1) expected.
func (s *Sync[K, V]) Count(k K) int {
	p, h := s.lock(k)
	defer p.mu.Unlock()
	return p.m.seriesAt(h, k).count()
}

// Get returns the value that k has at the given time; see [Map.Get].
func (s *Sync[K, V]) Get(k K, at int64) (v V, ok bool) {
	p, h := s.lock(k)
	defer p.mu.Unlock()
	if e := p.m.seriesAt(h, k); e != nil {
		return e.get(at)
	}
	return v, false
}

// Latest returns the newest version of k; see [Map.Latest].
func (s *Sync[K, V]) Latest(k K) (Version[V], bool) {
	p, h := s.lock(k)
	defer p.mu.Unlock()
	return p.m.seriesAt(h, k).latest()
}

// Floor returns the version that Get(k, t) reads. O(log v).
func (s *Sync[K, V]) Floor(k K, t int64) (Version[V], bool) {
	p, h := s.lock(k)
	defer p.mu.Unlock()
	return p.m.seriesAt(h, k).floor(t)
}

// Ceiling returns the first version of k at or after t; see [Map.Ceiling].
func (s *Sync[K, V]) Ceiling(k K, t int64) (Version[V], bool) {
	p, h := s.lock(k)
	defer p.mu.Unlock()
	return p.m.seriesAt(h, k).ceiling(t)
}

// Drop removes k with all its versions and returns their number.
func (s *Sync[K, V]) Drop(k K) int {
	p, h := s.lock(k)
	defer p.mu.Unlock()
	return p.m.drop(h, k)
}

// Range yields the versions of k from time from to time to, both ends included, as they
// are when the loop begins; the loop may do anything with the map. It holds no lock and
// copies nothing: O(log v) to begin, O(1) per step. A write that changes versions which
// the loop has yet to see copies them first: a write other than an append copies its
// chunk of 256 versions, and the first such write the list of chunks.
func (s *Sync[K, V]) Range(k K, from, to int64) iter.Seq2[int64, V] {
	return func(yield func(int64, V) bool) {
		versions := s.snapshot(k)
		for r := versions.walk(from, to); r.next(); {
			for i := range r.times {
				if !yield(r.times[i], r.values[i]) {
					return
				}
			}
		}
	}
}

// History yields all versions of k, the oldest first, as Range does.
func (s *Sync[K, V]) History(k K) iter.Seq2[int64, V] {
	return s.Range(k, math.MinInt64, math.MaxInt64)
}

// Changes yields all versions of k, including tombstones; see [Map.Changes]. Like Range, it
// holds no lock.
func (s *Sync[K, V]) Changes(k K) iter.Seq2[int64, Change[V]] {
	return func(yield func(int64, Change[V]) bool) {
		versions := s.snapshot(k)
		versions.changes(yield)
	}
}

// Backward yields all versions of k, the newest first, as Range does.
func (s *Sync[K, V]) Backward(k K) iter.Seq2[int64, V] {
	return func(yield func(int64, V) bool) {
		versions := s.snapshot(k)
		versions.walkBack(yield)
	}
}

// snapshot returns the versions of k as they are now.
func (s *Sync[K, V]) snapshot(k K) (versions series[V]) {
	p, h := s.lock(k)
	defer p.mu.Unlock()
	if of := p.m.seriesAt(h, k); of != nil {
		versions = of.snapshot()
	}
	return versions
}

// AsOf returns the view of time t; see [View].
func (s *Sync[K, V]) AsOf(t int64) View[K, V] { return View[K, V]{s, t} }

func (s *Sync[K, V]) all(at int64) iter.Seq2[K, V] {
	type pair struct {
		k K
		v V
	}
	return func(yield func(K, V) bool) {
		for i := range s.parts() {
			var pairs []pair
			s.each(i, func(m *Map[K, V]) {
				for k, v := range m.all(at) {
					pairs = append(pairs, pair{k, v})
				}
			})
			for _, p := range pairs {
				if !yield(p.k, p.v) {
					return
				}
			}
		}
	}
}

// Keys yields the keys, in no useful order: those of one stripe after the other, as they
// are when the loop reaches it; the loop may do anything with the map. It copies the keys
// of each stripe.
func (s *Sync[K, V]) Keys() iter.Seq[K] {
	return func(yield func(K) bool) {
		for i := range s.parts() {
			var keys []K
			s.each(i, func(m *Map[K, V]) { keys = slices.Collect(m.Keys()) })
			for _, k := range keys {
				if !yield(k) {
					return
				}
			}
		}
	}
}

// each runs f on stripe i under its lock.
func (s *Sync[K, V]) each(i int, f func(*Map[K, V])) {
	p := &s.stripes[i]
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.m)
}

// sum adds up what f returns for each stripe.
func (s *Sync[K, V]) sum(f func(*Map[K, V]) int) (n int) {
	for i := range s.parts() {
		s.each(i, func(m *Map[K, V]) { n += f(m) })
	}
	return n
}

// Len returns the number of keys. O(stripes).
func (s *Sync[K, V]) Len() int { return s.sum((*Map[K, V]).Len) }

// Versions returns the number of versions of all keys. O(stripes).
func (s *Sync[K, V]) Versions() int { return s.sum((*Map[K, V]).Versions) }

// CompactBefore drops the versions that no Get at t or later can read; see
// [Map.CompactBefore].
func (s *Sync[K, V]) CompactBefore(t int64) (dropped int) {
	return s.sum(func(m *Map[K, V]) int { return m.CompactBefore(t) })
}

// KeepLast drops all but the n newest versions of each key; see [Map.KeepLast].
func (s *Sync[K, V]) KeepLast(n int) (dropped int) {
	mustKeep(n)
	return s.sum(func(m *Map[K, V]) int { return m.KeepLast(n) })
}

// Clear removes all keys and releases the memory. O(stripes).
func (s *Sync[K, V]) Clear() {
	s.sum(func(m *Map[K, V]) int { m.Clear(); return 0 })
}
