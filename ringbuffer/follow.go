package ringbuffer

import (
	"context"
	"fmt"
	"iter"
)

// An OverwrittenError says that item Seq was in the ring but has been overwritten, popped
// or cleared. errors.Is matches it with ErrOverwritten.
type OverwrittenError struct {
	Seq    uint64 // the requested number
	Oldest uint64 // the number of the oldest item at that moment; of the next item if the ring was empty
}

// Error returns both numbers.
func (e *OverwrittenError) Error() string {
	return fmt.Sprintf("%v: item %d, the oldest left is %d", ErrOverwritten, e.Seq, e.Oldest)
}

// Unwrap returns ErrOverwritten. O(1).
func (e *OverwrittenError) Unwrap() error { return ErrOverwritten }

// Since yields, with their numbers, the items in the ring at this moment whose number is
// at least seq; none if seq is beyond them. The first item ever stored has the number 0,
// and each further one the next number, through Clear and Resize. If item seq was in the
// ring but no longer is, the error is an *OverwrittenError: the reader fell behind, and
// may continue from the error's Oldest.
//
// The items stay in the ring, so each of many readers can follow it at its own pace:
//
//	for n, v := range items {
//		use(v)
//		seq = n + 1 // where to ask next
//	}
//
// O(n) in the items it yields, which it copies.
func (s *Sync[T]) Since(seq uint64) (iter.Seq2[uint64, T], error) {
	items, err := s.since(seq)
	if err != nil {
		return func(func(uint64, T) bool) {}, err
	}
	return func(yield func(uint64, T) bool) {
		for i, v := range items {
			if !yield(seq+uint64(i), v) {
				return
			}
		}
	}, nil
}

func (s *Sync[T]) since(seq uint64) ([]T, error) {
	s.lock()
	defer s.mu.Unlock() // the copy may not fit into memory
	r := &s.r
	if seq < r.head {
		return nil, &OverwrittenError{seq, r.head}
	}
	if seq >= r.tail {
		return nil, nil
	}
	return concat(r.view(seq, int(r.tail-seq))), nil
}

// Wait returns item seq, and waits for it if it has not been stored yet. It leaves the
// item in the ring, so that many readers can follow it, each with the number of its next
// item; Since(seq) then yields the items pushed together with it. The error is an
// *OverwrittenError if the item was in the ring but no longer is, or context.Cause(ctx);
// a context that has ended wins even if the item is there. O(1); a wait allocates a
// channel, which is shared by all callers that wait for the same push.
func (s *Sync[T]) Wait(ctx context.Context, seq uint64) (v T, err error) {
	for ctx.Err() == nil {
		v, stored, err := s.look(seq)
		if stored == nil {
			return v, err
		}
		select {
		case <-stored:
		case <-ctx.Done():
		}
	}
	return v, context.Cause(ctx)
}

// look returns item seq, or an error, or, if there is no such item yet, a channel that
// the next push closes.
func (s *Sync[T]) look(seq uint64) (v T, stored <-chan struct{}, err error) {
	s.lock()
	defer s.mu.Unlock()
	switch r := &s.r; {
	case seq < r.head:
		return v, nil, &OverwrittenError{seq, r.head}
	case seq < r.tail:
		return *r.slot(seq), nil, nil
	}
	if s.stored == nil {
		s.stored = make(chan struct{})
	}
	return v, s.stored, nil
}

// wake wakes the callers of Wait, which look again. The caller holds the lock and has
// pushed.
func (s *Sync[T]) wake() {
	if s.stored != nil {
		close(s.stored)
		s.stored = nil
	}
}

// Numbers returns the number of the oldest item in the ring and the number that the
// next one will get; they are equal if the ring is empty. O(1).
func (s *Sync[T]) Numbers() (oldest, next uint64) {
	s.lock()
	defer s.mu.Unlock()
	return s.r.head, s.r.tail
}
