package telemetry_test

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"time"

	"example.com/flatline/examples/iot/telemetry"
)

// The oracle computes from the whole set of points, without state: windows by grouping,
// sums by big numbers, alerts by running through the windows.

// window is the points of one window.
type window struct {
	start  int64
	points []telemetry.Point
}

// windowsOf groups points, in any order, into the windows with points before open.
func windowsOf(points []telemetry.Point, open int64) (all []window) {
	points = slices.Clone(points)
	slices.SortFunc(points, func(a, b telemetry.Point) int { return cmp.Compare(a.T, b.T) })
	for _, p := range points {
		start := p.T - ((p.T%width)+width)%width
		if start >= open {
			break
		}
		if n := len(all); n == 0 || all[n-1].start != start {
			all = append(all, window{start: start})
		}
		all[len(all)-1].points = append(all[len(all)-1].points, p)
	}
	return all
}

const width = int64(telemetry.Width)

// bigSum is the exact sum of values, rounded once.
func bigSum(points []telemetry.Point) float64 {
	sum := new(big.Float).SetPrec(4000)
	for _, p := range points {
		sum.Add(sum, new(big.Float).SetFloat64(p.V))
	}
	f, _ := sum.Float64()
	return f
}

func mean(points []telemetry.Point) float64 { return bigSum(points) / float64(len(points)) }

// valueOf is the value of a rule over points.
func valueOf(r telemetry.Rule, points []telemetry.Point) (float64, bool) {
	first, last := points[0], points[len(points)-1]
	byValue := func(a, b telemetry.Point) int { return cmp.Compare(a.V, b.V) }
	switch {
	case r.Do == telemetry.Rate:
		return (last.V - first.V) / (float64(last.T-first.T) / 1e9), last.T > first.T
	case r.Of == "max":
		return slices.MaxFunc(points, byValue).V, true
	case r.Of == "min":
		return slices.MinFunc(points, byValue).V, true
	case r.Of == "last":
		return last.V, true
	case r.Of == "count":
		return float64(len(points)), true
	case r.Of == "sum":
		return bigSum(points), true
	}
	return mean(points), true
}

// alertsOf runs a rule through the windows of a series.
func alertsOf(device string, r telemetry.Rule, points []telemetry.Point, open int64) (all []telemetry.Alert) {
	windows := windowsOf(points, open)
	firing := false
	for i, w := range windows {
		var in []telemetry.Point
		var before []float64
		for _, x := range windows[:i+1] {
			if x.start+int64(r.Over) >= w.start+width {
				in = append(in, x.points...)
			}
			if x.start < w.start && x.start >= w.start-int64(r.Over) {
				before = append(before, mean(x.points))
			}
		}
		v, ok := 0.0, false
		if r.Do == telemetry.ZScore {
			if ok = len(before) >= 8; ok {
				v = plainZ(before, mean(w.points), r.Spread)
			}
		} else {
			v, ok = valueOf(r, in)
		}
		if !ok {
			continue
		}
		now := firing
		switch {
		case r.Below && !firing:
			now = v <= r.Fire
		case r.Below:
			now = v <= r.Clear
		case !firing:
			now = v >= r.Fire
		default:
			now = v >= r.Clear
		}
		if now != firing {
			firing = now
			state := telemetry.Resolved
			if firing {
				state = telemetry.Firing
			}
			all = append(all, telemetry.Alert{Rule: r.Name, Device: device, Metric: r.Metric, State: state, At: w.start + width, Value: v})
		}
	}
	return all
}

// plainZ is the robust z-score as the textbook has it.
func plainZ(history []float64, x, spread float64) float64 {
	middle := func(all []float64) float64 {
		all = slices.Sorted(slices.Values(all))
		if n := len(all); n%2 == 0 {
			return all[n/2-1]/2 + all[n/2]/2
		}
		return all[len(all)/2]
	}
	m := middle(history)
	var off []float64
	for _, h := range history {
		off = append(off, math.Abs(h-m))
	}
	return math.Abs(x-m) / max(1.4826*middle(off), spread)
}

var epoch = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// at is a time of the tests, in nanoseconds.
func at(d time.Duration) int64 { return epoch.Add(d).UnixNano() }

// reading is a message with one value.
func reading(device, metric string, seq uint64, t time.Duration, v float64) telemetry.Message {
	return telemetry.Message{Device: device, Seq: seq, At: at(t), Fields: []telemetry.Field{{Metric: metric, Value: v}}}
}
