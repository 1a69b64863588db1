package measure

import (
	"math"
	"time"
)

// A plan fixes sizes and how much may be spent.
type plan struct {
	sizes     []int         // layers A and B
	timeSizes []int         // layers C and D
	total     time.Duration // wall clock, all layers together
	perPoint  time.Duration // at most this for one process of layers A and B
	most      float64       // instructions that a point of layer B may have at most
	slice     time.Duration // at most this for one time
}

// The default sizes span a factor of 256, so that even log n doubles from end to
// end; -full spans 4,096.
var (
	short = plan{
		sizes:     powers(8, 16, 2),
		timeSizes: powers(8, 18, 2),
		total:     85 * time.Second,
		perPoint:  20 * time.Second,
		most:      2e8,
		slice:     20 * time.Millisecond,
	}
	full = plan{
		sizes:     powers(8, 20, 1),
		timeSizes: powers(8, 22, 1),
		total:     40 * time.Minute,
		perPoint:  5 * time.Minute,
		most:      2.5e9, // 4n operations of 600 at 2^20
		slice:     100 * time.Millisecond,
	}
)

// textSizes are the sizes at which the textbook's answers are measured: every
// other one.
func (p plan) textSizes() []int {
	var out []int
	for i := 0; i < len(p.sizes); i += 2 {
		out = append(out, p.sizes[i])
	}
	return out
}

// powers returns 2^lo, 2^(lo+step), … up to 2^hi.
func powers(lo, hi, step int) []int {
	var out []int
	for e := lo; e <= hi; e += step {
		out = append(out, 1<<e)
	}
	return out
}

// A pacer decides how many operations of a series to measure at each size: 4n,
// so that what happens once in n operations (a table that grows, a list that
// wraps) is seen as often as it happens, and enough to drown the cost of starting
// a timer, unless that costs more than the cap. It learns the cost from the sizes
// before.
type pacer struct {
	cap    float64 // cost that one point may have
	cost   float64 // of one operation at the last size, or a guess
	growth float64 // by which it grew from the size before
	size   int     // 0: cost is a guess
	few    bool    // stopped short of 4n somewhere
	gone   bool    // given up: it took too long
}

const (
	roundsOfN = 4
	enough    = 1 << 15
	fewest    = 16
)

// ops returns the number of operations for size n.
func (p *pacer) ops(n int) int {
	need := roundsOfN * n
	growth := max(p.growth, 1)
	if p.growth == 0 && p.size > 0 { // one size known: fear the worst that it could hide
		growth = float64(n) / float64(p.size)
	}
	afford := p.cap / (p.cost * growth)
	switch {
	case p.size == 0: // a guess is no ground to stop short of 4n
		return max(need, min(enough, roundDown(afford)))
	case afford < float64(need):
		p.few = true
		return roundDown(max(afford, fewest))
	default:
		return max(need, min(enough, roundDown(afford)))
	}
}

// repeats is how many structures of size n are counted where the cost is stated as a
// mean over random choices: as many as have manyKeys together, but no more than four.
func repeats(s *series, n int) int {
	if !s.expected {
		return 1
	}
	return max(1, min(manyKeys/n, 4))
}

const manyKeys = 1 << 12

// learn takes in the cost of an operation at size n.
func (p *pacer) learn(n int, cost float64) {
	if p.size > 0 {
		p.growth = cost / p.cost
	}
	p.cost, p.size = max(cost, 1), n
}

// roundDown goes to a power of two, so that series of like cost share a process.
func roundDown(x float64) int {
	return 1 << int(math.Log2(min(max(x, 1), 1<<40)))
}
