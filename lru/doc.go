// Package lru answers: how would you implement an LRU cache with a specific
// capacity? What data structures would you use, and why?
//
// # Idea
//
// A cache of limited capacity that, when it is full and a new key comes, lets the
// entry go that was not used for the longest time. It must find two things fast:
// the entry of a key, and the entry that was used longest ago. One structure for
// each question: a hash table leads from the key to its entry, and a doubly linked
// list holds the entries in the order of their last use. A use moves an entry to
// the front; the victim stands at the back. It has to be a doubly linked list,
// since an entry in the middle can be unlinked in O(1) only if it knows both its
// neighbours.
//
//	heads        entries, by slot: hash, chain, value, key
//	┌───┐        ┌───┐   ┌───┐   ┌───┐   ┌───┐
//	│ 1 │──────▶ │ C │──▶│ A │   │ B │   │ D │
//	├───┤        └───┘   └───┘   └───┘   └───┘
//	│ 3 │ …        1       2       3       4
//	└───┘
//	order, by slot: prev, next                   0 is the head and closes the circle
//
//	           newest ⇄ 3 ⇄ 1 ⇄ 4 ⇄ 2 ⇄ oldest
//	  Get(D):           4 ⇄ 3 ⇄ 1 ⇄ 2
//	  Put(E):           2 ⇄ 4 ⇄ 3 ⇄ 1            A leaves, E gets its slot
//
// So far it is the textbook answer (textbook_test.go has it: container/list and a
// Go map). Three decisions make the difference between that and this package:
//
//   - There are no pointers. An entry is a slot in a slice and a link is the 32-bit
//     number of a slot. Where keys and values hold no pointers either, the garbage
//     collector has nothing to follow, however many entries there are.
//   - A full cache does not allocate. The newcomer gets the victim's slot, in the
//     slice, in the order and in the hash table, which keeps each entry's hash so
//     that the victim need not be hashed to be unlinked.
//   - What is not used costs nothing. Deadlines and costs lie in slices of their
//     own that exist only once something has a deadline or a cost.
//
// Time limits are kept by a list in the order of writing for Options.TTL, and by a
// hierarchical timing wheel for PutTTL. No goroutine runs for them: an expired
// entry is absent from the moment it expires, and each Put takes out two that have.
//
// # Which type
//
//	Cache    one goroutine
//	Sync     several goroutines, the exact order
//	Sharded  several processors; the order is exact in each part of the keys
//
// # Invariants
//
//	I1  the order list and the hash table hold the same entries
//	I2  the order is a circle: next leads through all entries, prev is its inverse
//	I3  there are at most Cap entries
//	I4  the costs of the entries add up to Cost, which is at most MaxCost
//	I5  exactly the entries that can expire have a deadline in the wheel
//
// # Complexity
//
//	operation                        time      moves   allocations
//	Get                              O(1) ~    1       0
//	Put, PutTTL, GetOrPut            O(1) ~*   1       0
//	GetOrLoad                        O(1) ~*   1       O(1)
//	Peek, Contains                   O(1) ~    0       0
//	Delete                           O(1) ~    1       0
//	Oldest, PopOldest, Len, Cost     O(1) ~*   1       0
//	Cap, Stats                       O(1)      0       0
//	All, Backward, Keys, Values      O(n)      0       O(1)
//	Clear, Resize                    O(n)      n       O(1)
//	DeleteExpired                    O(n)      n       0
//
// n is the number of entries. Expected (~) is over the hash function, which is
// seeded for each cache; what comes after the hash table is O(1) in the worst case.
// Amortised (*) is a Put while the cache grows to its capacity, a Put under
// MaxCost, where one heavy entry can take the room of many, and what meets entries
// that have expired: each of them is taken out once. At capacity, without expiry or
// MaxCost, no operation is amortised and none allocates. In a Sharded, Len, Cost,
// Cap and Stats visit each shard. PutTTL with lives of many lengths moves each
// deadline down the wheel at most ten times, and at most two dozen in one Put.
//
// Steps counted in one operation (entries of a chain visited, and one move), mean
// and worst of 600,000, for n from 256 to 131,072: a Get 2.2 and 4 to 7, an evicting
// Put 1.5 and 7 to 8. The worst is the longest chain of the hash table, which grows
// as log n / log log n. Time in ns, uniform keys, which includes the processor's
// cache, on the machine measured on:
//
//	                       n = 256   2,048   16,384   131,072   1,048,576
//	Get           this           8       8       10        15          96
//	              textbook      10      14       20        27         213
//	Put, evicting this          12      12       13        18          88
//	              textbook      95     104      115       128         301
//
//	go test ./lru -run '^$' -bench 'Cache_(Get|Put)$' -benchtime 100ms
//
// An int64→int64 entry takes 36 bytes in a cache of a million: 24 in the hash table,
// 4 for its bucket (8 in a cache of up to 131,072), 8 for its links. A deadline
// takes 16 more, a cost 8.
//
//	go test ./lru -run TestBytesAnEntry -v
//
// # Concurrency
//
// A Cache belongs to one goroutine, reads included: a Get changes the order. For
// the same reason a lock for reading is not enough for a Get, and Sync has a mutex,
// not a RWMutex. Sync and Sharded are safe for concurrent use. Each operation takes
// effect at one moment while it holds the lock, of the cache or of the key's shard:
// Get and Put, and what they count, are linearizable. Those of a Sharded that visit
// several shards (Len, Cost, Cap, Stats, Clear, Resize, DeleteExpired, All) take
// effect in each at another moment. The time by which an operation judges what has
// expired is read when it begins. In the Go memory model, a Put happens before the
// Get that returns its value, and a load before the return of each GetOrLoad that
// waited for it.
//
// OnEvict, Cost, Hash, Now and loaders are called with no lock held; each may use
// the cache, panic, or end its goroutine. GetOrLoad with a context that can end runs
// the loader in a goroutine, which ends with it.
//
// # Trade-offs
//
// The main disadvantage: LRU has no memory for how often an entry was used. A scan
// over many keys that are used once pushes everything else out. With 80 hot keys, a
// cache of 100 and a scan of 100 new keys between them it hits 8 in 100 reads; the
// LFU of package lfu hits 48, the most that is possible there:
//
//	go test ./lfu -run TestTraces
//
// When the set of hot keys moves it is the other way round, and LRU is also the
// cheaper and the simpler one. If neither fits, caches of the family of W-TinyLFU and
// S3-FIFO hit more often than both on most traces; they give up the exact order.
//
// A Get writes. If nearly all calls are hits, on many processors, and the working
// set fits, a concurrent map is better: package concmap.
//
// A hash table with chains is slower than a map of Go's if all there is to do is to
// look up; but an LRU cache has to find the victim's place in the table as well, and
// a map would hash its key again for that and hold each key twice.
//
// A Sharded can let an entry go while other shards have room: with n entries in s
// shards the fullest holds about √(2·n/s·ln s) more than the mean. Use Sync if the
// order or the exact number matters and one lock is fast enough: it takes some ten
// million operations a second.
//
// Memory is taken as the cache fills and given back by Clear and Resize only.
//
// # References
//
// Sleator and Tarjan, "Amortized Efficiency of List Update and Paging Rules" (1985):
// LRU misses at most k/(k-h+1) times as often as the best possible paging with
// foresight and h ≤ k of its places. Knuth, The Art of Computer Programming 1,
// section 2.2.5 (doubly linked lists) and 3, section 6.4 (hashing with chains).
// Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987). Nishtala and
// others, "Scaling Memcache at Facebook" (2013), whose leases are why a Put
// supersedes a load.
package lru
