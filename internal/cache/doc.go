// Package cache is what lru and lfu share: the entries, the loads, and the three types
// Cache, Sync and Sharded. A Rank is all that lfu adds.
//
// # Terms
//
//	entry       a key, its value, and what the options need of it
//	slot        the number of an entry in the slices that hold the entries; it starts at 1,
//	            and 0 is the head of the order
//	order       the list of all slots, from the most valuable to the next victim
//	rank        what says where in the order an entry belongs; without one, a used entry
//	            moves to the front
//	core        the entries and the order of one cache: all that a lock must guard
//	shard       a core, its lock and its loads; a Sync is one shard, a Sharded several
//	env         what an operation needs before it takes the lock, and never changes
//	item        an entry to be stored
//	leave       to be removed, for any Reason
//	departure   a value that has left, with its reason; departures are reported to OnEvict
//	            once the lock is released
//	flight      the loads that are under way, by key (internal/flight)
//	supersede   a write or a delete of a key supersedes the load of the key: its value is
//	            not stored
//	cursor      a walk over the order that is under way
//
// # An operation
//
// A method of Sync or Sharded hashes the key, calls the caller's functions and reads the
// clock. Then it takes the lock, does its work on the core, collects the departures, and
// releases the lock. Then it reports the departures. So no function of a caller runs under
// a lock.
package cache
