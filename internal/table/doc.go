// Package table is the hash table of flatline's hashed structures: it maps a key to a
// slot, a 32-bit number that the key keeps until it is deleted.
//
// # Idea
//
// All entries are in one slice, the slab. A bucket holds the number of its first slot, and
// each entry holds the number of the next slot of its bucket (Knuth's separate chaining,
// with array indices for pointers):
//
//	hash & 3     heads            entries
//	             ┌───┐         ┌──────┬───────┬───────┬─────┐
//	    0        │ 3 │──────▶3 │ hash │   0   │ value │ key │
//	             ├───┤         ├──────┼───────┼───────┼─────┤
//	    1        │ 0 │       2 │ hash │   0   │ value │ key │◀┐
//	             ├───┤         ├──────┼───────┼───────┼─────┤ │
//	    2        │ 1 │──────▶1 │ hash │   2   │ value │ key │─┘
//	             └───┘         └──────┴───────┴───────┴─────┘
//	                              4       4       V      K  bytes
//
// Everything else that a structure knows about a key is in V or in a side slice, which is
// indexed by the slot: the order of a cache, deadlines, costs. A side slice needs no type
// parameter, and exists only where it is used.
//
// # Why not a Go map
//
// A Go map would need the slot as its value and the key twice, or a pointer to a separate
// entry on the heap. Here an int64→int64 entry takes 24 bytes and 4 to 8 of its bucket;
// there is no pointer for the collector to follow unless K or V holds one; the hash is
// kept, so that no key is hashed again when a victim is evicted or the table grows; and
// an evicting cache gives a victim's slot to the new key without allocating.
//
// # Invariants
//
//	I1  each slot in 1..len(entries)-1 is either in use, with the hash's top bit
//	    set, or in the free list with a zero key and value
//	I2  each slot in use is in the chain of its hash and in no other; n counts them
//	I3  buckets are a power of two and at least as many as slots
//
// # Complexity
//
// On average, a search that fails visits at most one entry, and one that succeeds at most
// 1.5 (load at most 1, random hash); with up to 2^17 keys 0.5 and 1.25. The table grows
// to sizes that are a power of two or halfway between two of them. One call of FindOrAdd
// then moves all entries, which is 2.5 moves for each over the life of a table that only
// grows: adding is O(1) amortised. Compact is O(Slots). At its limit a table never grows,
// and every other method is O(1) expected.
//
// # One table for five structures
//
// lru, lfu, randset's Bag and Weighted, ratelimit's Keyed and timemap use it. The
// benchmark compares it with a Go map and with a table that is written for one use (a
// dense set like that of randset's Set: open addressing that holds positions only, load
// at most 1/2):
//
//	go test ./internal/table -run '^$' -bench Table -benchtime 0.1s
package table
