package bqueue

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// A crowd holds the callers that are waiting at one end of a shared queue, for a free
// slot or for an item, or in Join. The other end wakes the first of them. While that one
// is on its way, wanted is unset and no other is woken. When it has looked at the queue,
// it wakes the next one if there is a reason to. So no wake-up is lost, and a hundred
// operations that happen while one waiter wakes up cost one wake-up.
type crowd[T any] struct {
	wanted atomic.Bool // a caller waits, and none is on the way

	mu    sync.Mutex // guards what follows, and stores to wanted
	line  line[T]
	woken *waiter[T] // on its way: signaled, but it has not looked at the queue since
	waits uint64
}

// A pause is what one operation needs to wait in a crowd. The zero value is ready;
// leave must end it.
type pause[T any] struct {
	w       *waiter[T] // nil until the operation has to wait
	looks   int
	signals bool // w has been signaled, and has not been queued again since
}

// looks is how often an operation looks again before it waits; it yields the processor
// before each look. Looking again saves most waits, because the other end meanwhile does
// a batch of work.
const looks = 4

// pause is called when an operation has failed. It returns true when the operation should
// try again, or false if ctx has ended. Before it waits, it joins the line and lets the
// operation look at the queue once more; if the queue changes later, it is woken.
func (c *crowd[T]) pause(ctx context.Context, p *pause[T]) bool {
	switch {
	case p.w == nil && p.looks < looks && !c.wanted.Load():
		p.looks++
		runtime.Gosched()
	case p.w == nil:
		p.w = c.enter()
	case p.signals:
		p.signals = false
		c.enterAgain(p.w)
	default:
		if p.signals = p.w.wait(ctx); !p.signals {
			return false
		}
		return ctx.Err() == nil
	}
	return true
}

// enter queues the calling goroutine at the back. From then on it can be woken.
func (c *crowd[T]) enter() *waiter[T] {
	c.mu.Lock()
	w := c.line.get()
	c.line.pushBack(w)
	c.waits++
	c.update()
	c.mu.Unlock()
	return w
}

// enterAgain queues w, which was woken and came too late, at the front.
func (c *crowd[T]) enterAgain(w *waiter[T]) {
	c.mu.Lock()
	if c.woken == w {
		c.woken = nil
	}
	w.endTurn()
	c.line.pushFront(w)
	c.update()
	c.mu.Unlock()
}

// leave removes the caller from the crowd. If the caller was woken, or is just being
// woken, it must wake the next one.
func (c *crowd[T]) leave(p *pause[T]) {
	w := p.w
	c.mu.Lock()
	if w.queued {
		c.line.remove(w)
	} else if !p.signals {
		c.mu.Unlock()
		w.await()
		c.mu.Lock()
	}
	if c.woken == w {
		c.woken = nil
	}
	c.line.put(w)
	c.update()
	c.mu.Unlock()
}

// update must follow each change of line and woken.
func (c *crowd[T]) update() {
	if wanted := c.line.n > 0 && c.woken == nil; wanted != c.wanted.Load() {
		c.wanted.Store(wanted)
	}
}

// wakeOne signals the first waiter, unless one is on the way already.
func (c *crowd[T]) wakeOne() {
	c.mu.Lock()
	if c.woken != nil || c.line.n == 0 {
		c.mu.Unlock()
		return
	}
	w := c.line.pop()
	c.woken = w
	c.update()
	c.mu.Unlock()
	w.signal()
}

// wakeAll signals all waiters if wanted, which is called under the lock, returns true.
func (c *crowd[T]) wakeAll(wanted func() bool) {
	c.mu.Lock()
	if !wanted() {
		c.mu.Unlock()
		return
	}
	all := c.line.popAll(none)
	c.update()
	c.mu.Unlock()
	signalAll(all)
}

// count returns how many are waiting and how many waits there have been.
func (c *crowd[T]) count() (waiting int, waits uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.line.n, c.waits
}
