package cache

import (
	"context"

	"example.com/flatline/internal/flight"
)

// A LoadFunc brings the value of a key that a cache does not hold.
type LoadFunc[K comparable, V any] = func(context.Context, K) (V, error)

func (s *shard[K, V]) getOrLoad(ctx context.Context, e *env[K, V], h uint32, k K, load LoadFunc[K, V]) (V, error) {
	v, ok, call, begun := s.join(ctx, e, h, k)
	if ok {
		return v, nil
	}
	if call == nil {
		return v, ctx.Err()
	}
	if begun {
		s.begin(ctx, e, h, k, call, load)
	}
	return call.Wait(ctx)
}

// join returns the value of k or the load that will bring it, which the caller
// must begin if it is new. If the caller's context is over it joins no load.
func (s *shard[K, V]) join(ctx context.Context, e *env[K, V], h uint32, k K) (v V, ok bool, call *flight.Call[V], begun bool) {
	now, over := e.tick(), ctx.Err() != nil
	s.lock(now)
	if v, ok = s.core.get(h, k); !ok && !over {
		call, begun = s.flights.Join(k)
	}
	s.mu.Unlock()
	return v, ok, call, begun
}

// begin runs a load. Where nothing can end this caller's wait early, it may as
// well do the work itself.
func (s *shard[K, V]) begin(ctx context.Context, e *env[K, V], h uint32, k K, call *flight.Call[V], load LoadFunc[K, V]) {
	run := func() {
		call.Run(func() (V, error) { return s.load(context.WithoutCancel(ctx), e, h, k, call, load) })
	}
	if ctx.Done() == nil {
		run()
	} else {
		go run()
	}
}

// load calls the loader and stores what it brings. The value is stored and the
// flight released under one lock.
func (s *shard[K, V]) load(ctx context.Context, e *env[K, V], h uint32, k K, call *flight.Call[V], load LoadFunc[K, V]) (v V, err error) {
	failed := true
	defer func() {
		if failed { // by an error, a panic or runtime.Goexit
			s.mu.Lock()
			s.flights.Land(k, call)
			s.core.stats.LoadErrors++
			s.mu.Unlock()
		}
	}()
	if v, err = load(ctx, k); err != nil {
		return v, err
	}
	it := item[K, V]{key: k, value: v, ttl: e.ttl}
	if e.cost != nil {
		e.weigh(&it)
	}
	var room departures[K, V]
	out, now := room.ifAsked(e.onEvict), e.tick()
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
