// Package lfu answers: design a data structure for an efficient least frequently
// used (LFU) cache.
//
// # Idea
//
// A cache of limited capacity that, when it is full and a new key comes, lets the
// entry go that was used least often. A hash table finds the entry of a key. What
// finds the entry with the lowest count? The usual answer is a min-heap over the
// counts. But every use changes a count, and a heap is put in order again along a
// path from the root to a leaf: O(log n) for each Get and each Put.
//
// A heap orders arbitrary changes of priority. A use does not change a count
// arbitrarily: it adds one. So an entry that is used can go to one place only, the
// entries with the next higher count, and these are next to it if the entries are
// kept in one list by their counts (Shah, Mitra and Matani, 2010):
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
// A bucket is the stretch of the list whose entries have one count, the last used
// first. It knows its count, where it begins, and the bucket above. That is all a
// use needs, and the end of the list is the victim: the least frequently used and,
// of several, the one that was used longest ago. A newcomer has the count 1, so
// it belongs into the lowest bucket or opens one below it.
//
// Counted steps of one operation, the worst of 10,000 or more (comparisons in the
// heap, buckets and entries touched here):
//
//	n                         100   1,000   10,000   100,000   1,000,000
//	heap, Put                  13      19       27        33          39
//	      Put, one cold key    18      27       37        48          57
//	      Get                  12      18       26        26          38
//	Exact, Put                  2       2        2         2           2
//	      Put, one cold key     3       3        3         3           3
//	      Get                   3       3        3         3           3
//	Dynamic, each               1       1        1         1           1
//
//	go test -tags debug -run 'TestGrowth$' -v ./lfu
//
// In "one cold key" all entries but one are hot and each Put replaces that one. A
// cache that looks for the lowest count from where it was last, or walks through
// buckets that have run empty, takes O(n) there.
//
// # Ageing
//
// Exact counts never forget, which is their main weakness: see Trade-offs. Dynamic
// is LFU with dynamic ageing (Arlitt and others, 2000). When an entry is used, its
// priority is lifted above the floor, the higher the more often it was used. The
// floor is the priority of the last entry that had to make room, so it rises as
// entries leave, and an entry that is not used any more is overtaken by newcomers.
//
//	priority = floor + min(1 + 4·(count-1), 15)
//
// The first use weighs 1 and a further one 4, since it tells more: most keys that
// come once never come again. In the paper both weigh 1; dynamic.go has the hits
// for several weights.
//
// Nobody's priority is below the floor or more than 15 above it: 16 classes. They
// divide the list as the buckets do, a 16-bit word says which of them have entries,
// and the next one below is found with one rotation and one bit scan. A byte holds
// all that is known of an entry: its class, which is its priority modulo 16, and
// its count, which ends at 15.
//
// The order that both share is the list of internal/cache, the core that is under
// lru too: there a used entry goes to the front, here to where exact.go or
// dynamic.go say.
//
// # Invariants
//
//	I1  the order list and the hash table hold the same entries
//	I2  the order is a circle: next leads through all entries, prev is its inverse
//	I3  there are at most Cap entries
//	I4  the costs of the entries add up to Cost, which is at most MaxCost
//	I5  exactly the entries that can expire are in the timing wheel
//	I6  along the order the counts (Exact) or the priorities (Dynamic) never rise,
//	    and every count is at least 1; priorities lie in floor … floor+15
//	I7  each bucket (class) begins at the first entry that has its count
//	    (priority), none is empty, and each bucket knows the one above it
//
// # Complexity
//
//	operation                                    time      moves   allocations
//	Get                                          O(1) ~    1       0
//	Put, PutTTL, GetOrPut                        O(1) ~*   1       0
//	GetOrLoad                                    O(1) ~*   1       O(1)
//	Peek, Contains, Frequency                    O(1) ~    0       0
//	Delete                                       O(1) ~    1       0
//	LeastFrequent, PopLeastFrequent, Len, Cost   O(1) ~*   1       0
//	Cap, Stats                                   O(1)      0       0
//	All, Backward, Keys, Values                  O(n)      0       O(1)
//	Clear, Resize                                O(n)      n       O(1)
//	DeleteExpired                                O(n)      n       0
//
// n is the number of entries. Expected (~) is over the hash function, which is
// seeded for each cache; what comes after the hash table is O(1) in the worst case.
// Amortised (*) is a Put while the cache grows to its capacity, and what meets
// entries that have expired: each of them is taken out once. At capacity and
// without expiry or MaxCost no operation is amortised, and none allocates, but for
// this: Exact takes 1 KiB for each 64 different counts that it has at one time
// beyond those it ever had before, and k different counts take k(k+1)/2 uses. In a
// Sharded, Len, Cost, Cap and Stats visit each shard.
//
// An int64→int64 entry takes 40 bytes with Exact and 37 with Dynamic, of which 24
// are the entry in the hash table, 4 its bucket there, 8 the links of the order, and
// 4 or 1 the count. If all counts differ, Exact takes 16 more.
//
//	go test -run TestBytes -v ./lfu
//
// # Concurrency
//
// A Cache belongs to one goroutine. Sync and Sharded are safe for concurrent use.
// Each operation takes effect at one moment while it holds the lock, of the cache
// or of the key's shard: Get and Put, and what they count, are linearizable. Those
// of a Sharded that visit several shards (Len, Cost, Cap, Stats, Clear, Resize, All)
// take effect in each at another moment. In the Go memory model, a Put happens
// before the Get that returns its value, and a load before the return of each
// GetOrLoad that waited for it.
//
// No goroutine runs in the background. GetOrLoad with a context that can end runs
// the loader in a goroutine, which ends with it. OnEvict, Cost, Hash, Now and
// loaders are called with no lock held.
//
// # Trade-offs
//
// The main disadvantage: what was popular once keeps its place. When the hot keys
// change, a full Exact cache holds the old ones, whose counts nobody reaches any
// more, and the new ones displace each other in what room is left. Hits in percent
// of all reads, 100 entries; scan reads 80 hot keys and, between them, 100 keys
// that never come again; shift reads 80 hot keys and, later, 80 others:
//
//	         lru   Exact   Dynamic   possible
//	scan       8      48        48         48
//	shift     98      49        94         98
//
//	go test -run TestTraces ./lfu
//
// Exact has no hit at all after the shift. So Exact is for a popularity that lasts:
// the pages of a dictionary, the tiles of a map, and wherever the rule itself is
// asked for. Dynamic is the one for most programs. lru is simpler, a little faster,
// follows a change at once, and is right where what was used last is used next; a
// scan washes it out. A cache that also remembers keys which are not in it, such as
// W-TinyLFU, has a better hit ratio still and is no longer the structure of this
// question: its choice is not a rule that one can state in a sentence.
//
// A hit costs twice one of lru (50 beside 22 ns at 100,000 entries, by go run -C
// evidence ./peers -pkg lfu), since the count has to be read and the entry's new
// place touched. A newcomer can be the next victim at once, in particular when
// all others were used twice; it is never the victim of its own Put.
//
// The textbook answer, a map and a heap with the index of each entry in it, is in
// textbook_test.go. It is right, and quick where counts are spread so that an entry
// seldom sinks far; but its worst case is what an evicting cache does all day: a
// victim leaves from the root, the last leaf takes its place and sinks back, and a
// newcomer with the lowest count rises through all levels.
//
// # References
//
// Ketan Shah, Anirban Mitra and Dhruv Matani, "An O(1) algorithm for implementing
// the LFU cache eviction scheme" (2010): the list of buckets. There each bucket
// has a list of its own; here all share one list, and a bucket is 16 bytes.
// Martin Arlitt, Ludmila Cherkasova, John Dilley, Rich Friedrich and Tai Jin,
// "Evaluating content management techniques for Web proxy caches" (2000): LFU with
// dynamic aging. Pei Cao and Sandy Irani, "Cost-aware WWW proxy caching algorithms"
// (1997): the rising floor, in GreedyDual-Size. J. W. J. Williams, "Algorithm 232:
// Heapsort" (1964): the heap.
package lfu
