package minstack

// A records is the history of an extreme: each pushed value that beat all elements below
// it, and one bit per element that says whether it did. The current extreme is the last
// value. A pop compares nothing, and an element that is not a record costs one bit.
type records[T any] struct {
	values []T
	bits   uint64   // of the newest elements; the top's is the lowest
	full   []uint64 // of the others, 64 per word
}

// top returns the current extreme of a stack that is not empty.
func (r *records[T]) top() T { return r.values[len(r.values)-1] }

// pass records a push on a stack of n elements that is not a record.
func (r *records[T]) pass(n int) {
	r.bits <<= 1
	if n%64 == 63 {
		r.spill()
	}
}

// beat records a push of v, which beats all n elements of the stack.
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

// pop records a pop from a stack of n elements.
func (r *records[T]) pop(n int) {
	if n%64 == 0 {
		r.refill()
	}
	if r.bits&1 == 1 {
		r.drop()
	}
	r.bits >>= 1
}

// refill loads the next word of bits, since those in bits are used up.
func (r *records[T]) refill() {
	last := len(r.full) - 1
	r.bits, r.full = r.full[last], r.full[:last]
}

// drop removes the current extreme.
func (r *records[T]) drop() {
	last := len(r.values) - 1
	var zero T
	r.values[last] = zero
	r.values = r.values[:last]
}
