package server

import (
	"time"

	"example.com/flatline/ringbuffer"
)

func (f *feed) init() {
	f.id, f.replicas, f.acked = newID(), map[*replica]struct{}{}, make(chan struct{})
}

// minBacklog and maxBacklog bound repl-backlog-size: the ring's memory is allocated in one
// piece, and a client may set the size.
const (
	minBacklog = 16 << 10
	maxBacklog = 512 << 20
)

// newRing allocates a backlog.
func newRing(size int64) *ringbuffer.Ring[byte] {
	size = min(max(size, minBacklog), maxBacklog)
	return ringbuffer.New[byte](int(size), ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})
}

// setBacklog puts repl-backlog-size into effect: an existing ring is replaced by one with
// as much of its end as fits.
func (s *Server) setBacklog(size string) {
	f := &s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ring == nil {
		return
	}
	next := newRing(s.bytes(size))
	a, b := f.ring.Readable()
	next.PushSlice(a)
	next.PushSlice(b)
	f.ring = next
}

// makeRing allocates the backlog if there is none: before the locks for which writers wait.
func (f *feed) makeRing(size int64) {
	f.mu.Lock()
	has := f.ring != nil
	f.mu.Unlock()
	if has {
		return
	}
	ring := newRing(size)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ring == nil {
		f.ring = ring
	}
}

// attach makes a replica follow the stream from now on. There is a ring, and all shards are
// locked, so that the effects of all that comes are in the stream.
func (f *feed) attach(r *replica) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on.Store(true)
	f.replicas[r] = struct{}{}
	r.id, r.pos, r.acked, r.heard = f.id, f.offset, -1, time.Now()
}

// resume makes a replica that has the stream up to an offset follow it, and reports whether
// the ring still has what comes next.
func (f *feed) resume(r *replica, id string, has int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if lag := f.offset - has; id != f.id || f.ring == nil || lag < 0 || lag > int64(f.ring.Len()) {
		return false
	}
	f.replicas[r] = struct{}{}
	r.id, r.pos, r.acked, r.heard = id, has, has, time.Now()
	return true
}

func (f *feed) detach(r *replica) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.replicas, r)
}

// ack notes how far a replica is, and wakes WAIT.
func (f *feed) ack(r *replica, offset int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r.acked, r.heard = max(r.acked, min(offset, f.offset)), time.Now()
	close(f.acked)
	f.acked = make(chan struct{})
}
