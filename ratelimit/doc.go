// Package ratelimit answers: implement a rate limiter by a token bucket, and make it safe
// for threads. Two more questions belong to it: a limiter as a decorator, 15 calls in 900
// seconds (Wrap), and a limiter for an API gateway of many nodes (ratelimit/remote). The
// whiteboard answer is in textbook_test.go: two numbers and a mutex.
//
// To watch this code at work, step by step: go run ./examples/visual, page ratelimit.
//
// # Reading order
//
// textbook_test.go, then state.go (what is kept) and bucket.go (Allow), which are the
// idea; replace.go (Set, overflow), reserve.go, queue.go and waiter.go (Reserve, Wait);
// setting.go, shard.go, keyed.go and promised.go (a bucket per key); slidinglog.go and
// slidingcounter.go, which do not depend on these; tiers.go and each.go (several limits
// as one).
//
// # Terms
//
//	tick      the unit of time of a bucket, 1/n of a nanosecond; n is chosen so that a token
//	          takes a whole number of ticks
//	z         the instant, in ticks, at which the bucket was or will be just empty
//	state     one setting of a bucket (rate, burst) with its z
//	taker     a call that takes tokens
//	narrow    a state whose z is in one 64-bit word, which takers change by
//	          compare-and-swap
//	wide      a state whose z takes 128 bits, behind the lock
//	frozen    said of a word that no taker accepts, since its state is wide or was replaced
//	promise   tokens that are reserved for a future time: a Reservation, or a caller
//	          that sleeps in Wait
//	sleeper   a caller that sleeps in Wait
//	debt      in a Keyed, what a bucket lacks until it is full; in a Bucket, the tokens that
//	          are promised beyond those that it holds
//	promised  said of a key of a Keyed that has promises that are not due; it has its own
//	          Bucket for them
//
// # Idea
//
// The textbook keeps two numbers, tokens and the time of the last refill (last), and so
// it needs a lock. One number is enough. A bucket of B tokens that gains one every T was,
// or will be, just empty at some instant z, if no token is taken:
//
//	tokens                                     ╱‾‾‾‾‾‾ B
//	                                      ╱‾‾‾‾
//	                                 ╱‾‾‾‾
//	   ──────────┬──────────────┬────────────────┬─────▶ time
//	         now − B·T          z               now
//	       (full: z is        (empty)      tokens = (now − z)/T
//	      never before)
//
// Tokens and last give z = last − tokens·T. In turn, z gives the tokens at any time t:
// they are (t − z)/T. To take n tokens, move z later by n·T. A full bucket has z = now −
// B·T, so an earlier z counts as that one:
//
//	z′ = max(z, now − B·T) + n·T        refuse if z′ > now, else z ← z′
//
// For example a burst of 5, a token every 10 seconds (B = 5, T = 10), now = 100, z = 70:
// there are (100 − 70)/10 = 3 tokens, and 5 would be there if z were 50 or less. Taking 2
// moves z to 90, which leaves 1. Taking 2 more would move z to 110, which is after now:
// that is refused, and 110 − 100 = 10 seconds later it is granted.
//
// This is the Generic Cell Rate Algorithm. One compare-and-swap writes z; a refusal only
// reads. A reservation moves z beyond now.
//
// # When the two are equal
//
// The textbook and z decide alike, step by step, if 0 < T < ∞, T is a whole number of the
// ticks in which z is kept, B and T do not change while z is kept, and nothing overflows.
// Bucket ensures each:
//
//   - T is a fraction d/n of nanoseconds, so a tick is 1/n of one: T is d ticks.
//   - T = ∞ (no token is ever gained) is n = 0: time stands still, and a token takes one
//     tick. With T = 0 (Inf), z is not used.
//   - B, T and z are behind one atomic pointer. Set replaces z by a value that no taker
//     accepts, converts the tokens that are held into the new ticks, and publishes the
//     new state. It rounds a fraction of a token down once, by less than a tick.
//   - A word holds 2^61 ticks to either side. Tick 0 moves before time runs beyond them.
//     A burst or a debt of more ticks is kept in 128 bits, behind a lock.
//
// TestBucketModel compares them, settings at the ends of int64 included.
//
// # How much is admitted at worst
//
// At a limit of 100 a second, in the worst second (TestWorstWindow counts it):
//
//	fixed window                        200    the textbook's first answer
//	sliding counter                     199    200 if it compares before it adds
//	token bucket, burst 100             199    100 at once, 99 as they come
//	sliding log                         100    8 to 16 bytes per event
//
// A token bucket admits at most burst + rate·time in any window: to admit at most N per
// second, choose a burst and a rate that add up to N. In the long run it admits exactly
// the rate. A fixed window or a counter that expires with its key may keep refusing a
// client that stays under the limit but is never idle.
//
// # Invariants
//
//	I1  z of a narrow state and its burst fit in a word with room for a sum; a wide
//	    state's word is frozen, and the fast path takes nothing from it
//	I2  a state with a successor is frozen; the current one has none
//	I3  reservations are in the order of their times, unless they are marked as
//	    disordered; sleepers are in the order in which they came, which is also the
//	    order of their times; z is not before the time of the last sleeper
//	I4  no bucket of a Keyed lacks more than its burst
//	I5  each key's bucket will be looked at no later than when it is full, if that is
//	    within 292 years
//	I6  with RateFor, each key has exactly one setting
//	I7  Keyed.Len is the number of keys, and at most MaxKeys
//	I8  for grants i to j in the order of their z, with n tokens each:
//	    Σn ≤ burst + (time j − time i)/T    (TestWindowInequality)
//	I9  a key of a Keyed is in its shard's table or, promised, in the other one, not in both
//
// # Complexity
//
//	operation                                       time         moves   allocations
//	Allow, AllowN, Take, TakeUpTo, Tokens, Refund   O(1)         0       0
//	Reserve, Wait, WaitN                            O(1)         0       O(1)
//	Keyed.Reserve, Keyed.Wait, Keyed.WaitN          O(1) ~*      1       O(1)
//	Keyed.Refund                                    O(1) ~       0       0
//	Cancel                                          O(n log n)   0       O(n)
//	Set                                             O(n)         0       O(1)
//	Keyed.Allow, Keyed.Take, Keyed.Delete           O(1) ~*      1       0
//	Keyed.Len                                       O(1)         0       0
//	Keyed.All                                       O(n)         0       O(n)
//	SlidingLog.Allow                                O(1) *       1       0
//	SlidingLog.Take                                 O(log n) *   1       0
//	SlidingCounter.Allow, SlidingCounter.Take       O(1)         0       0
//	TakeEach, the Take of All                       O(n)         0       O(n)
//
// For Cancel n is the number of reservations not due yet, plus O(sleepers) while there
// are any. The same holds for a Wait whose context ends; without reservations it is O(1).
// For Set n is the number of sleepers, for Keyed.All the keys, for SlidingLog the events
// of one window, for the last line the number of tiers, in addition to the cost of each
// tier. Keyed.Take is amortised and allocates for a new key only. With MaxKeys a new key
// at the cap also looks into each of the shards, at most 256, for a full bucket.
// SlidingLog allocates while its memory grows, by doubling, to the largest number of
// events that one window has had. A million int64 keys take 51 bytes each, 8 of them the
// key and 8 the state (go run -C evidence ./peers -pkg ratelimit -row bytes); slots grow
// by half.
//
// # What happens if
//
//   - the clock goes backwards: the limiter's time stands still until the clock has
//     caught up; no token is minted (TestClockGoesBack)
//   - the clock jumps an hour ahead once: the tokens of that hour are there, and no more
//     are gained for an hour (TestClocks)
//   - the context has ended before Wait is called: its error at once, even if there are
//     tokens, and nothing is taken (TestWaitAndContext)
//   - two callers come at the same instant: their compare-and-swaps have an order, and
//     exactly as many are granted as there are tokens (TestAdmitsWhenWordsRace)
//   - the rate is 0: the tokens that are there can be taken, and then Wait returns
//     ErrNever (TestWaitAtRateZero)
//   - the burst is 0, or n is more than the burst: refused, with RetryAfter Never, not a
//     finite time that would not come true (TestNothingIsMinted)
//   - n is 0 or negative: refused, and no token is given (TestNothingIsMinted)
//   - the rate changes while callers sleep: their times are computed again, and those of
//     reservations too (TestWaitHearsOfSet, TestSetKeepsWhatIsHeldAndOwed)
//   - Cancel comes after the reserved time: it returns nothing (TestCancelAfterItsTime)
//   - a time or a debt overflows 64 bits: the state is replaced, and decides as rational
//     arithmetic does (TestTimeOutrunsTheTicks, TestDebtOutgrowsTheWord)
//   - MaxKeys keys are kept, no bucket is full, and a new key comes: of eight keys, the
//     one whose bucket will be full soonest is forgotten (TestCheapestOfEight)
//   - MaxWaiting callers wait: one more gets ErrBusy at once (TestMaxWaiting)
//   - the workers of one host wait for one key: they are served in the order in which they
//     came, and do not wake together (TestKeyedWaitIsFIFO)
//   - the key is NaN: each call finds a new key with a full bucket (TestNaNKey)
//
// # Concurrency
//
// Every type is safe for concurrent use. AllowN and Take of a [Bucket] are linearized at
// their compare-and-swap, or at their load of z if they refuse. All other methods of a
// Bucket are linearized under its lock, Set at the publication of the new state. A grant
// happens before every call that sees its tokens gone. It is safe for two takers to read
// the clock in one order and swap in the other: I8 holds for any order. A [Keyed] locks
// the shard of the key; a [SlidingLog] or [SlidingCounter] has one lock. There is no
// goroutine in the background: Wait sleeps in its caller's goroutine. Only the timer of
// the first sleeper runs. A call that changes the time of the first sleeper, or makes
// another sleeper the first, sets that timer.
//
// # Trade-offs
//
// The main disadvantage of a token bucket: it admits up to twice the limit within one
// window, as above. Use [SlidingLog] where that must not happen, at 8 to 16 bytes per
// event. To space calls evenly, use [Pacer].
//
// A [Bucket] that many processors take from is one contended word. A compare-and-swap that
// fails is repeated, and under heavy contention a short mutex is about as fast. Refusals
// scale, since they write nothing. A Bucket takes 624 bytes on a 64-bit system, most of
// them padding against false sharing; for many, use [Keyed].
//
// Sleepers in Wait are served in order: one that waits for many tokens holds up those
// behind it that need few. A key of a Keyed for which callers sleep or reserve takes
// about a kilobyte until its promises are due. Without MaxKeys a Keyed grows with the
// number of keys that have a debt.
//
// The textbook needs a lock and floating point, is not exact, and gives the tokens that a
// sleeper waits for to the next caller.
//
// # References
//
// Turner, "New Directions in Communications" (1986), has the leaky bucket. ITU-T I.371
// (1996) has the Generic Cell Rate Algorithm in two equivalent forms, virtual scheduling
// and continuous-state leaky bucket. Cloudflare, "How we built rate limiting capable of
// scaling to millions of domains" (2017), has the sliding counter.
package ratelimit
