package sched

import (
	"cmp"
	"fmt"
	"unsafe"
)

// A Kind says what an operation does.
type Kind uint8

const (
	start Kind = iota
	Call       // of an operation of the program
	Read
	Write
	Modify // reads and writes
	Lock
	RLock
	TryLock
	TryRLock
	Unlock
	RUnlock
	Wait // until something is so: a channel, a WaitGroup
	Close
	Go
	Gosched
	spin // a Gosched in a loop that waits
	waitIdle
)

var kinds = [...]string{
	"starts", "call", "load", "store", "read-modify-write", "Lock", "RLock", "TryLock", "TryRLock", "Unlock", "RUnlock",
	"wait", "close", "go", "Gosched", "Gosched in a loop that waits", "idle",
}

func (k Kind) String() string { return kinds[k] }

// An op is what a goroutine is about to do.
type op struct {
	kind  Kind
	on    unsafe.Pointer
	ready func() bool // of Wait
	mark  uint64      // of spin: the writes so far
}

// A hold is a mutex that is held: by one writer, or by readers.
type hold struct {
	on      unsafe.Pointer
	readers int // 0: a writer
}

// Point is called before an operation. It returns when the goroutine may do it.
//
//go:noinline
func Point(k Kind, on unsafe.Pointer) {
	if r := active; r != nil {
		r.point(op{kind: k, on: on})
	}
}

// Until is Point for what can be done only when ready returns true.
//
//go:noinline
func Until(on unsafe.Pointer, ready func() bool) {
	if r := active; r != nil {
		r.point(op{kind: Wait, on: on, ready: ready})
	}
}

// Active reports whether a run is in progress.
//
//go:noinline
func Active() bool { return active != nil }

// AwaitIdle is for the idle function of Do: it returns when no goroutine can continue.
func AwaitIdle() {
	if r := active; r != nil {
		r.point(op{kind: waitIdle})
	}
}

// Yield is runtime.Gosched.
//
//go:noinline
func Yield() {
	r := active
	if r == nil {
		return
	}
	o := op{kind: Gosched}
	if r.cur.looked == r.writes+1 {
		o.kind, o.mark = spin, r.writes
	}
	r.point(o)
	r.cur.looked = r.writes + 1
}

// Wrote says that the operation has changed something that others can see.
//
//go:noinline
func Wrote() {
	if r := active; r != nil {
		r.writes++
	}
}

func (r *Run) point(o op) {
	g := r.cur
	g.pending = o
	r.steps++
	if limit := cmp.Or(r.Limit, 10_000); r.steps > limit {
		r.fail(fmt.Sprintf("no end after %d steps", r.steps-1))
		g.w.yield() // does not return
	}
	if next := r.pick(); next != g {
		r.next = next
		g.w.yield()
	}
	r.commit(g.pending)
	if r.Trace {
		r.step(g, g.pending.kind)
	}
}

// enabled reports whether g can do what is pending.
func (r *Run) enabled(g *goroutine) bool {
	o := &g.pending
	switch o.kind {
	case Lock:
		return r.holder(o.on) == nil
	case RLock:
		h := r.holder(o.on)
		return h == nil || h.readers > 0
	case Wait:
		return o.ready()
	case spin:
		return r.writes != o.mark
	case waitIdle:
		return false
	}
	return true
}

func (r *Run) holder(on unsafe.Pointer) *hold {
	for i := range r.held {
		if r.held[i].on == on {
			return &r.held[i]
		}
	}
	return nil
}

// commit notes what the operation that is done now does to the locks.
func (r *Run) commit(o op) {
	switch o.kind {
	case Lock:
		r.held = append(r.held, hold{on: o.on})
		r.writes++
	case TryLock:
		if r.holder(o.on) == nil {
			r.held = append(r.held, hold{on: o.on})
			r.writes++
		}
	case RLock, TryRLock:
		switch h := r.holder(o.on); {
		case h == nil:
			r.held = append(r.held, hold{on: o.on, readers: 1})
			r.writes++
		case h.readers > 0:
			h.readers++
			r.writes++
		}
	case Unlock, RUnlock:
		r.writes++
		for i := range r.held {
			if h := &r.held[i]; h.on == o.on {
				if h.readers--; h.readers <= 0 {
					r.held[i] = r.held[len(r.held)-1]
					r.held = r.held[:len(r.held)-1]
				}
				break
			}
		}
	case Write, Close, Go:
		r.writes++
	}
}
