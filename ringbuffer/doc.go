// Package ringbuffer answers: implement a circular buffer for producers and consumers.
// How would you handle overflow?
//
// # Idea
//
// An array, and two numbers that only grow: how many items were ever taken out, and how
// many were ever put in. Item n lies in slot n mod the array's length; head is the number
// of the oldest item, tail that of the next. Nothing is ever moved, and the array never
// has an end.
//
//	slot     0     1     2     3     4     5     6     7
//	       [ 8 ] [ 9 ] [   ] [   ] [   ] [   ] [ 6 ] [ 7 ]
//	                   tail=10                 head=6
//
// The array's length is a power of two, so that the remainder is one AND; the capacity is
// whatever was asked for, to the item. Since the numbers tell full (tail − head =
// capacity) from empty (tail = head), no slot is given up for that. And since a number
// names an item for good, a reader can come back with the last number it saw and
// ask what came since: Sync.Since.
//
// # Overflow
//
// A full buffer means that producers have been faster than consumers for some time. Then
// somebody loses, and the question is who should decide that, and who should know:
//
//	answer     who loses       who knows            choose it when
//	refuse     nobody yet      the producer: error  the producer can act: shed load, answer 503,
//	                                                keep the item elsewhere
//	overwrite  the oldest      the consumer: gap    new data makes old worthless: telemetry, logs
//	                           in the numbers       for a crash report, video frames, prices
//	drop       the newest      Dropped only         the first events explain the rest: a trace of
//	                                                an incident, samples while one is enough
//	block      the producer's  the producer: time   every item counts and the producer may wait:
//	           time                                 jobs, payments
//
// The consumer's side should choose between overwrite and the others, since it knows what
// an old item is worth; the producer's side between refuse and block, since it knows what
// waiting costs. No answer makes the consumer faster: a larger buffer only
// moves the moment. Here Reject, OverwriteOldest and DropNewest are policies of Ring, Sync
// and Bytes, whatever is lost is counted, and PushEvict hands the oldest item back to
// callers who want to do something else with it. The queues SPSC and MPMC refuse. Blocking
// is in package bqueue, because to wait well (with a context, fairly, and without a
// processor) is a question of its own.
//
// # Invariants
//
//	I1  head ≤ tail ≤ head + capacity ≤ head + slots; slots is the least power of two
//	    that is not below the capacity.
//	I2  Item n is in slot n mod slots, for head ≤ n < tail.
//	I3  A free slot keeps nothing alive: it is zero, or T has no pointers (or the
//	    caller has written to it by Writable).
//	I4  Items stored = tail = items in the ring + items taken out + items overwritten.
//	    Dropped counts the last kind, and the items that DropNewest refused.
//	I5  (SPSC) An item that is published is found in its group's pushed word, and one
//	    that is taken out in its popped word; both words only grow.
//	I6  (MPMC) The invariants of internal/lap.
//
// # Complexity
//
//	operation                                          time   moves  allocations
//	Push, PushEvict, Pop, Peek, At, Len, Cap, Dropped  O(1)   1      0
//	PushSlice, PopInto                                 O(n)   n      0
//	Readable, Writable, Commit                         O(1)   0      0
//	Discard, Clear                                     O(n)   n      0
//	Ring.All, Ring.Backward, Drain                     O(n)   0      O(1)
//	Sync.All, Sync.Backward, Since                     O(n)   n      1
//	Resize                                             O(n)   n      1
//	TryPush, TryPop                                    O(1)   1      0
//	Write, Read, WriteTo                               O(n)   n      0
//	WriteByte, ReadByte                                O(1)   1      0
//
// n is the number of items that the operation is about; for Resize, Len.
//
// # Concurrency
//
// Ring and Bytes are for one goroutine. The other three are safe:
//
//	Sync   any goroutines, any policy; one mutex. Each method takes effect under it.
//	SPSC   one producer, one consumer; wait-free.
//	MPMC   any goroutines; no lock, but not wait-free.
//
// All are linearizable. A push of SPSC takes effect when it stores the pushed word of the
// item's group, a pop when it stores the popped word, a refused one when it reads the
// other side's word. A push or pop of MPMC takes effect at the compare-and-swap that
// claims its slot, a refused one at a read of tail; a slot that is claimed but not ready
// proves neither full nor empty, so the caller waits for it. PushSlice and PopInto of the
// two queues are rows of single pushes and pops; those of Sync are one step.
//
// In the terms of the Go memory model, a push happens before the pop, Peek, At or Since
// that returns its item, and a pop before the push that gets the room it made.
//
// # Trade-offs
//
// The main disadvantage: all memory is taken at once, whether it is used or not, and up to
// half of the array's slots beyond the capacity never are. A capacity that is a power of
// two wastes none. A queue that is mostly empty and may grow is better off with a deque in
// chunks, or a channel if the items are few.
//
// A channel is the right queue if goroutines shall wait at both ends and its speed does;
// it can be selected on, and every reader knows it. It cannot overwrite, be looked into or
// be read by two, and each item takes a lock. SPSC and MPMC have no way to wait: a
// loop around them that yields burns a processor while there is nothing to do.
//
// MPMC without contention costs two atomic read-modify-writes and two atomic stores for
// each item, more than ten times what Ring does. Use the least that is safe: one goroutine:
// Ring. One on each side: SPSC, which is the only one that gets faster when used in slices.
// Many: MPMC. A policy other than to refuse, replay, or rare use: Sync.
//
// The textbook answer is an array with head, tail and count, and every operation under one
// mutex (textbook_test.go). It is right, and slow in four ways that are told apart here:
// the lock when there is one goroutine, the lock when there are two, item by item
// when there is a slice, and a copy when the caller could look at the array. What it often
// gets wrong is to answer overflow in one way for all.
//
// # References
//
// L. Lamport, "Specifying concurrent program modules" (1983): one producer and one
// consumer need no lock. J. Giacomoni, T. Moseley and M. Vachharajani, "FastForward for
// efficient pipeline parallelism" (2008): to keep control information beside the data.
// M. Thompson and others, "Disruptor" (2011): numbers that name items for good, and
// readers that follow them. MPMC: see internal/lap.
package ringbuffer
