package bqueue

import (
	"context"

	"example.com/flatline/internal/lap"
	"example.com/flatline/internal/pad"
)

// shared is the form for throughput: an array that needs no lock, and at each end of it a
// crowd, whose waiters the operations of the other end wake. Every operation is the same
// loop: try; if the array is full, or empty, pause; try again.
type shared[T any] struct {
	slots   lap.Queue[T]
	putters crowd[T]
	_       pad.Gap // each crowd's flag is read by every operation of the other end
	takers  crowd[T]
}

func (s *shared[T]) put(ctx context.Context, v T) error {
	var p pause[T]
	for {
		switch s.slots.TryPush(v) {
		case lap.OK:
			s.leavePutters(&p)
			s.added()
			return nil
		case lap.Closed:
			s.leavePutters(&p)
			return ErrClosed
		}
		if !s.putters.pause(ctx, &p) {
			s.leavePutters(&p)
			return context.Cause(ctx)
		}
	}
}

func (s *shared[T]) take(ctx context.Context) (T, error) {
	var p pause[T]
	for {
		v, r := s.slots.TryPop()
		switch r {
		case lap.OK:
			s.leaveTakers(&p)
			s.removed()
			return v, nil
		case lap.Closed:
			s.leaveTakers(&p)
			return v, ErrClosed
		}
		if !s.takers.pause(ctx, &p) {
			s.leaveTakers(&p)
			return v, context.Cause(ctx)
		}
	}
}

func (s *shared[T]) putAll(ctx context.Context, vs []T) (accepted int, err error) {
	var p pause[T]
	for {
		// At most Cap items at a time: if consumers kept up, this loop would otherwise
		// never look at ctx.
		n, r := s.slots.PushSlice(vs[accepted:min(len(vs), accepted+s.slots.Cap())])
		if n > 0 {
			accepted += n
			s.added()
		}
		switch {
		case accepted == len(vs):
			s.leavePutters(&p)
			return accepted, nil
		case r == lap.Closed:
			s.leavePutters(&p)
			return accepted, ErrClosed
		case n > 0 && ctx.Err() != nil, r == lap.Full && !s.putters.pause(ctx, &p):
			s.leavePutters(&p)
			return accepted, context.Cause(ctx)
		}
	}
}

func (s *shared[T]) takeBatch(ctx context.Context, dst []T) (int, error) {
	var p pause[T]
	for {
		n, r := s.slots.PopInto(dst)
		if n > 0 {
			s.leaveTakers(&p)
			s.removed()
			return n, nil
		}
		if r == lap.Closed {
			s.leaveTakers(&p)
			return 0, ErrClosed
		}
		if !s.takers.pause(ctx, &p) {
			s.leaveTakers(&p)
			return 0, context.Cause(ctx)
		}
	}
}

func (s *shared[T]) tryPut(v T) error {
	switch s.slots.TryPush(v) {
	case lap.Full:
		return ErrFull
	case lap.Closed:
		return ErrClosed
	}
	s.added()
	return nil
}

func (s *shared[T]) tryPutAll(vs []T) (accepted int, err error) {
	accepted, r := s.slots.PushSlice(vs)
	if accepted > 0 {
		s.added()
	}
	switch r {
	case lap.Full:
		err = ErrFull
	case lap.Closed:
		err = ErrClosed
	}
	return accepted, err
}

func (s *shared[T]) tryTake() (T, error) {
	v, r := s.slots.TryPop()
	switch r {
	case lap.Empty:
		return v, ErrEmpty
	case lap.Closed:
		return v, ErrClosed
	}
	s.removed()
	return v, nil
}

func (s *shared[T]) drainTo(dst []T) int {
	n, _ := s.slots.PopInto(dst)
	if n > 0 {
		s.removed()
	}
	return n
}

func (s *shared[T]) close() {
	s.slots.Close()
	s.putters.wakeAll(s.slots.Closed)
	s.takers.wakeAll(s.slots.Closed)
}

// added wakes a taker if one is waiting and none is on its way. It is called after the
// item was published, and a waiter looks for items after it has set wanted: at least one
// of the two sees the other.
func (s *shared[T]) added() {
	if s.takers.wanted.Load() {
		s.takers.wakeOne()
	}
}

// removed wakes a putter, as added wakes a taker.
func (s *shared[T]) removed() {
	if s.putters.wanted.Load() {
		s.putters.wakeOne()
	}
}

// leavePutters ends p and passes its wake-up on: there may be more space than p's caller
// used, or the caller may have given up.
func (s *shared[T]) leavePutters(p *pause[T]) {
	if p.w == nil {
		return
	}
	s.putters.leave(p)
	if s.putters.wanted.Load() && s.slots.Len() < s.slots.Cap() {
		s.putters.wakeOne()
	}
}

// leaveTakers ends p and passes its wake-up on, as leavePutters does.
func (s *shared[T]) leaveTakers(p *pause[T]) {
	if p.w == nil {
		return
	}
	s.takers.leave(p)
	if s.takers.wanted.Load() && s.slots.Len() > 0 {
		s.takers.wakeOne()
	}
}

func (s *shared[T]) stats() Stats {
	taken, accepted := s.slots.Popped(), s.slots.Pushed()
	putters, putWaits := s.putters.count()
	takers, takeWaits := s.takers.count()
	return Stats{
		Puts: accepted, Takes: taken,
		PutWaits: putWaits, TakeWaits: takeWaits,
		Parked: putters + takers,
	}
}
