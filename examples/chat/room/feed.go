package room

import (
	"context"
	"sort"
	"sync"

	"example.com/flatline/ringbuffer"
)

// A Feed is the newest messages of a room, in a ring that any number of readers follow.
// A reader is a number in the ring and a wake-up: it is not in the list of those that wait
// unless it has read everything, so a push does not touch a reader that is behind.
type Feed struct {
	room  string
	epoch string
	ring  *ringbuffer.Sync[*Frame]

	mu      sync.Mutex // orders pushes and readers that begin to wait
	last    uint64     // the position of the newest message
	floor   uint64     // the position before the oldest one in the ring
	waiting []*reader
}

// NewFeed returns a feed of a room that begins after a position.
func NewFeed(room, epoch string, after uint64) *Feed {
	return &Feed{
		room: room, epoch: epoch, last: after, floor: after,
		ring: ringbuffer.NewSync[*Frame](16, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest}),
	}
}

// Push appends a message after the last one, sets its Prev, and wakes the readers that
// wait. A message that is there already is dropped. O(1), plus O(1) for each of these.
func (f *Feed) Push(m Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if m.Pos <= f.last {
		return
	}
	m.Prev = f.last
	frame := encode(&Cursor{m.Pos, f.epoch}, Event{Type: Msg, Room: f.room, Message: &m})
	frame.Message = m
	if n := f.ring.Cap(); f.ring.Len() == n && n < Keep {
		_ = f.ring.Resize(min(2*n, Keep)) // the numbers go on
	}
	if old, ok := f.ring.PushEvict(frame); ok {
		f.floor = old.Pos
	}
	f.last = m.Pos
	f.wake()
}

// Jump makes the feed go on after a position, when something before it may be missing: all
// messages are dropped, and all readers are reset.
func (f *Feed) Jump(pos uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if pos <= f.last {
		return
	}
	_, _ = f.ring.PushEvict(nil) // a number that a reader who has everything is waiting for
	f.ring.Clear()
	f.last, f.floor = pos, pos
	f.wake()
}

// Reach waits until the feed has a position. The error is that of ctx.
func (f *Feed) Reach(ctx context.Context, pos uint64) error {
	r := &reader{wakeUp: make(chan struct{}, 1)}
	defer f.leave(r)
	for {
		next, last := f.end()
		if last >= pos {
			return nil
		}
		if r.next = next; !f.wait(r) {
			continue
		}
		select {
		case <-r.wakeUp:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// wake wakes the readers that wait. f.mu is held.
func (f *Feed) wake() {
	for _, r := range f.waiting {
		r.at = 0
		select {
		case r.wakeUp <- struct{}{}:
		default: // it is awake already
		}
	}
	clear(f.waiting)
	f.waiting = f.waiting[:0]
}

// Last returns the position of the newest message.
func (f *Feed) Last() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// Before returns the n newest messages before a position, the oldest first, and whether
// the feed has older ones. O(log Keep + n).
func (f *Feed) Before(pos uint64, n int) (all []Message, more bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	end := sort.Search(f.ring.Len(), func(i int) bool { return f.ring.At(i).Pos >= pos })
	begin := max(0, end-n)
	for i := begin; i < end; i++ {
		all = append(all, f.ring.At(i).Message)
	}
	return all, begin > 0
}

// find returns the number in the ring of the first message after a cursor. It reports false
// if messages after it are no longer there, or never were, or are of another epoch: then
// the number is that of the next message, and the position the last one.
func (f *Feed) find(c Cursor) (next, pos uint64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	oldest, end := f.ring.Numbers()
	if c.Epoch != f.epoch || c.Pos < f.floor || c.Pos > f.last {
		return end, f.last, false
	}
	i := sort.Search(f.ring.Len(), func(i int) bool { return f.ring.At(i).Pos > c.Pos })
	return oldest + uint64(i), c.Pos, true
}

// end returns the number of the next message, and the last position.
func (f *Feed) end() (next, pos uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, next = f.ring.Numbers()
	return next, f.last
}

// wait reports whether there is no message from r's next number on. Then the next one wakes
// r's session.
func (f *Feed) wait(r *reader) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, end := f.ring.Numbers(); r.next < end {
		return false
	}
	if r.at == 0 {
		f.waiting = append(f.waiting, r)
		r.at = len(f.waiting)
	}
	return true
}

// leave makes r wait no longer. O(1).
func (f *Feed) leave(r *reader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.at == 0 {
		return
	}
	last := len(f.waiting) - 1
	f.waiting[r.at-1] = f.waiting[last]
	f.waiting[r.at-1].at = r.at
	f.waiting[last] = nil
	f.waiting = f.waiting[:last]
	r.at = 0
}

// Waiting returns how many readers wait for the next message.
func (f *Feed) Waiting() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waiting)
}
