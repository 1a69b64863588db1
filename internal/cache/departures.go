package cache

import "strconv"

// A Reason says why a value left a cache.
type Reason uint8

const (
	Capacity Reason = iota // made room: the cache held as many entries as it may
	Cost                   // made room: the entries weighed more than they may, or this one alone does
	Expired                // its time was over
	Deleted                // Delete, PopOldest or PopLeastFrequent took it out
	Replaced               // Put gave its key another value
	Cleared                // Clear
	Reasons  = iota        // how many there are
)

// String returns the name of r in lower case. O(1).
func (r Reason) String() string {
	switch r {
	case Capacity:
		return "capacity"
	case Cost:
		return "cost"
	case Expired:
		return "expired"
	case Deleted:
		return "deleted"
	case Replaced:
		return "replaced"
	case Cleared:
		return "cleared"
	}
	return "Reason(" + strconv.Itoa(int(r)) + ")"
}

// A departure is a value that has left.
type departure[K comparable, V any] struct {
	key    K
	value  V
	reason Reason
}

// departures collects what leaves during one operation, so that OnEvict can be
// told when the structure is whole again and its lock released:
//
//	var room departures[K, V]
//	out := room.ifAsked(onEvict)
//	… = core.delete(…, out)
//	out.report(onEvict)
//
// It lives on the stack of the operation (no closure may get hold of it, or it would
// move to the heap); one value, the usual number, costs no allocation. A nil
// *departures collects nothing and reports nothing: nobody asked.
type departures[K comparable, V any] struct {
	n     int
	told  int // of n, those that have been reported
	first departure[K, V]
	rest  []departure[K, V]
}

// ifAsked returns d if there is a callback to tell, nil otherwise.
func (d *departures[K, V]) ifAsked(f func(K, V, Reason)) *departures[K, V] {
	if f == nil {
		return nil
	}
	return d
}

func (d *departures[K, V]) add(k K, v V, r Reason) {
	if d == nil {
		return
	}
	if d.n++; d.n == 1 {
		d.first = departure[K, V]{k, v, r}
	} else {
		d.rest = append(d.rest, departure[K, V]{k, v, r})
	}
}

// report calls f for each value in the order of leaving. If f panics or ends the
// goroutine, it is still called for the values that are left, on the way out.
func (d *departures[K, V]) report(f func(K, V, Reason)) {
	if d == nil || d.told == d.n {
		return
	}
	defer d.report(f) // finds nothing to do unless f does not return
	for d.told < d.n {
		p := &d.first
		if d.told > 0 {
			p = &d.rest[d.told-1]
		}
		d.told++
		f(p.key, p.value, p.reason)
	}
}
