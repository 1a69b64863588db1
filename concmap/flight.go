package concmap

import (
	"context"
	"sync"
)

// LoadOrCompute returns the value of k and true if k is present; otherwise it calls f
// with ctx and k, stores what f returns, and returns that and false. f runs with no lock
// held, and only one f at a time for each key: other callers for k wait. If another value
// has been stored under k by the time f returns, that value stays and is returned, with
// true: loaded is false only if this call's value was stored.
//
// An error of f is returned to this caller only, nothing is stored, and one of the callers
// that wait calls its own f; the same happens if f panics or ends its goroutine.
//
// The wait for another caller's f ends when ctx does; the error is then
// context.Cause(ctx). The error is the same if ctx has ended before the call, unless k is
// present. f should return when the ctx that it is given ends. If k is present,
// LoadOrCompute costs what [Map.Load] costs.
//
// f may use the map, but must not need k itself: a LoadOrCompute for k, called by f or by
// what f waits for, waits for this f until its context ends. The same happens if two
// calls in two goroutines have functions that each need the other's key, as with two
// locks that are taken in different orders. Other keys and all other methods are not
// affected.
func (m *Map[K, V]) LoadOrCompute(ctx context.Context, k K, f func(context.Context, K) (V, error)) (v V, loaded bool, err error) {
	for {
		if v, ok := m.Load(k); ok {
			return v, true, nil
		}
		if ctx.Err() != nil {
			return v, false, context.Cause(ctx)
		}
		f1, mine := m.flights.join(k)
		if mine {
			return m.fly(ctx, k, f, f1)
		}
		select {
		case <-f1:
		case <-ctx.Done():
		}
	}
}

// fly is LoadOrCompute for the caller that runs its f.
func (m *Map[K, V]) fly(ctx context.Context, k K, f func(context.Context, K) (V, error), mine flight) (v V, loaded bool, err error) {
	defer m.flights.land(k, mine)
	// The flight before this one may have landed since the caller looked.
	if v, ok := m.Load(k); ok {
		return v, true, nil
	}
	if v, err = f(ctx, k); err != nil {
		var none V
		return none, false, err
	}
	v, loaded = m.LoadOrStore(k, v)
	return v, loaded, nil
}

// A flight is a call of LoadOrCompute that is running its f. The channel is closed when f
// has ended.
type flight chan struct{}

// flights are the calls of LoadOrCompute that are running their f, by key. The
// zero value is ready.
type flights[K comparable] struct {
	mu sync.Mutex
	m  map[K]flight
}

// join returns the flight of k, and true if this call begins it. The caller must then
// call land.
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
	if k == k { // NaN: no call could join
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
