package telemetry

import (
	"maps"
	"slices"
	"sync"
	"time"

	"example.com/flatline/lru"
)

// A Command is a change of a store. One field is set.
type Command struct {
	Messages []Message `json:",omitempty"`
	Rules    *[]Rule   `json:",omitempty"`
	Tick     bool      `json:",omitempty"`
	Began    bool      `json:",omitempty"` // the server listens from now on
}

// Effects are the answers to a command's messages, in their order.
type Effects struct{ Answers []Answer }

// Counts says what became of all messages, and where points are.
type Counts struct {
	Received   int64            `json:"received"`
	Stored     int64            `json:"stored"` // late ones among them
	Late       int64            `json:"late"`
	Duplicates int64            `json:"duplicates"`
	Refused    map[Reason]int64 `json:"refused"`
	Points     int64            `json:"points"`  // that were stored
	Expired    int64            `json:"expired"` // and down-sampled
}

// count counts what became of a message.
func (c *Counts) count(x Message, a Answer) {
	c.Received++
	switch a.Result {
	case Late:
		c.Late++
		fallthrough
	case Stored:
		c.Stored++
		c.Points += int64(len(x.Fields))
	case Duplicate:
		c.Duplicates++
	case Refused:
		c.Refused[a.Reason]++
	}
}

// Memory is the state machine, and a store that ends with the process.
type Memory struct {
	mu      sync.Mutex
	now     int64                       // nanoseconds since 1970, as all times here
	began   int64                       // since when the server listens
	floor   int64                       // what is before it is down-sampled
	devices *lru.Cache[string, *device] // in the order of their last messages
	rules   []Rule
	alerts  feed
	counts  Counts
	door    map[Reason]int64 // of messages that no log has
	opened  opened
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		devices: lru.New[string, *device](MaxDevices), alerts: newFeed(0), opened: newOpened(),
		counts: Counts{Refused: map[Reason]int64{}}, door: map[Reason]int64{},
	}
}

// Apply changes the state by a command, at a time: it reads no clock, and gives the same
// answers for the same commands, so it is also the recovery of the log and the oracle of
// the tests. A time that goes backwards counts as the latest one. O(log n) for each field.
func (m *Memory) Apply(now time.Time, c Command) (e Effects) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = max(m.now, now.UnixNano())
	for _, x := range c.Messages {
		a := m.receive(x)
		m.counts.count(x, a)
		e.Answers = append(e.Answers, a)
	}
	switch {
	case c.Rules != nil:
		m.setRules(*c.Rules)
	case c.Tick:
		m.tick()
	case c.Began:
		m.began = m.now
	}
	return e
}

// receive stores a message, or says why not.
func (m *Memory) receive(x Message) Answer {
	switch {
	case x.At > m.now+int64(Ahead):
		return refuse(BadClock, "its time is %v ahead of the server's", time.Duration(x.At-m.now).Round(time.Second))
	case x.At < m.oldest():
		return refuse(BadClock, "its time is older than %v, or than what is kept", Raw)
	}
	d, known := m.devices.Get(x.Device)
	if !known {
		if m.devices.Len() == MaxDevices {
			return refuse(TooMany, "there are %d devices already", MaxDevices)
		}
		d = newDevice(x.Device, x.At)
	}
	fresh := 0
	for _, f := range x.Fields {
		if d.series[f.Metric] == nil {
			fresh++
		}
	}
	a, ok := d.identify(x)
	if ok && len(d.series)+fresh > MaxSeries {
		a, ok = refuse(TooMany, "the device has %d series already", len(d.series)), false
	}
	if !known && ok {
		m.devices.Put(x.Device, d)
	}
	m.heard(d)
	if ok {
		a = m.place(d, x)
	} else if a.Result == Refused {
		d.refused++
	}
	return a
}

// oldest returns the earliest time that is accepted.
func (m *Memory) oldest() int64 { return max(m.floor, m.now-int64(Raw)) }

// heard notes that a device is alive: what is refused shows it too.
func (m *Memory) heard(d *device) {
	d.arrived, d.quiet = m.now, false
	for _, name := range slices.Sorted(maps.Keys(d.absent)) {
		delete(d.absent, name)
		m.alerts.push(Alert{Rule: name, Device: d.name, State: Resolved, At: m.now})
	}
}

// place stores the fields of a new message, and closes the windows that end at the
// watermark or before.
func (m *Memory) place(d *device, x Message) Answer {
	a := Answer{Result: Stored}
	if x.At < d.open {
		a.Result = Late
		d.late++
	}
	for _, f := range x.Fields {
		if d.series[f.Metric] == nil {
			s := &series{}
			s.watch(m.rules, f.Metric)
			d.series[f.Metric] = s
		}
		d.put(f.Metric, Point{T: x.At, V: f.Value})
	}
	if x.Seq > 0 {
		d.seen = d.seen.add(x.Seq)
	}
	d.newest = max(d.newest, x.At)
	m.close(d, floorTo(d.newest-int64(Lateness), int64(Width)))
	if d.hot.Versions() > d.sealAt {
		d.seal(d.open)
	}
	return a
}

// close moves the watermark of a device, and evaluates the rules of each window that
// closes. Its result depends on the points alone, since they are read in order.
func (m *Memory) close(d *device, to int64) {
	if to <= d.open {
		return
	}
	var all []Alert
	for _, metric := range d.metrics() {
		if s := d.series[metric]; len(s.watches) > 0 {
			d.closed(metric, to, func(f Fold) {
				for _, w := range s.watches {
					if v, ok := w.close(f); ok && w.rule.fires(w.firing, v) != w.firing {
						w.firing, w.since, w.value = !w.firing, f.Start+int64(Width), v
						all = append(all, w.alert(d.name))
					}
				}
			})
		}
	}
	d.open = to
	slices.SortStableFunc(all, compareAlerts)
	for _, a := range all {
		m.alerts.push(a)
	}
}

func (w *watch) alert(device string) Alert {
	a := Alert{Rule: w.rule.Name, Device: device, Metric: w.rule.Metric, State: Resolved, At: w.since, Value: w.value}
	if w.firing {
		a.State = Firing
	}
	return a
}

// setRules replaces the rules. What fires by a rule that is gone or changed is resolved.
func (m *Memory) setRules(rules []Rule) {
	gone := func(r Rule) bool { return !slices.Contains(rules, r) }
	var all []Alert
	for name, d := range m.devices.All() {
		for _, r := range m.rules {
			if d.absent[r.Name] && gone(r) {
				delete(d.absent, r.Name)
				all = append(all, Alert{Rule: r.Name, Device: name, State: Resolved, At: m.now, Note: "the rule has changed"})
			}
		}
		for metric, s := range d.series {
			for _, w := range s.watch(rules, metric) {
				if w.firing {
					w.firing, w.since = false, m.now
					a := w.alert(name)
					a.Note = "the rule has changed"
					all = append(all, a)
				}
			}
		}
	}
	slices.SortFunc(all, compareAlerts)
	for _, a := range all {
		m.alerts.push(a)
	}
	m.rules = slices.Clone(rules)
}
