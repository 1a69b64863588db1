package ringbuffer

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"example.com/flatline/internal/pad"
)

// Pipe is a buffered pipe of bytes between goroutines: a Write waits while the buffer is
// full, a Read while it is empty. It has a fixed capacity, and no operation allocates. It
// must be made by NewPipe: the methods of a zero Pipe panic. It is safe for concurrent
// use; a copy is the same pipe.
//
// Any number of goroutines may write and read. The bytes of one Write, or of one
// ReadFrom, stay together: the calls of each side run one at a time, in the order in which
// they were made. A Write happens before the Read that returns its bytes.
//
// ReadContext and WriteContext take the place of deadlines: their wait ends with a
// context.
type Pipe struct {
	_    [0]sync.Mutex // go vet reports copies, each of which is the same pipe
	impl *pipe
}

var (
	_ io.ReadWriteCloser = (*Pipe)(nil)
	_ io.ReaderFrom      = (*Pipe)(nil)
	_ io.WriterTo        = (*Pipe)(nil)
)

// NewPipe returns an empty pipe for exactly capacity bytes. It allocates the memory for
// the next power of two at once. It panics if capacity is below 1 or does not fit in the
// address space.
func NewPipe(capacity int) *Pipe {
	const fn = "ringbuffer.NewPipe"
	checkCapacity(fn, capacity)
	buf, ok := array[byte](slots(capacity))
	if !ok {
		panic(beyondMemory(fn, capacity))
	}
	p := &pipe{buf: buf, capacity: uint64(capacity), done: make(chan struct{})}
	p.reader.init()
	p.writer.init()
	return &Pipe{impl: p}
}

// made returns the pipe itself; it panics if p was not made by NewPipe.
func (p *Pipe) made() *pipe {
	if p.impl == nil {
		panic("ringbuffer: Pipe must be made by NewPipe")
	}
	return p.impl
}

// Write appends all of b, and waits for space as often as necessary. It returns the
// number of bytes stored. If that is less than len(b), the error is that of
// CloseWithError, or io.ErrClosedPipe after Close. With an empty b it returns 0, nil at
// once. O(len(b)), no allocation.
func (p *Pipe) Write(b []byte) (int, error) { return p.made().write(context.Background(), b) }

// WriteContext is Write whose wait ends when ctx does: then the error is
// context.Cause(ctx), and n is the number of bytes stored. A context that has ended
// before the call wins even if there is space.
func (p *Pipe) WriteContext(ctx context.Context, b []byte) (int, error) {
	return p.made().write(ctx, b)
}

// Read waits for a byte, then removes up to len(b) bytes, the oldest first, and returns
// their number. When the pipe is closed and empty the error is that of CloseWithError,
// io.EOF after Close. With an empty b it returns 0, nil at once. O(len(b)), no allocation.
func (p *Pipe) Read(b []byte) (int, error) { return p.made().read(context.Background(), b) }

// ReadContext is Read whose wait ends when ctx does, with context.Cause(ctx). A context
// that has ended before the call wins even if there are bytes, which stay in the pipe.
func (p *Pipe) ReadContext(ctx context.Context, b []byte) (int, error) {
	return p.made().read(ctx, b)
}

// ReadFrom appends what src returns until its end, straight into the buffer, and returns
// the number of bytes and the error that ended it, if that was not io.EOF: src's own, or
// that of CloseWithError. It does not close the pipe. io.ErrNoProgress means that src
// returned nothing 100 times in a row.
//
// Until it returns, other calls that write wait for it, however long src takes. src must
// not write to p. O(n), no allocation.
func (p *Pipe) ReadFrom(src io.Reader) (int64, error) { return p.made().readFrom(src) }

// WriteTo writes all bytes to dst, straight from the buffer, as they arrive, until the
// pipe is closed and empty or dst fails. It removes the bytes that dst has accepted. The
// error is nil after Close, that of CloseWithError, or dst's.
//
// Until it returns, other calls that read wait for it. dst must not read from p. O(n), no
// allocation.
func (p *Pipe) WriteTo(dst io.Writer) (int64, error) { return p.made().writeTo(dst) }

