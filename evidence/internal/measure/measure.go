// Package measure compares flatline with its peers: the same work, in one process,
// in interleaved rounds.
//
// A single time says little on a shared machine: other load changes it by half. So a
// Group is measured in rounds, A B C A B C …, and the result is the ratio of two times of
// the same round. In each round every side is built again, alone in the heap, so that
// neither lucky placement nor a garbage collector that scans another side's pointers
// decides; it is warmed up, and then runs for about Slice. The figure of a row is the
// median of the rounds' ratios; its spread goes from the 10th to the 90th percentile.
package measure

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// Slice is how long one side runs in one round. It is long compared with the clock's
// resolution and a scheduler's tick, and short compared with changes of the machine's
// load.
const Slice = 25 * time.Millisecond

// Rounds is the usual number of rounds, and LeastRounds the smallest one.
const (
	Rounds      = 9
	LeastRounds = 3
)

// Unbounded is the ratio to a peer that costs something where ours costs nothing.
const Unbounded = 1e9

// A Side is one implementation, built and filled to its steady state.
type Side struct {
	Run   func(n int) // does n more operations, including their deferred work
	Close func()      // may be nil
}

// A Peer is what ours is compared with in one Group.
type Peer struct {
	Name   string
	New    func() Side    // in a timed group
	Value  func() float64 // in a group of values
	Target float64        // ours must be at least this many times better; 0: shown without a target
	Note   string         // what a reader needs to know to interpret the row
}

// A Group is one kind of work, done by ours and by each peer: a row for each peer.
//
// Either it is timed, and has Ours and each Peer's New, or it compares values other than
// times (bytes per entry, allocations, hits), and has OursValue and each Peer's Value.
type Group struct {
	Name   string // "Put, evicting, 1e5 entries"
	Unit   string // if empty, "ns/op CPU" or, with Wall, "ns/op wall"
	Procs  int    // GOMAXPROCS while it runs; 0: as it is
	Wall   bool   // wall time instead of the processor time of all threads: for parallel work, and for waiting
	Higher bool   // a higher value is better (hits, items per second)
	Ops    int    // operations per unit of Run, as for filling a map; 0: one

	Repeats int // how often a value that varies is measured, interleaved as times are; 0: once

	Ours      func() Side
	OursValue func() float64
	Peers     []Peer
}

// Bound is a peer for an absolute target: the stated bound itself. Ours must be
// at most v, or at least v in a group where higher is better.
func Bound(v float64) Peer {
	return Peer{Name: "stated bound", Value: func() float64 { return v }, Target: 1}
}

// A Row is one comparison.
type Row struct {
	Pkg     string     `json:"pkg"`
	Row     string     `json:"row"`
	Peer    string     `json:"peer"`
	Ours    float64    `json:"ours"`
	Theirs  float64    `json:"theirs"`
	Unit    string     `json:"unit"`
	Ratio   float64    `json:"ratio"`  // how many times better ours is; below 1 the peer is better
	Spread  [2]float64 `json:"spread"` // 10th and 90th percentile of the rounds' ratios
	Target  float64    `json:"target,omitempty"`
	Met     bool       `json:"met"` // true without a target, unless the row failed
	Note    string     `json:"note,omitempty"`
	Failed  string     `json:"failed,omitempty"` // why there are no figures
	Rounds  int        `json:"rounds"`
	Procs   int        `json:"procs"`
	Machine string     `json:"machine,omitempty"`
	Seconds float64    `json:"seconds,omitempty"` // how long the whole group took, all its rows together
	Sources string     `json:"sources,omitempty"` // the hash of the package's sources when it was measured
	Higher  bool       `json:"higher,omitempty"`  // a higher value is better
	Raw     Raw        `json:"raw,omitzero"`
}

// Raw has the results of each round; all figures of a row follow from it.
type Raw struct {
	Ours   []float64 `json:"ours"`
	Theirs []float64 `json:"theirs"`
}

// Measure runs the group and returns a row for each peer. A side that panics gives
// a failed row, not a panic.
func (g *Group) Measure(rounds int) []Row {
	if g.Procs > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(g.Procs))
	}
	timed := g.OursValue == nil
	sides := []*contestant{{group: g, build: g.Ours, value: g.OursValue}}
	for _, p := range g.Peers {
		sides = append(sides, &contestant{group: g, build: p.New, value: p.Value})
	}
	if !timed {
		rounds = g.Repeats
	}
	for r := range max(rounds, 1) {
		for i := range sides { // a different side begins each round
			sides[(r+i)%len(sides)].sample()
		}
	}
	var rows []Row
	for i, p := range g.Peers {
		rows = append(rows, g.row(p, sides[0], sides[i+1]))
	}
	return rows
}

