package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A program says for each goroutine which letters of its alphabet it runs.
type program [][]int

// A shape is how many operations each goroutine has: "2+1".
type shape []int

func parseShape(text string) (s shape, err error) {
	for part := range strings.SplitSeq(text, "+") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || n > 9 {
			return nil, fmt.Errorf("no shape %q; want the number of operations of each goroutine, as 2+1", text)
		}
		s = append(s, n)
	}
	if len(s) > 6 {
		return nil, fmt.Errorf("the shape %q has more than 6 goroutines", text)
	}
	return s, nil
}

// programs yields all programs of a shape; of programs that differ only in the order of
// the goroutines it yields one.
func (s shape) programs(letters [][]string, yield func(program) bool) {
	p := make(program, len(s))
	s.fill(p, 0, letters, yield)
}

func (s shape) fill(p program, g int, letters [][]string, yield func(program) bool) bool {
	if g == len(s) {
		return yield(slices.Clone(p))
	}
	role := func(g int) int { return min(g, len(letters)-1) }
	for seq := range sequences(s[g], len(letters[role(g)])) {
		if g > 0 && s[g] == s[g-1] && role(g) == role(g-1) && slices.Compare(seq, p[g-1]) < 0 {
			continue
		}
		p[g] = seq
		if !s.fill(p, g+1, letters, yield) {
			return false
		}
	}
	return true
}

// sequences yields all sequences of n numbers below base, in their order.
func sequences(n, base int) func(func([]int) bool) {
	return func(yield func([]int) bool) {
		digits := make([]int, n)
		for {
			if !yield(slices.Clone(digits)) {
				return
			}
			i := n - 1
			for i >= 0 && digits[i] == base-1 {
				digits[i] = 0
				i--
			}
			if i < 0 {
				return
			}
			digits[i]++
		}
	}
}

// String writes a program for a replay: the letters by number.
func (p program) String() string {
	var parts []string
	for _, letters := range p {
		var digits []string
		for _, l := range letters {
			digits = append(digits, strconv.Itoa(l))
		}
		parts = append(parts, strings.Join(digits, "."))
	}
	return strings.Join(parts, "+")
}

func parseProgram(text string, letters [][]string) (p program, err error) {
	for g, part := range strings.Split(text, "+") {
		var seq []int
		for digit := range strings.SplitSeq(part, ".") {
			l, err := strconv.Atoi(digit)
			if err != nil || l < 0 || l >= len(letters[min(g, len(letters)-1)]) {
				return nil, fmt.Errorf("no operation %q of goroutine %d", digit, g)
			}
			seq = append(seq, l)
		}
		p = append(p, seq)
	}
	return p, nil
}

// choices writes the decisions of a schedule that were not the first option: 14:1,22:2.
func choices(of map[int]int) string {
	var at []int
	for i := range of {
		at = append(at, i)
	}
	slices.Sort(at)
	var parts []string
	for _, i := range at {
		parts = append(parts, fmt.Sprintf("%d:%d", i, of[i]))
	}
	return strings.Join(parts, ",")
}

func parseChoices(text string) (map[int]int, error) {
	all := map[int]int{}
	if text == "" {
		return all, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		var i, c int
		if _, err := fmt.Sscanf(part, "%d:%d", &i, &c); err != nil || i < 0 || i > 10_000 || c < 1 || c > 255 {
			return nil, fmt.Errorf("no decision %q; want NUMBER:OPTION", part)
		}
		all[i] = c
	}
	return all, nil
}
