package ringbuffer

import (
	"errors"
	"fmt"
	"io"
	"unsafe"
)

// Bytes is a circular buffer of bytes with the methods of package io, made by NewBytes.
// The zero Bytes has capacity 0: it is full and empty. It is not safe for concurrent
// use.
type Bytes struct {
	r Ring[byte]
}

var (
	_ io.ReadWriter   = (*Bytes)(nil)
	_ io.ByteReader   = (*Bytes)(nil)
	_ io.ByteWriter   = (*Bytes)(nil)
	_ io.ReaderFrom   = (*Bytes)(nil)
	_ io.StringWriter = (*Bytes)(nil)
	_ io.WriterTo     = (*Bytes)(nil)
)

// errCount is for a reader or writer that breaks its contract; bytes.Buffer panics in
// this case.
var errCount = errors.New("ringbuffer: the count returned is not in 0..len(p)")

const (
	maxScratch = 4096 // bytes that ReadFrom reads at once when the buffer is full
	maxIdle    = 100  // reads in a row without a byte or an error, as bufio allows
)

// NewBytes returns an empty buffer for exactly capacity bytes. It panics as New does.
func NewBytes(capacity int, opts ...Options) *Bytes {
	b := new(Bytes)
	b.r.init("ringbuffer.NewBytes", capacity, opts)
	return b
}

// Write appends p. Under Reject it stores what fits, and returns ErrFull with that length
// if it is not all. The other policies count the lost bytes in Dropped and return len(p):
// OverwriteOldest keeps the last Cap bytes of all that was ever written, DropNewest those
// that fit. O(len(p)), no allocation.
func (b *Bytes) Write(p []byte) (int, error) {
	n := b.r.PushSlice(p)
	if n < len(p) && b.r.onFull == Reject {
		return n, ErrFull
	}
	return len(p), nil
}

// WriteString is Write for a string, without a copy of it.
func (b *Bytes) WriteString(s string) (int, error) {
	return b.Write(unsafe.Slice(unsafe.StringData(s), len(s))) // Write only reads it
}

// Peek returns the n oldest bytes, or all if there are fewer, without removing them: in
// two parts of the buffer, of which back is empty unless they wrap around its end. The
// parts are valid until the next change of the buffer. It panics if n is below 0. O(1),
// no allocation.
func (b *Bytes) Peek(n int) (front, back []byte) {
	if n < 0 {
		panic(fmt.Sprintf("ringbuffer: Peek(%d)", n))
	}
	return b.r.view(b.r.head, min(n, b.Len()))
}

// WriteByte appends c as Write does. O(1).
func (b *Bytes) WriteByte(c byte) error { return b.r.Push(c) }

// Read removes up to len(p) bytes, the oldest first, and returns their number. An empty
// buffer returns io.EOF, as bytes.Buffer does, until more is written. O(len(p)), no
// allocation.
func (b *Bytes) Read(p []byte) (int, error) {
	n := b.r.PopInto(p)
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ReadByte removes and returns the oldest byte, or returns io.EOF. O(1).
func (b *Bytes) ReadByte() (byte, error) {
	c, ok := b.r.Pop()
	if !ok {
		return 0, io.EOF
	}
	return c, nil
}

// ReadFrom appends what src returns until its end, and returns the number of bytes and
// the error that ended it, if that was not io.EOF. Under Reject and DropNewest it reads
// nothing from src that it could not store: when the buffer is full it returns ErrFull,
// even if src is at its end, which it cannot know. OverwriteOldest continues.
// io.ErrNoProgress means that src returned nothing 100 times in a row.
//
// It reads straight into free slots; when OverwriteOldest has none it allocates a
// buffer of at most 4 KiB, once. src must not use b.
func (b *Bytes) ReadFrom(src io.Reader) (n int64, err error) {
	var scratch []byte
	for idle := 0; idle < maxIdle; {
		p, _ := b.r.Writable()
		full := len(p) == 0
		if full {
			if b.r.onFull != OverwriteOldest {
				return n, ErrFull
			}
			if scratch == nil {
				scratch = make([]byte, min(b.Cap(), maxScratch))
			}
			p = scratch
		}
		got, err := src.Read(p)
		if got < 0 || got > len(p) {
			return n, errCount
		}
		if full {
			b.r.PushSlice(p[:got])
		} else {
			b.r.Commit(got)
		}
		n += int64(got)
		switch {
		case err == io.EOF:
			return n, nil
		case err != nil:
			return n, err
		case got > 0:
			idle = 0
		default:
			idle++
		}
	}
	return n, io.ErrNoProgress
}

// WriteTo writes all bytes to dst, in one or two Writes, and removes those that dst has
// accepted. O(n), no allocation. dst must not use b.
func (b *Bytes) WriteTo(dst io.Writer) (n int64, err error) {
	for b.Len() > 0 {
		p, _ := b.r.Readable()
		wrote, err := dst.Write(p)
		if wrote < 0 || wrote > len(p) {
			return n, errCount
		}
		b.r.Discard(wrote)
		n += int64(wrote)
		if err == nil && wrote < len(p) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Len returns the number of bytes in the buffer. O(1).
func (b *Bytes) Len() int { return b.r.Len() }

// Cap returns the capacity. O(1).
func (b *Bytes) Cap() int { return b.r.Cap() }

// Dropped returns how many bytes were lost under OverwriteOldest or DropNewest. O(1).
func (b *Bytes) Dropped() uint64 { return b.r.Dropped() }

// Clear removes all bytes. O(1).
func (b *Bytes) Clear() { b.r.Clear() }
