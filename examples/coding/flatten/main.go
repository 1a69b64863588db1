// Flatten turns a nested list into a flat one.
//
// The question: "flatten an arbitrarily nested list". The usual first answer is
// recursive, and it has two holes: a list nested deeply enough ends the program (a Go
// stack that grows beyond a gigabyte is a fatal error that recover cannot catch), and a
// list that contains itself never ends. Flatten keeps its own stack, stops at a stated
// depth and refuses a cycle.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// MaxDepth is how deep lists may be nested. It bounds the stack for any input.
const MaxDepth = 10_000

var (
	// ErrCycle says that a list contains itself.
	ErrCycle = errors.New("flatten: a list contains itself")
	// ErrDepth says that lists are nested deeper than MaxDepth.
	ErrDepth = fmt.Errorf("flatten: nested deeper than %d", MaxDepth)
)

// A frame is one list that is being read: the rest of it, and its identity.
type frame struct {
	rest []any
	id   identity
}

// An identity distinguishes lists: slices that start at the same element and have the
// same length read the same elements, without end if one is inside the other.
type identity struct {
	first *any
	len   int
}

// Flatten returns the leaves of list from left to right. A leaf is whatever is not a
// []any, nil included. O(n) time for n leaves and lists, O(depth) space besides the
// result. It returns ErrCycle or ErrDepth, and no result, for a list that cannot be
// flattened. The same list may occur several times, and is read each time; only a list
// inside itself is a cycle.
func Flatten(list []any) ([]any, error) {
	out := make([]any, 0, len(list))
	open := map[identity]bool{} // the lists on the stack: the path from the root
	var stack []frame

	enter := func(l []any) error {
		if len(l) == 0 {
			return nil
		}
		id := identity{&l[0], len(l)}
		switch {
		case open[id]:
			return ErrCycle
		case len(stack) == MaxDepth:
			return ErrDepth
		}
		open[id] = true
		stack = append(stack, frame{l, id})
		return nil
	}

	err := enter(list)
	for err == nil && len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.rest) == 0 {
			delete(open, top.id)
			stack = stack[:len(stack)-1]
			continue
		}
		v := top.rest[0]
		top.rest = top.rest[1:]
		if inner, nested := v.([]any); nested {
			err = enter(inner)
		} else {
			out = append(out, v)
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// recursive is the wrong answer, kept to be shown. leaf returns false to end it.
func recursive(list []any, leaf func(any) bool) bool {
	for _, v := range list {
		inner, nested := v.([]any)
		if nested && !recursive(inner, leaf) || !nested && !leaf(v) {
			return false
		}
	}
	return true
}

func main() { run(os.Stdout) }

// run prints the transcript.
func run(w io.Writer) {
	show := func(name string, list []any) {
		flat, err := Flatten(list)
		if err != nil {
			fmt.Fprintf(w, "%-22s error: %v\n", name, err)
			return
		}
		fmt.Fprintf(w, "%-22s %v\n", name, flat)
	}

	show("[1 [2 [3 [4]] 5]]", []any{1, []any{2, []any{3, []any{4}}, 5}})
	show("[[] [[]] nil]", []any{[]any{}, []any{[]any{}}, nil})
	show(`["ab" [[1 2]]]`, []any{"ab", []any{[]int{1, 2}}})
	shared := []any{1, 2}
	show("the same list twice", []any{shared, shared})
	loop := []any{1, nil}
	loop[1] = []any{2, loop}
	leaves := 0
	ended := recursive(loop, func(any) bool { leaves++; return leaves < 100_000 })
	fmt.Fprintf(w, "%-22s wrong, recursion: %d leaves read, reached the end: %t\n", "a list inside itself", leaves, ended)
	show("  right, Flatten:", loop)
	show("10,000 deep", nest(10_000))
	show("10,001 deep", nest(10_001))
}

// nest returns a list of one leaf inside depth brackets.
func nest(depth int) []any {
	list := []any{"leaf"}
	for range depth - 1 {
		list = []any{list}
	}
	return list
}
