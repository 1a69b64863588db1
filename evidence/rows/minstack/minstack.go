// Package minstack holds the rows that compare flatline's minstack with other stacks.
package minstack

import (
	"fmt"
	"math/rand/v2"

	"github.com/emirpasic/gods/stacks/arraystack"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/minstack"
)

// Groups returns the rows.
func Groups() []measure.Group {
	var groups []measure.Group
	for _, n := range []int{100, 10_000, 1_000_000, 10_000_000} {
		for _, o := range orders {
			if n == 1_000_000 || o.name == "random" {
				groups = append(groups, cycle(o, n))
			}
		}
	}
	for _, o := range orders {
		groups = append(groups, bytes(o))
	}
	return groups
}

// An order is a sequence of pushed values.
type order struct {
	name   string
	at     func(r *rand.Rand, i int) int
	target float64 // against two slices
}

var orders = []order{
	{"random", func(r *rand.Rand, _ int) int { return r.Int() }, 0.8},
	{"descending", func(_ *rand.Rand, i int) int { return -i }, 0.8},
	{"equal", func(*rand.Rand, int) int { return 7 }, 3},
}

func (o order) values(n int) []int {
	r := rand.New(rand.NewPCG(1, 2))
	vs := make([]int, n)
	for i := range vs {
		vs[i] = o.at(r, i)
	}
	return vs
}

// cycle pushes n values onto a new stack and pops them, all in one operation.
func cycle(o order, n int) measure.Group {
	vs := o.values(n)
	side := func(once func(vs []int)) func() measure.Side {
		return func() measure.Side {
			return measure.Side{Run: func(m int) {
				for range m {
					once(vs)
				}
			}}
		}
	}
	g := measure.Group{
		Name: fmt.Sprintf("Stack: n Push, n Pop, %s values, n=%.0e", o.name, float64(n)), Unit: "ns/cycle CPU",
		Ours: side(func(vs []int) {
			var s minstack.Stack[int]
			for _, v := range vs {
				s.Push(v)
			}
			for range vs {
				s.Pop()
			}
		}),
		Peers: []measure.Peer{
			{Name: "two slices", Target: o.target, Note: "their push is inlined; ours is a call, which decides by two comparisons", New: side(func(vs []int) {
				var s twoSlices
				for _, v := range vs {
					s.push(v)
				}
				for range vs {
					s.pop()
				}
			})},
			{Name: "minstack.Segmented", Note: "our own form that never moves an element", New: side(func(vs []int) {
				var s minstack.Segmented[int]
				for _, v := range vs {
					s.Push(v)
				}
				for range vs {
					s.Pop()
				}
			})},
		},
	}
	if n <= 1_000_000 {
		g.Peers = append(g.Peers, measure.Peer{
			Name: "emirpasic/gods arraystack, two of them", Target: 1.6,
			Note: "values are held as interfaces",
			New: side(func(vs []int) {
				items, minima := arraystack.New(), arraystack.New()
				for _, v := range vs {
					items.Push(v)
					if top, ok := minima.Peek(); !ok || v <= top.(int) {
						minima.Push(v)
					}
				}
				for range vs {
					v, _ := items.Pop()
					if top, _ := minima.Peek(); v.(int) == top.(int) {
						minima.Pop()
					}
				}
			}),
		})
	}
	return g
}

// bytes is the heap per value of a million values.
func bytes(o order) measure.Group {
	const n = 1 << 20
	vs := o.values(n)
	each := func(build func() any) func() float64 {
		return func() float64 { return measure.Heap(build) / n }
	}
	return measure.Group{
		Name: fmt.Sprintf("Stack: memory, %s values, n=2^20", o.name), Unit: "B/item",
		OursValue: each(func() any {
			s := new(minstack.Stack[int])
			for _, v := range vs {
				s.Push(v)
			}
			return s
		}),
		Peers: []measure.Peer{{Name: "two slices", Value: each(func() any {
			s := new(twoSlices)
			for _, v := range vs {
				s.push(v)
			}
			return s
		})}},
	}
}

// twoSlices is the textbook's answer.
type twoSlices struct{ items, minima []int }

func (s *twoSlices) push(v int) {
	s.items = append(s.items, v)
	if len(s.minima) == 0 || v <= s.minima[len(s.minima)-1] {
		s.minima = append(s.minima, v)
	}
}

func (s *twoSlices) pop() (v int, ok bool) {
	n := len(s.items)
	if n == 0 {
		return 0, false
	}
	v = s.items[n-1]
	s.items = s.items[:n-1]
	if v == s.minima[len(s.minima)-1] {
		s.minima = s.minima[:len(s.minima)-1]
	}
	return v, true
}
