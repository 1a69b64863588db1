package telemetry

import (
	"math"
	"time"
)

// shortest returns the shortest silence after which something is to be done.
func (m *Memory) shortest() time.Duration {
	d := Idle
	for _, r := range m.rules {
		if r.Do == Absence {
			d = min(d, time.Duration(r.Over))
		}
	}
	return d
}

// silence returns how long nothing was received from a device while the server listened: a
// server that was down must not report that all its devices were silent.
func (m *Memory) silence(d *device, now int64) int64 { return now - max(d.arrived, m.began) }

// Due reports whether a Tick would do something. It changes nothing. O(silent devices).
func (m *Memory) Due(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := max(m.now, now.UnixNano())
	due := floorOf(at) > m.floor
	m.silent(at, func(d *device) { due = due || !d.quiet && m.silence(d, at) >= int64(Idle) || len(m.missed(d, at)) > 0 })
	return due
}

// floorOf returns where what is kept as points begins. It moves once an hour.
func floorOf(now int64) int64 { return floorTo(now-int64(Raw), int64(time.Hour)) }

// silent calls f for each device that was silent for the shortest time that matters, the
// longest first: the cache has them in the order of their last messages.
func (m *Memory) silent(now int64, f func(*device)) {
	least := int64(m.shortest())
	for _, d := range m.devices.Backward() {
		if now-d.arrived < least {
			return
		}
		if m.silence(d, now) >= least {
			f(d)
		}
	}
}

// missed returns the rules of absence that begin to fire.
func (m *Memory) missed(d *device, now int64) (all []Rule) {
	for _, r := range m.rules {
		if r.Do == Absence && !d.absent[r.Name] && m.silence(d, now) >= int64(r.Over) {
			all = append(all, r)
		}
	}
	return all
}

// tick closes the windows of devices that are silent, fires the rules of absence, and
// down-samples what is old.
func (m *Memory) tick() {
	m.silent(m.now, func(d *device) {
		if m.silence(d, m.now) >= int64(Idle) {
			d.quiet = true
			m.close(d, floorTo(d.newest, int64(Width))+int64(Width))
		}
		for _, r := range m.missed(d, m.now) {
			d.absent[r.Name] = true
			m.alerts.push(Alert{Rule: r.Name, Device: d.name, State: Firing, At: max(d.arrived, m.began) + int64(r.Over), Value: time.Duration(r.Over).Seconds()})
		}
	})
	if floor := floorOf(m.now); floor > m.floor {
		m.floor = floor
		m.retain()
	}
}

// retain down-samples the points before the floor, and drops what is too old even so.
// Later points of that time are refused, so a step of a series is folded once, from all
// its points.
func (m *Memory) retain() {
	var gone []string
	for name, d := range m.devices.Backward() {
		m.close(d, m.floor)
		d.seal(m.floor)
		for metric, s := range d.series {
			var old []Point
			old, s.cold = s.cold.before(m.floor)
			m.counts.Expired += int64(len(old))
			s.roll(old)
			for i := range s.rolled {
				_, s.rolled[i] = s.rolled[i].before(m.now - int64(Rolled))
			}
			if _, hot := d.hot.Ceiling(metric, d.sealed); !hot && len(s.cold) == 0 && len(s.rolled[colCount]) == 0 {
				d.hot.Drop(metric)
				delete(d.series, metric)
			}
		}
		if len(d.series) == 0 && m.now-d.arrived > int64(Rolled) {
			gone = append(gone, name)
		}
	}
	for _, name := range gone {
		m.devices.Delete(name)
	}
}

// roll appends the folds of points, in steps of RollStep.
func (s *series) roll(points []Point) {
	var add [columns][]Point
	steps(points, int64(RollStep), func(f Fold) {
		for i, v := range [columns]float64{float64(f.Count), f.Sum.value(), f.Min, f.Max} {
			add[i] = append(add[i], Point{T: f.Start, V: v})
		}
	})
	for i := range add {
		s.rolled[i] = s.rolled[i].add(add[i])
	}
}

// steps yields the folds of points that are in order, by step.
func steps(points []Point, step int64, yield func(Fold)) {
	for len(points) > 0 {
		start := floorTo(points[0].T, step)
		end := start + min(step, math.MaxInt64-start)
		n := 1
		for n < len(points) && points[n].T < end {
			n++
		}
		yield(fold(start, points[:n]))
		points = points[n:]
	}
}
