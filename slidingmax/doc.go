// Package slidingmax answers: find the maximum of every window of k neighbours in an
// array, in time that does not depend on k. The answer at the whiteboard is in
// textbook_test.go: the monotonic deque.
//
// To watch this code at work, step by step: go run ./examples/visual, page slidingmax.
//
// # Reading order
//
// For an array: textbook_test.go, kernel.go, which begins with the blocks of the picture
// below, max.go, float.go. For a stream: deque.go, window.go, timewindow.go, sync.go, and
// aggregator.go, which needs none of them.
//
// # Terms
//
//	block      k neighbouring elements of an array; the array is cut into blocks
//	candidate  a value of a window that is, or can still become, its maximum
//	beat       a new value beats the candidates that are less than it
//	cut off    removed at the newest end, as candidates that are beaten are
//	gallop     a search in strides of 1, 2, 4, …, which then halves the last stride
//	front      the older part of an Aggregator, whose slots hold aggregates
//	back       its newer part, of which only the total is kept
//
// # Idea
//
// For an array, cut it into blocks of k. A window covers the end of one block and the
// beginning of the next, so its maximum is the larger of two numbers: the maximum of the
// first block from where the window begins, and that of the second block up to where it
// ends. One walk over a block from its right end finds the former for all windows, one
// from its left end the latter.
//
//	k = 4    │ 2  7  1  4 │ 3  5  9  0 │      window at 1:  7 1 4 3
//	suffixes │ 7  7  4  4 │            │            max(7, 3) = 7
//	prefixes │            │ 3  5  9  9 │      window at 2:  1 4 3 5
//	                                                  max(4, 5) = 5
//
// That is three comparisons per element, for any k and any values. The suffixes are kept
// where the result will be, so no other memory is needed.
//
// For a stream, keep the values that can still become the maximum. A new value makes all
// smaller ones before it irrelevant, since they also leave the window earlier. So the
// values that are kept decrease from the oldest to the newest, the oldest is the
// maximum, and those that a new value beats are at the newest end:
//
//	oldest                   newest
//	   9    8    6    5    2    1    ← 5 comes: 2 and 1 are cut off
//
// They are sorted, so they need not be compared one by one: Push gallops back from the
// newest end, and cuts off all that are beaten with one store.
//
// For a stream and any associative operation (for example a sum), an Aggregator is a
// queue that knows the result of the operation over all its values. It has two parts:
// each slot of the front holds the aggregate from itself to the front's end; of the back
// only the total is kept. When the front is used up, the back must become the front, slot
// by slot from its end. An Aggregator does this ahead of time, one slot at each Push and
// Evict, so that the front for a while consists of four parts. The invariants I4 and I5
// are about the marks between them:
//
//	f         l         r         a         b         e
//	├─ done ──┼─ left ──┼── raw ──┼─ right ─┼── back ─┤
//
// Slots in raw still hold single values. The variable mid is the aggregate of raw and
// right, and back is that of the back. A step turns one slot of left into one of done,
// and one of raw into one of right.
//
// # Which one
//
//	Max, Min, MinMax         an array; AppendMax and AppendMin use memory that you have
//	MaxFunc                  in an order of your own
//	ArgMax, ArgMin           where the maximum or minimum is
//	MaxFloat, MinFloat       with missing values, as in pandas and bottleneck
//	ParallelMax              by several goroutines
//	Window, Values           a stream, the last k values
//	TimeWindow               a stream, the values of the last minute
//	Aggregator               not the maximum but any associative operation
//	Sync, SyncTimeWindow     a Window or TimeWindow that goroutines share
//
// # Invariants
//
//	I1  the candidates are in the order of arrival, or of their times, and none is
//	    less than the next
//	I2  no candidate has left the window, and the newest value is a candidate, unless
//	    it is a NaN that is skipped
//	I3  a slot of a ring holds the zero value, unless it is in use or its candidate was
//	    cut off; each Push zeroes two slots that were cut off
//	I4  in an Aggregator each slot of f..l and a..b holds the aggregate from itself up
//	    to b, each slot of l..r that up to r; mid is the aggregate of r..b, and back is
//	    that of b..e
//	I5  in an Aggregator that is not empty, left has as many slots as raw, and the front
//	    is longer than the back by one more than the number of steps that remain
//
// # Complexity
//
//	operation           time    moves  allocations
//	Max, Min, MinMax    O(n)    0      1 per result
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
// AppendMax.Element is the cost of AppendMax for one element, where n is the window. A
// Push to a Window makes at most 2⋅log2(k)+3 comparisons, where a plain deque makes k,
// and on average at most 2.5, where a plain deque makes 2. The growth of a ring is
// amortised: it doubles until it can hold the window; after that there is no growth and
// no allocation. The Push that grows it copies all of it; over the whole life of a ring
// that makes at most 2 copies for each Push. An Aggregator calls its operation at most 3
// times for a Push, 2 for an Evict and once for a Query. The costs of a TimeWindow are
// for values in the order of time; a late value takes O(log n) comparisons and moves up
// to n candidates.
//
// A Window has slots for at most twice the maximum number of candidates that it has had;
// each takes a value and 8 bytes. An Aggregator has slots for at most twice the maximum
// number of its values; each takes one value.
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
//   - NaN means that a value is missing: with Options.SkipNaN it counts as one of the k
//     values and never wins (TestSkipNaN)
//   - one timestamp is a year ahead: with Options.Ahead it is refused; without, it hides
//     all values until then, or until Clear (TestTimeAhead)
//   - 0 meets -0: 0 is the larger, as for the builtin max (TestWindowOfFloats)
//   - a value is infinite, or an integer above 2^53: it is exact (TestIntegersAreExact)
//   - the clock goes backwards: the window keeps its latest time; a late value counts if
//     its time is still in the window (TestTimesThatJump)
//   - compare panics: the window is as if Push had not been called (TestPanickingCompare)
//   - compare uses its window: Push panics, and the window can be used
//     (TestCallbackUsesItsStructure)
//   - the loop pushes or clears: it continues with the candidates that are left
//     (TestAllWhileItChanges)
//   - k is the largest int: memory is taken for what is pushed (TestHugeWindow)
//
// # Concurrency
//
// [Sync] and [SyncTimeWindow] are safe for concurrent use: each method takes effect at one
// moment while it holds the mutex; All shows the candidates of one moment. A Push happens
// before the Max that returns its value. The functions keep no state: they may run at
// the same time if they write to different slices. The other types are for one goroutine
// at a time.
//
// # Trade-offs
//
// The main disadvantage: the algorithm for an array needs all of it in memory, and a
// window's result is known only with its last element. The stream's result is known at
// once and takes several times as long.
//
// The textbook answer to both is the deque, without the gallop. Its Push takes one
// comparison for each candidate that is beaten: two on average, k at worst. And for an
// array it causes branch mispredictions: whether the next comparison removes a candidate
// is random, and each misprediction costs time. The blocks compare in a fixed order,
// without such branches: random and decreasing input take the same time. Input that begins
// in ascending order takes less: where a window is in order, its maximum is its last value,
// and one comparison per value finds this out. The picture evidence/slidingmax.svg shows
// the time per element for k from 2 to 1e5, next to the deque and Python's libraries. A
// heap answers in O(log k); looking at every window takes O(nk), and so does "remember the
// maximum, and search again when it leaves" on decreasing input.
//
// The minimum of floats takes a processor several cycles, so four segments are processed
// at once; that needs a result that does not overlap the source and at least 4k windows.
// Built with GOEXPERIMENT=simd on amd64, float64 and int64 use vectors of eight where the
// processor has AVX-512 and k is at least 8 (simd_amd64.go); with AVX2 only, float64 uses
// vectors of four where k is from 8 to 2,048 (simd_four_amd64.go). A stretch of 2,000
// windows or more that reads a NaN or a negative zero is left to the plain kernel, since
// the processor's maximum treats these differently.
//
// A [Window] from New compares by operators, and calls a function only for equal values;
// one from NewFunc calls compare each time. Both bound the worst case, which a plain deque
// does not. New treats floats exactly as the builtin max does (evidence/RESULTS.md has
// the times).
//
// NaN wins for [Max], for [Min] and for Window, as for the builtin max and min, and 0 is
// above -0 (minstack follows cmp.Compare, for which NaN is least). In a stream one NaN is
// the maximum for k pushes, unless [Options.SkipNaN] is set. [ArgMax] skips NaN, since the
// position of a missing value is not the position of a maximum. [MaxFloat] does either.
// Infinities are values, and integers stay integers: pandas treats infinities as NaN and
// converts integers to float64.
//
// [MinMax] makes two passes. Lemire's algorithm finds both in one pass with three
// comparisons per element, but each comparison is an unpredictable branch.
//
// An [Aggregator] needs no inverse, as subtracting from a running sum does, so sums of
// floats do not drift. Where there is an inverse and all values are integers, a running
// sum is simpler. An Aggregator could also compute the maximum of a Window, in a constant
// number of steps except for growth; on average the deque takes fewer.
//
// Values that were cut off stay reachable until later pushes have zeroed their slots,
// two at each push. Clear releases everything at once.
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
