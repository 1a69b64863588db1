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

// A departure is a value that has left, with its key.
type departure[K comparable, V any] struct {
	key    K
	value  V
	reason Reason
}

// departures collects the values that leave during one operation, so that OnEvict can be
// called after the operation is complete and the lock is released:
//
//	var buf departures[K, V]
//	out := buf.forCallback(onEvict)
//	… = core.delete(…, out)
//	out.report(onEvict)
//
// It is a variable on the stack of the operation. (A closure must not capture it: it would
// move to the heap.) One value, the usual number, needs no allocation. A nil *departures,
// for a cache without OnEvict, collects nothing and reports nothing.
type departures[K comparable, V any] struct {
	left  int // values that have not been reported
	first departure[K, V]
	rest  [][]departure[K, V] // in chunks, so that no add copies many values under the lock
}

// chunk is the maximum number of values in one part of departures.rest.
const chunk = 256

// forCallback returns d, or nil if the callback f is nil.
func (d *departures[K, V]) forCallback(f func(K, V, Reason)) *departures[K, V] {
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

// report calls f for each value, in the order in which they left. If f panics or ends the
// goroutine, f is still called for the remaining values before the panic continues.
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

// finish is deferred by report. If f has panicked or called runtime.Goexit, finish calls f
// for the remaining values. The first panic stays in progress meanwhile, so it keeps its
// stack; later ones are dropped. The calls run in another goroutine, in a loop that
// recovers from each panic; a Goexit ends that goroutine, and another one goes on. Nested
// calls would be shorter, but the stack would grow with the number of values.
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
