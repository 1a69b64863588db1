package logs

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
)

// A block in a segment's file is, in little endian,
//
//	header = magic u32 │ CRC32C of the rest of the header u32 │ CRC32C of the filter u32 │ CRC32C of the data u32 │
//	         raw size u32 │ size of the filter u32 │ size of the data u32 │ lines u32 │ levels u32 │ min u64 │ max u64
//	block  = header │ filter │ data: the records, deflated
const (
	blockMagic  = 0x62676f6c // "logb"
	headerSize  = 9*4 + 2*8
	blockSize   = 256 << 10 // of records, from which on a block is closed
	maxBlock    = 64 << 20  // of records, which no writer exceeds
	bitsPerWord = 16        // of the filter, for each different word: with 6 probes 1 in 1,000 is a false positive
	probes      = 6
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// meta is what is known of a block without reading it: 56 bytes.
type meta struct {
	at                 int64 // in the file
	rawSize            uint32
	filterSize         uint32
	dataSize           uint32
	lines              uint32
	filterSum, dataSum uint32
	levels             uint8
	min, max           uint64
}

func (m *meta) size() int64 { return headerSize + int64(m.filterSize) + int64(m.dataSize) }

var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.BestSpeed) // a level that there is
	return w
}}

// encodeBlock appends a group as a block to b. O(n).
func encodeBlock(b []byte, g *group) []byte {
	filter := newFilter(g.Data)
	at := len(b)
	b = append(append(b, make([]byte, headerSize)...), filter...)
	out := bytes.NewBuffer(b)
	w := deflaters.Get().(*flate.Writer)
	w.Reset(out)
	_, _ = w.Write(g.Data) // a buffer takes everything
	_ = w.Close()
	deflaters.Put(w)
	b = out.Bytes()
	data := b[at+headerSize+len(filter):]
	h := b[at : at+headerSize]
	put := func(i int, v uint32) { binary.LittleEndian.PutUint32(h[i:], v) }
	put(0, blockMagic)
	put(8, crc32.Checksum(filter, castagnoli))
	put(12, crc32.Checksum(data, castagnoli))
	put(16, uint32(len(g.Data)))
	put(20, uint32(len(filter)))
	put(24, uint32(len(data)))
	put(28, uint32(g.Lines))
	put(32, uint32(g.Levels))
	binary.LittleEndian.PutUint64(h[36:], g.Min)
	binary.LittleEndian.PutUint64(h[44:], g.Max)
	put(4, crc32.Checksum(h[8:], castagnoli))
	return b
}

// readMeta reads the header of the block at a place of a file.
func readMeta(f io.ReaderAt, at int64) (meta, error) {
	var h [headerSize]byte
	if _, err := f.ReadAt(h[:], at); err != nil {
		return meta{}, fmt.Errorf("%w: no header at %d: %w", ErrCorrupt, at, err)
	}
	u := func(i int) uint32 { return binary.LittleEndian.Uint32(h[i:]) }
	m := meta{
		at: at, filterSum: u(8), dataSum: u(12), rawSize: u(16), filterSize: u(20), dataSize: u(24), lines: u(28), levels: uint8(u(32)),
		min: binary.LittleEndian.Uint64(h[36:]), max: binary.LittleEndian.Uint64(h[44:]),
	}
	if u(0) != blockMagic || u(4) != crc32.Checksum(h[8:], castagnoli) || m.rawSize > maxBlock || m.filterSize > maxBlock || m.dataSize > 2*maxBlock {
		return meta{}, fmt.Errorf("%w: the header at %d is damaged", ErrCorrupt, at)
	}
	return m, nil
}

// read reads a part of a block and checks its sum.
func (m *meta) read(f io.ReaderAt, at int64, size, sum uint32) ([]byte, error) {
	b := make([]byte, size)
	if _, err := f.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("%w: the block at %d: %w", ErrCorrupt, m.at, err)
	}
	if crc32.Checksum(b, castagnoli) != sum {
		return nil, fmt.Errorf("%w: the block at %d is damaged", ErrCorrupt, m.at)
	}
	return b, nil
}

func (m *meta) readFilter(f io.ReaderAt) (filter, error) {
	return m.read(f, m.at+headerSize, m.filterSize, m.filterSum)
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// readData returns the records of a block.
func (m *meta) readData(f io.ReaderAt) (string, error) {
	data, err := m.read(f, m.at+headerSize+int64(m.filterSize), m.dataSize, m.dataSum)
	if err != nil {
		return "", err
	}
	r := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	_ = r.(flate.Resetter).Reset(bytes.NewReader(data), nil) // never fails
	out := make([]byte, m.rawSize)
	if _, err := io.ReadFull(r, out); err != nil {
		return "", fmt.Errorf("%w: the block at %d: %w", ErrCorrupt, m.at, err)
	}
	if n, _ := r.Read(make([]byte, 1)); n != 0 {
		return "", fmt.Errorf("%w: the block at %d is too long", ErrCorrupt, m.at)
	}
	return string(out), nil
}

// A filter is a Bloom filter of the words of a block.
type filter []byte

// newFilter returns the filter of the texts of records.
func newFilter(data []byte) filter {
	seen := newHashes(len(data) / 16)
	for s := string(data); len(s) > 0; {
		r, size := next(s)
		if size == 0 {
			break // not one that group.add wrote
		}
		words(r.text, seen.add)
		s = s[size:]
	}
	f := make(filter, (seen.n*bitsPerWord+63)/64*8)
	for _, h := range seen.slots {
		if h != 0 {
			for i := range uint64(probes) {
				bit := f.bit(h, i)
				f[bit>>3] |= 1 << (bit & 7)
			}
		}
	}
	return f
}

// bit returns the i-th bit of a hash: double hashing (Kirsch, Mitzenmacher, 2006).
func (f filter) bit(h, i uint64) uint64 {
	return (h + i*(h>>32|1)) % (uint64(len(f)) * 8)
}

// may reports whether a word with a hash can be in the block. It is never wrong with false.
func (f filter) may(h uint64) bool {
	if len(f) == 0 {
		return false
	}
	for i := range uint64(probes) {
		bit := f.bit(h|1, i)
		if f[bit>>3]&(1<<(bit&7)) == 0 {
			return false
		}
	}
	return true
}

// hashes is a set of hashes with open addressing: a quarter of the time of a map. 0 is a
// free slot, so the lowest bit of each is set.
type hashes struct {
	slots []uint64
	n     int
}

func newHashes(expected int) *hashes {
	size := 1024
	for size < 2*expected {
		size *= 2
	}
	return &hashes{slots: make([]uint64, size)}
}

func (s *hashes) add(h uint64) {
	h |= 1
	mask := uint64(len(s.slots) - 1)
	for i := h >> 20 & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case h:
			return
		case 0:
			if 2*s.n >= len(s.slots) {
				s.grow()
				s.add(h)
				return
			}
			s.slots[i] = h
			s.n++
			return
		}
	}
}

func (s *hashes) grow() {
	old := s.slots
	s.slots, s.n = make([]uint64, 2*len(old)), 0
	for _, h := range old {
		if h != 0 {
			s.add(h)
		}
	}
}
