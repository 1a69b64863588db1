package minstack

// A records is the history of an extreme: the value at each push that beat all
// the elements below it, and one bit an element that says whether it did. The
// current extreme is the last value. Nothing is compared when an element leaves,
// and elements that beat nothing cost a bit.
type records[T any] struct {
	values []T
	bits   uint64   // of the newest elements, the top's lowest
	full   []uint64 // of the others, 64 a word
}

// top returns the current extreme of a stack that is not empty.
func (r *records[T]) top() T { return r.values[len(r.values)-1] }

// pass notes that a stack of n elements gains one that beats nothing.
func (r *records[T]) pass(n int) {
	r.bits <<= 1
	if n%64 == 63 {
		r.spill()
	}
}

// beat notes that a stack of n elements gains v, which beats them all.
func (r *records[T]) beat(n int, v T) {
	if len(r.values) == cap(r.values) {
		r.values = double(r.values)
	}
	r.values = append(r.values, v)
	if r.bits = r.bits<<1 | 1; n%64 == 63 {
		r.spill()
	}
}

func (r *records[T]) push(n int, v T, beats bool) {
	if beats {
		r.beat(n, v)
	} else {
		r.pass(n)
	}
}

func (r *records[T]) spill() { r.full = append(r.full, r.bits) }

// pop notes that a stack of n elements loses its top.
func (r *records[T]) pop(n int) {
	if n%64 == 0 {
		r.refill()
	}
	if r.bits&1 == 1 {
		r.drop()
	}
	r.bits >>= 1
}

// refill gets the next bits, since those at hand are used up.
func (r *records[T]) refill() {
	last := len(r.full) - 1
	r.bits, r.full = r.full[last], r.full[:last]
}

// drop forgets the current extreme.
func (r *records[T]) drop() {
	last := len(r.values) - 1
	var zero T
	r.values[last] = zero
	r.values = r.values[:last]
}
