package server

// An item is what a key leads to. Key and value follow it in one piece of memory, as
// long as the value fits there, so that a look-up that compares the key has the item,
// and mostly the value, in the processor's cache. A value that fits is overwritten in
// place; one that outgrows its place gets memory of its own.
type item struct {
	key string
	val []byte
	at  int64 // deadline in Unix milliseconds; 0 is never
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
	it.val = append(data[n:n], val...)
	return it
}

// What a key costs beside its own bytes and those of its value: the item (48), its
// entry in the dictionary with links and bucket (48), its place in the set of all
// keys (24); and with a deadline its place in the set of those (24).
const (
	keyCost   = 120
	timedCost = 24
)

func (it *item) cost() int64 {
	c := int64(len(it.key) + cap(it.val) + keyCost)
	if it.at != 0 {
		c += timedCost
	}
	return c
}
