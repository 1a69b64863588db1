// Package randset answers: design a set with insert, delete and getRandom, each in
// O(1).
//
// # Idea
//
// A random value of an array is one draw and one read; a hash table finds a value
// in O(1). So keep the values in an array without gaps, and let the table say where
// each one stands. Delete fills the gap with the last value of the array:
//
//	array   a  b  c  d  e          Delete(b):   a  e  c  d
//	        1  2  3  4  5                          ↑
//	table   a→1 b→2 c→3 d→4 e→5                 e→2
//
// The table of this module (internal/table) is that array already: its entries lie
// in one slice, and a slot is a position in it. So each value is stored once, with
// 8 bytes of its own beside it and 4 to 8 of a bucket, where the textbook's map and
// slice store it twice.
//
// # Which type
//
//	Set        the answer
//	Bag        a value may be there several times and is drawn as often
//	Weighted   a value is drawn in proportion to its weight; O(log n)
//	Sync       a Set that goroutines share
//
// # Invariants
//
//	I1  the values of a Set stand in slots 1 to Len, without a gap
//	I2  the occurrences of a value in a Bag are the list that begins at its first,
//	    linked both ways; every place of the array is in exactly one list
//	I3  a node of a Weighted's tree is the sum of the two below it, the leaves are
//	    the weights, free leaves are 0, and the root is finite
//
// # Complexity
//
//	operation        time          moves  allocations
//	Insert           O(1) ~*       ≤2.5*  0 *
//	Delete, Pop      O(1) ~        1      0
//	Contains, Count  O(1) ~        0      0
//	Random, At, Len  O(1)          0      0
//	Sample           O(k) ~        k      ≤3
//	Clear            O(1)          0      0
//	Clone, Shrink    O(n)          n      2
//	All              O(n)          0      0
//	Shuffled         O(n)          n      1
//	Weighted.Set     O(log n) ~*   0      0 *
//	Weighted.Delete  O(log n) ~    1      0
//	Weighted.Random  O(log n)      0      0
//
// Insert is amortised, since growth moves all entries, 2.5 times each in all.
//
// # Uniformity
//
// Random, Pop, Sample, Shuffled and the draws of Bag and Weighted are tested by
// chi-square, after deletes and later inserts too, Sample and Shuffled over all
// subsets and orders of small sets. A test fails beyond six standard deviations, on
// either side: of a correct program it would say so for two seeds in 10^9.
//
// The order in which values stand tells of past operations, so All and At are no
// substitute for a draw: a walk that stops early is biased. Nor is a draw over the
// buckets of a hash table, which favours values that are alone in theirs. That is
// why a map alone cannot answer the question: the iteration of a Go map begins at a
// random place, but not at each value with the same probability.
//
// # Concurrency
//
// Sync is safe for concurrent use: each method takes effect at one moment while it
// holds the mutex; All and Shuffled show the set of one moment. An Insert happens
// before the call that returns or finds its value. The other types are for one
// goroutine at a time; their reading methods may run at the same time as each
// other, unless Options.Rand is set.
//
// # Trade-offs
//
// The main disadvantage: no order. For the smallest value, ranges or ranks take a
// sorted tree. Delete changes the place of another value, so a position means
// nothing for longer than the next Delete.
//
// The table keeps its chains also for a set without anything else to remember. An
// index of its own, with 32 bits of hash beside each position and no chains, was
// tried: hits in a set of 10^6 were no faster, Delete and Insert took half as long
// again.
//
// Growth moves all entries at once; Options.Capacity avoids it. A set that has been
// large keeps its memory until Shrink or Clear.
//
// A value that is not equal to itself (NaN) could never be deleted, so it is
// refused: Insert reports false, Weighted.Set returns ErrValue.
//
// Weighted could draw in O(1) from an alias table, but that takes O(n) to build
// after every change. A Fenwick tree needs half the memory of its tree of sums, but
// updates by differences, and in floating point a difference leaves its rounding
// behind: after a weight of 1e300 has come and gone, the others would be lost.
//
// # References
//
// Briggs and Torczon, "An efficient representation for sparse sets" (1993), for the
// array with a way back into it. Durstenfeld, "Random permutation" (1964). Walker,
// "An efficient method for generating discrete random variables with general
// distributions" (1977), for the alias table. Wong and Easton, "An efficient method
// for weighted sampling without replacement" (1980), for the tree.
package randset
