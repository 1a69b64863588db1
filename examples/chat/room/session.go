package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"example.com/flatline/ringbuffer"
)

// maxBatch is the size in bytes at which a batch ends.
const maxBatch = 64 << 10

// A Session is a connection: the rooms that it has joined, its number in the ring of each,
// and a wake-up. What it has not read is in the rings alone, so a slow one takes no memory.
// Its methods may be called by several goroutines; batches are for one.
type Session struct {
	User   string
	wakeUp chan struct{} // has an item if there may be something to read
	sent   *atomic.Int64 // messages, of the hub
	closed func()        // of the hub

	mu      sync.Mutex
	readers []*reader
	turn    int // the reader that is asked first
}

// reader is a session in a room.
type reader struct {
	feed   *Feed
	crowd  *crowd // nil in a session without a hub
	leave  func()
	wakeUp chan struct{}

	begin *Frame    // what is sent first
	next  uint64    // number in the ring
	seen  [2]uint64 // versions of the crowd's notices
	at    int       // place in the feed's list of those that wait, from 1; guarded by the feed
}

// NewSession returns a session of a user that has joined no room.
func NewSession(user string) *Session {
	return &Session{User: user, wakeUp: make(chan struct{}, 1), sent: new(atomic.Int64), closed: func() {}}
}

// Join adds a room, whose messages the session gets from the cursor on, or the next ones
// if it is nil. Joining again begins again. The session calls leave when it leaves. The
// error wraps ErrBad if there are MaxJoins rooms.
func (s *Session) Join(f *Feed, c *Cursor, leave func()) error { return s.join(f, nil, c, leave) }

func (s *Session) join(f *Feed, w *crowd, c *Cursor, leave func()) error {
	r := &reader{feed: f, crowd: w, leave: leave, wakeUp: s.wakeUp}
	if w != nil {
		r.seen[1] = w.typed()
	}
	typ, pos := Joined, uint64(0)
	if c == nil {
		r.next, pos = f.end()
	} else {
		ok := false
		if r.next, pos, ok = f.find(*c); !ok { // H3
			typ = Reset
		}
	}
	r.begin = control(typ, f.room, Cursor{pos, f.epoch})
	s.mu.Lock()
	old := s.index(f.room)
	if old < 0 && len(s.readers) >= MaxJoins {
		s.mu.Unlock()
		return fmt.Errorf("%w: a session has at most %d rooms", ErrBad, MaxJoins)
	}
	var left *reader
	if old >= 0 {
		left, s.readers[old] = s.readers[old], r
	} else {
		s.readers = append(s.readers, r)
	}
	s.mu.Unlock()
	left.end()
	select {
	case s.wakeUp <- struct{}{}:
	default:
	}
	return nil
}

// end leaves the room.
func (r *reader) end() {
	if r != nil {
		r.feed.leave(r)
		r.leave()
	}
}

// index returns the place of a room, or -1. s.mu is held.
func (s *Session) index(room string) int {
	return slices.IndexFunc(s.readers, func(r *reader) bool { return r.feed.room == room })
}

// Leave removes a room, if the session has joined it.
func (s *Session) Leave(room string) {
	s.mu.Lock()
	var r *reader
	if i := s.index(room); i >= 0 {
		r = s.readers[i]
		s.readers = slices.Delete(s.readers, i, i+1)
	}
	s.mu.Unlock()
	r.end()
}

// Close leaves all rooms.
func (s *Session) Close() {
	s.mu.Lock()
	all := s.readers
	s.readers = nil
	s.mu.Unlock()
	for _, r := range all {
		r.end()
	}
	s.closed()
}

// Next returns what there is to be sent, and waits for it. The error is that of ctx.
func (s *Session) Next(ctx context.Context) ([]*Frame, error) {
	for {
		if batch := s.Poll(); len(batch) > 0 {
			return batch, nil
		}
		select {
		case <-s.wakeUp:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Poll returns what there is to be sent now: all messages after the session's numbers, up
// to 64 KiB. It counts as sent.
func (s *Session) Poll() (batch []*Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := 0
	for i := range s.readers {
		at := (s.turn + i) % len(s.readers)
		if batch = s.readers[at].poll(batch, &size); size >= maxBatch {
			s.turn = at + 1
			break
		}
	}
	messages := int64(0)
	for _, f := range batch {
		if f.Pos > 0 {
			messages++
		}
	}
	s.sent.Add(messages)
	return batch
}

// poll appends to a batch what there is to be sent. If that is nothing, the session is
// woken when there is something.
func (r *reader) poll(batch []*Frame, size *int) []*Frame {
	if r.begin != nil {
		batch = append(batch, r.begin)
		*size += len(r.begin.event)
		r.begin = nil
	}
	for !r.feed.wait(r) {
		items, err := r.feed.ring.Since(r.next)
		if errors.Is(err, ringbuffer.ErrOverwritten) { // H3, H5
			next, pos := r.feed.end()
			r.next = next
			batch = append(batch, control(Reset, r.feed.room, Cursor{pos, r.feed.epoch}))
			continue
		}
		for _, f := range items {
			if *size >= maxBatch {
				return batch
			}
			batch = append(batch, f)
			*size += len(f.event)
			r.next++
		}
	}
	if r.crowd != nil {
		batch = r.crowd.news(batch, &r.seen, size)
	}
	return batch
}
