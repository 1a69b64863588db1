package table

import (
	"math/bits"
)

// MaxSlots is the largest number of keys that 32-bit slots can tell apart: slot 0 is
// reserved, and one more number is left unused so that a count of slots fits too.
const MaxSlots = 1<<32 - 2

// taken is set in the stored hash of every slot in use, so that 0 means free.
// It costs one of the 32 bits: buckets are chosen by the low 31.
const taken = 1 << 31

// An Entry is one slot: 8 bytes, then the value and the key.
type Entry[K comparable, V any] struct {
	hash  uint32 // low half of the key's hash | taken; 0 in a free slot
	chain uint32 // next slot of the bucket, or next free slot; 0 ends both
	Value V      // before the key: Go pads a struct whose last field has no size
	Key   K      // must be changed only in a slot that FindOrReuse has just returned
}

// A Table maps keys to slots. The zero value is an empty table without a limit.
// It is not safe for concurrent use.
//
// Every method that takes a key also takes its hash: the low 32 bits of the hash that
// hash.Hasher returns, always the same Hasher.
type Table[K comparable, V any] struct {
	heads   []uint32      // first slot of each bucket; a power of two of them
	entries []Entry[K, V] // by slot; entries[0] ends every chain
	free    uint32        // first free slot
	limit   uint32        // largest slot that growth reserves; 0 = MaxSlots
	n       uint32

	// NewFirst makes FindOrReuse put a new key first in its chain, not last. It is for a
	// cache whose victims are mostly keys that were added lately.
	NewFirst bool
}

// New returns an empty table that never reserves memory for more than limit keys; the
// caller must not add more. New reserves no memory for them.
func New[K comparable, V any](limit uint32) Table[K, V] {
	return Table[K, V]{limit: limit}
}

// Len returns the number of keys. O(1).
func (t *Table[K, V]) Len() int { return int(t.n) }

// Slots returns one more than the largest slot that can be in use before the
// next growth: the length that a side slice needs. It changes only in FindOrAdd
// and Compact. O(1).
func (t *Table[K, V]) Slots() int { return cap(t.entries) }

// At returns the entry of a slot in use. The pointer is valid until the next FindOrAdd,
// DeleteSwap or Compact. O(1).
func (t *Table[K, V]) At(s uint32) *Entry[K, V] { return &t.entries[s] }

// Hash returns the low 31 bits of the hash of the key in a slot in use. O(1).
func (t *Table[K, V]) Hash(s uint32) uint32 { return t.entries[s].hash &^ taken }

// Find returns the slot of k, or 0 if k is absent. O(1) expected.
func (t *Table[K, V]) Find(h uint32, k K) uint32 {
	s, _ := t.Lookup(h, k)
	return s
}

// Lookup returns the slot and the entry of k, or 0 and nil if k is absent. The pointer is
// valid as long as that of At. O(1) expected.
func (t *Table[K, V]) Lookup(h uint32, k K) (uint32, *Entry[K, V]) {
	if len(t.heads) == 0 {
		return 0, nil
	}
	h |= taken
	for s := t.heads[int(h)&(len(t.heads)-1)]; s != 0; {
		e := &t.entries[s]
		next := e.chain // before the call that compares strings: one register less to save
		if e.hash == h && e.Key == k {
			return s, e
		}
		s = next
	}
	return 0, nil
}

// FindOrAdd returns the slot of k and true or, if k is absent, adds it and returns its
// slot, with the zero Value, and false. O(1) expected and amortised: growth moves every
// entry.
func (t *Table[K, V]) FindOrAdd(h uint32, k K) (s uint32, found bool) {
	h |= taken
	var link *uint32
	if len(t.heads) > 0 {
		if link, found = t.search(h, k); found {
			return *link, true
		}
	}
	if t.free == 0 && len(t.entries) == cap(t.entries) {
		t.grow()
		link, _ = t.search(h, k) // the link found above pointed into the old slab
	}
	if s = t.free; s != 0 {
		t.free = t.entries[s].chain
	} else {
		s = uint32(len(t.entries))
		t.entries = t.entries[:s+1]
	}
	e := &t.entries[s]
	e.hash, e.chain, e.Key = h, 0, k
	*link = s
	t.n++
	return s, false
}

// FindOrReuse is FindOrAdd for a table that is full: if k is absent it takes
// over the slot victim, which is in use. The victim's Key and Value are then
// still there for the caller to read, and the caller must overwrite both. O(1)
// expected, no allocation.
func (t *Table[K, V]) FindOrReuse(h uint32, k K, victim uint32) (s uint32, found bool) {
	h |= taken
	e := &t.entries[victim]
	from := &t.heads[int(e.hash)&(len(t.heads)-1)]
	first := *from // loaded early, so that its cache miss overlaps with the search's
	link, found := t.search(h, k)
	if found {
		return *link, true
	}
	if first != victim {
		from = t.linkTo(victim)
	}
	if t.NewFirst {
		*from = e.chain // first, since it may be the same link
		to := &t.heads[int(h)&(len(t.heads)-1)]
		e.hash, e.chain = h, *to
		*to = victim
		return victim, false
	}
	if link == &e.chain {
		link = from // the victim ends the very chain that k joins
	}
	*from = e.chain
	e.hash, e.chain = h, 0
	*link = victim
	return victim, false
}

