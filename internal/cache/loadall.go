package cache

import (
	"context"

	"example.com/flatline/internal/flight"
)

// A LoadAllFunc loads the values of keys that a cache does not hold.
type LoadAllFunc[K comparable, V any] = func(context.Context, []K) (map[K]V, error)

// An asked is one key of a GetOrLoadAll.
type asked[K comparable, V any] struct {
	key   K
	hash  uint32
	shard *shard[K, V]
	call  *flight.Call[V]
	item  item[K, V]
	has   bool // the load returned a value
}

// getOrLoadAll is GetOrLoadAll of a Sync or a Sharded; of returns the shard and the hash
// of a key. All functions of the user except load are called before the first load is
// joined, because a caller that begins a load must end it.
func getOrLoadAll[K comparable, V any](
	ctx context.Context, e *env[K, V], of func(K) (*shard[K, V], uint32), keys []K, load LoadAllFunc[K, V],
) (map[K]V, error) {
	var todo []asked[K, V]
	seen := make(map[K]bool, len(keys))
	for _, k := range keys {
		if !seen[k] {
			seen[k] = true
			p, h := of(k)
			todo = append(todo, asked[K, V]{key: k, hash: h, shard: p})
		}
	}
	now, over, ends := e.tick(), ctx.Err() != nil, ctx.Done() != nil
	found := make(map[K]V, len(todo))
	b := &bulk[K, V]{env: e}
	var waits []asked[K, V]
	missed, waitsForOwn := false, false
	for _, a := range todo {
		v, ok, call, begun := a.shard.joinAt(now, over, a.hash, a.key)
		a.call = call
		if begun {
			b.asked = append(b.asked, a)
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
	b.begin(ctx, load, ends || !waitsForOwn)
	if missed {
		return found, context.Cause(ctx)
	}
	return found, waitAll(ctx, waits, found)
}

// waitAll adds the values that the loads return to found. It returns the first error,
// after it has waited for all, or until ctx ends.
func waitAll[K comparable, V any](ctx context.Context, waits []asked[K, V], found map[K]V) (first error) {
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
	env   *env[K, V]
	asked []asked[K, V]
}

// begin runs the load, if there is anything to load.
func (b *bulk[K, V]) begin(ctx context.Context, load LoadAllFunc[K, V], elsewhere bool) {
	if len(b.asked) == 0 {
		return
	}
	var calls []*flight.Call[V]
	for _, a := range b.asked {
		calls = append(calls, a.call)
	}
	run := func() {
		defer b.ended()
		flight.RunAll(calls, func() error { return b.load(context.WithoutCancel(ctx), load) }, b.value)
	}
	if elsewhere {
		go run()
	} else {
		run()
	}
}

func (b *bulk[K, V]) ended() {
	for _, a := range b.asked {
		a.shard.ended(a.call)
	}
}

func (b *bulk[K, V]) value(i int) (V, error) {
	a := &b.asked[i]
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
			for _, a := range b.asked {
				a.shard.failed(a.key, a.call)
			}
		}
	}()
	keys := make([]K, len(b.asked))
	for i, a := range b.asked {
		keys[i] = a.key
	}
	values, err := load(ctx, keys)
	if err != nil {
		return err
	}
	for i := range b.asked {
		a := &b.asked[i]
		a.item = item[K, V]{key: a.key, ttl: b.env.ttl}
		if a.item.value, a.has = values[a.key]; a.has && b.env.asks {
			b.env.ask(&a.item)
		}
	}
	var room departures[K, V]
	out, now := room.ifAsked(b.env.onEvict), b.env.tick()
	failed = false
	for i := range b.asked {
		b.asked[i].land(now, out)
	}
	out.report(b.env.onEvict)
	return nil
}

// land stores the value loaded for a key and releases its flight, under one lock.
func (a *asked[K, V]) land(now int64, out *departures[K, V]) {
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
