package ringbuffer

import (
	"errors"
	"fmt"
	"math/bits"

	"example.com/flatline/internal/option"
)

// ErrFull is what a push gets from a full ring under Reject: nothing was stored.
var ErrFull = errors.New("ringbuffer: full")

// ErrOverwritten is what the errors of Sync.Since and Sync.Wait wrap when the item they ask
// for has left the ring: the reader fell behind.
var ErrOverwritten = errors.New("ringbuffer: overwritten")

// ErrCapacity is what Resize gets for a capacity that is below 1, below Len or
// beyond all memory.
var ErrCapacity = errors.New("ringbuffer: capacity out of range")

// A Policy says who loses when a full ring is pushed to.
type Policy uint8

const (
	Reject          Policy = iota // the producer: it gets ErrFull and decides
	OverwriteOldest               // the consumer: the oldest item makes room, and is counted
	DropNewest                    // the item: it is not stored, and is counted
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

// maxCapacity is the largest capacity whose slots still are an int.
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

// beyondMemory is what the constructor fn panics with if there is no room for so many
// items.
func beyondMemory(fn string, capacity int) string {
	return fmt.Sprintf("%s: capacity must fit into memory, got %d", fn, capacity)
}

// array returns an array of n zero items, or false if the address space has no room
// for it.
func array[T any](n int) (a []T, ok bool) {
	defer func() { ok = recover() == nil }() // of make
	return make([]T, n), true
}
