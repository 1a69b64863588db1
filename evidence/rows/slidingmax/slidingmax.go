// Package slidingmax holds the rows that compare flatline's slidingmax with the deque,
// Lemire's filter, and Python's libraries.
package slidingmax

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/slidingmax"
)

// n is the usual length of the array, and long the length where k is up to a tenth of it.
const (
	n    = 200_000
	long = 1_000_000
)

// A number is an element type of the arrays.
type number interface {
	float32 | float64 | int32 | int64
}

// Groups returns the rows.
func Groups() []measure.Group {
	groups := against[float64]("random", 2, n)
	for _, k := range []int{3, 16, 100, 1000} {
		groups = append(groups, against[float64]("random", k, n)...)
	}
	groups = append(groups, against[float64]("random", 100_000, long)...)
	groups = append(groups, against[int64]("random", 100, n)...)
	groups = append(groups, against[float32]("random", 100, n)...)
	groups = append(groups, against[int32]("random", 100, n)...)
	for _, order := range []string{"rising", "falling", "sawtooth", "constant"} {
		groups = append(groups, against[float64](order, 100, n)...)
	}
	return append(groups, minMax(), wide(), stream(), worstPush())
}

// against compares one array and one k with the deque, and with Python's libraries.
func against[T number](order string, k, n int) []measure.Group {
	return []measure.Group{batch[T](order, k, n), python[T](order, k, n)}
}

// aimed reports whether targets are stated for the case.
func aimed[T number](order string, k int) bool {
	kind := kind[T]()
	return order == "random" && k >= 16 && k <= 1000 && (kind == "float64" || kind == "int64")
}

func kind[T number]() string { return fmt.Sprintf("%T", *new(T)) }

// size writes 100000 as 1e5.
func size(v int) string {
	if v < 100_000 {
		return fmt.Sprint(v)
	}
	return strings.Replace(fmt.Sprintf("%.0e", float64(v)), "+0", "", 1)
}

// values are n numbers in an order. Random values are uniform over all integers, or over
// [0, 1) for floats.
func values[T number](order string, n int) []T {
	r := rand.New(rand.NewPCG(1, 2))
	s := make([]T, n)
	for i := range s {
		switch {
		case order == "rising":
			s[i] = T(i)
		case order == "falling":
			s[i] = -T(i)
		case order == "sawtooth":
			s[i] = T(i % 150)
		case order == "constant":
			s[i] = 1
		case T(1)/2 != 0:
			s[i] = T(r.Float64())
		default:
			s[i] = T(r.Uint64())
		}
	}
	return s
}

// runs is a side that slides over the array once for each n elements.
func runs(n int, slide func()) func() measure.Side {
	return func() measure.Side {
		done := 0
		return measure.Side{Run: func(m int) {
			for done += m; done >= n; done -= n {
				slide()
			}
		}}
	}
}

func batch[T number](order string, k, n int) measure.Group {
	target := 0.0
	if aimed[T](order, k) {
		target = 5
	}
	name := kind[T]()
	if order != "random" {
		name += ", " + order
	}
	s := values[T](order, n)
	dst, out := make([]T, 0, n), make([]T, 0, n)
	ats := make([]int, n)
	return measure.Group{
		Name: fmt.Sprintf("AppendMax, %s, n=%s, k=%s", name, size(n), size(k)), Unit: "ns/element CPU",
		Ours: runs(n, func() { slidingmax.AppendMax(dst, s, k) }),
		Peers: []measure.Peer{
			{Name: "deque in a slice", Target: target, New: runs(n, func() { deque(out, s, k, ats) })},
		},
	}
}

// deque is the textbook's answer at its best: no allocation, and each index has a fixed
// slot.
func deque[T cmp.Ordered](out, s []T, k int, ats []int) []T {
	head, tail := 0, 0
	for i, v := range s {
		if head < tail && ats[head] <= i-k {
			head++
		}
		for head < tail && s[ats[tail-1]] <= v {
			tail--
		}
		ats[tail] = i
		tail++
		if i >= k-1 {
			out = append(out, s[ats[head]])
		}
	}
	return out
}

func minMax() measure.Group {
	const k = 100
	s := values[float64]("random", n)
	lows, highs := make([]float64, 0, n), make([]float64, 0, n)
	return measure.Group{
		Name: "AppendMin and AppendMax, float64, n=2e5, k=100", Unit: "ns/element CPU",
		Ours: runs(n, func() {
			slidingmax.AppendMin(lows, s, k)
			slidingmax.AppendMax(highs, s, k)
		}),
		Peers: []measure.Peer{{Name: "Lemire 2006", Target: 1, Note: "both in one pass, three comparisons per element", New: runs(n, func() { lemire(lows, highs, s, k) })}},
	}
}

