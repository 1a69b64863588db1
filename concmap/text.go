package concmap

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"unsafe"

	"example.com/flatline/internal/hash"
)

// loadText is the short form of Load for strings. It is not generic: where the compiler does
// not know that keys are strings, it calls a function to hash and one to compare them. Here
// strings of 8 to 64 bytes need no call, and what would have to be kept across a call stays
// in registers.
func loadText(d *directory[string], x *hash.Secrets, k string) (w uint64, ok bool) {
	p, n := unsafe.Pointer(unsafe.StringData(k)), len(k)
	var h uint64
	switch { // h = x.String(k)
	case n > 64:
		h = maphash.Comparable(x.LongSeed(), k)
	case n > 32:
		h = x.Join(x.Block(p, 0)^x.Block(unsafe.Add(p, 16), 2), x.Block(unsafe.Add(p, n-16), 1)^x.Block(unsafe.Add(p, n-32), 3), n)
	case n > 16:
		h = x.Join(x.Block(p, 0), x.Block(unsafe.Add(p, n-16), 1), n)
	case n >= 8:
		h = x.Short(p, n)
	default:
		h = x.String(k)
	}
	t := table[string]{(*place[string])(unsafe.Add(d.places, uintptr(h)&d.mask)).table.Load()}
	if t.sizeCode() != 0 {
		return loadLater(t, h, k)
	}
	g := unsafe.Add(unsafe.Pointer(t.tagged), homeBits(h)*unsafe.Sizeof(group[string]{}))
	ctrl := (*word)(g).Load()
	for set := match(ctrl, liveTag(h)); set != 0; set &= set - 1 {
		bit := uintptr(bits.TrailingZeros64(uint64(set)))
		s := (*slot[string])(unsafe.Add(g, slotOffset[string](bit)+unsafe.Offsetof(group[string]{}.slots)))
		if len(s.key) != n {
			continue
		}
		if q := unsafe.Pointer(unsafe.StringData(s.key)); q != p {
			if n < 8 || n > 64 {
				if s.key != k {
					return loadLater(t, h, k)
				}
			} else if last := n - 8; differ(p, q, 0)|differ(p, q, last) != 0 ||
				n > 16 && differ(p, q, 8)|differ(p, q, last-8) != 0 ||
				n > 32 && differ(p, q, 16)|differ(p, q, 24)|differ(p, q, last-16)|differ(p, q, last-24) != 0 {
				continue
			}
		}
		w = s.cell.Load()
		if (*word)(g).Load()>>(bit&63)&1 == 0 {
			return 0, false
		}
		return w, true
	}
	if ctrl&overflow == 0 {
		return 0, false
	}
	return loadLater(t, h, k)
}

// loadLater is the plain form of loadText.
func loadLater(t table[string], h uint64, k string) (w uint64, ok bool) {
	if g, i := t.find(h, k); g != nil {
		if w, ok = g.readWord(i); ok {
			return w, true
		}
	}
	return 0, false
}

// differ returns 0 if 8 bytes of p and of q, from the given one on, are equal.
func differ(p, q unsafe.Pointer, from int) uint64 {
	return eightBytes(unsafe.Add(p, from)) ^ eightBytes(unsafe.Add(q, from))
}

func eightBytes(p unsafe.Pointer) uint64 { return binary.LittleEndian.Uint64((*[8]byte)(p)[:]) }
