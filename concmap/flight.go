package concmap

import (
	"sync"

	"example.com/flatline/internal/debug"
)

// LoadOrCompute returns the value of k and true if k is present; else it calls f,
// stores what f returns, and returns that and false. f runs with no lock held and
// once for a key at a time: callers who come meanwhile wait. If a value has been
// stored under k when f returns, that one stays and is returned, with true: loaded
// is false only if this call's value was stored.
//
// An error of f goes to this caller alone, nothing is stored, and one of those who
// wait calls its own f; so it is if f panics or ends its goroutine. f may use the
// map, but must not call LoadOrCompute for k itself: it would wait for itself for
// ever. If k is present, the cost is Load's.
func (m *Map[K, V]) LoadOrCompute(k K, f func() (V, error)) (v V, loaded bool, err error) {
	for {
		if v, ok := m.Load(k); ok {
			return v, true, nil
		}
		f1, mine := m.flights.join(k)
		if mine {
			return m.fly(k, f, f1)
		}
		<-f1
	}
}

// fly is LoadOrCompute for the caller whose turn it is.
func (m *Map[K, V]) fly(k K, f func() (V, error), mine flight) (v V, loaded bool, err error) {
	defer m.flights.land(k, mine)
	if debug.Enabled {
		debug.Yield()
	}
	// The flight before this one may have landed since we looked.
	if v, ok := m.Load(k); ok {
		return v, true, nil
	}
	if v, err = f(); err != nil {
		var none V
		return none, false, err
	}
	v, loaded = m.LoadOrStore(k, v)
	return v, loaded, nil
}

// A flight is closed when it is over.
type flight chan struct{}

// flights are the calls of LoadOrCompute that are running their f, by key. The
// zero value is ready.
type flights[K comparable] struct {
	mu sync.Mutex
	m  map[K]flight
}

// join returns the flight of k, and true if it begins with this call; then land
// must follow.
func (fs *flights[K]) join(k K) (f flight, begun bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f = fs.m[k]; f != nil {
		return f, false
	}
	f = make(flight)
	if fs.m == nil {
		fs.m = make(map[K]flight)
	}
	if k == k { //nolint:staticcheck // NaN: nobody could join
		fs.m[k] = f
	}
	return f, true
}

// land ends a flight of k.
func (fs *flights[K]) land(k K, f flight) {
	fs.mu.Lock()
	delete(fs.m, k)
	fs.mu.Unlock()
	close(f)
}
