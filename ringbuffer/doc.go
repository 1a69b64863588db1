// Package ringbuffer answers: implement a circular buffer for producers and consumers.
// How would you handle overflow? The answer at the whiteboard is in textbook_test.go: an
// array, head and count under one mutex.
//
// Read the files in this order: textbook_test.go, options.go, ring.go, bulk.go and
// walk.go; then sync.go with follow.go, and bytes.go, which need only those; then
// spsc.go, mpmc.go (with internal/lap), and pipe.go with pipe_ends.go, which are
// independent of each other.
//
// To watch this code at work, step by step: go run ./examples/visual, page ringbuffer.
//
// # Terms
//
//	number  items are numbered from 0 in the order in which they are pushed
//	head    the number of the oldest item in the ring, and so the count of those removed
//	        or overwritten before it
//	tail    the number that the next item will get
//	slot    one element of the array
//	claim   an atomic operation that reserves a slot for one goroutine, before it is
//	        written or read
//	word    what a slot of an SPSC has next to its item: how far the side that used the
//	        slot last has come
//	run     the items that one call moves and announces with one word
//	end     one side of a Pipe, writing or reading, with the count of the bytes it has moved
//	owner   the goroutine that is using an end; others wait until it has finished
//
// # Idea
//
// An array, and two numbers that only grow, head and tail. Item n is in slot n mod the
// array's length. No item is ever moved, and the array is used as a circle.
//
//	slot     0     1     2     3     4     5     6     7
//	       [ 8 ] [ 9 ] [   ] [   ] [   ] [   ] [ 6 ] [ 7 ]
//	                   tail=10                 head=6
//
// The array's length is a power of two, so that the remainder is one AND; the capacity is
// exactly the requested one. (SPSC and MPMC, which write a word for each slot, have as
// many slots as the capacity instead.) The numbers distinguish full (tail − head = capacity) from
// empty (tail = head), so no slot is wasted for that. And since a number is never used
// for another item, a reader can come back with the last number it saw and ask for the
// items that followed ([Sync.Since]), or wait for the next one ([Sync.Wait]).
//
// # Overflow
//
// A full buffer means that producers have been faster than consumers for some time. Then
// something is lost. The question is which side decides what, and which side is notified:
//
//	answer     what is lost    who learns of it     choose it when
//	refuse     nothing yet     the producer: error  the producer can act: shed load, answer 503,
//	                                                keep the item elsewhere
//	overwrite  the oldest      the consumer: gap    new data makes old worthless: telemetry, logs
//	                           in the numbers       for a crash report, video frames, prices
//	drop       the newest      neither: Dropped     the first events explain the rest: a trace of
//	                           counts it            an incident, samples while one is enough
//	block      the producer's  the producer: time   every item counts and the producer may wait:
//	           time                                 jobs, payments
//
// The consumer's side should choose between overwrite and the others, since it knows what
// an old item is worth; the producer's side between refuse and block, since it knows what
// waiting costs. No answer makes the consumer faster: a larger buffer only delays the
// moment. Here Reject, OverwriteOldest and DropNewest are policies of Ring, Sync and
// Bytes, lost items are counted, and PushEvict returns the oldest item to a caller that
// can still use it. The queues SPSC and MPMC refuse; MPMC.PushEvict overwrites. Pipe
// blocks; it carries bytes. Package bqueue blocks for items of any type, since waiting
// with a context, fairly, and without using a processor is another question.
//
// # Invariants
//
//	I1  head ≤ tail ≤ head + capacity ≤ head + slots; slots is the smallest power of two
//	    that is not below the capacity, or, in SPSC and MPMC, the capacity.
//	I2  Item n is in slot n mod slots, for head ≤ n < tail.
//	I3  A free slot keeps nothing alive: it is zero, or T has no pointers (or the
//	    caller has written to it by Writable).
//	I4  Items stored = tail = items in the ring + items removed + items overwritten.
//	    Dropped counts the items overwritten, and those that DropNewest did not store.
//	I5  (SPSC) The word of the slot of tail is not the producer's with a number above
//	    tail; that of the slot of head is not the consumer's with a number above head
//	    + capacity. Words only grow, and a side writes only in slots that it may use.
//	I6  (MPMC) The invariants of internal/lap.
//	I7  (Pipe) I1 for the bytes that the two ends have moved. Only the owner of an
//	    end moves it.
//
// # Complexity
//
//	operation                                          time   moves  allocations
//	Push, PushEvict, Pop, Peek, At, Len, Cap, Dropped  O(1)   1      0
//	Numbers, Refused                                   O(1)   0      0
//	Wait                                               O(1)   1      0, or 1 to wait
//	PushSlice, PopInto                                 O(n)   n      0
//	Readable, Writable, Commit                         O(1)   0      0
//	Discard, Clear                                     O(n)   n      0
//	Ring.All, Ring.Backward, Drain                     O(n)   0      O(1)
//	Sync.All, Sync.Backward, Since                     O(n)   n      1
//	Resize                                             O(n)   n      1
//	TryPush, TryPop, MPMC.PushEvict                    O(1)   1      0
//	Write, WriteString, Read, WriteTo                  O(n)   n      0
//	Bytes.Peek                                         O(1)   0      0
//	ReadFrom                                           O(n)   n      0, or 1 to overwrite
//	WriteByte, ReadByte                                O(1)   1      0
//	Pipe.Write, Pipe.Read, ReadContext, WriteContext   O(n)   n      0
//	Pipe.ReadFrom, Pipe.WriteTo                        O(n)   n      0
//	Close, CloseWithError                              O(1)   0      0
//
// n is the number of items, or bytes, that the call handles; for Resize it is Len.
//
// # What happens if
//
//   - The ring is full: Push returns ErrFull, overwrites the oldest item or drops the new
//     one, as Options.OnFull says (TestOverflow)
//   - The ring is empty: Pop returns false; Bytes.Read returns io.EOF, until more is
//     written (TestBytesReadOfNothing)
//   - The capacity is 1, or no power of two: it is exact (TestCapacityIsExact)
//   - A slice is longer than the capacity: OverwriteOldest keeps its end, the other
//     policies its beginning (TestBytesOverwriteKeepsTheLast, TestOverflow)
//   - A slow reader is overwritten: the error of Since and Wait has the number of the
//     oldest item left, so that the reader knows how many it missed (TestReplay, TestWait)
//   - A reader has seen all items: Wait returns the next one when it is pushed
//     (TestWait)
//   - Clear or Resize comes between two calls of Since: the numbers continue
//     (TestSinceThroughEveryChange)
//   - The body of a loop changes the ring: this is allowed (TestLoopsMayChangeTheRing);
//     over a Sync it sees a snapshot (TestSyncLoopsAreSnapshots)
//   - A push is stopped after it has claimed a slot, before the item is in it: a pop
//     waits for the item, and does not report an empty queue (TestMPMCFalseIsTrue)
//   - PushEvict of an MPMC runs while others push and pop: each item is popped or evicted,
//     once, and no call sees the queue one item shorter (TestPushEvict,
//     TestEvictionIsOneStep)
//   - The numbers pass 2^32, or an int: nothing changes, they are 63 bits wide or more,
//     and an item per nanosecond uses those up in 292 years (TestNumbersPastAnInt)
//   - An item is popped: the ring keeps nothing of it alive (TestMemoryRelease,
//     TestQueuesReleaseMemory)
//   - The io.Reader of ReadFrom, or the io.Writer of WriteTo, panics: the buffer stays
//     usable (TestBytesSurvivesPanics)
//   - A Pipe is closed while a Read or a Write waits: Read returns the bytes that are
//     left, then io.EOF; the Write returns io.ErrClosedPipe and the number of bytes that
//     it stored (TestPipeClose)
//   - A context ends while a call waits in a Pipe: the call returns, and the pipe stays
//     usable (TestPipeContexts)
//   - A zero value is used: it is full and empty until Resize (TestZeroValues,
//     TestZeroRingsGrow)
//
// # Concurrency
//
// [Ring] and [Bytes] are for one goroutine. The other four are safe:
//
//	Sync   any goroutines, any policy; one mutex. Each method takes effect under it.
//	SPSC   one producer, one consumer; wait-free.
//	MPMC   any goroutines; no lock, but not wait-free.
//	Pipe   any goroutines, one at each end at a time; it waits.
//
// All are linearizable. A push or a pop of [SPSC] takes effect when it stores the word of
// the slot; one that returns false takes effect when it reads that word. A push or pop of [MPMC] takes effect at the
// compare-and-swap that claims its slot; one that returns false, at a read of tail; a
// PushEvict that evicts, at the compare-and-swap that claims the oldest item. A slot that
// is claimed but not ready proves neither full nor empty, so the caller waits for it. A
// Write to a [Pipe] appends its bytes in one or more parts, with no bytes of another Write
// between them; each part takes effect when the Write stores the count of its end. A Read
// is one step. PushSlice and PopInto of the two queues are sequences of single pushes and
// pops; those of [Sync] are one step.
//
// No method runs a caller's code under a lock, but ReadFrom and WriteTo of a Pipe own their
// end while they use the caller's Reader or Writer. The zero value of each
// type has capacity 0, so that it is full and empty; Resize makes a ring of a zero Ring or
// Sync. A zero Pipe panics. None may be copied after first use, which go vet reports.
//
// In the terms of the Go memory model, a push happens before the pop, Peek, At or Since
// that returns its item, and a pop before the push that uses the freed slot.
//
// # Trade-offs
//
// The main disadvantage: all memory is allocated at once, whether it is used or not. Up to
// half of the slots of a Ring, a Sync and a Bytes are beyond the capacity and never used;
// a capacity that is a power of two wastes none. A slot of an SPSC or an MPMC has a word
// in addition to its item. For a queue that is mostly empty and may grow, a chunked
// deque is better, or a channel if there are few items.
//
// A channel is the right queue if goroutines wait at both ends and it is fast enough;
// select works with it, and every reader knows it. It cannot overwrite, show its content
// or give the same items to two readers, and each item takes a lock. [SPSC] and [MPMC]
// cannot wait: a loop around them that yields uses a processor while there is nothing to
// do.
//
// MPMC without contention costs two atomic read-modify-writes and two atomic stores for
// each item, where [Ring] needs none. Use the simplest type that is safe. One goroutine:
// Ring. One on each side: SPSC, the only one that is faster in slices. Many: MPMC. A
// policy other than Reject, replay by number, or rare use: [Sync]. Bytes between
// goroutines that wait: [Pipe]. [io.Pipe] has no buffer, so that each Write waits for its
// Read, and no context; a Pipe copies each byte twice, and needs its memory.
//
// The textbook answer is correct, and slow in four ways, each of which a type here
// avoids: it locks for one goroutine, it locks for two, it moves a slice item by item,
// and it copies where the caller could use the array directly. It often has only one
// answer to overflow.
//
// # References
//
// L. Lamport, "Specifying concurrent program modules" (1983): one producer and one
// consumer need no lock. J. Giacomoni, T. Moseley and M. Vachharajani, "FastForward for
// efficient pipeline parallelism" (2008): control information next to the data. M.
// Thompson and others, "Disruptor" (2011): numbers that identify items permanently, and
// readers that follow them. MPMC: see internal/lap.
package ringbuffer
