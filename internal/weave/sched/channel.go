package sched

import "unsafe"

// Channels are real ones. Their operations go through the functions here, which try
// without waiting: that is exact while one goroutine runs at a time. A send on a
// channel without a buffer, which needs two goroutines at once, is not supported.

func isClosed(p unsafe.Pointer) bool {
	if r := active; r != nil {
		for _, c := range r.closed {
			if c == p {
				return true
			}
		}
	}
	return false
}

func address[T any](c <-chan T) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&c)) }

func canReceive[T any](c <-chan T) bool { return len(c) > 0 || isClosed(address(c)) }

// Recv is <-c.
func Recv[T any](c <-chan T) T {
	v, _ := Recv2(c)
	return v
}

// Recv2 is v, ok := <-c.
func Recv2[T any](c <-chan T) (v T, ok bool) {
	if Active() {
		Until(address(c), func() bool { return canReceive(c) })
		Wrote()
	}
	v, ok = <-c
	if Tracing() {
		Saw("received %v, %v", v, ok)
	}
	return v, ok
}

// Send is c <- v.
func Send[T any](c chan<- T, v T) {
	if Active() {
		p := *(*unsafe.Pointer)(unsafe.Pointer(&c))
		if cap(c) == 0 && !isClosed(p) {
			panic("sched: a send on a channel without a buffer is not supported")
		}
		Until(p, func() bool { return len(c) < cap(c) || isClosed(p) })
		Wrote()
	}
	c <- v
	if Tracing() {
		Saw("sent")
	}
}

// CloseChan is close(c).
func CloseChan[T any](c chan<- T) {
	p := *(*unsafe.Pointer)(unsafe.Pointer(&c))
	Point(Close, p)
	close(c)
	noteClosed(p)
}

//go:noinline
func noteClosed(p unsafe.Pointer) {
	if r := active; r != nil {
		r.closed = append(r.closed, p)
	}
}

// A Case is one of a select.
type Case struct {
	on    unsafe.Pointer
	ready func() bool
	do    func()
}

// OnRecv is case <-c.
func OnRecv[T any](c <-chan T) Case {
	return Case{address(c), func() bool { return canReceive(c) }, func() { <-c }}
}

// OnSend is case c <- v.
func OnSend[T any](c chan<- T, v T) Case {
	p := *(*unsafe.Pointer)(unsafe.Pointer(&c))
	return Case{p, func() bool { return len(c) < cap(c) || isClosed(p) }, func() { c <- v }}
}

// Select waits until one of the cases is ready, does it and returns its number. Which
// of several it takes is a decision. Without a ready case it returns -1 if there is a
// default.
func Select(withDefault bool, cases ...Case) int {
	if withDefault {
		Point(Read, nil)
	} else {
		Until(nil, func() bool { return anyReady(cases) })
	}
	i := choose(cases)
	if i >= 0 {
		cases[i].do()
		Wrote()
	}
	if Tracing() {
		Saw("select takes case %d", i)
	}
	return i
}

func anyReady(cases []Case) bool {
	for i := range cases {
		if cases[i].ready() {
			return true
		}
	}
	return false
}

//go:noinline
func choose(cases []Case) int {
	n, last := 0, -1
	for i := range cases {
		if cases[i].ready() {
			n++
			last = i
		}
	}
	if n < 2 {
		return last
	}
	at := active.decide(n, 0)
	for i := range cases {
		if cases[i].ready() {
			if at == 0 {
				return i
			}
			at--
		}
	}
	panic("sched: a case is no longer ready")
}

// Spawn is go f().
//
//go:noinline
func Spawn(f func()) {
	r := active
	if r == nil {
		go f()
		return
	}
	r.point(op{kind: Go})
	release(&begun)
	r.spawn(f, op{kind: start})
}
