// Treeiter walks a binary search tree in order with an explicit stack.
//
// The question: "write an iterator that yields the keys of a binary search tree in
// order". A recursive walk that yields is short, but it must pass an early break up
// through all its callers (forget one and the loop's body is called after the break, on
// which Go panics), and it needs a call frame per level. With the path on an explicit
// stack the walk is one loop: a break just leaves it, and it can begin at any key.
package main

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"os"

	"example.com/flatline/minstack"
)

// A Tree is an unbalanced binary search tree. The zero value is empty.
type Tree[K cmp.Ordered] struct{ root *node[K] }

type node[K cmp.Ordered] struct {
	key         K
	left, right *node[K]
}

// Insert adds k and reports whether it was new. O(height).
func (t *Tree[K]) Insert(k K) bool {
	at := &t.root
	for *at != nil {
		switch c := cmp.Compare(k, (*at).key); {
		case c < 0:
			at = &(*at).left
		case c > 0:
			at = &(*at).right
		default:
			return false
		}
	}
	*at = &node[K]{key: k}
	return true
}

// All yields the keys in ascending order. A whole walk is O(n) time, each step
// O(1) amortised, O(height) space. The loop must not insert.
func (t *Tree[K]) All() iter.Seq[K] {
	return func(yield func(K) bool) { t.walk(yield, func(K) bool { return true }) }
}

// From yields the keys from lo on in ascending order. The first costs O(height):
// subtrees below lo are not entered.
func (t *Tree[K]) From(lo K) iter.Seq[K] {
	return func(yield func(K) bool) { t.walk(yield, func(k K) bool { return cmp.Compare(k, lo) >= 0 }) }
}

// walk yields the keys that are in, which must be the upper end of the order.
//
// The stack holds the nodes whose left side is done or being walked. Each is the next key
// after everything above it, so the top is the smallest. If the tree is out of order to
// the left of a node, this is detected there: the wrong key is above that node on the
// stack, and the top is not the smallest.
func (t *Tree[K]) walk(yield func(K) bool, in func(K) bool) {
	pending := minstack.NewFunc(func(a, b *node[K]) int { return cmp.Compare(a.key, b.key) })
	descend := func(n *node[K]) {
		for n != nil {
			if in(n.key) {
				pending.Push(n)
				n = n.left
			} else {
				n = n.right
			}
		}
	}
	for descend(t.root); ; {
		least, _ := pending.Min()
		n, ok := pending.Pop()
		if n != least {
			panic(fmt.Sprintf("treeiter: %v lies to the left of %v", n.key, least.key))
		}
		if !ok || !yield(n.key) {
			return
		}
		descend(n.right)
	}
}

// recursive is the wrong answer, kept to be shown: its callers do not know that the loop
// has ended.
func (n *node[K]) recursive(yield func(K) bool) {
	if n == nil {
		return
	}
	n.left.recursive(yield)
	if !yield(n.key) {
		return // to the call for the parent, which goes on
	}
	n.right.recursive(yield)
}

// breakAt prints the keys up to the last, and how the loop ends.
func breakAt(w io.Writer, title string, keys iter.Seq[int], last int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(w, ", then a panic: %v\n", r)
		}
	}()
	fmt.Fprint(w, title)
	for k := range keys {
		fmt.Fprint(w, " ", k)
		if k == last {
			break
		}
	}
	fmt.Fprintln(w, ", then the loop ends")
}

func main() { run(os.Stdout) }

// run prints the transcript.
func run(w io.Writer) {
	var t Tree[int]
	for _, k := range []int{50, 30, 70, 20, 40, 60, 80, 30} {
		if !t.Insert(k) {
			fmt.Fprintf(w, "%d is there already\n", k)
		}
	}
	breakAt(w, "wrong, recursive, break at 30:", t.root.recursive, 30)
	breakAt(w, "right, All, break at 30:      ", t.All(), 30)
	fmt.Fprint(w, "in order:    ")
	for k := range t.All() {
		fmt.Fprint(w, " ", k)
	}
	fmt.Fprint(w, "\nfrom 45:     ")
	for k := range t.From(45) {
		fmt.Fprint(w, " ", k)
	}
	next, stop := iter.Pull(t.From(60)) // a walk as a cursor
	defer stop()
	a, _ := next()
	b, _ := next()
	fmt.Fprintf(w, "\na cursor:     %d, then %d\n", a, b)
}
