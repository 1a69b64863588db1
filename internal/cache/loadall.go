package cache

import (
	"context"

	"example.com/flatline/internal/flight"
)

// A LoadAllFunc loads the values of keys that a cache does not hold.
type LoadAllFunc[K comparable, V any] = func(context.Context, []K) (map[K]V, error)

// A request is one key of a GetOrLoadAll.
type request[K comparable, V any] struct {
	key   K
	hash  uint32
	shard *shard[K, V]
	call  *flight.Call[V]
	item  item[K, V]
	has   bool // the load returned a value
}

// getOrLoadAll is GetOrLoadAll of a Sync or a Sharded; of returns the shard and the hash
// of a key. It calls all functions of the user except load (they may panic) before it
// joins the first load, because a caller that begins a load must also end it.
func getOrLoadAll[K comparable, V any](
	ctx context.Context, e *env[K, V], of func(K) (*shard[K, V], uint32), keys []K, load LoadAllFunc[K, V],
) (map[K]V, error) {
	var todo []request[K, V]
	seen := make(map[K]bool, len(keys))
	for _, k := range keys {
		if !seen[k] {
			seen[k] = true
			p, h := of(k)
			todo = append(todo, request[K, V]{key: k, hash: h, shard: p})
		}
	}
	now, cancelled, canEnd := e.now(), ctx.Err() != nil, ctx.Done() != nil
	found := make(map[K]V, len(todo))
	b := &bulk[K, V]{env: e}
	var waits []request[K, V]
	missed, waitsForOwn := false, false
	for _, a := range todo {
		v, ok, call, begun := a.shard.joinAt(now, cancelled, a.hash, a.key)
		a.call = call
		if begun {
			b.requests = append(b.requests, a)
		}
		switch {
		case ok:
			found[a.key] = v
		case call != nil:
			waits = append(waits, a)
			waitsForOwn = waitsForOwn || begun
		default:
			missed = true
		}
	}
	b.begin(ctx, load, canEnd || !waitsForOwn)
	if missed {
		return found, context.Cause(ctx)
	}
	return found, waitAll(ctx, waits, found)
}

// waitAll waits for all loads, or until ctx ends, and adds the values that they return to
// found. It returns the first error.
func waitAll[K comparable, V any](ctx context.Context, waits []request[K, V], found map[K]V) (first error) {
	for _, a := range waits {
		v, err := a.call.Wait(ctx)
		switch {
		case err == nil:
			found[a.key] = v
		case err != flight.ErrAbsent && first == nil:
			first = err
		}
	}
	return first
}

// A bulk is one load of several keys, all of whose calls this caller began.
type bulk[K comparable, V any] struct {
	env      *env[K, V]
	requests []request[K, V]
}

// begin runs the load if there is anything to load, in a new goroutine if inGoroutine is
// true.
func (b *bulk[K, V]) begin(ctx context.Context, load LoadAllFunc[K, V], inGoroutine bool) {
	if len(b.requests) == 0 {
		return
	}
	var calls []*flight.Call[V]
	for _, a := range b.requests {
		calls = append(calls, a.call)
	}
	run := func() {
		defer b.ended()
		flight.RunAll(calls, func() error { return b.load(context.WithoutCancel(ctx), load) }, b.value)
	}
	if inGoroutine {
		go run()
	} else {
		run()
	}
}

func (b *bulk[K, V]) ended() {
	for _, a := range b.requests {
		a.shard.ended(a.call)
	}
}

func (b *bulk[K, V]) value(i int) (V, error) {
	a := &b.requests[i]
	if !a.has {
		return a.item.value, flight.ErrAbsent
	}
	return a.item.value, nil
}

// load calls the loader and stores the values that it returns.
func (b *bulk[K, V]) load(ctx context.Context, load LoadAllFunc[K, V]) error {
	failed := true
	defer func() {
		if failed { // by an error, a panic or runtime.Goexit
			for _, a := range b.requests {
				a.shard.failed(a.key, a.call)
			}
		}
	}()
	keys := make([]K, len(b.requests))
	for i, a := range b.requests {
		keys[i] = a.key
	}
	values, err := load(ctx, keys)
	if err != nil {
		return err
	}
	for i := range b.requests {
		a := &b.requests[i]
		a.item = item[K, V]{key: a.key, ttl: b.env.ttl}
		if a.item.value, a.has = values[a.key]; a.has && b.env.hasFuncs {
			b.env.callFuncs(&a.item)
		}
	}
	var buf departures[K, V]
	out, now := buf.forCallback(b.env.onEvict), b.env.now()
	failed = false
	for i := range b.requests {
		b.requests[i].land(now, out)
	}
	out.report(b.env.onEvict)
	return nil
}

// land stores the value loaded for a key and ends its flight, as shard.load does.
func (a *request[K, V]) land(now int64, out *departures[K, V]) {
	s := a.shard
	s.lock(now)
	current := s.flights.Land(a.key, a.call)
	if a.has {
		s.core.stats.Loads++
		if current {
			s.putLocked(now, a.hash, &a.item, out)
		}
	}
	s.mu.Unlock()
}
