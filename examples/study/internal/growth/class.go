// Package growth judges how a cost grows with the size n: which class of
// functions describes it best, and whether it grows at all.
package growth

import (
	"math"
	"strings"
)

// A Class is a class of growth; a larger one grows faster.
type Class int

const (
	Unknown Class = iota
	Constant
	Log
	Sqrt
	Linear
	NLogN
)

var names = [...]string{Unknown: "?", Constant: "1", Log: "log n", Sqrt: "√n", Linear: "n", NLogN: "n log n"}

// String returns O(1), O(log n) and so on; "?" for Unknown.
func (c Class) String() string {
	if c <= Unknown || int(c) >= len(names) {
		return "?"
	}
	return "O(" + names[c] + ")"
}

// ParseClass reads what stands between O( and ).
func ParseClass(s string) (Class, bool) {
	s = strings.Join(strings.Fields(s), " ")
	for c := Constant; c <= NLogN; c++ {
		if names[c] == s {
			return c, true
		}
	}
	return Unknown, false
}

// f is the class's function of n.
func (c Class) f(n float64) float64 {
	switch c {
	case Log:
		return math.Log2(n)
	case Sqrt:
		return math.Sqrt(n)
	case Linear:
		return n
	case NLogN:
		return n * math.Log2(n)
	default:
		return 1
	}
}
