package server

import (
	"encoding/binary"
	"errors"
	"hash/crc64"
	"math"
)

// The form in which Redis writes values to dump.rdb and to DUMP's payloads. Strings are
// written as they are or, short numbers, as integers; those that Redis has compressed are
// read as well.
const (
	rdbVersion    = 10 // of Redis 7.0
	rdbString     = 0  // the type of a string
	rdbInt8       = 0xc0
	rdbInt16      = 0xc1
	rdbInt32      = 0xc2
	rdbCompressed = 0xc3
)

var errRDB = errors.New("bad data format")

var crcTable = crc64.MakeTable(0x95ac9329ac4bc9b5) // Jones's polynomial, lowest bit first

// crc continues a checksum, which begins with 0. Redis does not complement it, as package
// crc64 does.
func crc(sum uint64, b []byte) uint64 { return ^crc64.Update(^sum, crcTable, b) }

func appendRDBLength(b []byte, n int) []byte {
	switch {
	case n < 1<<6:
		return append(b, byte(n))
	case n < 1<<14:
		return append(b, 1<<6|byte(n>>8), byte(n))
	default: // no value is longer than 32 bits say
		return binary.BigEndian.AppendUint32(append(b, 0x80), uint32(n))
	}
}

func appendRDBString[T string | []byte](b []byte, text T) []byte {
	if n, ok := parseInt([]byte(text)); ok && len(text) <= 11 {
		switch {
		case n == int64(int8(n)):
			return append(b, rdbInt8, byte(n))
		case n == int64(int16(n)):
			return binary.LittleEndian.AppendUint16(append(b, rdbInt16), uint16(n))
		case n == int64(int32(n)):
			return binary.LittleEndian.AppendUint32(append(b, rdbInt32), uint32(n))
		}
	}
	return append(appendRDBLength(b, len(text)), text...)
}

// An rdbReader takes values from the front of b. Once one is not there, err is set.
type rdbReader struct {
	b   []byte
	err error
}

func (r *rdbReader) take(n int) []byte {
	if r.err != nil || n > len(r.b) {
		r.err = errRDB
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
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
		r.err = errRDB
	}
	if v > math.MaxInt32 {
		r.err = errRDB
		return 0, 0
	}
	return int(v), 0
}

// string takes a string. What it returns may be a part of b.
func (r *rdbReader) string() []byte {
	n, special := r.length()
	switch special {
	case 0:
		if n > maxBulk {
			r.err = errRDB
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
	r.err = errRDB
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
