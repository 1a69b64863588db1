package timemap

import (
	"math"
	"slices"
	"sort"
)

// textbook is a map from each key to a slice of versions sorted by time: a read costs a
// binary search, log2(v) steps, and a write in the order of time appends, but a late one
// moves every version after it.
type textbook[K comparable, V any] struct {
	keys map[K][]textbookVersion[V]
	same SameTime
}

type textbookVersion[V any] struct {
	t    int64
	v    V
	gone bool
}

func newTextbook[K comparable, V any](same SameTime) *textbook[K, V] {
	return &textbook[K, V]{map[K][]textbookVersion[V]{}, same}
}

// after returns how many versions of k are at or before t.
func (m *textbook[K, V]) after(k K, t int64) int {
	vs := m.keys[k]
	return sort.Search(len(vs), func(i int) bool { return vs[i].t > t })
}

func (m *textbook[K, V]) write(k K, t int64, v V, gone bool) {
	i := m.after(k, t)
	if i > 0 && m.keys[k][i-1].t == t {
		switch m.same {
		case FirstWins:
			return
		case LastWins:
			m.keys[k][i-1] = textbookVersion[V]{t, v, gone}
			return
		}
	}
	m.keys[k] = slices.Insert(m.keys[k], i, textbookVersion[V]{t, v, gone})
}

func (m *textbook[K, V]) Set(k K, t int64, v V) { m.write(k, t, v, false) }

func (m *textbook[K, V]) Delete(k K, t int64) {
	var zero V
	m.write(k, t, zero, true)
}

func (m *textbook[K, V]) Floor(k K, at int64) (v Version[V], ok bool) {
	if i := m.after(k, at); i > 0 && !m.keys[k][i-1].gone {
		w := m.keys[k][i-1]
		return Version[V]{w.t, w.v}, true
	}
	return v, false
}

// Latest returns the last version of k.
func (m *textbook[K, V]) Latest(k K) (v Version[V], ok bool) {
	if vs := m.keys[k]; len(vs) > 0 && !vs[len(vs)-1].gone {
		w := vs[len(vs)-1]
		return Version[V]{w.t, w.v}, true
	}
	return v, false
}

func (m *textbook[K, V]) Get(k K, at int64) (V, bool) {
	v, ok := m.Floor(k, at)
	return v.Value, ok
}

// Range returns the values of k from time from to time to.
func (m *textbook[K, V]) Range(k K, from, to int64) (vs []Version[V]) {
	for _, w := range m.keys[k] {
		if from <= w.t && w.t <= to && !w.gone {
			vs = append(vs, Version[V]{w.t, w.v})
		}
	}
	return vs
}

func (m *textbook[K, V]) Versions() (n int) {
	for _, vs := range m.keys {
		n += len(vs)
	}
	return n
}

// dropBefore drops the first i versions of k.
func (m *textbook[K, V]) dropBefore(k K, i int) int {
	i = max(i, 0)
	m.keys[k] = slices.Clone(m.keys[k][i:])
	return i
}

func (m *textbook[K, V]) CompactBefore(t int64) (dropped int) {
	for k := range m.keys {
		dropped += m.dropBefore(k, m.after(k, t)-1)
		if vs := m.keys[k]; len(vs) == 1 && vs[0].gone && vs[0].t <= t {
			delete(m.keys, k)
			dropped++
		}
	}
	return dropped
}

// Append writes v after all other versions of k.
func (m *textbook[K, V]) Append(k K, t int64, v V) int64 {
	t = m.behind(k, t)
	m.Set(k, t, v)
	return t
}

// AppendDelete writes a tombstone after all other versions.
func (m *textbook[K, V]) AppendDelete(k K, t int64) int64 {
	t = m.behind(k, t)
	m.Delete(k, t)
	return t
}

// behind returns t, or, if the newest version of k is not before t, the next time after
// it.
func (m *textbook[K, V]) behind(k K, t int64) int64 {
	if vs := m.keys[k]; len(vs) > 0 && vs[len(vs)-1].t >= t {
		if t = vs[len(vs)-1].t; t < math.MaxInt64 {
			t++
		}
	}
	return t
}

func (m *textbook[K, V]) KeepLast(n int) (dropped int) {
	for k, vs := range m.keys {
		dropped += m.dropBefore(k, len(vs)-n)
	}
	return dropped
}