func (g *Group) row(p Peer, ours, theirs *contestant) Row {
	row := Row{
		Row: g.Name, Peer: p.Name, Unit: g.Unit, Target: p.Target, Note: p.Note,
		Rounds: len(ours.samples), Procs: runtime.GOMAXPROCS(0),
	}
	switch {
	case row.Unit == "" && g.Wall:
		row.Unit = "ns/op wall"
	case row.Unit == "":
		row.Unit = "ns/op CPU"
	}
	switch {
	case ours.failed != "":
		row.Failed = "ours: " + ours.failed
		return row
	case theirs.failed != "":
		row.Failed = theirs.failed
		return row
	}
	row.Higher, row.Raw = g.Higher, Raw{ours.samples, theirs.samples}
	row.judge()
	return row
}

// judge computes the figures of a row from its raw figures.
func (r *Row) judge() {
	r.Ours, r.Theirs = Quantile(r.Raw.Ours, 0.5), Quantile(r.Raw.Theirs, 0.5)
	var ratios []float64
	for i := range r.Raw.Ours {
		a, b := r.Raw.Theirs[i], r.Raw.Ours[i]
		if r.Higher {
			a, b = b, a
		}
		ratios = append(ratios, ratio(a, b))
	}
	r.Ratio = Quantile(ratios, 0.5)
	r.Spread = [2]float64{Quantile(ratios, 0.1), Quantile(ratios, 0.9)}
	r.Met = r.Ratio >= r.Target
}

// Check returns an error if the figures of a recorded row do not follow from its
// raw ones. A row that was recorded before these were kept can contradict only
// itself.
func (r Row) Check() error {
	again := r
	switch {
	case r.Failed != "":
		if r.Met || r.Ratio != 0 {
			return errors.New("a row that failed has figures")
		}
		return nil
	case len(r.Raw.Ours) == 0 && r.Sources != "":
		return errors.New("it has no raw figures")
	case len(r.Raw.Ours) == 0:
		again.Met = r.Ratio >= r.Target
		if r.Ratio < r.Spread[0] || r.Ratio > r.Spread[1] {
			return fmt.Errorf("the ratio %.4g is outside its spread, %.4g to %.4g", r.Ratio, r.Spread[0], r.Spread[1])
		}
	case len(r.Raw.Ours) != r.Rounds || len(r.Raw.Theirs) != r.Rounds:
		return fmt.Errorf("it has raw figures of %d and %d rounds, not of %d", len(r.Raw.Ours), len(r.Raw.Theirs), r.Rounds)
	default:
		again.judge()
	}
	for _, f := range []struct {
		name     string
		was, now any
	}{
		{"ours", r.Ours, again.Ours},
		{"theirs", r.Theirs, again.Theirs},
		{"ratio", r.Ratio, again.Ratio},
		{"spread", r.Spread, again.Spread},
		{"met", r.Met, again.Met},
	} {
		if f.was != f.now {
			return fmt.Errorf("%s is %v in the record and %v by its raw figures", f.name, f.was, f.now)
		}
	}
	return nil
}

// ratio is a/b, where 0/0 is 1.
func ratio(a, b float64) float64 {
	switch {
	case b != 0:
		return min(a/b, Unbounded)
	case a == 0:
		return 1
	}
	return Unbounded
}

// A contestant is one side with its samples of all rounds.
type contestant struct {
	group   *Group
	build   func() Side
	value   func() float64
	n       int // operations per slice
	samples []float64
	failed  string
}

// sample adds the figure of one round.
func (c *contestant) sample() {
	if c.failed != "" {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			c.failed = fmt.Sprint(v)
		}
	}()
	if c.value != nil {
		c.samples = append(c.samples, c.value()) // exact: counts and bytes are compared with stated bounds
		return
	}
	runtime.GC() // the garbage of the previous side
	side := c.build()
	if side.Close != nil {
		defer side.Close()
	}
	runtime.GC() // the garbage of the construction
	if c.n == 0 {
		c.calibrate(side)
	} else {
		side.Run(c.n)
	}
	took := c.time(side, c.n)
	c.samples = append(c.samples, float64(took)/float64(c.n)/float64(max(c.group.Ops, 1)))
}

// calibrate chooses n so that a slice takes about Slice, and warms the side. It uses wall
// time, so that a side that waits does not run without end.
func (c *contestant) calibrate(side Side) {
	for c.n = 1; ; {
		start := time.Now()
		side.Run(c.n)
		took := time.Since(start)
		if took >= Slice/2 {
			c.n = max(1, int(float64(c.n)*float64(Slice)/float64(took)))
			return
		}
		c.n = min(c.n*16, max(c.n*2, int(float64(c.n)*float64(Slice)/float64(took+1))))
	}
}

func (c *contestant) time(side Side, n int) time.Duration {
	now := cpuTime
	if c.group.Wall {
		now = wallTime
	}
	start := now()
	side.Run(n)
	return now() - start
}

var base = time.Now()

func wallTime() time.Duration { return time.Since(base) }

// Quantile returns the q-quantile of xs, between two of them by linear
// interpolation.
func Quantile(xs []float64, q float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	at := q * float64(len(xs)-1)
	i := int(at)
	if i+1 >= len(xs) {
		return xs[len(xs)-1]
	}
	return xs[i] + (at-float64(i))*(xs[i+1]-xs[i])
}
