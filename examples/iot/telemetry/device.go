package telemetry

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"example.com/flatline/timemap"
)

// The columns of a down-sampled series: a mean needs the count, or a later mean of it
// would be one of means.
const (
	colCount = iota
	colSum
	colMin
	colMax
	columns
)

// series is a metric of a device. Its points at the device's sealed time and later are in
// the device's hot map, the others in cold, and what is before the store's floor is in
// rolled.
type series struct {
	cold    tier
	rolled  [columns]tier
	watches []*watch // in the order of the rules
}

// device is what is known of a device. Its watermark is the start of the first window that
// is open: the newest time minus Lateness, or later if it was idle.
type device struct {
	name    string
	hot     timemap.Map[string, float64] // late points are stored in order
	series  map[string]*series
	seen    seen
	newest  int64
	arrived int64 // when something was received, by the server's clock
	open    int64 // the watermark
	sealed  int64
	sealAt  int // how many versions hot may have before the next seal
	quiet   bool
	absent  map[string]bool // rules of absence that fire
	late    int64
	refused int64
}

func newDevice(name string, at int64) *device {
	return &device{
		name: name, series: map[string]*series{}, newest: at, open: floorTo(at-int64(Lateness), int64(Width)),
		sealed: math.MinInt64, sealAt: chunkLen, absent: map[string]bool{},
	}
}

// metrics returns the names of the device's series, in order.
func (d *device) metrics() []string { return slices.Sorted(maps.Keys(d.series)) }

// value returns the value of a series at a time. O(log n) for a hot point; a cold one costs
// the decoding of its chunk.
func (d *device) value(metric string, at int64) (float64, bool) {
	s := d.series[metric]
	if s == nil {
		return 0, false
	}
	if at >= d.sealed {
		v, ok := d.hot.Floor(metric, at)
		return v.Value, ok && v.Time == at
	}
	for _, c := range s.cold.between(at, at) {
		points := c.points()
		i, ok := slices.BinarySearchFunc(points, at, func(p Point, t int64) int { return cmp.Compare(p.T, t) })
		if ok {
			return points[i].V, true
		}
	}
	return 0, false
}

// put stores a point in its place.
func (d *device) put(metric string, p Point) {
	if p.T >= d.sealed {
		d.hot.Set(metric, p.T, p.V)
		return
	}
	s := d.series[metric]
	s.cold = s.cold.insert(p)
}

// hotPoints returns the hot points of a series from from to to.
func (d *device) hotPoints(metric string, from, to int64) (all []Point) {
	for t, v := range d.hot.Range(metric, max(from, d.sealed), to) {
		all = append(all, Point{T: t, V: v})
	}
	return all
}

// seal moves the points before to from hot to cold. O(points moved + series).
func (d *device) seal(to int64) {
	if to > d.sealed {
		for _, metric := range d.metrics() {
			s := d.series[metric]
			s.cold = s.cold.add(d.hotPoints(metric, math.MinInt64, to-1))
		}
		d.hot.CompactBefore(to)
		d.sealed = to
	}
	d.sealAt = d.hot.Versions() + chunkLen*len(d.series)
}

// twin says what is stored at the message's time: nothing, the same, or something else.
func (d *device) twin(x Message) (none, same bool) {
	none, same = true, true
	for _, f := range x.Fields {
		v, ok := d.value(f.Metric, x.At)
		none = none && !ok
		same = same && ok && math.Float64bits(v) == math.Float64bits(f.Value)
	}
	return none, same
}

// identify decides whether a message is new: ok is true. A number names a message; without
// one its time does. A number that was used for another time shows a device that has begun
// to count again, and must not be taken for a repetition, or its messages would be lost.
func (d *device) identify(x Message) (a Answer, ok bool) {
	none, same := d.twin(x)
	switch {
	case x.Seq > 0 && d.seen.has(x.Seq):
		if !x.Stamped && !same {
			return refuse(BadSeq, "the number %d was used for another message", x.Seq), false
		}
		return Answer{Result: Duplicate}, false
	case none:
		return a, true
	case same:
		return Answer{Result: Duplicate}, false
	}
	return refuse(Conflict, "the series has another value at this time"), false
}

// closed yields the folds of the windows of a series that have points and are before to,
// and after those that were closed already.
func (d *device) closed(metric string, to int64, yield func(Fold)) {
	for from := d.open; ; {
		first, ok := d.hot.Ceiling(metric, max(from, d.sealed))
		if !ok || first.Time >= to {
			return
		}
		start := floorTo(first.Time, int64(Width))
		from = start + int64(Width)
		yield(fold(start, d.hotPoints(metric, start, from-1)))
	}
}

// watch makes the watches of a series those of the rules of its metric; those of rules that
// have not changed keep their windows. It returns the watches that have ended.
func (s *series) watch(rules []Rule, metric string) (ended []*watch) {
	old := s.watches
	s.watches = nil
	for _, r := range rules {
		if r.Metric != metric {
			continue
		}
		i := slices.IndexFunc(old, func(w *watch) bool { return w.rule == r })
		if i < 0 {
			s.watches = append(s.watches, newWatch(r))
			continue
		}
		s.watches = append(s.watches, old[i])
		old = slices.Delete(slices.Clone(old), i, i+1)
	}
	slices.SortFunc(old, func(a, b *watch) int { return strings.Compare(a.rule.Name, b.rule.Name) })
	return old
}
