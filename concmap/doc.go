// Package concmap answers: how would you implement a concurrent hash map, and how
// does it grow while all goroutines use it? The shortest answer at the whiteboard is in
// textbook_test.go: one Go map and one sync.RWMutex.
//
// Striped is the next answer: 64 Go maps, each with its own lock. Map is the one to
// use: reads take no lock, and no caller ever waits for a resize of the whole map.
//
// Read the files in this order: textbook_test.go, striped.go; then group.go, segment.go,
// directory.go, map.go, access.go and replace.go; then cell.go, compute.go, flight.go,
// iterate.go and snapshot.go, each of which needs only the files before it.
//
// To watch this code at work, step by step: go run ./examples/visual, page concmap.
//
// # Terms
//
//	slot        memory for one key and one value
//	cell        the half of a slot that holds the value; it is read and written atomically
//	group       seven slots and the control word that says which of them are in use
//	tag         seven bits of a key's hash, kept in the control word
//	turn        seven bits of a key's path, kept in its group; they say to which half the
//	            key goes each time its segment is divided
//	table       1 to 32 groups, a power of two
//	home        the group of a table in which the search for a key begins
//	segment     a table, its lock and its counts; it owns all keys of one path
//	path        the low bits of a hash that all keys of a segment have in common
//	directory   the array that leads from a path to its segment
//	place       an element of the directory: a pointer to a segment, for writers, and one
//	            to its table, for readers
//	frozen      a frozen segment never changes again; the next write to it replaces it
//	heir        a segment that replaces a frozen one
//	generation  the time between two calls of Clear, and the segments made in it
//	live, dead  a live slot holds an entry; a dead one holds the key of a deleted entry
//
// # Idea
//
// The map is divided into segments of at most 224 slots. A directory leads from some bits
// of the hash to the segment (extendible hashing). Other bits lead to a group of seven
// slots in it. Seven more bits are the tag, which is compared with those of all seven
// slots at once, in the group's control word:
//
//	hash   ttttttt ggggg … … … ppp ····
//	         tag   group       path
//
//	directory        segment: lock, counts        table: up to 32 groups
//	path 00 ┌───┐   ┌─────────────────────┐      ┌──────┬─────────────────┐
//	        │  ─┼──▶│ depth 2, path 00    │─────▶│ ctrl │ 7 × key, cell   │
//	     01 ├───┤   └─────────────────────┘      ├──────┼─────────────────┤
//	        │  ─┼──┐                             │  …   │                 │
//	     10 ├───┤  │ ┌─────────────────────┐     └──────┴─────────────────┘
//	        │  ─┼─┐└▶│ depth 1, path ·1    │──▶ …
//	     11 ├───┤ │┌▶└─────────────────────┘
//	        │  ─┼─┼┘ ┌─────────────────────┐
//	        └───┘ └─▶│ depth 2, path 10    │──▶ …
//	                 └─────────────────────┘
//
// All changes of the map's shape use one procedure, freeze and replace. It freezes a
// segment, after which nothing in it changes. It copies the entries to one or two heirs,
// which no other goroutine sees yet. Then it puts the heirs into the directory. A full
// segment has two heirs, and each key's turn says to which of them it goes. One that is
// nearly empty, or full of dead slots, has one heir, and two nearly empty neighbours have
// one together.
//
// The directory doubles when the paths of two heirs have more bits than it has. By then
// its successor, of twice the length, has been prepared: once most places have a segment
// of their own, each replacement copies a few places to the successor. A Snapshot freezes
// all segments, and the next write to each replaces it. A Clear replaces the directory by
// an empty one.
//
// Why is a read without a lock correct? A slot belongs to one key as long as its table
// exists: the key is written once, then published by the control word. The value is in a
// cell that is read and written atomically. A reader finds its key live, reads the cell,
// and checks again that the slot is live. If the table has been replaced meanwhile, the
// reader has seen it as it was when it was frozen. That was the map's state at some
// moment of the call.
//
// # Invariants
//
//	I1  both pointers of each place of the directory lead to the same segment: its
//	    path is the low bits of the place's number, it is of the directory's
//	    generation, and it has not been replaced
//	I2  the slots of a group are used in order; a control byte is 0, or carries the
//	    tag of its key; a segment counts its live and its used slots, and the used
//	    are within its limit
//	I3  a live key is in the segment of its path, once, and a search from its home
//	    finds it
//	I4  where cells hold pointers, those of live slots are not nil, and those of dead
//	    slots are
//	I5  the counters add up to the number of live slots
//	I6  the directory of twice the length, if it has been begun, agrees with the
//	    current one in the places that have been copied, in both of its halves
//	I7  the turn of a live slot is the one of its key's hash, and its high bit is 1 if
//	    and only if the slot is outside the key's home
//
// # Complexity
//
//	operation                             time      moves   allocations
//	Load, Len                             O(1) ~    0       0
//	Store, Swap, LoadOrStore, Compute     O(1) ~*   2       0 if present and a word
//	LoadOrCompute, CompareAndSwap         O(1) ~*   2       as Store, 4 more to run the function
//	Add                                   O(1) ~*   2       0 if present and a word
//	LoadAndDelete, Delete                 O(1) ~*   1       0
//	CompareAndDelete                      O(1) ~*   1       0
//	Clear                                 O(1)      0       O(1)
//	Snapshot                              O(n)      0       O(n)
//	Stats                                 O(n)      0       0
//	All, Keys, Values, DeleteFunc         O(n)      0       O(1)
//	ToMap                                 O(n)      n       O(n)
//	Insert, Collect                       O(n) ~    2n      O(n)
//	Snapshot.Load                         O(1) ~    0       0
//	Snapshot.Len                          O(1)      0       0
//	Snapshot.All                          O(n)      0       0
//	Striped.Load                          O(1) ~    0       0
//	Striped.Store, Striped.Swap           O(1) ~*   1       0
//	Striped.LoadOrStore                   O(1) ~*   1       0
//	Striped.LoadAndDelete                 O(1) ~    1       0
//	Striped.Delete                        O(1) ~    1       0
//	Striped.Len, Striped.Clear            O(1)      0       0
//	Striped.All                           O(n)      n       O(n)
//
// The star (*) stands for calls that replace a segment, whose cost is amortised: such a
// call moves the segment's entries, at most 160, because a segment is replaced when 160 of
// its 224 slots are in use. Two segments are joined only if they have at most 40 entries
// together. A custom hash that collides makes segments larger. Doubling the directory
// moves pointers, not entries, and a few at a time. The n of Snapshot and Stats is the
// number of segments, about a hundredth of the entries. Len and Clear of a Striped visit
// its 64 stripes.
//
// "A word" in the table is a value that lies in its cell: one pointer, or up to 8 bytes
// without pointers. Other values are boxed, with one allocation per write.
//
// # What happens if
//
//   - All keys collide: segments are no longer divided; one of them grows, and a Load is
//     correct, but as slow as a search in a list (TestBadHash)
//   - A reader finds a segment that is being replaced: it reads the frozen one, which is
//     the map as it was at some moment of the call (TestReaderBetweenTheSteps)
//   - Two goroutines Compute the same key: no update is lost; the function of one may run
//     again (TestConcurrentCompute, TestComputeRunsAgain)
//   - A callback panics or ends its goroutine: the method has no effect, and no lock is
//     held (TestPanics, TestCallbacks)
//   - A callback uses the map, or clears it: it may (TestCallbacksMayUseTheMap)
//   - The body of a loop inserts each time: the loop ends, and yields no key twice
//     (TestLoopEnds, TestLoopMayChangeTheMap)
//   - Clear is called while others write: a write that began before the Clear is either
//     cleared or takes effect after it; no entry from before the Clear appears later
//     (TestClearDuringEverything)
//   - A key is stored while LoadOrCompute's function runs for it: the stored value stays
//     (TestLoadOrComputeOutcomes)
//   - A caller waits for another's LoadOrCompute, and the waiting caller's context ends:
//     it returns, and the other's function runs on (TestLoadOrComputeContexts)
//   - A counter overflows: Add wraps around, as + does (TestAdd)
//   - LoadOrCompute's function fails: its caller gets the error, and one of the waiting
//     callers runs its own function (TestLoadOrComputeInTurn)
//   - A key is NaN: each Store adds an entry that only loops find, as in a Go map (TestNaN)
//   - A key cannot be hashed: the method panics and changes nothing (TestUncomparable)
//   - Almost all keys are deleted: the memory is released late (TestBytesAfterRandomDeletes)
//   - The map is written after Snapshot: the Snapshot does not change (TestSnapshotStays)
//   - A Map is copied and both copies are used: one of them panics (TestCopies)
//
// # Concurrency
//
// All methods of [Map] and [Striped] may be called by any number of goroutines.
//
//	linearization points of Map
//	Load, and any call that only finds     the last look at the control word or cell;
//	                                       in a replaced table its freezing, or the
//	                                       load of the directory if that is later
//	Store, Swap and Add of a live key      the store of the cell, under the lock
//	an insert, a delete                    the store of the control word
//	Snapshot                               the freezing of the last segment
//	Clear                                  the store of the directory; a write that
//	                                       found the old one comes before the Clear
//
// Loops are not linearizable: see All. In the terms of the Go memory model, a write of a
// key happens before each read that returns its value. There is no data race, and the
// code under the race detector is the same: a key is plain memory, written before the
// atomic store of its control word and read after an atomic load of it.
//
// Reads never wait. A writer waits for another writer in the same segment, and for the
// replacement of that segment, which is a copy of at most 160 entries. All writers wait
// for a [Snapshot], which locks each segment once. A segment that goroutines wait for
// often is divided before it is full, until there are 16 segments per processor (a power
// of two of them).
//
// Locks are taken in the order segment.replaceMu, Map.mu, segment.mu. No callback runs
// under any of them: neither f, nor the body of a loop, nor a custom hash, nor a comparison
// of values. So a callback may panic, end its goroutine or use the map.
//
// A Map must not be copied after first use, which go vet reports. Of two copies in use
// one panics when it meets a segment that the other has replaced.
//
// # Trade-offs
//
// The main disadvantage is memory churn under growth: each replacement allocates a table
// and leaves one to the collector, and a map of pointers gives it more to scan than
// chains would. Values that need a box cost one allocation per write.
//
// Memory is allocated in whole segments: an entry of two words takes 26 bytes where a
// segment is full, and 53 where one was just divided. A smaller key takes no less, since
// its value lies next to it. An entry takes more in a small contended map, whose segments
// have at least eight groups, however few entries they hold. A deleted key stays until
// its segment is rebuilt. After random deletes memory is released late: the map keeps all
// of it until less than a third of the entries is left, and half of it when a tenth is
// left; from then on an entry of two words takes about 200 bytes. A map with at most 16
// segments for each processor joins none of them.
//
// The directory shrinks only in Clear. It takes 16 bytes for each hundred entries of the
// peak, and its successor takes 32. It takes more where keys are large and segments hold
// fewer entries, but no more than a quarter of what the entries take. The collector scans
// it in pieces of 128 KiB, and makes goroutines that allocate assist it: in a map of
// millions of entries, that can take most of the time of the slowest Store (go run -C
// evidence ./peers -pkg concmap -row worst).
//
// Use a Go map under a [sync.RWMutex] if several entries must change together, or if
// writes are rare and the map is small. Use [Striped] if you would rather read 150 lines
// than trust a larger design. Use [sync.Map] where no dependency is allowed.
//
// The textbook answer, one map and one sync.RWMutex, makes all readers write to the same
// lock word, whose cache line they take from each other. One large table with a lock for
// each stripe must stop all writers when it grows, or make each of them help to move
// entries.
//
// # References
//
// R. Fagin, J. Nievergelt, N. Pippenger and H. R. Strong, "Extendible Hashing: A
// Fast Access Method for Dynamic Files" (1979). A. Prokopec et al., "Concurrent
// Tries with Efficient Non-Blocking Snapshots" (2012): snapshots by generations.
// M. Kulukundis, "Designing a Fast, Efficient, Cache-friendly Hash Table, Step by
// Step" (CppCon 2017): control bytes. A. Mycroft's test for a zero byte (1987).
// M. Herlihy and J. Wing, "Linearizability" (1990).
package concmap