// lemire is the filter of the paper: two deques; a value enters both, and is compared
// with the newest of only one, since it cannot beat both.
func lemire(lows, highs, s []float64, k int) {
	up, down := make([]int, 0, len(s)), make([]int, 0, len(s))
	for i, v := range s {
		if i > 0 {
			if v > s[i-1] {
				down = down[:len(down)-1]
				for len(down) > 0 && v > s[down[len(down)-1]] {
					down = down[:len(down)-1]
				}
			} else {
				up = up[:len(up)-1]
				for len(up) > 0 && v < s[up[len(up)-1]] {
					up = up[:len(up)-1]
				}
			}
		}
		up, down = append(up, i), append(down, i)
		if i >= k-1 {
			if up[0] <= i-k {
				up = up[1:]
			}
			if down[0] <= i-k {
				down = down[1:]
			}
			lows, highs = append(lows, s[up[0]]), append(highs, s[down[0]])
		}
	}
}

// wide compares flatline with itself: a window a thousand times as long costs the same.
func wide() measure.Group {
	const n = 1 << 21
	s := values[float64]("random", n)
	dst := make([]float64, 0, n)
	side := func(k int) func() measure.Side {
		return func() measure.Side {
			return measure.Side{Run: func(m int) {
				for range m {
					slidingmax.AppendMax(dst, s, k)
				}
			}}
		}
	}
	return measure.Group{
		Name: "AppendMax, float64, n=2^21, k=1e5", Unit: "ns/array CPU", Ours: side(100_000),
		Peers: []measure.Peer{{Name: "AppendMax with k=100", Target: 0.8, New: side(100)}},
	}
}

func stream() measure.Group {
	const k = 1000
	s := values[float64]("random", n)
	return measure.Group{
		Name: "Window.Push, float64, k=1000", Unit: "ns/element CPU",
		Ours: func() measure.Side {
			w, i := slidingmax.New[float64](k), 0
			return measure.Side{Run: func(m int) {
				for range m {
					w.Push(s[i%n])
					i++
				}
			}}
		},
		Peers: []measure.Peer{{Name: "deque in a ring", Target: 0.9, Note: "one comparison for each value that it removes, k at worst", New: func() measure.Side {
			w, i := newRing(k), 0
			return measure.Side{Run: func(m int) {
				for range m {
					w.push(s[i%n])
					i++
				}
			}}
		}}},
	}
}

// worstPush is the push that beats all of 1e5 candidates, the shortest of many readings.
func worstPush() measure.Group {
	const k = 100_000
	shortest := func(push func(float64)) float64 {
		best := time.Hour
		for range 20 {
			for i := range k {
				push(-float64(i))
			}
			start := time.Now()
			push(1)
			best = min(best, time.Since(start))
			for range k { // it leaves
				push(-float64(k))
			}
		}
		return float64(best.Nanoseconds())
	}
	return measure.Group{
		Name: "Window.Push that beats 1e5 candidates", Unit: "ns",
		OursValue: func() float64 {
			w := slidingmax.New[float64](k + 1)
			return shortest(func(v float64) { w.Push(v) })
		},
		Peers: []measure.Peer{
			measure.Bound(1000),
			{Name: "deque in a ring", Target: 100, Value: func() float64 { return shortest(newRing(k + 1).push) }},
			{Name: "slidingmax.Aggregator", Note: "ours too: a constant number of steps for Push and Evict, where the gallop takes up to 2 log2 k", Value: func() float64 {
				q := slidingmax.NewAggregator(func(a, b float64) float64 { return max(a, b) })
				return shortest(func(v float64) {
					q.Push(v)
					if q.Len() > k+1 {
						q.Evict()
					}
				})
			}},
		},
	}
}

// ring is the textbook's deque for a stream.
type ring struct {
	k, pushed, head, n int
	ats                []int
	vs                 []float64
}

func newRing(k int) *ring { return &ring{k: k, ats: make([]int, k), vs: make([]float64, k)} }

func (w *ring) push(v float64) {
	if w.n > 0 && w.ats[w.head] <= w.pushed-w.k {
		w.head = (w.head + 1) % w.k
		w.n--
	}
	for w.n > 0 && w.vs[(w.head+w.n-1)%w.k] <= v {
		w.n--
	}
	at := (w.head + w.n) % w.k
	w.ats[at], w.vs[at] = w.pushed, v
	w.n++
	w.pushed++
}
