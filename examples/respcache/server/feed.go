package server

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/ringbuffer"
)

// A feed is the stream of effects. It has two readers: the file on disk, and the
// replicas, each of which follows the ring at its own pace. A replica that falls behind
// the ring's end has to start again; so memory is bounded whatever a replica does.
type feed struct {
	on atomic.Bool // whether effects are needed

	mu       sync.Mutex
	id       string                 // of this stream: an offset means nothing in another
	offset   int64                  // bytes so far
	ring     *ringbuffer.Ring[byte] // the last of them; nil until the first replica connects
	replicas map[*replica]struct{}
	acked    chan struct{} // closed and replaced when a replica acknowledges an offset
	file     *aof          // nil without one

	maxLag atomic.Int64 // seconds: see good

	seen atomic.Pointer[feedCounts] // of the last tick
}

// append takes a sequence of whole commands and returns a buffer for the next, and the
// offset that must be on disk before they may be acknowledged (0 is none). The caller
// holds the locks of the shards that the effects are of, so that the stream has them in
// order; if the disk falls behind, it waits here, and so do all writers.
func (f *feed) append(b []byte) (next []byte, seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.offset += int64(len(b))
	f.push(b)
	if f.file == nil {
		return keep(b), 0
	}
	if f.file.mode.Load() == fsyncAlways {
		seq = f.offset
	}
	// The error can only be that the file was closed, and then so is the server.
	_ = f.file.queue.Put(context.Background(), chunk{data: b, end: f.offset})
	return f.file.spare(), seq
}

// keep returns an empty buffer in the memory of b, unless that is large.
func keep(b []byte) []byte {
	if cap(b) > keepOut {
		return nil
	}
	return b[:0]
}

// since copies the bytes after an offset of the stream id into buf; ok is false if the
// ring does not have it any more, or if that stream has ended.
func (f *feed) since(id string, pos int64, buf []byte) (n int, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lag := f.offset - pos
	if id != f.id || lag < 0 || lag > int64(f.ring.Len()) {
		return 0, false
	}
	skip := f.ring.Len() - int(lag)
	a, b := f.ring.Readable()
	if skip < len(a) {
		n = copy(buf, a[skip:])
		skip = len(a)
	}
	return n + copy(buf[n:], b[skip-len(a):]), true
}

// disconnect closes the connections of all replicas. They reconnect, and then learn what
// has changed.
func (f *feed) disconnect() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.replicas {
		r.c.nc.Close()
	}
}

// restart begins another stream, since what the server holds has been replaced: every
// replica has to copy it. The caller holds the locks of all shards, so no part of the
// new state is ever sent as one of the old.
func (f *feed) restart() {
	f.disconnect()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.id = newID()
	if f.ring != nil {
		f.ring.Clear()
	}
}

// good returns how many replicas have a whole copy and have sent something recently.
func (f *feed) good() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.replicas {
		if r.acked >= 0 && time.Since(r.heard) <= time.Duration(f.maxLag.Load())*time.Second {
			n++
		}
	}
	return n
}

// behind reports whether there is a replica that has not acknowledged an offset.
func (f *feed) behind(offset int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.replicas {
		if r.acked < offset {
			return true
		}
	}
	return false
}

// position returns the offset of this moment.
func (f *feed) position() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.offset
}

// stream returns the id of the stream of this moment.
func (f *feed) stream() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.id
}

// wait waits until everything up to seq is on disk, and reports whether it is.
func (f *feed) wait(seq int64) bool { return f.file.wait(seq) }

// broken returns what to reply to writes, "" if they may go on.
func (f *feed) broken() string {
	if f.file == nil || !f.file.failed.Load() {
		return ""
	}
	return "MISCONF Errors writing to the AOF file: " + f.file.lastError()
}

func (f *feed) close() error {
	if f.file == nil {
		return nil
	}
	return f.file.close()
}

// tell puts a command into the stream that is for the replicas alone: the file does not
// need it.
func (f *feed) tell(words ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.replicas) == 0 {
		return
	}
	b := appendCommand(nil, words...)
	f.offset += int64(len(b))
	f.push(b)
}

// push puts effects into the ring. The caller holds the lock.
func (f *feed) push(b []byte) {
	if f.ring == nil {
		return
	}
	f.ring.PushSlice(b)
	for r := range f.replicas {
		r.signal()
	}
}

// walkSome visits the items of which keep, with the lock held, says so, in small pieces, with
// the lock held for one piece at a time. Changes in the meantime are in the stream: replaying
// the stream, from before the walk began, on top of the walk's items gives the state at the
// stream's end. write gets how many commands there are.
//
// The array of a shard's keys is walked from its end to its begin: new keys come
// behind the walk, and a deletion moves the last key, so that none that stays is
// missed.
func (s *Server) walkSome(ctx context.Context, keep func(*item) bool, write func(b []byte, n int) error) error {
	const piece = 32 << 10
	var buf []byte
	for _, sh := range s.shards {
		for left := -1; left != 0; {
			buf = buf[:0]
			n := 0
			sh.mu.Lock()
			if left < 0 || left > sh.keys.Len() {
				left = sh.keys.Len()
			}
			for seen := 0; left > 0 && len(buf) < piece && seen < piece; seen++ {
				left--
				if it := sh.keys.At(left); keep(it) {
					buf = appendSet(buf, it)
					n++
				}
			}
			sh.mu.Unlock()
			if len(buf) == 0 {
				continue
			}
			if err := write(buf, n); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}
