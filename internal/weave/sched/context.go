package sched

import (
	"context"
	"sync/atomic"
	"unsafe"
)

// A Context is a context that a goroutine of a run can cancel, as one step. Its Err is
// a step too. context.Cause of it is its error.
type Context struct {
	context.Context // values, and a parent that never ends
	parent          *Context
	children        []*Context
	err             atomic.Pointer[error]
	done            chan struct{}
}

// WithCancel returns a context whose parent is a Context or never ends.
func WithCancel(parent context.Context) *Context {
	c := &Context{Context: context.WithoutCancel(parent), done: make(chan struct{})}
	if p, ok := parent.(*Context); ok {
		c.parent = p
		if err := p.err.Load(); err != nil {
			c.end(*err)
		} else {
			p.children = append(p.children, c)
		}
	}
	return c
}

// Cancel ends c, and those below it, with a cause. Only the first call counts.
func (c *Context) Cancel(cause error) {
	Point(Close, address((<-chan struct{})(c.done)))
	c.end(cause)
}

func (c *Context) end(cause error) {
	if !c.err.CompareAndSwap(nil, &cause) {
		return
	}
	close(c.done)
	noteClosed(address((<-chan struct{})(c.done)))
	for _, child := range c.children {
		child.end(cause)
	}
}

func (c *Context) Done() <-chan struct{} { return c.done }

func (c *Context) Err() error {
	Point(Read, unsafe.Pointer(c))
	err := c.err.Load()
	if Tracing() {
		Saw("ended: %v", err != nil)
	}
	if err == nil {
		return nil
	}
	return *err
}

// Ended reports whether c has ended. It is no step.
func (c *Context) Ended() bool { return c.err.Load() != nil }
