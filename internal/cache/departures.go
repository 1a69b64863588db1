package cache

import "strconv"

// A Reason says why a value left a cache.
type Reason uint8

const (
	Capacity Reason = iota // evicted: the cache was at its capacity
	Cost                   // evicted: the entries cost more than they may, or this one alone does
	Expired                // its life had ended
	Deleted                // removed by Delete, PopOldest or PopLeastFrequent
	Replaced               // Put gave its key another value
	Cleared                // removed by Clear
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

// MarshalText returns the name of r. O(1).
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// A departure is a value that has left.
type departure[K comparable, V any] struct {
	key    K
	value  V
	reason Reason
}

// departures collects the values that leave during one operation, so that OnEvict is
// called when the operation is complete and the lock released:
//
//	var room departures[K, V]
//	out := room.ifAsked(onEvict)
//	… = core.delete(…, out)
//	out.report(onEvict)
//
// It is on the stack of the operation (no closure may capture it, or it would move to the
// heap); for one value, the usual number, nothing is allocated. A nil *departures
// collects nothing and reports nothing: there is no OnEvict.
type departures[K comparable, V any] struct {
	left  int // values that have not been reported
	first departure[K, V]
	rest  [][]departure[K, V] // in chunks, so that no add copies many values under the lock
}

// chunk is the largest number of values in one part of departures.rest.
const chunk = 256

// ifAsked returns d if there is a callback to call, nil otherwise.
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
	if d.left++; d.left == 1 {
		d.first = departure[K, V]{k, v, r}
		return
	}
	last := len(d.rest) - 1
	if last < 0 || len(d.rest[last]) == cap(d.rest[last]) {
		last++
		d.rest = append(d.rest, make([]departure[K, V], 0, chunk>>max(7-last, 0)))
	}
	d.rest[last] = append(d.rest[last], departure[K, V]{k, v, r})
}

// report calls f for each value in the order of leaving. If f panics or ends the
// goroutine, that happens after f has been called for the others too.
func (d *departures[K, V]) report(f func(K, V, Reason)) {
	if d == nil || d.left == 0 {
		return
	}
	defer d.finish(f)
	d.left--
	f(d.first.key, d.first.value, d.first.reason)
	d.reportRest(f)
}

func (d *departures[K, V]) reportRest(f func(K, V, Reason)) {
	for d.left > 0 {
		d.left--
		part := &d.rest[0]
		p := (*part)[0]
		if *part = (*part)[1:]; len(*part) == 0 {
			d.rest = d.rest[1:]
		}
		f(p.key, p.value, p.reason)
	}
}

// finish calls f for the values that are left, since f has panicked or called
// runtime.Goexit. That panic or Goexit is still under way, so that a panic keeps its
// stack; later ones end here. A loop recovers from each panic, and it runs in a
// goroutine, which each Goexit ends. If they nested instead, the stack would grow with
// the number of values.
func (d *departures[K, V]) finish(f func(K, V, Reason)) {
	if d.left == 0 {
		return
	}
	rest := new(departures[K, V])
	*rest = *d
	for rest.left > 0 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for rest.left > 0 {
				rest.reportUntilPanic(f)
			}
		}()
		<-done
	}
}

func (d *departures[K, V]) reportUntilPanic(f func(K, V, Reason)) {
	defer func() { _ = recover() }()
	d.reportRest(f)
}
