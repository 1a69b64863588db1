package server

import "unsafe"

// An item is what a key leads to. Key and value follow it in one piece of memory, as long
// as the value fits there, so that a look-up that compares the key has the item, and
// mostly the value, in the processor's cache. A value that fits is overwritten in place;
// a value that outgrows it gets separate memory.
//
// The value is kept as a slice is, in 16 bytes instead of 24, which leaves room for the
// time of the last use without making the item larger.
type item struct {
	key  string
	data *byte  // where the value begins
	size uint32 // its length
	room uint32 // and its capacity
	at   int64  // deadline in Unix milliseconds; 0 means no deadline
	used uint32 // when the key was last read or written; see stamp
	cut  uint32 // the last snapshot that has no need of the item: see shard.preserve
}

// space returns the memory that the value may take.
func (it *item) space() []byte { return unsafe.Slice(it.data, it.room) }

// value returns the value, in the item's own memory.
func (it *item) value() []byte { return it.space()[:it.size] }

// keep makes b the value. A value has at most maxBulk bytes, and append gives it at most
// twice that, so that 32 bits are enough.
func (it *item) keep(b []byte) {
	it.data, it.size, it.room = unsafe.SliceData(b), uint32(len(b)), uint32(cap(b))
}

// stamp is a time in Unix milliseconds in the unit of item.used, 1.024 s: a shift where
// seconds would need a division.
func stamp(ms int64) uint32 { return uint32(ms >> 10) }

// idle returns for how many seconds the key has not been used.
func (it *item) idle(ms int64) int64 {
	return max(int64(int32(stamp(ms)-it.used)), 0) * 1024 / 1000
}

// newItem copies key and value. The pieces have the sizes of the allocator's classes,
// so that nothing is lost by rounding.
func newItem(key string, val []byte) *item {
	switch n := len(key) + len(val); {
	case n <= 16:
		b := new(block[[16]byte])
		return b.fill(b.data[:], key, val)
	case n <= 32:
		b := new(block[[32]byte])
		return b.fill(b.data[:], key, val)
	case n <= 48:
		b := new(block[[48]byte])
		return b.fill(b.data[:], key, val)
	case n <= 64:
		b := new(block[[64]byte])
		return b.fill(b.data[:], key, val)
	case n <= 80:
		b := new(block[[80]byte])
		return b.fill(b.data[:], key, val)
	case n <= 112:
		b := new(block[[112]byte])
		return b.fill(b.data[:], key, val)
	case n <= 144:
		b := new(block[[144]byte])
		return b.fill(b.data[:], key, val)
	case n <= 208:
		b := new(block[[208]byte])
		return b.fill(b.data[:], key, val)
	default:
		return new(item).fill(make([]byte, n), key, val)
	}
}

type block[A any] struct {
	item
	data A
}

// fill lays key and value into data. The key's part is never written again, so it may
// be a string.
func (it *item) fill(data []byte, key string, val []byte) *item {
	n := copy(data, key)
	it.key = view(data[:n])
	it.keep(append(data[n:n], val...))
	return it
}

// The cost of a key in addition to its bytes and those of its value: the item (48), its
// entry in the dictionary with links and bucket (48), its entry in the set of all keys
// (24); and with a deadline its entry in the set of those (24).
const (
	keyCost   = 120
	timedCost = 24
)

func (it *item) cost() int64 {
	c := int64(len(it.key) + int(it.room) + keyCost)
	if it.at != 0 {
		c += timedCost
	}
	return c
}
