// Package flight lets many callers that miss the same key share one load of it:
// the single-flight of a cache (after groupcache, Brad Fitzpatrick, 2013).
//
// A Group has no lock. It is guarded by the lock of the cache that it serves, so that
// "absent and not being loaded" is decided in one step, and "stored and no longer being
// loaded" in another: no caller can look in between and load a second time.
//
// A Put or Delete of a key supersedes the load that is under way, as a lease does in
// Nishtala et al., "Scaling Memcache at Facebook" (2013): its callers get the value that
// it loads, but no other caller does, since it may have been read before the change.
package flight

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
)

// A Group holds the loads under way. The zero value is ready. The caller holds a
// lock around every method.
type Group[K comparable, V any] struct {
	calls   map[K]*Call[V]      // not superseded
	running map[*Call[V]]uint64 // these and those that were superseded, each with its number
	begun   uint64              // the number of the last one
	watches map[K]*Watch        // not ended
	pending int                 // calls and watches
}

// Pending reports whether Supersede may have anything to do. O(1).
func (g *Group[K, V]) Pending() bool { return g.pending > 0 }

// Len returns the number of loads under way that have not been superseded. O(1).
func (g *Group[K, V]) Len() int { return len(g.calls) }

// Running returns all loads under way, in the order in which they began, so that a caller
// that waits for them does so in the same order each time. O(k log k) for k loads.
func (g *Group[K, V]) Running() []*Call[V] {
	return slices.SortedFunc(maps.Keys(g.running), func(a, b *Call[V]) int { return cmp.Compare(g.running[a], g.running[b]) })
}

// Ended notes that Run of c has returned.
func (g *Group[K, V]) Ended(c *Call[V]) { delete(g.running, c) }

// Join returns the load of k. If none is under way it begins one; the caller must Run it
// and make sure that Land and then Ended are called. A key that is not equal to itself is
// loaded by each caller alone, since no other call could find its load.
func (g *Group[K, V]) Join(k K) (c *Call[V], begun bool) {
	if c = g.calls[k]; c != nil {
		return c, false
	}
	c = &Call[V]{done: make(chan struct{})}
	if k == k { // false for NaN
		if g.calls == nil {
			g.calls = make(map[K]*Call[V])
		}
		g.calls[k] = c
		g.pending++
	}
	if g.running == nil {
		g.running = make(map[*Call[V]]uint64)
	}
	g.begun++
	g.running[c] = g.begun
	return c, true
}

// Land ends the load of k and reports whether its result may be stored: not if the load
// has been superseded. Only the first Land of a call counts.
func (g *Group[K, V]) Land(k K, c *Call[V]) (current bool) {
	if c.landed {
		return false
	}
	c.landed = true
	if g.calls[k] == c {
		delete(g.calls, k)
		g.pending--
	}
	return true
}

// Supersede detaches the load of k, if one is under way, from the group: its result will
// not be stored, and the next caller that misses k loads again. It ends the watch of k.
func (g *Group[K, V]) Supersede(k K) {
	if c := g.calls[k]; c != nil {
		c.landed = true
		delete(g.calls, k)
		g.pending--
	}
	if w := g.watches[k]; w != nil {
		w.changed = true
		delete(g.watches, k)
		g.pending--
	}
}

// SupersedeAll supersedes the loads of all keys, and ends all watches.
func (g *Group[K, V]) SupersedeAll() {
	for _, c := range g.calls {
		c.landed = true
	}
	for _, w := range g.watches {
		w.changed = true
	}
	g.calls, g.watches, g.pending = nil, nil, 0
}

// A Call is one load and the callers that are waiting for it.
type Call[V any] struct {
	landed bool // guarded by the lock of the group
	done   chan struct{}
	// Written before done is closed, read after.
	value V
	err   error
	ended outcome
	panic *Panic
}

type outcome uint8

const (
	exited outcome = iota // by runtime.Goexit: this is the value if nothing else was recorded
	returned
	panicked
)

// A Panic is what the callers of a load panic with if the loader panics: its
// value, with the stack of the goroutine that ran it. If the value is an error,
// errors.Is and errors.As see it.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Run runs load and wakes all waiters. A panic stops here: every caller's Wait
// raises it again. It must be called once.
func (c *Call[V]) Run(load func() (V, error)) {
	defer close(c.done)
	defer func() {
		if c.ended == exited {
			if v := recover(); v != nil {
				c.ended, c.panic = panicked, &Panic{v, debug.Stack()}
			}
		}
	}()
	c.value, c.err = load()
	c.ended = returned
}

// Done returns a channel that is closed when the load has ended.
func (c *Call[V]) Done() <-chan struct{} { return c.done }

// Wait returns the result of the load, or the cause of ctx if ctx is cancelled first. It
// panics with a *Panic if the loader panicked, and ends the calling goroutine if the
// loader ended its own.
func (c *Call[V]) Wait(ctx context.Context) (V, error) {
	select {
	case <-c.done:
	default:
		select {
		case <-c.done:
		case <-ctx.Done():
			var zero V
			return zero, context.Cause(ctx)
		}
	}
	switch c.ended {
	case panicked:
		panic(c.panic)
	case exited:
		runtime.Goexit()
	}
	return c.value, c.err
}
