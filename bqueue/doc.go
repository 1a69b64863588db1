// Package bqueue answers: how would you implement a thread-safe producer-consumer
// queue with a maximum size? And then: how does a consumer stop, how does a producer
// give up, how does anybody learn that all work is done?
//
// # Idea
//
// Producers wait for room and consumers for items, each with a context. A Put that
// returns an error never enqueued its item, and an item that was accepted is taken
// exactly once or handed back by CloseNow.
//
// The textbook has a slice, a mutex and two condition variables (textbook_test.go).
// It is right, but a wait on a condition variable cannot be cancelled: a request
// with a deadline hangs until somebody else makes room. And it wakes a goroutine an
// item, which then has to fight for the mutex. So here a waiter is a channel of
// capacity 1 in a list, which can be waited for beside a context, and the lists are
// apart from the items:
//
//	 Put ──▶ tail ┌───┬───┬───┬───┬───┬───┐ head ──▶ Take
//	              │   │   │ e │ d │ c │   │
//	              └───┴───┴───┴───┴───┴───┘
//	   ▲                                         ▲
//	putters: wait while it is full     takers: wait while it is empty
//	w1 ⇄ w2 ⇄ w3, w1 came first        none now
//
// There are two forms, because two things can be dear.
//
// From capacity 8 on it is the operation itself. The form is shared: an array of
// lap-stamped slots that needs no lock (internal/lap), and beside it the two lists,
// which an operation touches only when it has to wait or sees that somebody does.
// An operation that finds the array full, or empty, first gives up the processor a
// few times; the other end then does a batch of work, and most waits never happen.
// Who waits is woken one at a time, and passes the wake on if there is cause to.
//
// Below that, or with StrictFIFO, it is the wait. The form is direct: a ring under a
// mutex, where an operation completes that of the first who waits on the other
// side. The item goes from hand to hand, nobody can come in between, and who is
// woken has nothing left to do.
//
// # Invariants
//
//	I1  Accepted = taken + in the queue, where what CloseNow hands back was taken.
//	I2  0 ≤ items ≤ capacity.
//	I3  At rest, takers wait only if the queue is empty and putters only if it is
//	    full. In the shared form, while this does not hold for one side, one of that
//	    side is on its way, or an operation of the other has yet to look for it.
//	I4  A slot, or a waiter not in use, without an item holds the zero value.
//	I5  Items done with ≤ items taken.
//	I6  A waiter is in one list, or on its way, or in the store with an empty channel.
//
// I3 is the one that lost wake-ups break. It stands on an order: an operation first
// publishes its item and then looks whether a taker is wanted; a taker first says
// that one is wanted and then looks for an item. Go's atomics are sequentially
// consistent, so at least one sees the other. And when a waiter gives up just as it
// is signaled, it consumes the signal and wakes the next.
//
// # Complexity
//
//	operation                 time      moves   allocations
//	Put, Take                 O(1) *    1       0
//	TryPut, TryTake           O(1)      1       0
//	PutAll, TakeBatch         O(n)      n       0
//	DrainTo                   O(n)      n       0
//	TaskDone, Join            O(1) *    0       0
//	Len, Cap, Stats           O(1)      0       0
//	Close                     O(1) *    0       0
//	CloseNow                  O(n)      n       1
//
// n is the number of items moved. The mark is for waiters: an operation that wakes
// pays for that, Close and the last TaskDone for each goroutine that waits. A wait
// does not allocate either, once as many goroutines have waited at one time before:
// a queue keeps about 160 bytes and an item for each. A slot has 8 bytes beside the
// item, in the direct form none.
//
// # Concurrency
//
// All methods may be called from any goroutine, at any time. A Put happens before
// the Take that returns its item; TaskDone happens before the return of the Join
// that it ends.
//
// Operations are linearizable. In the shared form an operation takes effect where
// it draws its ticket (see internal/lap), in the direct form inside the mutex: its
// own, or that of the one who completes it. PutAll, TakeBatch, DrainTo and CloseNow
// are so many single operations one after the other. Full and Empty are exact: they
// are said only of a moment at which they were so.
//
// No goroutine runs in the background, and a goroutine that waits is parked: it uses
// no processor. In a testing/synctest bubble it is durably blocked, if the queue was
// made in the bubble.
//
// # Trade-offs
//
// The main disadvantage: without StrictFIFO a newcomer may overtake who waits.
// Those who wait are woken in their order, but by the time one runs a newcomer may
// have had its item, and it waits again, at the front. That is what the speed is
// bought with; where a fair share for each waiter counts, set StrictFIFO.
//
// A single operation costs two locked instructions, as a channel's does, so on one
// processor it is as fast as a channel and no faster. The gain is with two or more
// processors, where the ends do not meet, against select, and in batches. At
// capacity 1 each item is a wait, and a channel, which the scheduler knows, is faster
// by up to a half; select is not. evidence/RESULTS.md has the figures.
//
// The shared form is not lock-free: a goroutine that the system stops between its
// ticket and its stamp holds up those behind it.
//
// Use a channel where you need select over several sources, where a capacity of 0
// is meant (a rendezvous), or where nobody cancels. Use ringbuffer.MPMC where nobody
// waits, ringbuffer.SPSC between two goroutines. The queue does not survive the
// process: for that use a broker.
//
// # References
//
// C. A. R. Hoare, Monitors: an operating system structuring concept, 1974, for the
// bounded buffer with condition variables, and for handing over directly. Doug Lea,
// The java.util.concurrent synchronizer framework, 2004, for fairness against
// throughput and for cancelled waiters. Dmitry Vyukov, Bounded MPMC queue, 2010, for
// the array. Join and TaskDone are of Python's queue.Queue.
package bqueue
