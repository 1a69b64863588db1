package logs_test

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/logpipe/logs"
)

// seal corrects the sums of the blocks of a segment's file, so that what they protect is read
// whatever it is.
func seal(file []byte) {
	const header = 52
	table := crc32.MakeTable(crc32.Castagnoli)
	for len(file) >= header {
		field := func(i int) uint32 { return binary.LittleEndian.Uint32(file[i:]) }
		put := func(i int, v uint32) { binary.LittleEndian.PutUint32(file[i:], v) }
		filter, data := uint64(field(20)), uint64(field(24))
		if header+filter+data > uint64(len(file)) {
			return
		}
		put(0, 0x62676f6c)
		put(8, crc32.Checksum(file[header:header+filter], table))
		put(12, crc32.Checksum(file[header+filter:header+filter+data], table))
		put(16, field(16)&(1<<20-1)) // an input is quick to try
		put(4, crc32.Checksum(file[8:header], table))
		file = file[header+filter+data:]
	}
}

// FuzzSegment: a segment's file of whatever bytes is read, or is ErrCorrupt; what is read can
// be written, read again, and no filter denies a word of it (L3). With sealed, its sums are
// right.
func FuzzSegment(f *testing.F) {
	one := logs.EncodeBlock(logs.Parse([]byte("level=error service=api time out\n\tat x"), "", now))
	f.Add(one, false)
	f.Add(append(one[:len(one):len(one)], one...), true)
	f.Add(one[:len(one)-1], true)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, file []byte, sealed bool) {
		if sealed {
			seal(file)
		}
		blocks, _, err := logs.ReadSegment(file)
		if err != nil {
			require.ErrorIs(t, err, logs.ErrCorrupt)
			return
		}
		var again []byte
		for _, lines := range blocks {
			again = append(again, logs.EncodeBlock(lines...)...)
		}
		got, denied, err := logs.ReadSegment(again)
		require.NoError(t, err)
		require.Zero(t, denied)
		require.Equal(t, blocks, got)
	})
}
