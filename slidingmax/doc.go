// Package slidingmax answers: find the maximum of every window of k neighbours in an
// array, in time that does not depend on k. The answer at the whiteboard is in
// textbook_test.go: the monotonic deque.
//
// # Reading order
//
// For an array: textbook_test.go, kernel.go, which begins with the blocks of the picture
// below, max.go, float.go. For a stream: deque.go, window.go, timewindow.go, sync.go, and
// aggregator.go, which needs none of them.
//
// # Idea
//
// For an array, cut it into blocks of k. A window covers the end of one block and
// the beginning of the next, so its maximum is that of two numbers: the maximum of
// the first block from where the window begins, and that of the second up to where
// it ends. The former are found by one walk over the block from its right end, the
// latter by one from its left.
//
//	k = 4    │ 2  7  1  4 │ 3  5  9  0 │      window at 1:  7 1 4 3
//	suffixes │ 7  7  4  4 │            │            max(7, 3) = 7
//	prefixes │            │ 3  5  9  9 │      window at 2:  1 4 3 5
//	                                                  max(4, 5) = 5
//
// That is three comparisons an element, whatever k and whatever the values are. The
// suffixes are kept where the result will be, so there is no other memory.
//
// For a stream, keep the values that can still become the maximum. A value that
// comes makes all smaller ones before it hopeless, since they also leave earlier. So
// what is kept falls from the oldest to the newest, the oldest is the maximum, and
// those that a new value beats are at the new end:
//
//	oldest                   newest
//	   9    8    6    5    2    1    ← 5 comes: 2 and 1 are cut off
//
// Being sorted, they need not be asked one by one: Push gallops from the new end, 1,
// 2, 4, … back, halves the last stride, and cuts by one store.
//
// For a stream and any associative operation, a sum say, an Aggregator is a queue that
// knows what the operation makes of all its values. It has two parts: each slot of the
// front holds the aggregate from itself to the front's end, and of the back only the
// total is kept. When the front is used up, the back must become the front, slot by
// slot from its end. An Aggregator does this ahead of time, one slot at each Push and
// Evict, so that the front consists for a while of four parts, and the marks between
// them are what the invariants I4 and I5 speak of:
//
//	f         l         r         a         b         e
//	├─ done ──┼─ left ──┼── raw ──┼─ right ─┼── back ─┤
//
// Slots in raw still hold single values; mid is the aggregate of raw and right, back that
// of the back. A step turns one slot of left into one of done, and one of raw into one of
// right.
//
// # Which one
//
//	Max, Min, MinMax         an array; AppendMax and AppendMin where memory is at hand
//	MaxFunc                  in an order of your own
//	ArgMax, ArgMin           where the maximum or minimum is
//	MaxFloat, MinFloat       with missing values, as pandas and bottleneck have it
//	ParallelMax              by several goroutines
//	Window, Values           a stream, the last k values
//	TimeWindow               a stream, the values of the last minute
//	Aggregator               not the maximum but any associative operation
//	Sync, SyncTimeWindow     a Window or TimeWindow that goroutines share
//
// # Invariants
//
//	I1  the candidates are in the order of their coming, or of their times, and
//	    none is less than the next
//	I2  no candidate has left the window, and the newest value is one, unless it is a NaN
//	    that is skipped
//	I3  a slot of a ring holds the zero value unless it is in use or, for candidates,
//	    was cut off; two slots cut off are wiped out at each Push
//	I4  in an Aggregator the slots f..l and a..b hold the aggregate up to b, those of
//	    l..r that up to r, and mid and back are those of r..b and b..e
//	I5  in an Aggregator that is not empty as many slots are left as raw, and the
//	    front is longer than the back by the steps that are to go and one
//
// # Complexity
//
//	operation           time    moves  allocations
//	Max, Min, MinMax    O(n)    0      1 a result
//	AppendMax           O(n)    0      0
//	AppendMin           O(n)    0      0
//	AppendMax.Element   O(1) *  0      0
//	MaxFunc             O(n)    ≤3n    O(log k)
//	ArgMax, ArgMin      O(n)    ≤3n    O(log k)
//	MaxFloat, MinFloat  O(n)    n      0
//	ParallelMax         O(n)    0      O(workers)
//	Window.Push         O(1) *  ≤3*    0 *
//	Values              O(n)    ≤3n    O(log k)
//	Window.Max, Len     O(1)    0      0
//	TimeWindow.Push     O(1) *  ≤3*    0 *
//	TimeWindow.Max      O(1) *  0      0
//	Aggregator.Push     O(1) *  ≤5*    0 *
//	Evict, Query        O(1)    ≤2     0
//	Clear               O(1)    0      0
//	All                 O(n)    0      0
//	Sync.All            O(n)    n      1
//
// AppendMax.Element is what AppendMax takes for one element, n being the window. A Push to a
// Window asks 2⋅log2(k)+3 comparisons at most, where a plain deque asks k, and 2.5
// on average at most, where a plain deque asks 2. Amortised is the growth of a ring,
// which doubles until it holds what the window does; then there is none, and no
// allocation. The Push that grows it copies all of it; over the whole life of a ring
// that makes at most 2 copies for each Push. An Aggregator calls its operation at most 3 times for a Push, 2 for an
// Evict and once for a Query. The costs of a TimeWindow are those of values in the
// order of time; a late one takes O(log n) comparisons and moves up to n candidates.
//
// A Window takes a candidate's value and 8 bytes for each of the most candidates it
// had, at most twice that in all; an Aggregator one value for each.
//
// # What happens if
//
//   - k is greater than n: there is no window, so the result is empty; a Window is never
//     full, and Push says so (TestNothing, TestHugeWindow)
//   - k is 0 or negative: it panics and names k (TestBadInput)
//   - k is 1: the result is the input (TestEveryK)
//   - values are equal: MaxFunc gives the first, ArgMax the first or the last, as asked
//     (TestMaxFuncGivesTheFirst, TestArgMax)
//   - a value is NaN: it wins, and in a stream for k pushes; ArgMax and MaxFloat can pass
//     it over (TestNaNInAStream, TestArgMax, TestMaxFloat)
//   - NaN means that a value is missing: Options.SkipNaN lets it take a place and never
//     win (TestSkipNaN)
//   - one timestamp is a year ahead: with Options.Ahead it is refused; without, it hides
//     all values until then, or until Clear (TestTimeAhead)
//   - 0 meets -0: 0 is the larger, as for the builtin max (TestWindowOfFloats)
//   - a value is infinite, or an integer above 2^53: it is exact (TestIntegersAreExact)
//   - the clock goes backwards: the window's time stands still; a value that comes late is
//     counted if it is still in the window (TestTimesThatJump)
//   - compare panics: the window is as if Push had not been called (TestPanickingCompare)
//   - compare uses its window: Push panics, and the window can be used
//     (TestCallbackUsesItsStructure)
//   - the loop pushes or clears: it goes on with what is there (TestAllWhileItChanges)
//   - k is the largest int: memory is taken for what is pushed (TestHugeWindow)
//
// # Concurrency
//
// Sync and SyncTimeWindow are safe for concurrent use: each method takes effect at one moment while it
// holds the mutex; All shows the candidates of one moment. A Push happens before the
// Max that returns its value. The functions keep nothing: they may run at the same
// time, but for what they write. The other types are for one goroutine at a time.
//
// # Trade-offs
//
// The main disadvantage: the answer for an array needs all of it at hand, and a
// window's answer is known only with its last element. The stream's answer is known
// at once and takes several times as long.
//
// The textbook answer to both is the deque, without the gallop. Its Push takes one
// comparison for each candidate that is beaten: two on average, k at worst. And for an
// array it guesses wrong: whether the next comparison removes a candidate is up to
// chance, and a processor pays for each wrong guess. The blocks
// compare in an order that is fixed beforehand, and need no guess: random, rising and
// falling input take the same time. The picture evidence/slidingmax.svg shows the time
// per element for k from 2 to 1e5, next to the deque and Python's libraries. A heap
// answers in O(log k); looking at every window takes O(nk), which on falling input is
// also what "remember the maximum, and look again when it is gone" comes to.
//
// The minimum of floats takes a processor several cycles, so four places are worked
// on at once; that needs a result apart from its source and at least 4k windows. Built
// with GOEXPERIMENT=simd on amd64, float64 uses vectors of four where k is from 8 to 4,096
// (simd_amd64.go); a stretch of 4,096 windows that reads a NaN or a negative zero is left
// to the plain kernel, since a processor's maximum treats these in its own way.
//
// A Window asks a function for each comparison, so on random values its Push takes
// longer than a deque written out for one type of number (evidence/RESULTS.md); what it
// has for that is any order, floats right to the last bit, and the bound on its worst.
//
// NaN wins for Max, for Min and for Window, as for the builtin max and min, and 0 is
// above -0 (minstack follows cmp.Compare, for which NaN is least). In a stream one NaN
// is the maximum for k pushes, unless Options.SkipNaN is set. ArgMax passes NaN
// over, since a place where nothing is known is no place of a maximum. MaxFloat does
// either. Infinities are values, and integers stay integers: pandas takes the former
// for NaN and the latter through a float64.
//
// MinMax is two runs. Lemire's algorithm finds both in one with three comparisons an
// element, but each comparison is a guess.
//
// An Aggregator needs no inverse, as subtracting from a running sum does, so sums of
// floats do not drift. Where there is an inverse and all is integers, a running sum
// is simpler. For the maximum of a Window it would do as well, in constant steps but for
// growth; on average the deque takes fewer.
//
// What has been cut off stays reachable until later pushes have wiped it out, two
// slots at each. Clear releases all at once.
//
// # References
//
// M. van Herk, "A fast algorithm for local minimum and maximum filters on rectangular
// and octagonal kernels" (1992), and J. Gil and M. Werman, "Computing 2-D min, median,
// and max filters" (1993), for the blocks. D. Lemire, "Streaming maximum-minimum
// filter using no more than three comparisons per element" (2006), for the deque.
// J. L. Bentley and A. C. Yao, "An almost optimal algorithm for unbounded searching"
// (1976), for the gallop. K. Tangwongsan, M. Hirzel and S. Schneider, "In-order
// sliding-window aggregation in worst-case constant time" (2021), for DABA Lite.
package slidingmax
