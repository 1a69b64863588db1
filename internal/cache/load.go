package cache

import (
	"context"

	"example.com/flatline/internal/flight"
)

// A LoadFunc loads the value of a key that a cache does not hold.
type LoadFunc[K comparable, V any] = func(context.Context, K) (V, error)

func (s *shard[K, V]) getOrLoad(ctx context.Context, e *env[K, V], h uint32, k K, load LoadFunc[K, V]) (V, error) {
	for {
		v, ok, call, begun := s.join(ctx, e, h, k)
		if begun {
			s.begin(ctx, e, h, k, call, load, ok)
		}
		if ok {
			return v, nil
		}
		if call == nil {
			return v, context.Cause(ctx)
		}
		if v, err := call.Wait(ctx); err != flight.ErrAbsent {
			return v, err
		}
		// The load was that of a GetOrLoadAll, and returned no value for k.
	}
}

// join returns the value of k. If k is absent or its value should be refreshed, join also
// returns the call that loads the next value; if begun is true, that call is new and the
// caller must run it. A caller whose context has ended joins no load.
func (s *shard[K, V]) join(ctx context.Context, e *env[K, V], h uint32, k K) (v V, ok bool, call *flight.Call[V], begun bool) {
	now, cancelled := e.now(), ctx.Err() != nil
	return s.joinAt(now, cancelled, h, k)
}

func (s *shard[K, V]) joinAt(now int64, cancelled bool, h uint32, k K) (v V, ok bool, call *flight.Call[V], begun bool) {
	s.lock(now)
	if v, ok = s.core.get(h, k); !cancelled && (!ok || s.core.stale(h, k)) {
		if call, begun = s.flights.Join(k); !ok && !begun {
			s.core.stats.Joined++
		}
	}
	s.mu.Unlock()
	return v, ok, call, begun
}

// begin runs a load. It does so in a new goroutine if the caller's context can end, or if
// the load refreshes a value, since then the caller does not wait.
func (s *shard[K, V]) begin(ctx context.Context, e *env[K, V], h uint32, k K, call *flight.Call[V], load LoadFunc[K, V], refreshes bool) {
	run := func() {
		defer s.ended(call)
		call.Run(func() (V, error) { return s.load(context.WithoutCancel(ctx), e, h, k, call, load) })
	}
	if ctx.Done() == nil && !refreshes {
		run()
	} else {
		go run()
	}
}

func (s *shard[K, V]) ended(call *flight.Call[V]) {
	s.mu.Lock()
	s.flights.Ended(call)
	s.mu.Unlock()
}

// failed ends the flight of a load that failed.
func (s *shard[K, V]) failed(k K, call *flight.Call[V]) {
	s.mu.Lock()
	s.flights.Land(k, call)
	s.core.stats.LoadErrors++
	s.mu.Unlock()
}

// running returns the loads under way.
func (s *shard[K, V]) running() []*flight.Call[V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flights.Running()
}

// waitFor waits until all calls have ended, or ctx has; then it returns ctx's cause.
func waitFor[V any](ctx context.Context, calls []*flight.Call[V]) error {
	for _, c := range calls {
		select {
		case <-c.Done():
			continue
		default:
		}
		select {
		case <-c.Done():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// load calls the loader and stores the value. It stores the value and ends the flight
// while it holds the lock once: no other caller can find neither and load again.
func (s *shard[K, V]) load(ctx context.Context, e *env[K, V], h uint32, k K, call *flight.Call[V], load LoadFunc[K, V]) (v V, err error) {
	failed := true
	defer func() {
		if failed { // by an error, a panic or runtime.Goexit
			s.failed(k, call)
		}
	}()
	if v, err = load(ctx, k); err != nil {
		return v, err
	}
	it := item[K, V]{key: k, value: v, ttl: e.ttl}
	if e.hasFuncs {
		e.callFuncs(&it)
	}
	var buf departures[K, V]
	out, now := buf.forCallback(e.onEvict), e.now()
	failed = false
	s.lock(now)
	s.core.stats.Loads++
	if s.flights.Land(k, call) {
		s.putLocked(now, h, &it, out)
	}
	s.mu.Unlock()
	out.report(e.onEvict)
	return v, nil
}
