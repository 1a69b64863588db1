// Package concmap answers: how would you implement a concurrent hash map, and how
// does it grow while everybody uses it?
//
// Striped is the answer at the whiteboard: 64 Go maps, each behind a lock of its
// own. Map is the one to use: reads without locks, and no resize that anybody waits
// for. Read striped.go first, then group.go, segment.go, directory.go, map.go,
// access.go and replace.go; compute.go, flight.go, iterate.go and snapshot.go stand
// on those.
//
// # Idea
//
// The map is cut into segments of at most 224 slots. A directory leads from some
// bits of the hash to the segment (extendible hashing), other bits lead to a group
// of seven slots in it, seven more bits are the tag by which one load of the
// group's control word finds the slot:
//
//	hash   ttttttt ggggg … … … ppp ····
//	         tag   group       path
//
//	directory        segment: lock, counts        table: up to 32 groups
//	path 00 ┌───┐   ┌─────────────────────┐      ┌──────┬────────┬────────┐
//	        │  ─┼──▶│ depth 2, path 00    │─────▶│ ctrl │ 7 keys │ 7 cells│
//	     01 ├───┤   └─────────────────────┘      ├──────┼────────┼────────┤
//	        │  ─┼──┐                             │  …   │        │        │
//	     10 ├───┤  │ ┌─────────────────────┐     └──────┴────────┴────────┘
//	        │  ─┼─┐└▶│ depth 1, path ·1    │──▶ …
//	     11 ├───┤ │┌▶└─────────────────────┘
//	        │  ─┼─┼┘ ┌─────────────────────┐
//	        └───┘ └─▶│ depth 2, path 10    │──▶ …
//	                 └─────────────────────┘
//
// Whatever changes the shape of the map is one procedure, freeze and replace:
// freeze a segment, after which nothing in it changes; build its heirs from it,
// which nobody sees yet; put them into the directory. Two heirs when it is full,
// one when it is full of dead slots or nearly empty, one for two neighbours that
// are. The directory doubles when a segment needs a bit more than it has. The one of
// twice the length is ready by then: from when most places have a segment of their
// own, each replacement copies a few places into it. A Snapshot freezes all segments
// and lets the next write to each replace it; a Clear replaces the directory by an
// empty one.
//
// How can a read without a lock be right? A slot belongs to one key as long as its
// table lives: the key is written once, then published by the control word. The
// value is a cell that is read and written atomically. A reader finds its key live,
// reads the cell, and looks once more whether the slot is live. If its table has
// been replaced meanwhile, it has read the state in which that was frozen, which
// was the map's state at a moment of the call.
//
// # Invariants
//
//	I1  each place of the directory leads to the segment whose path is its low bits,
//	    of the directory's generation and not replaced, by both of its pointers
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
//
// # Complexity
//
//	operation                             time      moves   allocations
//	Load, Len                             O(1) ~    0       0
//	Store, Swap, LoadOrStore, Compute     O(1) ~*   2       0 if present and a word
//	LoadAndDelete, Delete                 O(1) ~*   1       0
//	Clear                                 O(1)      0       O(1)
//	Snapshot                              O(n)      0       O(n)
//	All, DeleteFunc, ToMap                O(n)      0       O(1)
//	Striped.Load                          O(1) ~    0       0
//	Striped.Store                         O(1) ~*   1       0
//
// No single call moves more than the entries of two segments, 320 at most, unless
// a custom hash collides. Snapshot's n is that of the segments, a hundredth of the
// entries. Doubling the directory moves pointers, not entries, and a few at a time. A
// value that is one pointer, or up to 8 bytes without pointers, lies in its cell;
// others are boxed, one allocation a write.
//
// # Concurrency
//
// All methods of Map and Striped may be called by any number of goroutines.
//
//	linearization points of Map
//	Load, and what finds without writing   the last look at the control word or cell;
//	                                       in a replaced table its freezing, or the
//	                                       load of the directory if that is later
//	Store and Swap of a live key           the store of the cell, under the lock
//	an insert, a delete                    the store of the control word
//	Snapshot                               the freezing of the last segment
//	Clear                                  the store of the directory; a write that
//	                                       found the old one comes before the Clear
//
// Loops are not linearizable: see All. In the terms of the Go memory model, a write
// of a key happens before each read that returns its value. There is no data race
// anywhere, and nothing is compiled otherwise under the race detector: keys are
// plain memory written before an atomic store and read after an atomic load of it.
//
// Reads never wait. Writers wait for a writer in the same segment; for the
// replacement of that segment, which is a copy of at most 224 slots; and all of
// them for a Snapshot, about 20 ns a segment. Locks are taken in the order
// segment.turn, Map.mu, segment.mu, and no callback runs under any. A segment that
// goroutines wait for is divided before it is full, until there are 16 a processor.
//
// # Trade-offs
//
// The main disadvantage is memory churn under growth: each replacement allocates a
// table and leaves one to the collector, and a map of pointers gives it more to
// scan than chains would. Memory is kept in steps of a segment: an entry of two
// words takes 26 to 53 bytes, as its segment is just full or just divided; more in
// a small map that goroutines contend for, whose segments have eight groups at
// least, whatever they hold. A deleted key stays until its segment is rebuilt. The
// directory does not shrink before Clear: 16 bytes for each hundred entries of the
// peak, and 32 for the directory that is to follow it; more where keys are large and
// segments hold fewer, but no more than a quarter of the entries. The collector scans
// it in pieces of 128 KiB, and lets those who allocate help: in a map of millions that
// can be most of what a Store ever takes (go run -C evidence ./peers -pkg concmap -row
// worst). Values that need a box cost an allocation a write.
//
// Use a Go map under a sync.RWMutex if several entries must change together, or if
// writes are rare and the map is small. Use Striped if you would rather read its
// 150 lines than trust this package. Use sync.Map where dependencies must be none.
//
// The textbook answer, one map and one sync.RWMutex, lets readers fetch the same
// lock word from each other. A table with a lock a stripe has to stop everybody
// when it grows, or to help with a move that everybody meets.
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
