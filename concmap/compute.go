package concmap

import (
	"fmt"

	"example.com/flatline/internal/debug"
)

// An Op is what Compute does with an entry.
type Op uint8

const (
	Keep   Op = iota // leave the entry as it is, present or absent
	Update           // store the value
	Remove           // delete the entry
)

// Compute replaces the entry of k by what f makes of it, in one step: f gets the
// value of k, or the zero value and false, and says what to do. Compute returns
// the entry's value afterwards and whether it is present; after Remove, and after
// Keep of an absent entry, that is the zero value and false.
//
// f runs with no lock held, and its result counts only if the value is still the
// same when it is committed; else f runs again. So f should have no side effects.
// It may use the map, but must not write k: it would run for ever. If f panics,
// Compute panics and has no effect. It panics if f returns another Op. O(1)
// expected and amortised, beside f.
func (m *Map[K, V]) Compute(k K, f func(old V, loaded bool) (V, Op)) (value V, present bool) {
	m.directory()
	h := m.hash.Hash(k)
	for {
		old, was, loaded := m.look(h, k)
		v, op := f(old, loaded)
		switch op {
		case Keep:
			return old, loaded
		case Update:
			if m.commit(h, k, was, loaded, pack(m.layout, v), op) {
				return v, true
			}
		case Remove:
			if !loaded || m.commit(h, k, was, loaded, content{}, op) {
				return value, false
			}
		default:
			panic(fmt.Sprintf("concmap.Map.Compute: unknown Op %d", op))
		}
	}
}

// look is Load for who wants to commit a change of what it returns.
func (m *Map[K, V]) look(h uint64, k K) (v V, c content, ok bool) {
	if g, i := (table[K]{m.dir.Load().at(h).table.Load()}).find(h, k); g != nil {
		if c, ok = g.read(m.layout, i); ok {
			v = unpack[V](m.layout, c)
		}
	}
	return v, c, ok
}

// commit updates or removes the entry of k if it is still what it was: present
// with the content was, or absent. It reports whether it did.
func (m *Map[K, V]) commit(h uint64, k K, was content, present bool, to content, op Op) bool {
	if debug.Enabled {
		debug.Yield()
	}
	for {
		d, s := m.lock(h)
		g, i := s.table.find(h, k)
		switch {
		case (g != nil) != present || present && g.peek(m.layout, i) != was:
			s.mu.Unlock()
			return false
		case !present:
			if m.add(d, s, h, k, to) {
				return true
			}
			continue
		case op == Update:
			g.poke(m.layout, i, to)
			s.mu.Unlock()
		default:
			m.drop(d, s, h, g, i)
		}
		return true
	}
}

// CompareAndSwap stores new under k if k is present with a value == old, and
// reports whether it did. The comparison runs with no lock held: if it panics
// (values in interfaces may be uncomparable) the map is left as it is. O(1)
// expected.
func CompareAndSwap[K, V comparable](m *Map[K, V], k K, old, new V) (swapped bool) {
	return m.compareAnd(k, func(v V) bool { return v == old }, Update, new)
}

// CompareAndDelete deletes k if it is present with a value == old, and reports
// whether it did; as CompareAndSwap.
func CompareAndDelete[K, V comparable](m *Map[K, V], k K, old V) (deleted bool) {
	var none V
	return m.compareAnd(k, func(v V) bool { return v == old }, Remove, none)
}

// compareAnd updates or removes the entry of k if its value is equal to what the
// caller expects.
func (m *Map[K, V]) compareAnd(k K, equal func(V) bool, op Op, new V) bool {
	m.directory()
	h := m.hash.Hash(k)
	for {
		v, was, ok := m.look(h, k)
		if !ok || !equal(v) {
			return false
		}
		var to content
		if op == Update {
			to = pack(m.layout, new)
		}
		if m.commit(h, k, was, true, to, op) {
			return true
		}
	}
}
