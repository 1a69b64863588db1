package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/bqueue"
)

// When the file is forced to disk.
const (
	fsyncEverySec = iota // once a second: a crash of the machine loses that much
	fsyncAlways          // before any reply that says so leaves
	fsyncNo              // when the system likes
)

// A chunk is a row of effects, or something to be done once all before it is written.
type chunk struct {
	data []byte
	end  int64 // the offset of its end in the feed
	then func() error
	done chan error
}

// An aof is the file of effects. Sessions put chunks into a bounded queue, and one
// goroutine takes what is there: however many clients wait for the disk, that is one
// write and one fsync for all of them.
type aof struct {
	srv    *Server
	disk   disk
	dir    string
	unlock func() error // of the directory
	queue  *bqueue.Queue[chunk]
	free   chan []byte // buffers that the writer is done with
	mode   atomic.Int32
	ended  chan struct{} // closed when the writer has ended

	file   logFile // the rest of this paragraph is the writer's
	dirty  bool    // there is something that fsync has not seen
	lost   bool    // something could not be written: the file is good up to there only
	hidden bool    // the manifest does not list the file yet: a start would not load it
	seen   int64   // offset that was written, or lost

	size, baseSize atomic.Int64 // bytes in the files
	failed         atomic.Bool  // writes are refused
	orphans        atomic.Int64 // files that the manifest does not list

	turn     chan struct{} // full while the log is rewritten
	manifest manifest      // as it is on disk; of whoever has the turn
	pause    atomic.Int64  // seconds until the next try of a rewrite that failed
	backoff  atomic.Int64  // the pause after the next failure

	mu     sync.Mutex
	woken  *sync.Cond
	synced int64 // offset that is on disk
	err    error
}

func (a *aof) start() {
	a.queue = bqueue.New[chunk](1024)
	a.free = make(chan []byte, 64)
	a.ended = make(chan struct{})
	a.woken = sync.NewCond(&a.mu)
	a.turn = make(chan struct{}, 1)
	a.backoff.Store(1)
	go a.write()
	a.srv.group.Go(a.everySecond)
}

// spare returns an empty buffer.
func (a *aof) spare() []byte {
	select {
	case b := <-a.free:
		return b
	default:
		return nil
	}
}

// write is the writer. It ends when the queue is closed and empty.
func (a *aof) write() {
	defer close(a.ended)
	batch := make([]chunk, 256)
	var buf []byte
	for {
		n, err := a.queue.TakeBatch(context.Background(), batch)
		if err != nil {
			return
		}
		buf = keep(buf)
		end := int64(0)
		for i := range batch[:n] {
			c := batch[i]
			batch[i] = chunk{}
			if c.then != nil {
				a.put(buf, end)
				buf, end = buf[:0], 0
				c.done <- c.then()
				continue
			}
			buf, end = append(buf, c.data...), c.end
			select {
			case a.free <- keep(c.data):
			default:
			}
		}
		a.put(buf, end)
	}
}

// put writes effects up to an offset and, if that is wanted, waits for the disk.
func (a *aof) put(buf []byte, end int64) {
	if len(buf) == 0 {
		return
	}
	if a.seen = end; a.lost {
		return
	}
	a.dirty = true
	_, err := a.file.Write(buf)
	if err == nil && a.mode.Load() == fsyncAlways {
		err = a.sync()
	}
	if err != nil {
		a.fail(err)
		return
	}
	a.size.Add(int64(len(buf)))
	if !a.hidden {
		a.confirm()
	}
}

// confirm acknowledges everything that the writer has seen.
func (a *aof) confirm() {
	a.mu.Lock()
	a.synced = a.seen
	a.mu.Unlock()
	a.woken.Broadcast()
}

func (a *aof) sync() error {
	if !a.dirty {
		return nil
	}
	if err := a.file.Sync(); err != nil {
		return err
	}
	a.dirty = false
	return nil
}

// fail stops the acknowledgement of writes. After an error it is unknown what the disk
// has, and a later fsync may say that all is well when it is not: so the file is left as
// it is, and a new one is written from memory; see recover.
func (a *aof) fail(err error) {
	a.lost = true
	a.mu.Lock()
	a.err = err
	a.mu.Unlock()
	a.failed.Store(true)
	a.woken.Broadcast()
	a.srv.log("append-only file: %v; writes are refused until a new one is written", err)
}

func (a *aof) lastError() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		return ""
	}
	return a.err.Error()
}

// wait waits until all up to seq is on disk, and reports whether it is.
func (a *aof) wait(seq int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.synced < seq && !a.failed.Load() {
		a.woken.Wait()
	}
	return a.synced >= seq
}

// after runs f in the writer, once all that was put before is written.
func (a *aof) after(f func() error) error { return <-a.enqueue(f) }

// enqueue is after without waiting: if all shards are locked, f runs between the effects of
// before this moment and those that come.
func (a *aof) enqueue(f func() error) (done chan error) {
	done = make(chan error, 1)
	if err := a.queue.Put(context.Background(), chunk{then: f, done: done}); err != nil {
		done <- err
	}
	return done
}

// everySecond forces the file to disk once a second, starts a rewrite if the file has
// grown enough, and after an error tries to recover.
func (a *aof) everySecond() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-a.srv.ctx.Done():
			return
		case <-t.C:
		}
		a.second()
	}
}

// maxBackoff is how many seconds pass at most between two tries to write a new log.
const maxBackoff = 60

func (a *aof) second() {
	if a.mode.Load() == fsyncEverySec {
		_ = a.after(func() error {
			err := a.sync()
			if err != nil && !a.lost {
				a.fail(err)
			}
			return err
		})
	}
	if a.pause.Load() > 0 {
		a.pause.Add(-1)
	} else if a.failed.Load() || a.hasGrown() {
		a.startRewrite()
	}
}

func (a *aof) hasGrown() bool {
	c := &a.srv.config
	percent, least := a.srv.bytes(c.get("auto-aof-rewrite-percentage")), a.srv.bytes(c.get("auto-aof-rewrite-min-size"))
	size, base := a.size.Load(), max(a.baseSize.Load(), 1)
	return percent > 0 && size >= least && (size-base)/base >= percent/100 && (size-base)*100/base >= percent
}

func (a *aof) close() error {
	a.queue.Close()
	<-a.ended
	err := a.sync()
	if a.lost {
		err = fmt.Errorf("server: the append-only file is not complete: %s", a.lastError())
	}
	a.file.Close()
	return errors.Join(err, a.unlock())
}

func (s *Server) setFsync(mode string) {
	if s.feed.file == nil {
		return
	}
	s.feed.file.mode.Store(map[string]int32{"always": fsyncAlways, "everysec": fsyncEverySec, "no": fsyncNo}[mode])
}
