// Package lap is a bounded queue for any number of producers and consumers: one
// array whose slots carry the lap they are in. ringbuffer.MPMC is this queue;
// bqueue puts waiting around it.
//
// # Idea
//
// Each push draws a ticket from tail and each pop one from head. A ticket is an index of
// the array and the number of laps made around it, in one word:
//
//	 63       62 … k    k-1 … 0        1<<k is one lap, the smallest power of
//	[closed] [  lap  ] [ index ]       two above the capacity
//
// The word grows with each ticket, and never runs out: with 2^20 slots there are
// 2^42 laps. Ticket t belongs to the slot at its index, whose stamp says what may
// happen there next:
//
//	stamp = t         free, for the push with ticket t
//	stamp = t+1       holds the item of ticket t, for the pop with ticket t
//	stamp = t+1 lap   free again, for the next lap's push
//
//	     head                tail
//	      ↓                   ↓
//	[…][ t+1 ][ t+1 ][ t+1 ][ t ][ t ]
//
// A lap is longer than the array, so t+1 is never the stamp of another lap, and the
// capacity is exact from 1 up. A push reads tail and its slot's stamp, draws the ticket
// by compare-and-swap, stores the item, and publishes it in the stamp. A pop draws its
// ticket from head in the same way, removes the item, zeroes the slot and hands it to
// the next lap.
//
// # Invariants
//
//	I1  head and tail only grow, and head ≤ tail ≤ head + capacity, in tickets.
//	I2  Each ticket is drawn by one push and by one pop.
//	I3  At rest, the slot of each ticket t from head to tail has the stamp t+1. The stamp
//	    of each other slot is the ticket of the push that uses it next, and the slot
//	    holds the zero value.
//
// I1 holds because a ticket is drawn from head only after tail was seen beyond it, and
// from tail only after head was seen less than a lap behind it, or after a stamp showed
// this; neither word ever decreases.
//
// PushEvict draws the ticket of the oldest item and sets a bit in head that makes all
// other operations wait, until the new item is in the same slot and tail has moved.
//
// # Full and empty are exact
//
// An operation takes effect at the moment when it draws its ticket, although its item
// appears, or its slot becomes free, only later. Full and Empty have to agree with that.
//
// TryPush returns Full when it has read tail = t and then head = t − lap. At the moment
// of its read of tail, head was not above what was read later, since it only grows, and
// not below t − lap, by I1. So it was exactly that: at that moment the queue was full,
// and not closed, since the closed bit is part of tail. In the same way TryPop returns
// Empty when it has read head = h and then tail = h: by I1 head was still h, so the
// queue was empty then.
//
// A slot that is not ready proves neither. It may be claimed by a push that has not
// published, or by a pop that has not handed it on. Queues that treat this as empty or
// full answer wrongly: an item that was pushed earlier is in the queue, behind the late
// one. Here the caller looks again, and yields the processor in between; so the queue is
// not wait-free and not even lock-free. One goroutine that the system stops between its
// ticket and its stamp, a window of two stores, delays the operations behind it, but
// never those at the other end of a queue that is neither full nor empty.
//
// PushSlice and PopInto draw a run of tickets at once, then fill or empty the slots one
// by one. To an observer they are single pushes and pops, one after the other; when they
// return fewer items than asked for, the last result they saw was Full, Empty or Closed.
//
// # Contention
//
// Two producers on two processors fight for tail, and for the lines of neighbouring
// slots; two consumers fight for head. A producer and a consumer that are some slots
// apart share nothing but one line for each few items. Both pairings last: with two of
// each on two processors an item took 60 to 140 ns in the first, with a failed
// compare-and-swap in 5 to 12 % of the calls, and 25 to 35 in the second (counted once,
// on an Intel Xeon; evidence/RESULTS.md has the row as it is now). So a call of TryPush
// or TryPop whose compare-and-swap has failed twice yields the processor. The goroutine
// that runs next is likely to be of the other end; if there is none, the pause leaves the
// other producer alone. The first failure is retried at once: to yield then gains no
// more, and costs a caller its place where contention is rare. PushSlice and PopInto gain
// nothing from yielding: measured with slices of 16 and 64.
//
// # References
//
// D. Vyukov, "Bounded MPMC queue" (2010). The lap in the index, which allows capacities
// other than powers of two, is from crossbeam's ArrayQueue (2017).
package lap
