package server

import (
	"encoding/binary"
	"hash/crc64"
	"io"
	"time"
)

// The form in which Redis writes values to dump.rdb and to DUMP's payloads. Strings are
// written as they are or, short numbers, as integers; those that Redis has compressed are
// read as well.
//
//	REDIS0010                       the version
//	FA name value …                 what a reader may ignore
//	FE 0  FB keys timed             database 0, and how many keys follow
//	[FC deadline] 00 key value …    the keys; 00 is the type of a string
//	FF crc64                        of all before it
const (
	rdbVersion    = 10 // of Redis 7.0
	rdbString     = 0  // the type of a string
	rdbInt8       = 0xc0
	rdbInt16      = 0xc1
	rdbInt32      = 0xc2
	rdbCompressed = 0xc3

	rdbMagic   = "REDIS"
	rdbDigits  = "0010" // the version
	rdbIdle    = 0xf8   // for how many seconds the next key was not used
	rdbFreq    = 0xf9   // how often the next key was used
	rdbAux     = 0xfa   // a name and a value that a reader may ignore
	rdbResize  = 0xfb   // how many keys follow, and how many of them have a deadline
	rdbExpire  = 0xfc   // the deadline of the next key, in milliseconds
	rdbSeconds = 0xfd   // the same in seconds
	rdbSelect  = 0xfe   // the number of a database
	rdbEnd     = 0xff   // the checksum of all before it follows
)

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

// appendRecord appends a key with its value and deadline.
func appendRecord(b []byte, it *item) []byte {
	if it.at != 0 {
		b = binary.LittleEndian.AppendUint64(append(b, rdbExpire), uint64(it.at))
	}
	return appendRDBString(appendRDBString(append(b, rdbString), it.key), it.value())
}

// An rdbWriter writes a file. Once that fails, err is set.
type rdbWriter struct {
	to  io.Writer
	sum uint64
	err error
}

// newRDBWriter writes what comes before the records. isBase says that a log of changes
// follows the file: then Redis keeps expired keys, which the changes may revive.
func newRDBWriter(to io.Writer, keys, timed int, isBase bool) *rdbWriter {
	b := []byte(rdbMagic + rdbDigits)
	base := "0"
	if isBase {
		base = "1"
	}
	for _, aux := range [][2]string{{"redis-ver", redisVersion}, {"redis-bits", "64"}, {"ctime", itoa(time.Now().Unix())}, {"aof-base", base}} {
		b = appendRDBString(appendRDBString(append(b, rdbAux), aux[0]), aux[1])
	}
	b = append(b, rdbSelect, 0, rdbResize)
	w := &rdbWriter{to: to}
	w.put(appendRDBLength(appendRDBLength(b, keys), timed))
	return w
}

// put writes whole records.
func (w *rdbWriter) put(b []byte) {
	if w.err != nil || len(b) == 0 {
		return
	}
	w.sum = crc(w.sum, b)
	_, w.err = w.to.Write(b)
}

// end writes the end, with the checksum.
func (w *rdbWriter) end() error {
	w.put([]byte{rdbEnd})
	w.put(binary.LittleEndian.AppendUint64(nil, w.sum))
	return w.err
}
