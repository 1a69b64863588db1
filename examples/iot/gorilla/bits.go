package gorilla

import "errors"

// ErrCorrupt is returned for bytes that Encode did not make.
var ErrCorrupt = errors.New("gorilla: these bytes are no chunk")

// A writer appends bits, the highest first.
type writer struct {
	b    []byte
	free uint // bits of the last byte that are not written
}

// put appends the lowest n bits of v; n is at most 64.
func (w *writer) put(v uint64, n uint) {
	for n > 0 {
		if w.free == 0 {
			w.b = append(w.b, 0)
			w.free = 8
		}
		k := min(n, w.free)
		part := v >> (n - k) & (1<<k - 1)
		w.b[len(w.b)-1] |= byte(part << (w.free - k))
		w.free -= k
		n -= k
	}
}

// widths are the bits of an int after its prefix: as many ones as the index, and a zero
// but for the last. Three bits hold the steps of a slow sensor, seven the jitter of a
// timer, twelve and more what remains.
var widths = [...]uint{0, 3, 7, 12, 24, 64}

// putInt appends a signed number, small ones in few bits.
func (w *writer) putInt(v int64) {
	for i, n := range widths {
		last := i == len(widths)-1
		if !last && (n == 0 && v != 0 || n > 0 && (v < -1<<(n-1) || v >= 1<<(n-1))) {
			continue
		}
		if last {
			w.put(1<<i-1, uint(i))
		} else {
			w.put(1<<(i+1)-2, uint(i)+1)
		}
		w.put(uint64(v), n)
		return
	}
}

// A reader takes bits from b. Beyond its end it reads zeros, and end is set.
type reader struct {
	b    []byte
	at   uint // in bits
	over bool
}

func (r *reader) get(n uint) (v uint64) {
	if r.at+n > uint(len(r.b))*8 {
		r.over = true
		return 0
	}
	for n > 0 {
		used := r.at % 8
		k := min(n, 8-used)
		part := uint64(r.b[r.at/8]) >> (8 - used - k) & (1<<k - 1)
		v = v<<k | part
		r.at += k
		n -= k
	}
	return v
}

func (r *reader) getInt() int64 {
	i := 0
	for i < len(widths)-1 && r.get(1) == 1 {
		i++
	}
	n := widths[i]
	if n == 0 {
		return 0
	}
	return int64(r.get(n)<<(64-n)) >> (64 - n)
}
