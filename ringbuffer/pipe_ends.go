package ringbuffer

import (
	"context"
	"io"
	"runtime"
)

// Before a goroutine parks it may yield the processor a few times. That is faster than
// parking if the other end progresses meanwhile by as much as it can: in a small buffer, or
// if no goroutine is using the other end, as when two goroutines exchange messages by two
// pipes. In a large buffer it is slower: then both ends run at the same time, on two
// processors, and move every piece between two caches. If the goroutine parks, the other
// end first moves a whole buffer.
const (
	yields      = 2
	smallBuffer = 16 << 10 // bytes: copying more than this costs more than parking
)

// await returns true when the count of other is at least want, and false if ctx ends or
// the pipe is closed before.
func (p *pipe) await(ctx context.Context, e, other *end, want uint64) bool {
	if p.capacity < smallBuffer || other.users.Load() == 0 {
		for range yields {
			runtime.Gosched()
			if other.count() >= want {
				return true
			}
		}
	}
	defer e.wanted.Store(0)
	for {
		e.wanted.Store(want)
		if other.count() >= want {
			return true
		}
		if p.writer.moved.Load()&ended != 0 { // close sends its signal after this bit is set
			return other.count() >= want
		}
		if ctx.Done() == nil { // a receive alone is faster than a select
			<-e.wake
			continue
		}
		select {
		case <-e.wake:
		case <-ctx.Done():
			return false
		}
	}
}

// space waits until a write of n bytes fits, or half of the capacity is free: a large
// Write then continues in large parts. It returns the writer's count and the number of
// free bytes, 0 if the pipe is closed or ctx has ended.
func (p *pipe) space(ctx context.Context, n int) (tail, free uint64) {
	tail = p.writer.moved.Load()
	if tail&ended != 0 || ctx.Err() != nil {
		return tail, 0
	}
	part := min(uint64(n), max(1, p.capacity/2))
	if p.capacity-(tail-p.reader.count()) < part && !p.await(ctx, &p.writer, &p.reader, tail+part-p.capacity) {
		return tail, 0
	}
	return tail, p.capacity - (tail - p.reader.count())
}

// publish makes n bytes after tail visible to the reader, unless the pipe is closed.
func (p *pipe) publish(tail, n uint64) bool {
	if !p.writer.moved.CompareAndSwap(tail, tail+n) {
		return false
	}
	p.reader.rouse(tail + n)
	return true
}

// reason returns why an operation ended: the cause of ctx, or the error with which the
// pipe was closed, or closed if there was none.
func (p *pipe) reason(ctx context.Context, closed error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	<-p.done // closed just after the ended bit was set
	if p.err == nil {
		return closed
	}
	return p.err
}

// refusal returns why a write ended.
func (p *pipe) refusal(ctx context.Context) error { return p.reason(ctx, io.ErrClosedPipe) }

func (p *pipe) write(ctx context.Context, b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	if ctx.Err() != nil || !p.writer.acquire(ctx, p.done) {
		return 0, p.refusal(ctx)
	}
	defer p.writer.release()
	for {
		tail, free := p.space(ctx, len(b)-n)
		k := min(free, uint64(len(b)-n))
		part := copy(p.at(tail, k), b[n:])
		copy(p.buf, b[n+part:n+int(k)])
		if k == 0 || !p.publish(tail, k) {
			return n, p.refusal(ctx)
		}
		if n += int(k); n == len(b) {
			return n, nil
		}
	}
}

func (p *pipe) readFrom(src io.Reader) (n int64, err error) {
	ctx := context.Background()
	if !p.writer.acquire(ctx, p.done) {
		return 0, p.refusal(ctx)
	}
	defer p.writer.release()
	for idle := 0; idle < maxIdle; idle++ {
		tail, free := p.space(ctx, 1)
		if free == 0 {
			return n, p.refusal(ctx)
		}
		b := p.at(tail, free)
		got, err := src.Read(b)
		if got < 0 || got > len(b) {
			return n, errCount
		}
		if got > 0 {
			if !p.publish(tail, uint64(got)) {
				return n, p.refusal(ctx)
			}
			n, idle = n+int64(got), -1
		}
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return n, err
		}
	}
	return n, io.ErrNoProgress
}

// items waits until there are bytes and returns the reader's count and their number: none
// if the pipe is closed and empty or ctx has ended.
func (p *pipe) items(ctx context.Context) (head, n uint64) {
	head = p.reader.count()
	if ctx.Err() != nil || p.writer.count() == head && !p.await(ctx, &p.reader, &p.writer, head+1) {
		return head, 0
	}
	return head, p.writer.count() - head
}

// remove frees n bytes after head for the writer.
func (p *pipe) remove(head, n uint64) {
	p.reader.moved.Store(head + n)
	p.writer.rouse(head + n)
}

// end returns why a read ended.
func (p *pipe) end(ctx context.Context) error { return p.reason(ctx, io.EOF) }

func (p *pipe) read(ctx context.Context, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if ctx.Err() != nil || !p.reader.acquire(ctx, nil) {
		return 0, p.end(ctx)
	}
	defer p.reader.release()
	head, n := p.items(ctx)
	if n == 0 {
		return 0, p.end(ctx)
	}
	n = min(n, uint64(len(b)))
	part := copy(b, p.at(head, n))
	copy(b[part:n], p.buf)
	p.remove(head, n)
	return int(n), nil
}

func (p *pipe) writeTo(dst io.Writer) (n int64, err error) {
	ctx := context.Background()
	p.reader.acquire(ctx, nil)
	defer p.reader.release()
	for {
		head, k := p.items(ctx)
		if k == 0 {
			if err = p.end(ctx); err == io.EOF {
				err = nil
			}
			return n, err
		}
		b := p.at(head, k)
		wrote, err := dst.Write(b)
		if wrote < 0 || wrote > len(b) {
			return n, errCount
		}
		p.remove(head, uint64(wrote))
		n += int64(wrote)
		if err == nil && wrote < len(b) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return n, err
		}
	}
}

// at returns the slots of n bytes after the first count bytes of the stream, or those of
// them that lie before the end of the buffer.
func (p *pipe) at(count, n uint64) []byte {
	i := count & uint64(len(p.buf)-1)
	return p.buf[i:min(i+n, uint64(len(p.buf)))]
}

func (p *pipe) close(err error) {
	p.once.Do(func() {
		if err != io.EOF {
			p.err = err
		}
		p.writer.moved.Or(ended)
		close(p.done)
		p.reader.signal()
		p.writer.signal()
	})
}
