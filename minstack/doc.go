// Package minstack answers: design a stack that also returns its minimum, every
// operation in O(1).
//
// # Idea
//
// The minimum of a stack can change at a push only if the new element is less than
// all below it. Write those elements down as they come, on a second stack, and the
// top of that is always the minimum. What is left to know is when to take one off
// again: when the element that was written down leaves. One bit an element says
// whether it was:
//
//	        items   bit   minima
//	top →     9      0
//	          2      0
//	          2      1      2    ← Min
//	          7      0
//	          5      1      5
//
// The bits are kept 64 to a word, those of the newest elements in a word at hand
// that Push shifts left and Pop shifts right.
//
// # Which type
//
//	Stack       the answer
//	StackFunc   the same in an order of your own
//	MinMax      the maximum as well
//	Segmented   no push ever waits for a growth that moves all elements
//	Queue       first in, first out, with the minimum
//	Persistent  immutable: each Push and Pop returns another stack, a copy is a snapshot
//	Sync        a Stack that goroutines share
//
// # Invariants
//
//	I1  the minima are the elements that were, when pushed, less than all below
//	    them, in the order of pushing
//	I2  the bit of an element is 1 if and only if it is one of them
//	I3  a slot that holds no element holds the zero value
//	I4  a Segmented of n elements has n/512 chunks, rounded up, and at most one
//	    spare
//	I5  the minimum kept beside a Queue's newer elements is theirs
//
// # Complexity
//
//	operation        time     moves  allocations
//	Stack.Push       O(1) *   ≤2*    0 *
//	StackFunc.Push   O(1) *   ≤2*    0 *
//	MinMax.Push      O(1) *   ≤2*    0 *
//	Segmented.Push   O(1)     ≤2     1/512, worst 2
//	Queue.Push       O(1) *   ≤3*    0 *
//	Queue.Pop        O(1) *   ≤1*    0 *
//	Persistent.Push  O(1)     2      1
//	Pop, Peek        O(1)     0      0
//	Min, Max, Len    O(1)     0      0
//	Clear            O(1)     0      0
//	All              O(n)     0      0
//	Sync.All         O(n)     n      1
//
// A move is an element stored or copied. Those of Stack.Push are amortised: a slice
// that is full is copied into a larger one, so a single Push of a stack of n
// elements may move n of them; the debug build counts that, and counts that
// Segmented stores an element, at most one minimum, and moves nothing.
//
// A Stack takes the size of an element and 1/8 byte for each that there is room for,
// up to twice as many as there have ever been, and as much again for the minima; a
// Persistent takes two elements and 16 bytes.
//
// # Concurrency
//
// Sync is safe for concurrent use: each method takes effect at one moment while it
// holds the mutex; All shows the stack of one moment. A Push happens before the
// Pop, Peek, Min or All that returns its element. A Persistent is never written
// after it is made, so any number of goroutines may read and extend one without a
// lock; as with any value, how it gets from one to another must be synchronised.
// The other types are for one goroutine at a time.
//
// # Trade-offs
//
// The main disadvantage: only the minimum of the whole stack is known, not that of
// a part, and no element can be taken out of the middle. For that use a heap with
// an index, or a balanced tree; both are O(log n).
//
// Why not a heap for the minimum? It answers Min in O(1), but Push and Pop have to
// keep it in order, O(log n), and Pop has to find in it the element that leaves.
// The stack's discipline makes all that unnecessary: what was pushed later leaves
// earlier, so an element that is not less than one below it will never be the
// minimum and need not be remembered.
//
// The textbook answer keeps two stacks and pushes equal minima twice, since its Pop
// compares values to see whether the minimum leaves. With the bit, equal elements
// cost nothing and Pop compares nothing, which a caller's compare function feels.
// Another answer stores differences to the minimum in one slice: it overflows.
//
// Amortised or worst case: growth makes Stack's worst Push O(n), seldom. Segmented's
// worst Push allocates a chunk of 512 elements, which the runtime has to zero: once
// in 512 pushes, so a high percentile may be worse than Stack's while the maximum
// is far better. It takes two chunks as soon as it holds one element; for many
// small stacks take Stack.
//
// NaN is less than every other number here, as for cmp.Compare, so a stack with a
// NaN in it has the minimum NaN until it leaves. (slidingmax follows the builtin
// max and min, where NaN wins in both directions.) Of equal elements, such as -0
// and 0, Min returns the lowest on the stack.
//
// # References
//
// Two stacks with a minimum each make a queue: Hood and Melville, "Real-time queue
// operations in pure Lisp" (1981), for the pouring. Okasaki, "Purely Functional Data
// Structures" (1998), for Persistent. Sitarski, "HATs: hashed array trees" (1996),
// and Brodnik et al., "Resizable arrays in optimal time and space" (1999), for
// growth without moving.
package minstack
