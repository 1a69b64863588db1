// Package lru answers: how would you implement an LRU cache with a specific
// capacity? What data structures would you use, and why?
//
// The answer at the whiteboard is in textbook_test.go: a Go map and a container/list.
// Cache is the same answer without pointers and without an allocation per Put. Read
// textbook_test.go first, then lru.go; then, in internal/cache, core.go (Get and Put),
// leave.go (how entries leave), load.go (loads) and reads.go (how a shard delays the moves
// of its hits). internal/list is the order, internal/table the hash table, and
// internal/wheel holds the deadlines.
//
// To watch this code at work, step by step: go run ./examples/visual, page lru.
//
// # Terms
//
//	slot        the index of an entry in the slices that hold the entries; it starts at 1
//	order       the list of all entries, the most recently used in front
//	newest      the entry at the front of the order, the most recently used
//	oldest      the entry at the back, the least recently used
//	victim      the entry that the next Put of a new key evicts: the oldest
//	leave       to be removed, for any Reason: evicted, expired, deleted, replaced, cleared
//	life        how long an entry stays, from Options.TTL or PutTTL
//	deadline    the time at which a life ends; from then on the entry has expired
//	cost        the weight of an entry, by Options.Cost
//	shard       one of the caches that a Sharded consists of, with its own lock
//	loader      the function that a caller passes to GetOrLoad or GetOrLoadAll
//	load        a run of a loader
//	superseded  a load is superseded if its key is written or deleted while it runs: its
//	            value is not stored
//
// # Idea
//
// An LRU cache has a limited capacity. When it is full and a new key is put, it evicts
// the entry that has not been used for the longest time. It must find two things fast:
// the entry of a key, and the least recently used entry. It has one structure for each. A
// hash table leads from the key to its entry, and a doubly linked list holds the entries
// in the order of their last use. A use moves an entry to the front; the victim is at the
// back. The list must be doubly linked: an entry in the middle can be unlinked in O(1)
// only if both its neighbours are known.
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
// So far this is the textbook answer. This package differs from it in three ways:
//
//   - There are no pointers. An entry is a slot in a slice and a link is the 32-bit
//     number of a slot. Where keys and values hold no pointers either, the garbage
//     collector has nothing to follow, however many entries there are.
//   - A full cache does not allocate. The new entry gets the victim's slot, in the slice,
//     in the order and in the hash table. The table stores the hash of each entry, so the
//     victim's key is not hashed again when the entry is unlinked.
//   - What is not used costs nothing. Deadlines and costs are in separate slices, which
//     exist only once something has a deadline or a cost.
//
// The deadlines of Options.TTL are in a list in the order of writing, those of PutTTL in
// a hierarchical timing wheel. No goroutine removes expired entries: an expired entry is
// absent from the moment it expires, and each Put removes up to two of them.
//
// # Which type
//
//	Cache    one goroutine
//	Sync     several goroutines, the exact order
//	Sharded  several processors; the order is exact only within each shard
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
//	operation                        time      moves   worst   allocations
//	Get                              O(1) ~    1       1       0
//	Put, PutTTL, GetOrPut            O(1) ~*   1 *     n       0 *
//	GetOrLoad                        O(1) ~*   1 *     n       O(1)
//	Compute                          O(1) ~*   1 *     n       O(1)
//	GetOrLoadAll                     O(n) ~*   n *     n       O(n)
//	WaitLoads                        O(1)      0       0       O(1)
//	Peek, Contains, Expiry           O(1) ~    0       0       0
//	PeekAll                          O(n) ~    0       0       0
//	Touch                            O(1) ~*   0       n       0 *
//	Delete                           O(1) ~    1       1       0
//	Oldest, PopOldest, Len, Cost     O(1) ~*   1 *     n       0
//	Cap, Stats                       O(1)      0       0       0
//	All, Backward, Keys, Values      O(n)      0       n       O(1)
//	Clear, Resize                    O(n)      n       n       O(1)
//	DeleteExpired                    O(n)      n       n       0
//	DeleteFunc                       O(n)      n       n       O(n)
//
// n is the number of entries; for PeekAll and GetOrLoadAll, of the keys. The column moves
// is the average number of entries that change their place or leave in one call; worst is
// the maximum in any call over the life of a cache. (A Sync or Sharded makes the moves of
// up to nine Gets in one call.)
//
// Expected (~) means on average over the hash function, which is seeded for each cache:
// the longest chain of the hash table grows as log n / log log n. Amortised (*) means on
// average over a sequence of calls. Apart from the hash table, these are the only calls
// that can take longer than O(1) where the table says so:
//
//   - A Put while the cache grows to its capacity. The table grows by a half or a third,
//     and then all n entries move, in the table, in the order, and in the slices of
//     deadlines and costs where there are any. That is 2.5 moves for each entry over the
//     life of a cache that only grows. In a Sharded no Put delays all others in this way:
//     its shards grow one by one.
//   - A Put under MaxCost, where one heavy entry can evict many.
//   - Any operation that finds expired entries: each of these is removed once.
//   - The first PutTTL or Touch in a cache without Options.TTL, which adds the slice of
//     deadlines.
//
// At capacity, without expiry or MaxCost, no operation is amortised, and those with 0 *
// do not allocate. In a Sharded, Len, Cost, Cap and Stats visit each shard. If lives have
// many lengths, each deadline moves down the wheel at most ten times, and one Put moves
// at most two dozen deadlines.
//
// An int64→int64 entry takes 36 bytes in a full cache of 262,144: 24 in the hash table, 4
// for its bucket, 8 for its links. A cache of up to 131,072 entries has twice as many
// buckets: 40 bytes. A deadline takes 16 more, a cost 8, a life that slides 8, and
// Options.Refresh 24, or 8 where entries can expire anyway. A cache that has just grown
// has up to half as much memory again, 56 bytes per entry. Only Clear and a Resize to a
// smaller capacity release memory: with nine in ten entries deleted, the rest take ten
// times as much per entry.
//
//	go test ./lru -run TestBytesAnEntry -v
//
// # What happens if
//
//   - the key is absent: Get returns the zero value and false (TestEmpty).
//   - the capacity is 1: each Put of another key evicts the one there is
//     (TestCapacityOne).
//   - the capacity is 0 or negative: New panics (TestConstructorsPanic); Resize returns an
//     error and changes nothing (TestResizeErrors).
//   - an entry expires: it is absent from that nanosecond on, and a later Put or Len
//     removes it (TestLifeToTheNanosecond, TestLenForgetsTheExpired).
//   - the clock goes backwards, or stands still while the machine sleeps: the cache keeps
//     its latest time, and nothing expires until the clock has passed it (TestClocks).
//   - one value costs more than MaxCost: it is not stored, and the previous value of its
//     key leaves as well (TestCost).
//   - OnEvict calls the cache: it may, since no lock is held (TestOnEvictMayUseTheCache).
//   - OnEvict panics: the cache stays usable, OnEvict is called for the other values too,
//     then the panic continues (TestPanickingOnEvict).
//   - Cost, Hash or Now panics: nothing has changed (TestPanicsOfTheCaller).
//   - an entry is used again and again: its life still ends, counted from the Put; with
//     Options.Sliding it never ends (TestExpiredIsAbsent, TestSliding).
//   - many callers find an entry older than Options.Refresh: all get its value at once,
//     and one load brings the next value (TestOneRefreshForManyCallers); if that load
//     fails, the value stays (TestFailedRefresh).
//   - Compute's key is written while its function runs: the function runs again
//     (TestComputeRunsAgain).
//   - a value is put while the function of DeleteFunc looks at the previous value of the
//     key: the new value stays (TestDeleteFuncSparesNewValues).
//   - the program ends during a load: WaitLoads waits for it (TestWaitLoads).
//   - the loader fails: all callers waiting for it get the error, and nothing is stored
//     (TestErrorsAreNotStored).
//   - the loader panics: each caller waiting for it panics, and the key can be loaded again
//     (TestLoaderThatDoesNotReturn).
//   - a caller's context ends before a load: a stored value is still returned, but no
//     load begins; during a load: only that caller stops waiting (TestCancelledCaller).
//   - the key is deleted or put during its load: the load's callers get its value, which
//     is not stored (TestSuperseded).
//   - two loads need each other's key: both wait until a context ends or one of the keys is
//     deleted (TestLoadsThatNeedEachOther).
//   - all keys collide: every answer stays right, and each lookup is O(n)
//     (TestAllKeysCollide).
//   - a key is NaN: it is stored, never found, and evicted in its turn (TestNaN); each
//     GetOrLoad of it loads (TestNaNIsLoadedByEachCaller).
//   - a loop changes the cache: a loop over a Cache yields the entries that are present
//     when it reaches them (TestModel); a loop over a Sync yields the entries that were
//     present when it began.
//
// # Concurrency
//
// A [Cache] is for one goroutine at a time, even for reads, since a Get changes the order.
// For the same reason a [Sync] has a [sync.Mutex]: the read lock of a [sync.RWMutex] would
// not be enough for a Get. Sync and [Sharded] are safe for concurrent use. Each operation
// takes effect at one moment while it holds the lock of the cache or of the key's shard.
// So Get and Put, and what they count, are linearizable. Operations of a Sharded that
// visit several shards (Len, Cost, Cap, Stats, Clear, Resize, DeleteExpired, All) take
// effect in each shard at a different moment. Len, Cost, DeleteExpired and Oldest remove
// expired entries in batches of 256 and take effect with the last batch. An operation
// decides what has expired by the time that it read when it began. In the Go memory model,
// a Put happens before the Get that returns its value, and a load before the return of
// each GetOrLoad that waited for it.
//
// OnEvict, Cost, Life, Hash, Now, loaders and the functions of Compute and DeleteFunc are
// called with no lock held; each may use the cache, panic, or end its goroutine. The
// methods of a zero value panic before they take a lock. A copy of a cache is the same
// cache. If its context can end, GetOrLoad runs the loader in a new goroutine, and so
// does a refresh. The goroutine ends when the loader does; WaitLoads waits for it.
// DeleteFunc takes effect entry by entry, GetOrLoadAll key by key.
//
// # Trade-offs
//
// The main disadvantage: LRU does not know how often an entry was used. A scan over many
// keys that are used once evicts everything else. With 80 hot keys, a cache of 100 and a
// scan of 100 new keys between the rounds, LRU hits in 8 of 100 reads; the LFU of package
// lfu hits in 48, the maximum possible there:
//
//	go test ./lfu -run TestTraces
//
// When the set of hot keys changes, LRU hits more often than LFU. It is also cheaper and
// simpler. If neither fits, caches of the family of W-TinyLFU and S3-FIFO hit more often
// than both on most traces; they give up the exact order.
//
// A Get writes. If nearly all calls are hits, on many processors, and the working
// set fits, a concurrent map is better: package concmap.
//
// A hash table with chains is slower than a Go map for lookups alone. But an LRU cache
// also has to find the victim in the table; for that a Go map would hash its key again
// and hold each key twice.
//
// Three features are left out on purpose. An entry cannot be pinned: a cache of pinned
// entries is a map that grows. Entries cannot be deleted by a tag: that would need an
// index, for which every Put would pay; DeleteFunc instead visits all entries, O(n) in
// each call. And new entries are not admitted by frequency: package lfu does that.
//
// A [Sharded] can evict an entry while other shards have room: with n entries in s shards,
// the fullest shard holds about √(2·n/s·ln s) more than the mean (Raab and Steger, 1998).
// In a large cache a shard has room for 256 entries or more, so that this costs few hits:
// with 100,000 entries and keys by Zipf's law, 256 shards hit in 76.90 % of all reads, one
// in 76.91 % (TestHitsInShards in evidence/rows/lru). Use [Sync] if the order or the exact
// number matters and one lock is fast enough.
//
// A read of a Sharded writes, and what one processor writes the next one has to fetch.
// To keep that little, a shard logs its last nine hits next to its lock, and moves their
// entries to the front later: before the next operation that depends on the order, so
// that no caller can see the delay. Where nearly all operations on a few keys are reads,
// caches that read without a lock are faster on many processors.
//
// # References
//
// Sleator and Tarjan, "Amortized Efficiency of List Update and Paging Rules" (1985): LRU
// with k places misses at most k/(k-h+1) times as often as optimal paging, which knows
// the future, with h ≤ k places. Knuth, The Art of Computer Programming 1, section 2.2.5
// (doubly linked lists) and 3, section 6.4 (hashing with chains). Varghese and Lauck,
// "Hashed and Hierarchical Timing Wheels" (1987). Nishtala and others, "Scaling Memcache
// at Facebook" (2013), whose leases are the reason that a Put supersedes a load. Raab and
// Steger, "Balls into Bins" (1998).
package lru
