package measure

import (
	"math"
	"time"
)

// A plan fixes sizes and how much may be spent.
type plan struct {
	sizes      []int         // layer A
	callSize   int           // layer A, call by call: this many calls, of a structure of this size
	instrSizes []int         // layer B
	together   bool          // all sizes of layer B in one process
	timeSizes  []int         // layers C and D
	total      time.Duration // wall clock, layers B to D together
	perPoint   time.Duration // at most this for one process of layers A and B
	most       float64       // instructions that a point of layer B may have at most
	slice      time.Duration // at most this for one time
}

// The default sizes span a factor of 256, so that even log n doubles from end to
// end; -full spans 4,096.
var (
	short = plan{
		sizes:      powers(8, 16, 2),
		callSize:   1 << 16,
		instrSizes: powers(7, 13, 2),
		together:   true,
		timeSizes:  powers(8, 17, 3),
		total:      40 * time.Second,
		perPoint:   time.Minute,
		most:       2e8,
		slice:      20 * time.Millisecond,
	}
	full = plan{
		sizes:      powers(8, 20, 1),
		callSize:   1 << 16,
		instrSizes: powers(8, 20, 1),
		timeSizes:  powers(8, 22, 1),
		total:      40 * time.Minute,
		perPoint:   5 * time.Minute,
		most:       2.5e9, // 4n operations of 600 at 2^20
		slice:      100 * time.Millisecond,
	}
)

// textSizes are the sizes at which the textbook's answers are measured: every
// other one.
func (p plan) textSizes() []int {
	var out []int
	for i := 0; i < len(p.instrSizes); i += 2 {
		out = append(out, p.instrSizes[i])
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
	exact  bool    // 4n and no more
	spare  bool    // a sample is enough, whatever n
	coarse bool    // few different numbers, so that many series share a process
	few    bool    // stopped short of 4n somewhere
	gone   bool    // given up: it took too long
}

const (
	roundsOfN = 4
	enough    = 1 << 15
	sample    = 1 << 13 // where no call is rare
	fewest    = 16
)

// ops returns the number of operations for size n.
func (p *pacer) ops(n int) int {
	need, enough := roundsOfN*n, enough
	if p.spare {
		need, enough = min(need, sample), sample
	}
	growth := max(p.growth, 1)
	if p.growth == 0 && p.size > 0 { // one size known: fear the worst that it could hide
		growth = float64(n) / float64(p.size)
	}
	afford := p.cap / (p.cost * growth)
	switch {
	case p.exact && (p.size == 0 || afford >= float64(need)):
		return need
	case p.size == 0: // a guess is no ground to stop short of 4n
		return max(need, min(enough, p.round(afford)))
	case afford < float64(need):
		p.few = true
		return p.round(max(afford, fewest))
	default:
		return max(need, min(enough, p.round(afford)))
	}
}

// round goes to a number that series of like cost share.
func (p *pacer) round(x float64) int {
	n := roundDown(x)
	for _, c := range []int{enough, sample, sample >> 4, fewest} {
		if p.coarse && n >= c {
			return c
		}
	}
	return n
}

// repeats is how many structures of size n are counted where the cost is stated as a
// mean over random choices: as many as have so many keys together, but no more than
// most.
func repeats(s *series, n int, many keys) int {
	if !s.expected || many.most == 0 {
		return 1
	}
	if s.own {
		many = ownCounted
	} else if s.grows {
		return 1 // each call is a mean over many keys
	}
	return max(1, min(max(many.together/n, many.least), many.most))
}

// keys says how many structures are counted.
type keys struct{ together, most, least int }

var (
	manyCounted = keys{1 << 14, 16, 1}
	// Of the user's the sizes may be few, so that each has to be near the mean.
	ownCounted = keys{1 << 18, 16, 4}
)

// mostWork is the counted work that a point of layer A may have at most: the
// fraction of a second.
const mostWork = 3e7

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
