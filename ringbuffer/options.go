package ringbuffer

import (
	"errors"
	"fmt"
	"math/bits"

	"example.com/flatline/internal/option"
)

// ErrFull is returned by a push to a full ring under Reject: nothing was stored.
var ErrFull = errors.New("ringbuffer: full")

// ErrOverwritten is wrapped by the errors of Sync.Since and Sync.Wait when the requested
// item has left the ring: the reader fell behind.
var ErrOverwritten = errors.New("ringbuffer: overwritten")

// ErrCapacity is wrapped by the error of Resize for a capacity that is below 1, below Len
// or too large for the address space.
var ErrCapacity = errors.New("ringbuffer: capacity out of range")

// A Policy says which side loses data when an item is pushed to a full ring.
type Policy uint8

const (
	Reject          Policy = iota // the producer: it gets ErrFull and decides
	OverwriteOldest               // the consumer: the oldest item is overwritten, and counted
	DropNewest                    // the new item: it is not stored, and counted
)

// String returns the name of the constant.
func (p Policy) String() string {
	switch p {
	case Reject:
		return "Reject"
	case OverwriteOldest:
		return "OverwriteOldest"
	case DropNewest:
		return "DropNewest"
	}
	return fmt.Sprintf("Policy(%d)", uint8(p))
}

// Options are the settings of New, NewSync and NewBytes.
type Options struct {
	OnFull Policy // what a push to a full ring does; Reject by default
}

// policy checks the arguments of the constructor fn.
func policy(fn string, capacity int, opts []Options) Policy {
	checkCapacity(fn, capacity)
	p := option.One(fn, opts).OnFull
	if p > DropNewest {
		panic(fmt.Sprintf("%s: unknown policy %d", fn, p))
	}
	return p
}

// maxCapacity is the largest capacity whose number of slots fits in an int.
const maxCapacity = 1 << (bits.UintSize - 2)

// checkCapacity checks the argument of the constructor fn.
func checkCapacity(fn string, capacity int) {
	if capacity < 1 {
		panic(fmt.Sprintf("%s: capacity must be at least 1, got %d", fn, capacity))
	}
	if capacity > maxCapacity {
		panic(beyondMemory(fn, capacity))
	}
}

// beyondMemory is the panic message of the constructor fn if that many items do not fit
// in the address space.
func beyondMemory(fn string, capacity int) string {
	return fmt.Sprintf("%s: capacity must fit into memory, got %d", fn, capacity)
}

// array returns an array of n zero items, or false if it does not fit in the address
// space.
func array[T any](n int) (a []T, ok bool) {
	defer func() { ok = recover() == nil }() // of make
	return make([]T, n), true
}
