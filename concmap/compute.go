package concmap

import (
	"fmt"
)

// An Op is what Compute does with an entry.
type Op uint8

const (
	Keep   Op = iota // leave the entry as it is, present or absent
	Update           // store the value
	Remove           // delete the entry
)

// Compute reads and changes the entry of k in one step. It calls f, possibly more than
// once, with the value of k and true, or with the zero value and false if k is absent. f
// returns a value, and an [Op] that says what to do with it; the last call counts.
// Compute returns the entry's value afterwards and whether it is present; after Remove,
// and after Keep of an absent entry, that is the zero value and false.
//
// f runs with no lock held, and its result counts only if the value is still the same
// when it is committed; otherwise f runs again, on the new value. So f should have no
// side effects. It may use the map, but must not write k: it would never end. If f
// panics, Compute panics and has no effect. It panics if f returns an unknown Op. For
// counters, [Add] is simpler. O(1) expected and amortised, in addition to f.
func (m *Map[K, V]) Compute(k K, f func(old V, loaded bool) (V, Op)) (value V, present bool) {
	m.directory()
	h := m.hash.Hash(k)
	for {
		old, was := m.look(h, k)
		v, op := f(old, was.present)
		switch op {
		case Keep:
			return old, was.present
		case Update:
			if m.commit(h, k, was, pack(m.layout, v), op) {
				return v, true
			}
		case Remove:
			if !was.present || m.commit(h, k, was, content{}, op) {
				return value, false
			}
		default:
			panic(fmt.Sprintf("concmap.Map.Compute: unknown Op %d", op))
		}
	}
}

// A sighting is what look found at a key: nothing, or an entry and what was in its cell.
type sighting struct {
	present bool
	content content
}

// look is Load for a caller that is going to commit a change: it also returns what it
// found, by which commit recognises an unchanged entry.
func (m *Map[K, V]) look(h uint64, k K) (v V, found sighting) {
	if g, i := (table[K]{m.dir.Load().at(h).table.Load()}).find(h, k); g != nil {
		if c, ok := g.read(m.layout, i); ok {
			return unpack[V](m.layout, c), sighting{true, c}
		}
	}
	return v, sighting{}
}

// commit updates or removes the entry of k if it is still as it was: absent, or present
// with the same content. It reports whether it did.
func (m *Map[K, V]) commit(h uint64, k K, was sighting, to content, op Op) bool {
	for {
		d, s := m.lock(h)
		g, i := s.table.find(h, k)
		switch {
		case (g != nil) != was.present || was.present && g.peek(m.layout, i) != was.content:
			s.mu.Unlock()
			return false
		case !was.present:
			if m.addAndUnlock(d, s, h, k, to) {
				return true
			}
			continue
		case op == Update:
			g.poke(m.layout, i, to)
			s.mu.Unlock()
		default:
			m.removeAndUnlock(d, s, h, g, i)
		}
		return true
	}
}

// A Number is a type that Add can add to.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr |
		~float32 | ~float64 | ~complex64 | ~complex128
}

// Add adds delta to the value of k, in one step, and returns the sum. An absent key
// counts as 0: it is stored, even if delta is 0. Integers wrap around on overflow, as +
// does. O(1) expected and amortised, no allocation if k is present and a value is at most
// 8 bytes.
func Add[K comparable, V Number](m *Map[K, V], k K, delta V) (sum V) {
	m.directory()
	h := m.hashOf(k)
	for {
		d, s := m.lock(h)
		if g, i := s.table.find(h, k); g != nil {
			sum = unpack[V](m.layout, g.peek(m.layout, i)) + delta
			g.poke(m.layout, i, pack(m.layout, sum))
			s.mu.Unlock()
			return sum
		}
		if m.addAndUnlock(d, s, h, k, pack(m.layout, delta)) {
			return delta
		}
	}
}

// CompareAndSwap stores new under k if k is present with a value == old, and
// reports whether it did. The comparison runs with no lock held: if it panics
// (values in interfaces may be uncomparable) the map is left as it is. O(1)
// expected.
func CompareAndSwap[K, V comparable](m *Map[K, V], k K, old, new V) (swapped bool) {
	return m.compareAnd(k, func(v V) bool { return v == old }, Update, new)
}

// CompareAndDelete deletes k if it is present with a value == old, and reports whether it
// did. It compares and costs as [CompareAndSwap] does.
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
		v, was := m.look(h, k)
		if !was.present || !equal(v) {
			return false
		}
		var to content
		if op == Update {
			to = pack(m.layout, new)
		}
		if m.commit(h, k, was, to, op) {
			return true
		}
	}
}
