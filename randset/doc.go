// Package randset answers: design a set with insert, delete and getRandom, each in
// O(1). The answer at the whiteboard is in textbook_test.go: a map and a slice.
//
// To watch this code at work, step by step: go run ./examples/visual, page randset.
//
// # Reading order
//
// textbook_test.go, then set.go, index.go and random.go, which are the idea; bag.go (lists
// through the array); weighted.go (a tree of sums); reservoir.go; sync.go. Bag and
// Weighted find their values with internal/table.
//
// # Terms
//
//	position    the index of a value in the array
//	slot        an element of the hash table; it holds a position, or is free
//	home        the slot that the hash of a value selects, where a search for it begins
//	occurrence  one of the times that a Bag contains a value
//
// # Idea
//
// A random value of an array is one draw and one read; a hash table finds a value in
// O(1). So keep the values in an array without gaps, and let the table store the index of
// each. Delete fills the gap with the last value of the array:
//
//	array   a  b  c  d  e          Delete(b):   a  e  c  d
//	        1  2  3  4  5                          ↑
//	table   a→1 b→2 c→3 d→4 e→5                 e→2
//
// The table stores no values, only their positions, 4 bytes each: a search compares the
// values of the array. So each value is stored once, where the textbook's map and slice
// store it twice. A position leaves bits of its slot free, and they hold a part of the
// hash: a search reads a value of the array only if that part is equal. An int takes 24
// bytes just before the table grows, and 48 just after.
//
// # Which type
//
//	Set        the answer
//	Bag        a value may occur several times; each occurrence is equally likely
//	Weighted   a value is drawn in proportion to its weight; O(log n)
//	Reservoir  k values of a stream, each with the same probability
//	Sync       a Set that goroutines share
//
// # Invariants
//
//	I1  the values of a Set lie in an array without a gap, and their hashes in another
//	    unless they are words; the free elements after the values are zero
//	I2  each value has one slot of the table, and a search from its home reaches that
//	    slot before a free one; at least three quarters of the slots are free
//	I3  the occurrences of a value in a Bag form a list, linked both ways, that begins
//	    at its first; every element of the array is in exactly one list
//	I4  a node of a Weighted's tree is the sum of the two below it, the leaves are
//	    the weights, free leaves are 0, and the root is finite
//
// # Complexity
//
//	operation        time          moves  allocations
//	Insert           O(1) ~*       ≤3*    0 *
//	Bag.Insert       O(1) ~*       ≤10.5* 0 *
//	Delete, Pop      O(1) ~        1      0
//	Contains, Count  O(1) ~        0      0
//	Random, At, Len  O(1)          0      0
//	Sample           O(k) ~        k      ≤3
//	Clear            O(1)          0      0
//	Clone, Shrink    O(n)          n      4
//	All              O(n)          0      0
//	Shuffled         O(n)          n      1
//	Reservoir.Add    O(1) *        ≤6*    0 *
//	Reservoir.Sample O(k)          k      1
//	Weighted.Set     O(log n) ~*   ≤7.5*  0 *
//	Weighted.Delete  O(log n) ~    1      0
//	Weighted.Random  O(log n)      0      0
//
// A move is a value stored or copied. Growth, which copies all of them, is amortised. A
// set doubles, which over its whole life makes at most 3 moves for each Insert: 1 to store
// the value and 2 copies. A Bag also has an array of its occurrences, which append grows
// by a quarter, and a Weighted has its weights, which double.
//
// # Uniformity
//
// Random, Pop, Sample, Shuffled and the draws of Bag, Weighted and Reservoir are tested
// by chi-square, also after deletes and later inserts; Sample and Shuffled over all
// subsets and orders of small sets. A test fails beyond six standard deviations, on
// either side: a correct program would fail for two seeds in 10^9.
//
// The order of the values depends on past operations, so All and At are no substitute for
// a draw: a walk that stops early is biased. Nor is a draw over the buckets of a hash
// table: it favours values that are alone in their bucket. That is why a map alone cannot
// answer the question: the iteration of a Go map begins at a random place, but not at
// each value with the same probability.
//
// # What happens if
//
//   - the set is empty: Random and Pop report false, Sample is empty (TestEmpty)
//   - the value is already present: Insert reports false; a Bag counts it once more
//     (TestModel, TestBagModel)
//   - the value is absent: Delete reports false, and nothing moves (TestModel)
//   - the value is NaN: it is refused, since it could not be found again (TestNaNIsRefused)
//   - the values are 0 and -0: they are equal, so that one is kept (TestNaNIsRefused)
//   - Sample asks for more than there are: it returns all, in random order (TestModel)
//   - a weight is negative, NaN or infinite, or the total would be: an error, and nothing
//     changes (TestBadWeights)
//   - a huge weight is set and deleted: the others are drawn as before
//     (TestLeastWeights)
//   - the loop deletes the value that it was given: each is yielded once (TestModel)
//   - the loop over a Sync changes the set: it shows the moment when it began
//     (TestSyncLoopsAreSnapshots)
//   - a stream is longer than memory: a Reservoir keeps k of it, every k with the same
//     probability (TestReservoirIsUniform)
//   - a Sync with a seeded Rand is cloned: the clone draws from the runtime's generator
//     (TestSyncClone)
//   - Options.Rand panics: the set is as it was, and not locked (TestPanickingSource)
//   - two sets have the same seed: they draw the same (TestSeededDrawsRepeat)
//
// # Concurrency
//
// [Sync] is safe for concurrent use: each method takes effect at one moment while it holds
// the mutex; All and Shuffled show the set of one moment. An Insert happens before the
// call that returns or finds its value. The other types are for one goroutine at a time;
// their reading methods may run at the same time as each other, unless [Options.Rand] is
// set.
//
// # Trade-offs
//
// The main disadvantage: no order. For the smallest value, ranges or ranks use a sorted
// tree. Delete moves another value, so an index is valid only until the next Delete.
//
// The table of a [Set] has linear probing and no links. With the chains of internal/table,
// which Set used before, a hit took up to twice as long, since a chain leads through whole
// entries. The table is at most a quarter full. Half full, it takes half of that memory,
// but in a set that fits the cache a hit takes a fifth longer, and a Delete with an Insert
// half longer. A set that does not fit the cache pays for the larger table with more cache
// misses. The hashes of the values are stored as well, because a Delete needs those of the
// slots behind the gap; but not those of ints, which are hashed again.
//
// Growth moves all values at once; [Options.Capacity] avoids it. A set that has been large
// keeps its memory until Shrink or Clear.
//
// A value that is not equal to itself (NaN) could never be deleted, so it is refused:
// Insert reports false, [Weighted.Set] returns ErrValue.
//
// [Weighted] could draw in O(1) from an alias table, but that takes O(n) to build after
// every change. A Fenwick tree needs half the memory of this tree of sums, but it updates
// by differences, and in floating point the rounding error of a difference remains: once a
// weight of 1e300 had been set and deleted, the other weights would be lost.
//
// # References
//
// Briggs and Torczon, "An efficient representation for sparse sets" (1993), for the array
// with back pointers. Durstenfeld, "Random permutation" (1964). Walker, "An efficient
// method for generating discrete random variables with general distributions" (1977), for
// the alias table. Wong and Easton, "An efficient method for weighted sampling without
// replacement" (1980), for the tree. Vitter, "Random sampling with a reservoir" (1985),
// for algorithm R.
package randset