// search returns the link that leads to k's slot or, if k is absent, the link at the end
// of its bucket's chain, which is 0. Appending new keys at the end, not the front, costs
// nothing, since a search that fails has walked there. It keeps each chain in the order
// of arrival: the victims of a cache are mostly first in their chains, which saves the
// walk and a branch that would be mispredicted half of the time. Where the victims are
// mostly new keys, NewFirst saves the same.
func (t *Table[K, V]) search(h uint32, k K) (link *uint32, found bool) {
	link = &t.heads[int(h)&(len(t.heads)-1)]
	for *link != 0 {
		e := &t.entries[*link]
		if e.hash == h && e.Key == k {
			return link, true
		}
		link = &e.chain
	}
	return link, false
}

// linkTo returns the link that leads to a slot in use. It compares slots, not
// keys, so that it finds a key that is not equal to itself.
func (t *Table[K, V]) linkTo(s uint32) *uint32 {
	link := &t.heads[int(t.entries[s].hash)&(len(t.heads)-1)]
	for *link != s {
		link = &t.entries[*link].chain
	}
	return link
}

// Delete frees a slot in use and zeroes its key and value. The other slots stay
// as they are. O(1) expected.
func (t *Table[K, V]) Delete(s uint32) {
	e := &t.entries[s]
	*t.linkTo(s) = e.chain
	*e = Entry[K, V]{chain: t.free}
	t.free = s
	t.n--
}

// DeleteSwap deletes the key of a slot in use and moves the last slot into its place, so
// that the slots in use are always 1 to Len. It returns the slot that was last, which is
// s itself if nothing had to move. It must not be mixed with Delete. O(1) expected.
func (t *Table[K, V]) DeleteSwap(s uint32) (last uint32) {
	*t.linkTo(s) = t.entries[s].chain
	last = uint32(len(t.entries) - 1)
	if s != last {
		t.move(last, s)
	}
	t.entries[last] = Entry[K, V]{}
	t.entries = t.entries[:last]
	t.n--
	return last
}

// move copies the entry of one slot to another, which is in no chain.
func (t *Table[K, V]) move(from, to uint32) {
	*t.linkTo(from) = to
	t.entries[to] = t.entries[from]
}

// Holds reports whether slot s is in use. O(1).
func (t *Table[K, V]) Holds(s uint32) bool { return t.entries[s].hash != 0 }

// Next returns the first slot in use after s, or 0 if there is none; Next(0) is
// the first of all. A walk over all slots is O(Slots).
func (t *Table[K, V]) Next(s uint32) uint32 {
	for s++; int(s) < len(t.entries); s++ {
		if t.entries[s].hash != 0 {
			return s
		}
	}
	return 0
}

// Compact renumbers the slots in use to 1 to Len, sets a new limit (at least Len) and
// releases the memory that Len keys do not need. It calls moved for each key that got
// another slot, after the move. O(Slots).
func (t *Table[K, V]) Compact(limit uint32, moved func(from, to uint32)) {
	to := uint32(1)
	for from := uint32(len(t.entries)) - 1; t.n > 0 && from > t.n; from-- {
		if t.entries[from].hash == 0 {
			continue
		}
		for t.entries[to].hash != 0 {
			to++
		}
		t.move(from, to)
		moved(from, to)
	}
	t.free, t.limit = 0, limit
	if t.n == 0 {
		t.entries, t.heads = nil, nil
		return
	}
	t.resize(int(t.n) + 1)
}

// Clear removes all keys and releases the memory. O(1).
func (t *Table[K, V]) Clear() { *t = Table[K, V]{limit: t.limit} }

// grow reserves the next of the sizes 8, 12, 16, 24, 32, 48, …, but never
// beyond the limit. Every other one is a power of two, so that a full slab has just
// as many buckets as entries, and each entry is moved 2.5 times over the life of a
// table that only grows.
func (t *Table[K, V]) grow() {
	limit := uint64(t.limit)
	if limit == 0 {
		limit = MaxSlots
	}
	have := uint64(max(cap(t.entries), 1)) - 1
	if have >= limit {
		panic("table: more keys than its limit")
	}
	next := max(8, uint64(1)<<bits.Len64(have))
	if next*3/4 > have && next > 8 {
		next = next * 3 / 4
	}
	t.resize(int(min(next, limit) + 1))
}

// roomy is the number of buckets up to which there are at least two for each slot. In a
// table that fits the processor's cache, the cost of a chain is the mispredicted branch
// at its end, so shorter chains pay off there. In larger tables (from 1 MiB of buckets)
// memory matters more: one bucket for each slot.
const roomy = 1 << 18

// resize moves the entries to a slice of the given capacity and links them into buckets.
// The number of buckets is a power of two, at least one for each slot, so that on average
// a search that fails visits at most one entry, and one that succeeds 1.5. A table of up
// to roomy/2 slots has two for each slot: 0.5 and 1.25. No slot may be free.
func (t *Table[K, V]) resize(capacity int) {
	entries := make([]Entry[K, V], int(t.n)+1, capacity)
	copy(entries, t.entries)
	t.entries = entries
	want := 1 << bits.Len(uint(capacity-2))
	if want < roomy {
		want *= 2
	}
	if want == len(t.heads) {
		return
	}
	t.heads = make([]uint32, want)
	for s := len(entries) - 1; s > 0; s-- { // downwards: the oldest first in each chain
		e := &entries[s]
		head := &t.heads[int(e.hash)&(len(t.heads)-1)]
		e.chain, *head = *head, uint32(s)
	}
}

// SetLimit sets another limit, at least Slots-1. O(1).
func (t *Table[K, V]) SetLimit(limit uint32) { t.limit = limit }
