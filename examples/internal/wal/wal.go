package wal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"

	"example.com/flatline/bqueue"
	"example.com/flatline/examples/internal/lockfile"
)

// The errors of a Log wrap one of these.
var (
	ErrClosed   = errors.New("wal: closed")
	ErrCorrupt  = errors.New("wal: corrupt")
	ErrFailed   = errors.New("wal: the disk failed, and nothing is accepted since")
	ErrLocked   = lockfile.ErrLocked
	ErrTooLarge = fmt.Errorf("wal: an Append has more than %d bytes", MaxAppend)
)

// Options are the settings of Open.
type Options struct {
	// Applied is called for each record once it is durable, in order, before its Append
	// returns. It runs in the log's goroutine: it must not append, and it must not keep
	// rec. It is not called by Replay.
	Applied func(seq uint64, rec []byte)

	// SegmentSize is the size at which a new segment begins; default 64 MiB.
	SegmentSize int64

	// NoSync leaves out the fsyncs: kill -9 still loses nothing, a loss of power may.
	NoSync bool

	// OpenFile opens a file for appending; the default is OpenFile. It is for tests that
	// make the disk fail.
	OpenFile func(name string) (File, error)
	openDir  func(name string) (File, error) // for a sync
}

type request struct {
	recs [][]byte
	size int
	snap func(io.Writer) error // instead of records
	done chan answer
}

type answer struct {
	seq uint64
	err error
}

// A Log is a log in one directory. It is made by Open, and safe for concurrent use.
type Log struct {
	dir      string
	opts     Options
	unlock   func() error
	queue    *bqueue.Queue[request]
	done     chan struct{}
	appended atomic.Bool
	snapshot uint64 // the last record in the newest snapshot; 0 is none
	commits  atomic.Uint64

	// The rest belongs to the goroutine that writes.
	file    File
	size    int64
	next    uint64
	err     error
	buf     []byte
	pending []request
}

// Open opens the log in dir, which it creates if necessary. It truncates what a crash
// left after the last commit. The error wraps ErrCorrupt if acknowledged records are
// damaged or missing, or ErrLocked. O(bytes in the log).
func Open(dir string, opts Options) (*Log, error) {
	if opts.SegmentSize <= 0 {
		opts.SegmentSize = 64 << 20
	}
	if opts.OpenFile == nil {
		opts.OpenFile = OpenFile
	}
	if opts.openDir == nil {
		opts.openDir = openDir
	}
	l := &Log{dir: dir, opts: opts, queue: bqueue.New[request](1024), done: make(chan struct{})}
	err := l.makeDir()
	if err == nil {
		l.unlock, err = lockfile.Lock(filepath.Join(dir, "lock"))
	}
	if err == nil {
		if err = l.recover(); err != nil {
			err = errors.Join(err, l.unlock())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("wal: open %s: %w", dir, err)
	}
	go l.write()
	return l, nil
}

// Append makes records durable and returns the number of the first. Either all of them
// survive a crash or none does. ctx ends only the wait for a slot in the queue; a record
// that was accepted is always answered. After an error that wraps ErrFailed the records
// may or may not be stored; after any other error they are not. With no records it
// returns 0, nil. The records must not change before it returns.
func (l *Log) Append(ctx context.Context, recs ...[]byte) (first uint64, err error) {
	if len(recs) == 0 {
		return 0, nil
	}
	size := 0
	for _, r := range recs {
		if size += 4 + len(r); size > MaxAppend {
			return 0, ErrTooLarge
		}
	}
	l.appended.Store(true)
	return l.ask(ctx, request{recs: recs, size: size})
}

func (l *Log) ask(ctx context.Context, r request) (uint64, error) {
	r.done = make(chan answer, 1)
	if err := l.queue.Put(ctx, r); err != nil {
		if errors.Is(err, bqueue.ErrClosed) {
			err = ErrClosed
		}
		return 0, err
	}
	a := <-r.done
	return a.seq, a.err
}

// Commits returns how many commits the log has made since Open. O(1).
func (l *Log) Commits() uint64 { return l.commits.Load() }

// Close waits for the Appends that were accepted, refuses further ones, and closes the
// files. The error is that of the disk, if it has failed. Closing again returns ErrClosed.
func (l *Log) Close() error {
	select {
	case <-l.queue.Done():
		return ErrClosed
	default:
	}
	l.queue.Close()
	<-l.done
	return errors.Join(l.err, l.file.Close(), l.unlock())
}

// write commits what is in the queue until it is closed and drained.
func (l *Log) write() {
	defer close(l.done)
	for {
		r, err := l.queue.Take(context.Background())
		if err != nil {
			return
		}
		size := r.size
		l.pending = append(l.pending[:0], r)
		for r.snap == nil && size < batchSize {
			if r, err = l.queue.TryTake(); err != nil {
				break
			}
			l.pending = append(l.pending, r)
			size += r.size
		}
		last := len(l.pending) - 1
		if l.pending[last].snap == nil {
			l.commit(l.pending)
		} else {
			l.commit(l.pending[:last])
			l.pending[last].done <- answer{err: l.writeSnapshot(l.pending[last].snap)}
		}
		clear(l.pending)
	}
}

// commit writes the records of all requests as one frame, syncs, applies and answers.
func (l *Log) commit(all []request) {
	if len(all) == 0 {
		return
	}
	first := l.next
	if l.err == nil {
		if l.err = l.writeFrame(all, first); l.err != nil {
			l.err = fmt.Errorf("%w: %w", ErrFailed, l.err)
		}
	}
	for _, r := range all {
		if l.err != nil {
			r.done <- answer{err: l.err}
			continue
		}
		seq := first
		for _, rec := range r.recs {
			if l.opts.Applied != nil {
				l.opts.Applied(first, rec)
			}
			first++
		}
		r.done <- answer{seq: seq}
	}
}

func (l *Log) writeFrame(all []request, first uint64) error {
	if l.size >= l.opts.SegmentSize {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	l.buf = beginFrame(l.buf[:0])
	next := first
	for _, r := range all {
		for _, rec := range r.recs {
			l.buf = appendRecord(l.buf, rec)
			next++
		}
	}
	endFrame(l.buf, first)
	if _, err := l.file.Write(l.buf); err != nil {
		return err
	}
	if err := l.sync(l.file); err != nil {
		return err
	}
	l.size += int64(len(l.buf))
	l.next = next
	l.commits.Add(1)
	if cap(l.buf) > 4*batchSize {
		l.buf = nil
	}
	return nil
}

// rotate begins the segment of the next record.
func (l *Log) rotate() error {
	if l.file != nil {
		if err := l.file.Close(); err != nil {
			return err
		}
	}
	f, err := l.opts.OpenFile(l.path(l.next, segmentExt))
	if err != nil {
		return err
	}
	l.file, l.size = f, 0
	return l.syncDir(l.dir)
}
