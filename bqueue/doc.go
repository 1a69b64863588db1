// Package bqueue answers: how would you implement a thread-safe producer-consumer
// queue with a maximum size? And then: how does a consumer stop, how does a producer
// give up, how does a caller learn that all work is done? The answer at the whiteboard is
// in textbook_test.go: a slice, a mutex and two condition variables.
//
// Read the files in this order: textbook_test.go, queue.go, waiter.go and direct.go; then
// crowd.go and shared.go, with internal/lap; then join.go and workers.go.
//
// To watch this code at work, step by step: go run ./examples/visual, page bqueue.
//
// # Terms
//
//	form           one of the two implementations, shared and direct, explained below
//	putter, taker  a goroutine in Put or PutAll, or in Take, TakeBatch or All
//	waiter         the record of a waiting goroutine: a channel of capacity 1, the links
//	               of a list, and in the direct form an item
//	parked         blocked on that channel; it uses no processor
//	signal         to wake a parked waiter by its channel
//	on its way     signaled, but it has not looked at the queue since
//	store          the waiters not in use, kept by the queue for the next wait
//	ticket         the number that an operation of the shared form draws, by an atomic
//	               operation: it belongs to one slot, and counts the laps around the array
//	stamp          the word of a slot that says which ticket may use the slot next
//	               (internal/lap)
//
// # Idea
//
// Producers wait for free space and consumers for items, each with a context. A Put that
// returns an error never enqueued its item, and an item that was accepted is taken
// exactly once or returned by CloseNow.
//
// The textbook answer is correct, but a wait on a condition variable cannot be cancelled:
// a request with a deadline hangs until another goroutine takes an item. And it wakes one
// goroutine per item, which then competes for the mutex. So here a waiter is a channel of
// capacity 1 in a list, so that select can wait for it and for a context, and the lists
// are separate from the items:
//
//	 Put ──▶ tail ┌───┬───┬───┬───┬───┬───┐ head ──▶ Take
//	              │   │   │ e │ d │ c │   │
//	              └───┴───┴───┴───┴───┴───┘
//	   ▲                                         ▲
//	putters: wait while it is full     takers: wait while it is empty
//	w1 ⇄ w2 ⇄ w3, w1 came first        none now
//
// There are two forms, because there are two costs.
//
// From capacity 8 on, the operation itself costs most. The form is shared: an array of
// slots with stamps, which needs no lock, and the two lists, which an operation touches
// only when it has to wait or sees that another goroutine waits. An operation that finds
// the array full, or empty, first gives up the processor a few times; the other end then
// does a batch of work, and most waits never happen. Waiters are woken one at a time; a
// woken one wakes the next if there are still items, or space.
//
// Below that, or with StrictFIFO, the wait costs most. The form is direct: a ring under a
// mutex, where an operation completes that of the first waiter on the other side. The
// item is handed over directly, no other goroutine can take it, and the waiter that is
// woken has nothing left to do.
//
// # Invariants
//
//	I1  Accepted = taken + in the queue, where what CloseNow returns was taken.
//	I2  0 ≤ items ≤ capacity.
//	I3  At rest, takers wait only if the queue is empty and putters only if it is
//	    full. In the shared form, while this does not hold for one side, a waiter of
//	    that side is on its way, or an operation of the other side has yet to look
//	    for a waiter.
//	I4  A slot without an item holds the zero value, and so does a waiter not in use.
//	I5  Items done ≤ items taken.
//	I6  A waiter is in one list, or on its way, or in the store with an empty channel.
//
// A lost wake-up breaks I3. It is prevented by an order: an operation first publishes its
// item and then looks whether a taker waits; a taker first sets the flag that it waits and
// then looks for an item. Go's atomics are sequentially consistent, so at least one sees
// the other. What if a waiter gives up just as it is signaled? In the shared form it
// consumes the signal and wakes the next one. In the direct form the signal means that its
// operation has been completed: it returns that result, although its context has ended,
// and there is no wake-up to pass on.
//
// # Complexity
//
//	operation                 time      moves   allocations
//	Put, Take                 O(1) *    1       0
//	TryPut, TryTake           O(1)      1       0
//	PutAll, TryPutAll         O(n)      n       0
//	TakeBatch                 O(n)      n       0
//	TakeBatchWithin           O(n)      n       0, or O(1) to wait
//	DrainTo                   O(n)      n       0
//	All                       O(n) *    n       0
//	TaskDone, Join            O(1) *    0       0
//	Len, Cap, Stats, Done     O(1)      0       0
//	Unfinished                O(1)      0       0
//	Close                     O(1) *    0       0
//	CloseNow                  O(n)      n       1
//	Workers                   O(n)      n       O(1)
//
// n is the number of items moved. Amortised (*) is the waking of waiters: one per
// operation, and all of them at Close and at the last TaskDone. A wait allocates only if
// more goroutines wait at the same time than ever before: a queue keeps about 150 bytes
// and an item for each. A slot takes 8 bytes and an item; in the direct form it takes
// only an item. Workers allocates for each worker.
//
// # What happens if
//
//   - Close is called while a caller waits in Take: Take returns ErrClosed
//     (TestCloseWakesTakers)
//   - Close is called while a caller waits in Put: Put returns ErrClosed and its item is
//     not in the queue (TestClose)
//   - Items are left at Close: Take returns the rest, then ErrClosed (TestClose)
//   - CloseNow runs while others Take: each item goes to exactly one side (TestExactlyOnce)
//   - The context ended before the call: the call does nothing, even if there is an item
//     or space, and returns the cause (TestEndedWins)
//   - The context ends at the moment of success: a nil error means that the item was
//     moved, any other that it was not (TestEndsAtTheMomentOfSuccess)
//   - A waiter gives up as it is signaled: the wake-up is not lost (TestWakePassedOn)
//   - The capacity is 1: it is exact, and items are handed over directly (TestExact)
//   - PutAll is given more items than fit: it waits for space as often as necessary
//     (TestBatchLargerThanTheRoom)
//   - The queue is empty for a long time: goroutines that wait use no processor
//     (TestParkedIsIdle)
//   - A batch is not full when its time has passed: TakeBatchWithin returns what it has
//     (TestTakeBatchWithin)
//   - A job of Workers panics or ends its goroutine: that is an error of the job, its item
//     is handed back, and the other workers stop (TestJobsThatEndOtherwise)
//   - All jobs Put into their own full queue: they wait until the context ends
//     (TestPutFromAJob)
//   - The program must stop: call Close, and Workers finishes what was accepted
//     (TestCloseFinishes)
//   - TaskDone is missing for an item: Join waits until its context ends, and Unfinished
//     says how many are missing; one too many panics (TestJoin)
//   - A zero Queue is used: each method panics (TestZeroQueue); a copy is the same queue
//     (TestCopies)
//
// # Concurrency
//
// All methods may be called from any goroutine, at any time. A Put happens before
// the Take that returns its item; TaskDone happens before the return of the Join
// that it ends.
//
// Operations are linearizable. In the shared form an operation takes effect where it
// draws its ticket (see internal/lap). In the direct form it takes effect under the
// mutex: in its own critical section, or in that of the operation that completes it.
// PutAll, TryPutAll, TakeBatch, TakeBatchWithin, DrainTo and CloseNow are sequences of
// single operations. ErrFull and ErrEmpty are exact: there was a moment during the call
// at which the queue was full, or empty.
//
// A context that has ended wins over an operation that has not begun. One that ends
// later ends the wait; the item was moved if the error is nil, and was not otherwise.
// The error is context.Cause of the context. PutAll looks at its context again at least
// once for every Cap items.
//
// No method runs a caller's code under a lock. A [Queue] that was not made by [New] panics
// at the first call; a copy of a Queue is the same queue.
//
// No goroutine runs in the background, and a goroutine that waits is parked. In a
// testing/synctest bubble it is durably blocked, if the queue was made in the bubble.
//
// # Trade-offs
//
// The main disadvantage: without StrictFIFO a new Put or Take may overtake those already
// waiting. Waiters are woken in their order, but by the time one runs, a new call may
// have taken its item; then the waiter waits again, at the front. That is the price of
// speed; where fairness between waiters matters, set StrictFIFO.
//
// A single operation costs two locked instructions, as a channel's does, so on one
// processor it is about as fast as a channel and no faster. It is faster than a channel
// with many goroutines on two or more processors, where the two ends do not contend for
// one lock, and in batches; and it is faster than select. At capacity 1 each item costs a
// wait, and a channel, which is a part of the scheduler, is mostly faster, most of all
// with several goroutines on each side of two processors. evidence/RESULTS.md has the
// figures.
//
// The shared form is not lock-free: a goroutine that the system stops between its
// ticket and its stamp delays those behind it.
//
// Use a channel where you need select over several sources, where a capacity of 0
// is meant (a rendezvous), or where no wait is cancelled. Use ringbuffer.MPMC where no
// caller waits, ringbuffer.SPSC between two goroutines. The queue does not survive the
// process: for that use a broker.
//
// # References
//
// C. A. R. Hoare, Monitors: an operating system structuring concept, 1974, for the
// bounded buffer with condition variables, and for handing over directly. Doug Lea, The
// java.util.concurrent synchronizer framework, 2004, for fairness against throughput and
// for cancelled waiters. Dmitry Vyukov, Bounded MPMC queue, 2010, for the array. Join and
// TaskDone are from Python's queue.Queue.
package bqueue
