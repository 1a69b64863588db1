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

// attach makes a replica follow the stream from an offset on or, if that is no longer in
// the ring, from now on.
func (f *feed) attach(r *replica, id string, from, size int64) (partial bool) {
	var ring *ringbuffer.Ring[byte]
	if !f.hasRing() {
		ring = newRing(size) // before the lock, for which writers wait with their shards locked
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ring == nil {
		f.ring = ring
	}
	f.on.Store(true)
	f.replicas[r] = struct{}{}
	r.id, r.pos, r.acked = f.id, f.offset, -1
	lag := f.offset - from
	if partial = id == f.id && 0 <= lag && lag <= int64(f.ring.Len()); partial {
		r.pos, r.acked = from, from
	}
	r.heard = time.Now()
	return partial
}

func (f *feed) hasRing() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ring != nil
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
