package server

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
)

var (
	errRDB    = errors.New("bad data format")
	errRDBEnd = errors.New("the file ends before its end mark")
)

// An rdbReader takes values from a file, or from b alone if there is none. What it returns
// is good until the next value. Once one is not there, err is set.
type rdbReader struct {
	in   io.Reader
	b    []byte // what was read and is not dropped yet
	next int    // where in b the next value begins
	past int64  // how many bytes were dropped
	sum  uint64 // and their checksum
	err  error
}

// at returns how many bytes were taken.
func (r *rdbReader) at() int64 { return r.past + int64(r.next) }

// rest returns the bytes that were read and not taken.
func (r *rdbReader) rest() []byte { return r.b[r.next:] }

// checksum returns that of all that was taken.
func (r *rdbReader) checksum() uint64 { return crc(r.sum, r.b[:r.next]) }

func (r *rdbReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *rdbReader) take(n int) []byte {
	for r.err == nil && n > len(r.b)-r.next {
		r.read(n)
	}
	if r.err != nil {
		return nil
	}
	b := r.b[r.next : r.next+n : r.next+n]
	r.next += n
	return b
}

// read reads more, for a value of n bytes. The buffer grows as they arrive, so that a
// length alone is no memory.
func (r *rdbReader) read(n int) {
	if r.in == nil {
		r.fail(errRDBEnd)
		return
	}
	if r.next > 0 {
		r.sum, r.past = r.checksum(), r.at()
		r.b = r.b[:copy(r.b, r.b[r.next:])]
		r.next = 0
	}
	const piece = 64 << 10
	if cap(r.b) > 16*piece && n < piece && len(r.b) < piece {
		r.b = append(make([]byte, 0, piece), r.b...) // what a large value took
	}
	if len(r.b) == cap(r.b) {
		r.b = append(make([]byte, 0, max(2*cap(r.b), piece)), r.b...)
	}
	got, err := r.in.Read(r.b[len(r.b):cap(r.b)])
	r.b = r.b[:len(r.b)+got]
	switch {
	case got > 0: // an error comes again
	case err == io.EOF:
		r.fail(errRDBEnd)
	case err != nil:
		r.fail(err)
	}
}

// uint takes a number of n bytes, in the order that the format has for it.
func (r *rdbReader) uint(n int, order binary.ByteOrder) uint64 {
	b := r.take(n)
	switch {
	case b == nil:
		return 0
	case n == 1:
		return uint64(b[0])
	case n == 2:
		return uint64(order.Uint16(b))
	case n == 4:
		return uint64(order.Uint32(b))
	}
	return order.Uint64(b)
}

// length takes a length; special is its first byte if that says how a string is encoded.
func (r *rdbReader) length() (n int, special byte) {
	first := byte(r.uint(1, binary.LittleEndian))
	var v uint64
	switch {
	case first>>6 == 0:
		v = uint64(first)
	case first>>6 == 1:
		v = uint64(first&0x3f)<<8 | r.uint(1, binary.LittleEndian)
	case first == 0x80:
		v = r.uint(4, binary.BigEndian)
	case first == 0x81:
		v = r.uint(8, binary.BigEndian)
	case first>>6 == 3:
		return 0, first
	default:
		r.fail(errRDB)
	}
	if v > math.MaxInt32 {
		r.fail(errRDB)
		return 0, 0
	}
	return int(v), 0
}

// string takes a string.
func (r *rdbReader) string() []byte {
	n, special := r.length()
	switch special {
	case 0:
		if n > maxBulk {
			r.fail(errRDB)
		}
		return r.take(n)
	case rdbInt8:
		return []byte(itoa(int64(int8(r.uint(1, binary.LittleEndian)))))
	case rdbInt16:
		return []byte(itoa(int64(int16(r.uint(2, binary.LittleEndian)))))
	case rdbInt32:
		return []byte(itoa(int64(int32(r.uint(4, binary.LittleEndian)))))
	case rdbCompressed:
		from, s1 := r.length()
		to, s2 := r.length()
		packed := r.take(from)
		if r.err == nil && s1|s2 == 0 {
			if text, ok := expand(packed, to); ok {
				return text
			}
		}
	}
	r.fail(errRDB)
	return nil
}

// expand undoes LZF, which has two kinds of pieces: 000nnnnn and n+1 bytes, which are
// copied, and nnnooooo [n] o, which repeats n+2 bytes that came o+1 bytes before. So a byte
// stands for at most 88 bytes, and no more memory than that is set aside.
func expand(in []byte, n int) (out []byte, ok bool) {
	if n > maxBulk || n > 88*len(in) {
		return nil, false
	}
	out = make([]byte, 0, n)
	for len(in) > 0 {
		c := int(in[0])
		in = in[1:]
		if c < 32 {
			if c+1 > len(in) {
				return nil, false
			}
			out, in = append(out, in[:c+1]...), in[c+1:]
			continue
		}
		count := c >> 5
		if count == 7 && len(in) > 0 {
			count += int(in[0])
			in = in[1:]
		}
		if len(in) == 0 {
			return nil, false
		}
		from := len(out) - (c&0x1f<<8 | int(in[0])) - 1
		in = in[1:]
		if from < 0 || len(out)+count+2 > n {
			return nil, false
		}
		for range count + 2 { // the pieces may overlap
			out = append(out, out[from])
			from++
		}
	}
	return out, len(out) == n
}
