package wal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

const (
	headerSize = 16
	// MaxAppend is the limit for the records of one Append together, in bytes.
	MaxAppend = 16 << 20
	// batchSize is where a commit stops collecting requests. A frame is at most this plus
	// one Append, so a reader recognises a length that no writer wrote.
	batchSize = 1 << 20
	maxFrame  = batchSize + MaxAppend
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// beginFrame appends an empty header to dst.
func beginFrame(dst []byte) []byte { return append(dst, make([]byte, headerSize)...) }

// appendRecord appends a record to the payload of a frame.
func appendRecord(dst, rec []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(rec)))
	return append(dst, rec...)
}

// endFrame fills the header of a frame whose first record has the given number.
func endFrame(frame []byte, first uint64) {
	binary.LittleEndian.PutUint32(frame, uint32(len(frame)-headerSize))
	binary.LittleEndian.PutUint64(frame[8:], first)
	binary.LittleEndian.PutUint32(frame[4:], checksum(frame))
}

func checksum(frame []byte) uint32 {
	return crc32.Update(crc32.Checksum(frame[:4], castagnoli), castagnoli, frame[8:])
}

// readFrame returns the number of the first record and the payload of the frame that b
// begins with, and the frame's size; ok is false if there is no intact frame.
func readFrame(b []byte) (first uint64, payload []byte, size int, ok bool) {
	if len(b) < headerSize {
		return 0, nil, 0, false
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if n > maxFrame || n > int64(len(b)-headerSize) {
		return 0, nil, 0, false
	}
	frame := b[:headerSize+int(n)]
	if checksum(frame) != binary.LittleEndian.Uint32(b[4:]) {
		return 0, nil, 0, false
	}
	return binary.LittleEndian.Uint64(b[8:]), frame[headerSize:], len(frame), true
}

// scan calls visit for each record of a segment whose first record has the number next. It
// returns the number after the last record and the size of the intact part. The error is
// ErrCorrupt if an intact frame of a higher number follows the damaged one, or visit's.
func scan(b []byte, next uint64, visit func(seq uint64, rec []byte) error) (uint64, int, error) {
	at := 0
	for at < len(b) {
		first, payload, size, ok := readFrame(b[at:])
		if !ok || first != next {
			break
		}
		for len(payload) > 0 {
			n := binary.LittleEndian.Uint32(payload)
			rec := payload[4 : 4+n]
			if err := visit(next, rec); err != nil {
				return next, at, err
			}
			payload = payload[4+n:]
			next++
		}
		at += size
	}
	for i := at; i+headerSize <= len(b); i++ {
		first := binary.LittleEndian.Uint64(b[i+8:])
		if first-next > uint64(len(b)) {
			continue // before any checksum, which would make this quadratic
		}
		if _, _, _, ok := readFrame(b[i:]); ok {
			return next, at, fmt.Errorf("%w: the bytes from %d on are damaged, but record %d behind them is intact", ErrCorrupt, at, first)
		}
	}
	return next, at, nil
}
