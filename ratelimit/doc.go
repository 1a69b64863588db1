// Package ratelimit answers: implement a rate limiter by a token bucket, and make it
// safe for threads. And: as a decorator, 15 calls in 900 seconds, which is Wrap. And:
// for an API gateway of many nodes, which is ratelimit/remote.
//
// # Idea
//
// The textbook keeps two numbers, tokens and the time of the last refill, and so it
// needs a lock. One number says the same. A bucket of B tokens that gains one every
// T was, or will be, just empty at some instant z, if nobody takes any:
//
//	tokens                                     ╱‾‾‾‾‾‾ B
//	                                      ╱‾‾‾‾
//	                                 ╱‾‾‾‾
//	   ──────────┬──────────────┬────────────────┬─────▶ time
//	         now − B·T          z               now
//	       (full: z is        (empty)      tokens = (now − z)/T
//	      never before)
//
// From tokens and last follows z = last − tokens·T, and back: the tokens at a time t
// are (t − z)/T. To take n is to move z later by n·T; a full bucket is z = now − B·T,
// so that a z that lies further back counts as that one:
//
//	z′ = max(z, now − B·T) + n·T        refuse if z′ > now, else z ← z′
//
// This is the Generic Cell Rate Algorithm. One compare-and-swap writes z; to refuse
// is only to read. A reservation is a z that lies ahead.
//
// # When the two are equal
//
// They decide alike, step by step, if 0 < T < ∞, T is a whole number of ticks of the
// clock that z is kept in, B and T do not change while z stands, and nothing
// overflows. Bucket sees to each:
//
//   - T is a fraction d/n of nanoseconds, so a tick is 1/n of one: T is d ticks.
//   - T = ∞ (nothing is ever gained) is n = 0: time stands still, a tick is a token.
//     T = 0 (Inf) asks no z at all.
//   - B and T lie with z behind one atomic pointer. Set swaps z for a value that no
//     taker accepts, converts what is held into the new ticks, and publishes the
//     whole; it rounds a token's fraction down by less than a tick, once.
//   - A word holds 2^61 ticks to either side. Before time outruns it, tick 0 moves.
//     A burst or a debt that is longer than that goes to 128 bits behind a lock.
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
//	sliding log                         100    8 bytes an event
//
// A token bucket admits at most burst + rate·time in any window: to have at most N a
// second, choose a burst and a rate that add up to N. What it admits in the long run
// is the rate, exactly; a fixed window or a counter that expires with its key may
// block for ever a client that is under the limit but never idle.
//
// # Invariants
//
//	I1  z of a narrow state and its burst fit in a word with room for a sum; a wide
//	    state's word is frozen, and the fast path takes nothing from it
//	I2  a state with a successor is frozen; the current one has none
//	I3  promises stand in the order of their times, sleepers among them in the order
//	    in which they came, and z is not before the last sleeper
//	I4  no bucket of a Keyed lacks more than its burst
//	I5  each key's bucket will be looked at no later than when it is full
//	I6  with RateFor, each key has exactly one setting
//	I7  Keyed.Len is the number of keys, and at most MaxKeys
//	I8  for grants i to j in the order of their z, with n tokens each:
//	    Σn ≤ burst + (time j − time i)/T    (TestWindowInequality)
//
// # Complexity
//
//	operation                                       time      moves   allocations
//	Allow, AllowN, Take, TakeUpTo                   O(1)      0       0
//	Reserve, Tokens                                 O(1)      0       O(1)
//	Cancel, Refund, Set, Wait, WaitN                O(n)      0       O(1)
//	Keyed.Allow, Keyed.Take, Keyed.Delete           O(1) ~*   1       0
//	Keyed.Len                                       O(1)      0       0
//	Keyed.All                                       O(n)      0       O(n)
//	SlidingLog.Allow                                O(1)      0       0
//	SlidingLog.Take                                 O(log n)  0       0
//	SlidingCounter.Allow, SlidingCounter.Take       O(1)      0       0
//	TakeEach, the Take of All                       O(n)      0       O(n)
//
// For the third line n is the number of promises not due yet, for Keyed.All the
// keys, for SlidingLog the limit, for the last line the tiers, beside what each of
// them takes. Keyed.Take is amortised and allocates for a new key
// only. A million int64 keys take 51 bytes each, 8 of them the key and 8 the state
// (go run -C evidence ./peers -pkg ratelimit -row bytes); slots grow by half.
//
// # Concurrency
//
// Every type is safe for concurrent use. AllowN and Take of a Bucket are linearized
// at their compare-and-swap, or at their load of z if they refuse; everything else
// of a Bucket under its lock, where Set's point is the publication of the new state.
// A grant happens before whatever finds its tokens gone. Two takers that read the
// clock in one order and swap in the other are safe too: I8 holds for any order. A
// Keyed locks the shard of the key, a SlidingLog or SlidingCounter itself. There is
// no goroutine in the background: a sleeper in Wait is its caller, and its timer is
// set by whoever changes its time.
//
// # Trade-offs
//
// The main disadvantage of a token bucket: it admits up to twice what the limit
// seems to say within one window, as above. Use SlidingLog where that must not be,
// at 8 bytes an event. Where calls should be even, use Pacer.
//
// A Bucket that many processors take from is one contended word; a compare-and-swap
// that fails is repeated, and under heavy contention a short mutex does about as
// well. Refusals scale, since they write nothing. A Bucket of its own takes 450
// bytes, padding against false sharing; for many, use Keyed.
//
// Sleepers in Wait are served in order: one that waits for many tokens keeps back
// those behind it that want few. Without MaxKeys a Keyed grows with the keys that owe.
// A key that is not equal to itself, NaN say, is a new key each time.
//
// The textbook (textbook_test.go) needs a lock and floating point, is not exact, and
// lets whoever asks first have what a sleeper waits for.
//
// # References
//
// Turner, "New Directions in Communications" (1986), has the leaky bucket; ITU-T
// I.371 (1996) the Generic Cell Rate Algorithm in both forms, virtual scheduling and
// continuous-state leaky bucket, and that they are equivalent. Cloudflare, "How we
// built rate limiting capable of scaling to millions of domains" (2017), has the
// sliding counter.
package ratelimit
