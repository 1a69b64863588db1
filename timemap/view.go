package timemap

import "iter"

// A View shows a map as of one time. It is live: it shows later writes at or before its
// time, never versions after it. It is as safe for concurrent use as its map. The zero
// value shows nothing.
type View[K comparable, V any] struct {
	of interface {
		Get(k K, at int64) (V, bool)
		all(at int64) iter.Seq2[K, V]
	}
	at int64
}

// AsOf returns the view of time t. O(1), no allocation.
func (m *Map[K, V]) AsOf(t int64) View[K, V] { return View[K, V]{m, t} }

// At returns the time of the view. O(1).
func (v View[K, V]) At() int64 { return v.at }

// Get returns the value that k has at the view's time; see [Map.Get].
func (v View[K, V]) Get(k K) (value V, ok bool) {
	if v.of == nil {
		return value, false
	}
	return v.of.Get(k, v.at)
}

// All yields each key that has a value at the view's time, with that value, in no useful
// order. The loop may change the map, as for Map.Keys. For a Sync it copies the keys and
// values of each stripe when the loop reaches it. O(keys · log v).
func (v View[K, V]) All() iter.Seq2[K, V] {
	if v.of == nil {
		return func(func(K, V) bool) {}
	}
	return v.of.all(v.at)
}

func (m *Map[K, V]) all(at int64) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for s := m.keys.Next(0); s != 0; s = m.keys.Next(s) {
			e := m.keys.At(s)
			if v, ok := e.Value.get(at); ok && !yield(e.Key, v) {
				return
			}
		}
	}
}
