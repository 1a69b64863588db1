// Package lfu answers: design a data structure for an efficient least frequently
// used (LFU) cache.
//
// The answer at the whiteboard is in textbook_test.go: a Go map and a min-heap of counts.
// Cache does in O(1) what the heap does in O(log n). Read textbook_test.go first, then
// exact.go, dynamic.go, tinylfu.go and lfu.go; what lfu shares with lru is in
// internal/cache: core.go (Get and Put), leave.go (how entries leave), load.go (loads).
//
// To watch this code at work, step by step: go run ./examples/visual, page lfu.
//
// # Terms
//
//	use        a Get that finds its key, or a Put
//	count      the number of uses of an entry since it was added
//	slot       the index of an entry in the slices that hold the entries; it starts at 1
//	order      the list of all entries, the most valuable in front
//	leave      to be removed, for any Reason: evicted, expired, deleted, replaced, cleared
//	bucket     Exact: a run of neighbours in the order that have the same count; its number
//	           says where its count and its first entry are stored
//	priority   Dynamic: what orders the entries in place of the count
//	floor      Dynamic: the priority of the entry that was evicted last
//	class      Dynamic: a run of neighbours in the order that have the same priority
//	window     TinyLFU: the entries that were added last, one in 100, in front of all others;
//	           the others are the main part
//	candidate  TinyLFU: the last entry of the window, when an entry has to be evicted
//	rival      TinyLFU: the last entry of the order, which competes with the candidate
//	estimate   TinyLFU: how often a key was used lately, whether it has an entry or not
//	sketch     TinyLFU: what holds the estimates of keys without an entry: the doorkeeper, and
//	           counters
//	doorkeeper TinyLFU: the bits that tell whether a key was used before
//	trial      TinyLFU: a candidate that is admitted to see whether the estimates are right
//	victim     the entry that the next Put of a new key evicts: the last of the order; with
//	           TinyLFU the candidate or its rival
//
// # Idea
//
// An LFU cache has a limited capacity. When it is full and a new key is put, it evicts
// the entry that was used least often. A hash table finds the entry of a key. What finds
// the entry with the lowest count? The usual answer is a min-heap over the counts. But
// every use changes a count, and the heap is then put in order along a path between root
// and leaf: O(log n) for each Get and each Put.
//
// A heap orders arbitrary changes of priority. A use does not change a count arbitrarily:
// it adds one. So an entry that is used always moves to the entries with the next higher
// count. In one list of all entries, ordered by count, those come directly before the
// entries with its own count (Shah, Mitra and Matani, 2010):
//
//	order:    e ⇄ b ⇄ a ⇄ g ⇄ d ⇄ c ⇄ f      most valuable … next to leave
//	          └─┬─┘   │   └────┬────┘
//	bucket:    [9] ◀─[4]◀─────[1]               count; each knows the next above
//
//	Get(g):   e ⇄ b ⇄ a ⇄ g ⇄ d ⇄ c ⇄ f      g opens a bucket; no entry moves
//	          └─┬─┘   │   │   └──┬──┘
//	           [9] ◀─[4]◀[2]◀───[1]
//
//	Get(d):   e ⇄ b ⇄ a ⇄ d ⇄ g ⇄ c ⇄ f      d joins it, in front: used last
//	          └─┬─┘   │   └─┬─┘   └─┬─┘
//	           [9] ◀─[4]◀──[2]◀────[1]
//
//	Get(a):   [4] becomes [5] in place: a is alone in its bucket
//
// A bucket is the run of entries that have the same count, the last used first. It knows
// its count, its first entry, and the bucket above. A use needs no more than that. The
// end of the list is the victim: the least frequently used entry and, of several, the one
// that was used longest ago. A new entry has the count 1: it joins the lowest bucket or
// opens one below it.
//
// The table has the comparisons in the heap in one operation, the worst of 10,000 or
// more. Whatever n is, Exact looks at four buckets at most, and Dynamic at one word of 16
// bits:
//
//	n                         100   1,000   10,000   100,000
//	heap, Put                  13      19       27        33
//	      Put, one cold key    18      27       37        48
//	      Get                  12      18       26        26
//
//	go test -run TestHeapComparisons -v ./lfu
//
// In "one cold key" all entries but one are hot and each Put replaces that one. A
// cache that looks for the lowest count from where it was last, or walks through
// buckets that have run empty, takes O(n) there.
//
// # Ageing
//
// Exact counts never forget, which is their main weakness: see Trade-offs. Dynamic is LFU
// with dynamic ageing (Arlitt and others, 2000). When an entry is used, it gets a
// priority above the floor; the more often it was used, the higher. The floor is the
// priority of the last entry that was evicted. So it rises as entries are evicted, and
// new entries overtake an entry that is no longer used.
//
//	priority = floor + min(1 + 4·(count-1), 15)
//
// The first use weighs 1 and a further one 4, because a further use says more: most keys
// that are used once are never used again. In the paper both weigh 1; dynamic.go has the
// hits for several weights.
//
// No priority is below the floor or more than 15 above it: 16 classes. They divide the
// list as the buckets do. A 16-bit word says which classes have entries; one rotation and
// one bit scan find the next class below. A byte holds all that Dynamic knows of an
// entry: its class, which is its priority modulo 16, and its count, which ends at 15.
//
// # Admission
//
// Exact and Dynamic admit every new key, and forget the count of an entry that leaves. So
// a key that is used once evicts one that is used often, and a key that returns starts
// again with the count 1. A loop over more keys than fit never hits: each key is evicted
// just before it is used again. TinyLFU (Einziger, Friedman and Manes, 2017) puts an
// admission policy in front of Dynamic:
//
//	      ┌─ window ─┐   ┌─────── main part: Dynamic ───────┐
//	Put ─▶ n ⇄ m ⇄ c     e ⇄ b ⇄ a ⇄ g ⇄ d ⇄ … ⇄ r
//	               └───── estimate(c) > estimate(r)? ─────┘
//	                 yes: r is evicted, c admitted    no: c is evicted
//
// A new entry goes to the window, which has one in 100, but at least one, of the entries.
// When an entry has to be evicted, the window's last entry, the candidate, is compared
// with its rival, the last entry of the order. If the candidate's key was used more often
// lately, the rival is evicted, and the candidate is admitted to the main part, to the
// place that its count gives it. If not, the candidate is turned away: it is evicted. The
// window gives a new key time to be used again. While the cache is not full, the last
// entry of a full window goes to the main part without a comparison.
//
// A table of all keys that were ever used would grow without limit. The sketch takes 8.25
// bytes for each entry, whatever the number of keys. Most keys are used once. For such a
// key the sketch sets three bits of a Bloom filter (Bloom, 1970), the doorkeeper. Only a
// key whose bits are all set, and so has been used before, is counted. A count-min sketch
// (Cormode and Muthukrishnan, 2005) has a fixed number of counters, here of 4 bits, eight
// for each entry. A key's hash chooses two of them, which other keys share; the lower is
// the estimate. A use raises only a counter that is below the new estimate. So an estimate
// can be too high, but is never too low, and the many keys that are used once do not raise
// those of others.
//
// While a key has an entry, its estimate is kept with the entry: it is read from the
// sketch when the entry is added, and written back when the entry leaves. So a hit changes
// no counter, and the keys in the cache do not raise the estimates of others. After each
// sample of 10 uses for each entry all estimates are halved, so that old uses lose their
// weight. Halving them at once would be O(n). Instead, a new epoch begins, and each block
// of 256 bits and 64 counters, and the estimate of each entry, is halved when it is looked
// at next; the estimates are the same.
//
// Estimates look back for a whole sample. When the hot keys change, the old ones keep
// their places for so long that Dynamic alone has more hits. Other caches therefore have
// a window that grows and shrinks, by hill climbing on the hits (Einziger and others,
// 2018). TinyLFU checks its decisions instead. Now and then it makes a trial: it admits a
// candidate that it should turn away, and notes the hash of the rival. If the candidate
// is used before the rival's key returns, the estimate was wrong; otherwise it was right.
// While wrong estimates prevail, every candidate is admitted, as by Dynamic. This is set
// dueling (Qureshi and others, 2007), with pairs of entries in place of sets. tinylfu.go
// and sketch.go have the hits for several values of each constant.
//
// The order of all three is the list of internal/cache, which lru uses too. In lru a used
// entry goes to the front; here it goes where exact.go, dynamic.go or tinylfu.go says.
//
// # Invariants
//
//	I1  the order list and the hash table hold the same entries
//	I2  the order is a circle: next leads through all entries, prev is its inverse
//	I3  there are at most Cap entries
//	I4  the costs of the entries add up to Cost, which is at most MaxCost
//	I5  exactly the entries that can expire are in the timing wheel
//	I6  along the order the counts (Exact) or the priorities (Dynamic, and TinyLFU in
//	    the main part) never rise, and every count is at least 1; priorities lie in
//	    floor … floor+15
//	I7  each bucket (class) begins at the first entry that has its count
//	    (priority), none is empty, and each bucket knows the one above it
//	I8  TinyLFU: the window is a run of entries at the front of the order; its length and
//	    its last entry are known
//	I9  TinyLFU: each trial under way is found by the hash of its rival and by that of
//	    its candidate, an entry of the main part; the score lies in -8 … 8, and a sample
//	    has not ended
//
// # Complexity
//
//	operation                                    time      moves   worst   allocations
//	Get                                          O(1) ~    1       1       0 *
//	Put, PutTTL, GetOrPut                        O(1) ~*   1 *     n       0 *
//	GetOrLoad                                    O(1) ~*   1 *     n       O(1)
//	Compute                                      O(1) ~*   1 *     n       O(1)
//	GetOrLoadAll                                 O(n) ~*   n *     n       O(n)
//	WaitLoads                                    O(1)      0       0       O(1)
//	Peek, Contains, Frequency, Expiry            O(1) ~    0       0       0
//	PeekAll                                      O(n) ~    0       0       0
//	Touch                                        O(1) ~*   0       n       0 *
//	Delete                                       O(1) ~    1       1       0
//	LeastFrequent, PopLeastFrequent, Len, Cost   O(1) ~*   1 *     n       0
//	Cap, Stats                                   O(1)      0       0       0
//	All, Backward, Keys, Values                  O(n)      0       n       O(1)
//	Clear, Resize                                O(n)      n       n       O(1)
//	DeleteExpired                                O(n)      n       n       0
//	DeleteFunc                                   O(n)      n       n       O(n)
//
// n is the number of entries; for PeekAll and GetOrLoadAll, of the keys. The column moves
// is the average number of entries that change their place or leave in one call; worst is
// the maximum in any call over the life of a cache. Expected (~) is an average over the
// hash function, which is seeded for each cache. Apart from the hash table, an operation
// that is O(1) is so in the worst case too, except where it is amortised (*):
//
//   - A Put while the cache grows to its capacity: all n entries move, in the hash
//     table, in the order, and in the slices of buckets or marks, deadlines and costs
//     where there are any. That is 2.5 moves for each entry over the life of a cache
//     that only grows.
//   - A Put under MaxCost, where one heavy entry can evict many.
//   - Any operation that finds expired entries: each of these is removed once.
//   - The first PutTTL in a cache without Options.TTL, which adds the slice of deadlines.
//   - With Exact, a use that needs more buckets than there ever were: it allocates a page
//     of 64, 1 KiB. It takes k(k+1)/2 uses to have k different counts at one time.
//
// At capacity, without expiry or MaxCost, no operation is amortised except the last of
// these. With TinyLFU one Put moves three entries at most: the new one, and two from the
// window to the main part. In a Sharded, Len, Cost, Cap and Stats visit each shard.
//
// In a full cache of 262,144, an int64→int64 entry takes 40 bytes with Exact, 37 with
// Dynamic and 47.25 with TinyLFU: 24 in the hash table, 4 for its bucket there (8 up to
// 131,072 entries), 8 for its links in the order, and then 4 for the number of its bucket
// (Exact; the count itself, a uint64, is in the bucket, once) or 1 for class and count
// (Dynamic). TinyLFU takes two things more than Dynamic: 2 for the estimate of the entry,
// and 8.25 for the sketch. If all counts differ, Exact takes 16 more, a bucket per entry.
// A deadline takes 16, a cost 8, a life that slides 8, and Options.Refresh 24, or 8 where
// entries can expire anyway. A cache that has just grown has up to half as much memory
// again. Only Clear and a Resize to a smaller capacity release memory.
//
//	go test -run TestBytesAnEntry -v ./lfu
//
// # What happens if
//
//   - the key is absent: Get returns the zero value and false, and no count changes
//     (TestAbsent).
//   - the capacity is 1: each Put of another key evicts the one there is, however often
//     it was used (TestCapacityOne).
//   - the capacity is 0 or negative: New panics (TestBadInput); Resize returns an error and
//     changes nothing (TestResizeBadInput).
//   - two entries have the same count: the one used longest ago is evicted first
//     (TestVictim).
//   - all other entries have higher counts than the new one: it is the next victim, but not
//     the victim of its own Put (TestNewcomer, TestSpared).
//   - a count reaches the largest uint64: it stays there, and recency alone orders the
//     entries that have it (TestOverflow).
//   - all counts differ: Exact has a bucket per entry (TestManyCounts).
//   - the hot keys change: Exact keeps the old ones, Dynamic lets them age (TestTraces),
//     and TinyLFU notices that its estimates are wrong (TestTrials).
//   - a key is used once: with TinyLFU it does not take the place of one that was used
//     more often (TestTurnedAway).
//   - a sample ends: no single use does more work than another (TestSketchWork).
//   - an entry expires or is deleted and its key is put again: it starts with the count 1
//     (TestExpiredStartsAnew, TestFrequency).
//   - one value costs more than MaxCost: it is not stored, and the previous value of its
//     key leaves as well (TestCostAndTime).
//   - OnEvict calls the cache: it may, since no lock is held (TestCallback).
//   - an entry is found by Touch or Expiry: that is not a use, and its count stays
//     (TestCostAndTime); a Compute that stores is a use, as a Put is (TestModelExact).
//   - an entry is older than Options.Refresh: GetOrLoad returns it and loads the next value
//     meanwhile (TestRefresh).
//   - the loader fails: all callers waiting for it get the error, and nothing is stored
//     (TestGetOrLoad).
//   - all keys collide: every answer stays right, and each lookup is O(n)
//     (TestAllKeysCollide).
//   - a key is NaN: it is stored, never found, and evicted in its turn (TestNaN).
//
// What clocks, contexts, panics and deletes during a load do is the same as in package
// lru: see there.
//
// # Concurrency
//
// A [Cache] is for one goroutine at a time, even for reads, since a Get counts. [Sync] and
// [Sharded] are safe for concurrent use. Each operation takes effect at one moment while
// it holds the lock of the cache or of the key's shard. So Get and Put, and what they
// count, are linearizable. Operations of a Sharded that visit several shards (Len, Cost,
// Cap, Stats, Clear, Resize, DeleteExpired, All) take effect in each shard at a
// different moment. Len, Cost, DeleteExpired and LeastFrequent remove expired entries in
// batches of 256 and take effect with the last batch. In the Go memory model, a Put
// happens before the Get that returns its value, and a load before the return of each
// GetOrLoad that waited for it.
//
// No goroutine runs in the background, except to load. If its context can end, GetOrLoad
// runs the loader in a new goroutine, and so does a refresh. The goroutine ends when the
// loader does; WaitLoads waits for it. DeleteFunc takes effect entry by entry,
// GetOrLoadAll key by key. OnEvict, Cost, Life, Hash, Now, loaders and the functions of
// Compute and DeleteFunc are called with no lock held; each may use the cache, panic, or
// end its goroutine. The methods of a zero value panic before they take a lock. A copy of
// a cache is the same cache.
//
// # Trade-offs
//
// The main disadvantage: an entry that was popular once keeps its place. When the hot
// keys change, a full Exact cache holds the old ones, whose counts no new key reaches,
// and the new ones evict each other from the places that are left. The table has the hits
// in percent of all reads, for a cache of 100 entries; scan reads 80 hot keys and,
// between them, 100 keys that never come again; shift reads 80 hot keys and, later, 80
// others; loop reads 150 keys in turn:
//
//	         lru   Exact   Dynamic   TinyLFU   possible
//	scan       8      48        48        48         48
//	shift     98      49        94        93         98
//	loop       0       0         0        64         65
//
//	go test -run TestTraces ./lfu
//
// Exact has no hit at all after the shift. So use Exact where popularity lasts, as for
// the pages of a dictionary or the tiles of a map, and wherever strict LFU is required.
// Dynamic is the right choice for most programs. Package lru is simpler, takes less time,
// follows a change at once, and is right where the entry that was used last is used next;
// but a scan evicts all its entries.
//
// TinyLFU has the most hits. Use it where a miss is expensive; evidence/HITRATIO.md
// compares it with other caches. It takes a quarter more memory than Dynamic. A hit
// takes about a sixth more time, and a Put that evicts takes about twice the time: it
// counts the key in the sketch, and decides whether the candidate stays. No simple rule
// says which entry is evicted: that depends on the hashes of the keys, which differ from
// cache to cache unless [Options.Seed] is set. A new entry is evicted sooner than with
// Exact and Dynamic: a program that puts what it needs later, and does not get it
// meanwhile, should not use TinyLFU.
//
// A hit costs more than in lru, since the count has to be read and the memory of the
// entry's new place touched. A new entry can be the next victim at once, in particular
// when all others were used twice; it is never the victim of its own Put.
//
// The textbook answer, a map and a heap with the index of each entry in it, is in
// textbook_test.go. It is correct, and fast where counts are spread so that an entry
// rarely sinks far. But what an evicting cache does all the time is its worst case: the
// victim is removed from the root, the last leaf takes its place and sinks back, and the
// new entry, with the lowest count, rises through all levels.
//
// # References
//
// Ketan Shah, Anirban Mitra and Dhruv Matani, "An O(1) algorithm for implementing the LFU
// cache eviction scheme" (2010): the list of buckets. There each bucket has a list of its
// own; here all share one list, and a bucket is 16 bytes. Martin Arlitt, Ludmila
// Cherkasova, John Dilley, Rich Friedrich and Tai Jin, "Evaluating content management
// techniques for Web proxy caches" (2000): LFU with dynamic aging. Pei Cao and Sandy
// Irani, "Cost-aware WWW proxy caching algorithms" (1997): the rising floor, in
// GreedyDual-Size. Gil Einziger, Roy Friedman and Ben Manes, "TinyLFU: a highly efficient
// cache admission policy" (2017); Gil Einziger, Ohad Eytan, Roy Friedman and Ben Manes,
// "Adaptive software cache management" (2018): the window that climbs. Burton Bloom,
// "Space/time trade-offs in hash coding with allowable errors" (1970): the doorkeeper's
// bits. Graham Cormode and S. Muthukrishnan, "An improved data stream summary: the
// count-min sketch and its applications" (2005). Cristian Estan and George Varghese, "New
// directions in traffic measurement and accounting" (2002): only the lowest counters are
// incremented. Moinuddin Qureshi and others, "Adaptive insertion policies for high
// performance caching" (2007): set dueling. J. W. J. Williams, "Algorithm 232: Heapsort"
// (1964): the heap.
package lfu