// Close ends the stream: Read returns the bytes that are left, then io.EOF; each Write,
// also one that waits, returns io.ErrClosedPipe. It returns nil. O(1).
func (p *Pipe) Close() error { return p.CloseWithError(nil) }

// CloseWithError is Close with another error: Read returns the bytes that are left, then
// err, and each Write returns err. A nil err, or io.EOF, is Close. A reader that gives up
// calls it too, so that the writer stops waiting. Only the first call counts. It returns
// nil. O(1).
func (p *Pipe) CloseWithError(err error) error {
	p.made().close(err)
	return nil
}

// Len returns the number of bytes in the pipe at one moment during the call. O(1).
func (p *Pipe) Len() int {
	q := p.made()
	for {
		tail := q.writer.count()
		head := q.reader.count()
		if q.writer.count() == tail {
			return int(tail - head)
		}
	}
}

// Cap returns the capacity. O(1).
func (p *Pipe) Cap() int { return int(p.made().capacity) }

// ended is the bit of the writer's count that close sets: a later write fails, because it
// stores the count by compare-and-swap.
const ended = 1 << 63

// A pipe is the state of a Pipe. Only the goroutine that owns an end moves it, so there is
// one writer and one reader at a time, and they share the buffer without a lock, as the two
// sides of an SPSC do.
type pipe struct {
	buf      []byte // a power of two long
	capacity uint64
	once     sync.Once
	err      error         // of CloseWithError; written before done is closed
	done     chan struct{} // closed by CloseWithError
	_        pad.Gap       // the ends share no cache line
	reader   end
	_        pad.Gap
	writer   end
	_        pad.Gap
}

// An end is one side of a pipe.
type end struct {
	users  atomic.Int64  // the owner and the goroutines that wait to own the end
	next   chan struct{} // of capacity 1: a value makes its receiver the owner
	moved  atomic.Uint64 // the number of bytes moved so far, and the writer's ended bit
	wanted atomic.Uint64 // the count of the other end at which to wake this one; 0: none
	wake   chan struct{} // of capacity 1
}

func (e *end) init() {
	e.next, e.wake = make(chan struct{}, 1), make(chan struct{}, 1)
}

func (e *end) count() uint64 { return e.moved.Load() &^ ended }

// acquire makes the calling goroutine the owner of e. It returns false if done is closed
// or ctx ends before that. A channel alone would be enough, but would cost two channel
// operations instead of one addition.
func (e *end) acquire(ctx context.Context, done <-chan struct{}) bool {
	return e.users.Add(1) == 1 || e.awaitOwner(ctx, done)
}

// awaitOwner waits until the owner passes e on. Waiting goroutines get it in their order,
// since a channel serves its receivers in order.
func (e *end) awaitOwner(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-e.next:
		return true
	case <-done:
	case <-ctx.Done():
	}
	for n := e.users.Load(); n > 1; n = e.users.Load() {
		if e.users.CompareAndSwap(n, n-1) {
			return false // another owns e, or will receive it
		}
	}
	<-e.next // e was passed to this goroutine, since there is no other
	e.release()
	return false
}

// release passes e on to the goroutine that has waited longest, if there is one.
func (e *end) release() {
	if e.users.Add(-1) > 0 {
		e.next <- struct{}{}
	}
}

// rouse wakes the goroutine that waits at e if the other end has reached the count that
// it waits for. The other end calls rouse after it has stored its count, and a waiter
// reads the count after it has stored wanted: at least one of the two sees the other's
// store.
func (e *end) rouse(count uint64) {
	if w := e.wanted.Load(); w != 0 && count >= w && e.wanted.CompareAndSwap(w, 0) {
		e.signal()
	}
}

// signal wakes the goroutine that waits at e.
func (e *end) signal() {
	select {
	case e.wake <- struct{}{}:
	default: // woken already
	}
}
