package telemetry

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"example.com/flatline/examples/iot/gorilla"
)

// maxRows bounds an answer.
const maxRows = 10_000

// A Query asks for the points of a series from From to To, both included, or with a Step
// for their folds.
type Query struct {
	Device, Metric string
	From, To       time.Time
	Step           time.Duration
}

// A Row is a point, with Value, or the fold of the points from T to a step later.
type Row struct {
	T     time.Time `json:"t"`
	Value *float64  `json:"v,omitempty"`
	Count int64     `json:"count,omitempty"`
	Mean  *float64  `json:"mean,omitempty"`
	Min   *float64  `json:"min,omitempty"`
	Max   *float64  `json:"max,omitempty"`
}

// Read implements Store. What is down-sampled has steps of RollStep at least. Chunks are
// decoded without the store's lock.
func (m *Memory) Read(q Query) ([]Row, error) {
	from, to := q.From.UnixNano(), q.To.UnixNano()
	if q.Step < 0 || from > to {
		return nil, fmt.Errorf("%w: from %v to %v in steps of %v", ErrBad, q.From, q.To, q.Step)
	}
	var rolled [columns]tier
	m.mu.Lock()
	d, _ := m.devices.Peek(q.Device)
	if d == nil || d.series[q.Metric] == nil {
		m.mu.Unlock()
		return nil, ErrNotFound
	}
	s := d.series[q.Metric]
	cold, hot := s.cold.between(from, to), d.hotPoints(q.Metric, from, to)
	for i := range rolled {
		rolled[i] = s.rolled[i].between(from, to)
	}
	m.mu.Unlock()
	points := append(m.opened.collect(nil, cold, from, to), hot...)
	var cols [columns][]Point
	for i := range cols {
		cols[i] = m.opened.collect(nil, rolled[i], from, to)
	}
	rows := rows(points, cols, q.Step)
	if len(rows) > maxRows {
		return nil, fmt.Errorf("%w: these are %d rows, and at most %d are answered: a larger step, or a shorter time", ErrBad, len(rows), maxRows)
	}
	return rows, nil
}

// rows makes the rows of an answer. A step that has both down-sampled folds and points is
// one row.
func rows(points []Point, cols [columns][]Point, step time.Duration) []Row {
	all := []Row{}
	var last Fold
	flush := func() {
		if last.Count > 0 {
			f := last
			mean := f.Mean()
			all = append(all, Row{T: time.Unix(0, f.Start).UTC(), Count: f.Count, Mean: &mean, Min: &f.Min, Max: &f.Max})
		}
		last = Fold{}
	}
	add := func(f Fold) {
		if last.Count > 0 && last.Start == f.Start {
			last = merge(last, f)
			return
		}
		flush()
		last = f
	}
	for i, c := range cols[colCount] {
		f := Fold{Start: floorTo(c.T, max(1, int64(step))), Count: int64(c.V), Sum: exact{cols[colSum][i].V}, Min: cols[colMin][i].V, Max: cols[colMax][i].V}
		add(f)
	}
	if step > 0 {
		steps(points, int64(step), add)
	}
	flush()
	if step == 0 {
		for _, p := range points {
			all = append(all, Row{T: time.Unix(0, p.T).UTC(), Value: &p.V})
		}
	}
	return all
}

// Status is what the page shows, and what tests count.
type Status struct {
	Now      time.Time      `json:"now"`
	Counts   Counts         `json:"counts"`
	Devices  int            `json:"devices"`
	Series   int            `json:"series"`
	Hot      int64          `json:"hot"`       // points
	Cold     int64          `json:"cold"`      // points
	Bytes    int64          `json:"coldBytes"` // of them
	Rolled   int64          `json:"rolled"`    // folds
	Firing   []Alert        `json:"firing"`
	Last     uint64         `json:"last"`   // alert
	Recent   []DeviceStatus `json:"recent"` // the devices heard last
	Lines    []Line         `json:"lines"`
	MaxDelay Duration       `json:"maxDelay"` // of an acknowledgement in the last minute; the gate's
}

// DeviceStatus is a device, for the page.
type DeviceStatus struct {
	Name    string    `json:"name"`
	Arrived time.Time `json:"arrived"`
	Newest  time.Time `json:"newest"`
	Series  int       `json:"series"`
	Late    int64     `json:"late"`
	Refused int64     `json:"refused"`
	Silent  bool      `json:"silent"`
}

// A Line is a series of the page: the means of its last ten minutes.
type Line struct {
	Device string `json:"device"`
	Metric string `json:"metric"`
	Rows   []Row  `json:"rows"`
}

const (
	shownDevices = 12
	shownLines   = 8
	shownTime    = 10 * time.Minute
)

// Status implements Store. O(series + chunks).
func (m *Memory) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	st := Status{Now: time.Unix(0, m.now).UTC(), Counts: m.counts, Devices: m.devices.Len(), Firing: []Alert{}, Recent: []DeviceStatus{}, Lines: []Line{}}
	st.Counts.Refused = maps.Clone(m.counts.Refused)
	for why, n := range m.door {
		st.Counts.Refused[why] += n
		st.Counts.Received += n
	}
	_, next := m.alerts.ring.Numbers()
	st.Last = m.alerts.base + next
	for name, d := range m.devices.All() {
		if len(st.Recent) < shownDevices {
			st.Recent = append(st.Recent, DeviceStatus{name, time.Unix(0, d.arrived).UTC(), time.Unix(0, d.newest).UTC(), len(d.series), d.late, d.refused, len(d.absent) > 0})
		}
		for rule := range d.absent {
			st.Firing = append(st.Firing, Alert{Rule: rule, Device: name, State: Firing, At: d.arrived})
		}
		for _, metric := range d.metrics() {
			st.add(d, metric)
		}
	}
	st.Hot = st.Counts.Points - st.Counts.Expired - st.Cold
	slices.SortFunc(st.Firing, func(a, b Alert) int { return cmp.Or(cmp.Compare(b.At, a.At), compareAlerts(a, b)) })
	return st
}

// add adds a series to the sums, and shows its line if it is one of the first.
func (st *Status) add(d *device, metric string) {
	s := d.series[metric]
	st.Series++
	for _, c := range s.cold {
		st.Cold += int64(gorilla.Count(c.Data))
		st.Bytes += int64(len(c.Data))
	}
	for _, c := range s.rolled[colCount] {
		st.Rolled += int64(gorilla.Count(c.Data))
	}
	for _, w := range s.watches {
		if w.firing {
			st.Firing = append(st.Firing, w.alert(d.name))
		}
	}
	if len(st.Lines) < shownLines {
		points := d.hotPoints(metric, d.newest-int64(shownTime), d.newest)
		st.Lines = append(st.Lines, Line{d.name, metric, rows(points, [columns][]Point{}, Width)})
	}
}
