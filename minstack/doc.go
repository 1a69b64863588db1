// Package minstack answers: design a stack that also returns its minimum, every
// operation in O(1). The answer at the whiteboard is in textbook_test.go: two stacks, one
// of the elements and one of the minima.
//
// Read the files in this order: textbook_test.go, records.go, stack.go; then queue.go,
// minmax.go, segmented.go, persistent.go and sync.go, each of which needs only those.
//
// To watch this code at work, step by step: go run ./examples/visual, page minstack.
//
// # Idea
//
// The minimum of a stack can change at a push only if the new element is less than all
// below it. Such an element is a record. Keep the positions of the records on a second
// stack: the element at its top position is always the minimum. When the element at that
// position is popped from the first stack, pop the second too:
//
//	        position  items   records
//	top →       4       9
//	            3       2
//	            2       2        2    ← Min is the element at position 2
//	            1       7
//	            0       5        0
//
// A position says which element is the record, so Pop compares two numbers and never two
// elements.
//
// A stack of minima is not an undo stack: it keeps no earlier state, and Push after Pop
// overwrites what was popped. Persistent keeps every state that a caller still refers to;
// undo returns to an older one.
//
// # Which type
//
//	Stack       the answer
//	StackFunc   the same in an order of your own
//	MinMax      the maximum as well
//	Segmented   growth never moves an element
//	Queue       first in, first out, with the minimum
//	Persistent  immutable: each Push and Pop returns another stack; any of them is a snapshot
//	Sync        a Stack that goroutines share
//
// # Invariants
//
//	I1  the records are the positions of the elements that were, when pushed, less
//	    than all below them, lowest first
//	I2  in a Segmented the minima are the elements at these positions, and the bit of
//	    an element is 1 if and only if it is one of them
//	I3  a slot that holds no element holds the zero value
//	I4  a Segmented of n elements has n/512 chunks, rounded up, and at most one
//	    spare
//	I5  the minimum that a Queue keeps for its newer elements is the minimum of those
//
// # Complexity
//
//	operation        time     moves  allocations
//	Stack.Push       O(1) *   ≤6*    0 *
//	StackFunc.Push   O(1) *   ≤6*    0 *
//	MinMax.Push      O(1) *   ≤6*    0 *
//	Sync.Push        O(1) *   ≤6*    0 *
//	Segmented.Push   O(1)     ≤2     1/512, worst 2
//	Queue.Push       O(1) *   ≤3*    0 *
//	Queue.Pop        O(1) *   ≤4*    0 *
//	Persistent.Push  O(1)     2      1
//	Persistent.Pop   O(1)     0      0
//	Pop, Peek        O(1)     0      0
//	Min, Max, Len    O(1)     0      0
//	Clear            O(1)     0      0
//	All              O(n)     0      0
//	Sync.All         O(n)     n      1
//
// A move is an element stored or copied. Growth is amortised: a full slice is copied into
// one twice as long, so a single Push of a stack of n elements may move n of them. Over
// the whole life of a stack that makes at most 3 moves for each Push: 1 to store the
// element and 2 to copy it. A record of the minimum costs as much again, so a Push takes
// 3 where few elements lower the minimum, and 6 where all do, as in a falling series. The
// elements of a MinMax can lower the minimum or raise the maximum. A Pop of a Queue
// stores an element on its second stack, which does not grow, and at most one record
// there. Segmented stores an element and at most one minimum, and copies nothing.
//
// A Stack has space for at most twice as many elements as it has ever held, and for at
// most twice as many records; each record takes the size of an int. Each element of a
// Persistent takes the size of two elements and 16 bytes.
//
// # What happens if
//
//   - Pop, Peek or Min is called on an empty stack: it returns false (TestEmpty)
//   - Two elements are both the minimum: the minimum stays until both are popped
//     (TestEqualMinima)
//   - All elements are equal: one record is stored, not n (TestEqualCostNothing)
//   - An element is NaN: it is the minimum until it is popped (TestNaNIsLeast)
//   - Each element is less than the one before: each Push stores a record, at most 6 moves
//     per Push (TestPushMoves)
//   - The stack grows: a Push of Stack may move all n elements, one of Segmented none
//     (TestSegmentedMovesNothing)
//   - The compare function panics: the stack is as it was (TestPanickingCompare)
//   - The compare function uses the stack: no invariant breaks (TestCompareMayUseTheStack)
//   - The body of a loop pushes or pops: the loop continues down from what was the top
//     (TestAllWhileItChanges); over a Sync it sees a snapshot (TestSyncAllIsASnapshot)
//   - An element is popped: the stack keeps nothing of it alive (TestGoneIsCollected)
//   - The caller needs to go back to an earlier state: keep a Persistent (TestUndo)
//   - A StackFunc is not made by NewFunc: each method panics (TestBadInput)
//
// # Concurrency
//
// [Sync] is safe for concurrent use: each method takes effect at one moment while it holds
// the mutex; All shows the stack of one moment. A Push happens before the Pop, Peek, Min
// or All that returns its element. A [Persistent] is never written after it is made, so
// any number of goroutines may read and extend one without a lock; as with any value,
// passing it between goroutines must be synchronised. The other types are for one
// goroutine at a time.
//
// # Trade-offs
//
// The main disadvantage: only the minimum of the whole stack is known, not that of
// a part, and no element can be removed from the middle. For that use a heap with
// an index, or a balanced tree; both are O(log n).
//
// Why not a heap for the minimum? It answers Min in O(1), but Push and Pop have to keep
// it in order, O(log n), and Pop has to find the element to remove in it. The order of a
// stack makes that unnecessary: an element that was pushed later is popped earlier, so
// one that is not less than all below it is never the minimum.
//
// The textbook answer keeps two stacks and pushes equal minima twice, since its Pop
// compares values to see whether it removes the minimum. With positions, equal elements
// cost nothing and Pop compares no elements, which matters if the compare function is slow.
// Another answer stores differences to the minimum in one slice: it overflows.
//
// Amortised or worst case: growth makes [Stack]'s worst Push O(n), but rarely.
// [Segmented]'s worst Push allocates a chunk of 512 elements, which the runtime has to
// zero: once in 512 pushes, so a high percentile may be worse than Stack's while the
// maximum is far better. It cannot find an element by its position in O(1), so it keeps
// the records themselves, and one bit per element that says whether the element is one. It
// takes two chunks as soon as it holds one element; for many small stacks use Stack.
//
// NaN is less than every other number here, as for cmp.Compare, so a NaN in a stack is
// the minimum until it is popped. (slidingmax follows the builtin max and min, where NaN
// wins in both directions.) Of equal elements, such as -0 and 0, Min returns the lowest
// on the stack.
//
// # References
//
// Two stacks with a minimum each make a queue: Hood and Melville, "Real-time queue
// operations in pure Lisp" (1981), for the pouring. Okasaki, "Purely Functional Data
// Structures" (1998), for Persistent. Sitarski, "HATs: hashed array trees" (1996),
// and Brodnik et al., "Resizable arrays in optimal time and space" (1999), for
// growth without moving.
package minstack
