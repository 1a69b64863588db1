package telemetry

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/iot/gorilla"
)

// Disk is a Memory whose commands go through a log first.
type Disk struct {
	*Memory
	log *wal.Machine[Command, Effects]
}

// OpenDisk opens the store in a directory. It takes a snapshot every so many commands.
func OpenDisk(dir string, every int64, opts wal.Options) (*Disk, error) {
	m := NewMemory()
	log, err := wal.OpenMachine(dir, m, every, opts)
	if err != nil {
		return nil, err
	}
	d := &Disk{m, log}
	if _, err := d.log.Do(context.Background(), Command{Began: true}); err != nil {
		_ = log.Close()
		return nil, err
	}
	return d, nil
}

// Write implements Store.
func (d *Disk) Write(ctx context.Context, messages []Message) ([]Answer, error) {
	return d.admit(messages, func(good []Message) ([]Answer, error) {
		e, err := d.log.Do(ctx, Command{Messages: good})
		return e.Answers, err
	})
}

// SetRules implements Store.
func (d *Disk) SetRules(ctx context.Context, rules []Rule) error {
	if err := checkRules(rules); err != nil {
		return err
	}
	_, err := d.log.Do(ctx, Command{Rules: &rules})
	return err
}

// Tick implements Store. If nothing is due it costs no write.
func (d *Disk) Tick(ctx context.Context) error {
	if !d.Due(time.Now()) {
		return nil
	}
	_, err := d.log.Do(ctx, Command{Tick: true})
	return err
}

// Close implements Store.
func (d *Disk) Close() error { return d.log.Close() }

// What a snapshot has: savedHead, then as many savedDevices.
type (
	savedHead struct {
		Now, Began, Floor int64
		Rules             []Rule
		Counts            Counts
		Alerts            []Alert
		Next              uint64 // number of the next alert, less one
		Devices           int
	}
	savedDevice struct {
		Name                          string
		Newest, Arrived, Open, Sealed int64
		Late, Refused                 int64
		SealAt                        int
		Quiet                         bool
		Seen                          seen
		Absent                        map[string]bool
		Series                        map[string]savedSeries
	}
	savedSeries struct {
		Hot     []byte // a chunk
		Cold    tier
		Rolled  [columns]tier
		Watches map[string]savedWatch `json:",omitempty"` // by the rule's name
	}
	savedWatch struct {
		Firing  bool
		Since   int64
		Value   float64
		Windows []Fold
	}
)

// Dump writes the state.
func (m *Memory) Dump(out *json.Encoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	head := savedHead{Now: m.now, Began: m.began, Floor: m.floor, Rules: m.rules, Counts: m.counts, Devices: m.devices.Len()}
	_, head.Next = m.alerts.ring.Numbers()
	head.Next += m.alerts.base
	for _, a := range m.alerts.ring.All() {
		head.Alerts = append(head.Alerts, a)
	}
	if err := out.Encode(head); err != nil {
		return err
	}
	for _, d := range m.devices.Backward() {
		if err := out.Encode(d.saved()); err != nil {
			return err
		}
	}
	return nil
}

func (d *device) saved() savedDevice {
	x := savedDevice{
		Name: d.name, Newest: d.newest, Arrived: d.arrived, Open: d.open, Sealed: d.sealed, Late: d.late, Refused: d.refused,
		SealAt: d.sealAt, Quiet: d.quiet, Seen: d.seen, Absent: d.absent, Series: map[string]savedSeries{},
	}
	for metric, s := range d.series {
		y := savedSeries{Hot: gorilla.Encode(d.hotPoints(metric, math.MinInt64, math.MaxInt64)), Cold: s.cold, Rolled: s.rolled, Watches: map[string]savedWatch{}}
		for _, w := range s.watches {
			z := savedWatch{Firing: w.firing, Since: w.since, Value: w.value}
			for _, f := range w.windows.All() {
				z.Windows = append(z.Windows, f)
			}
			y.Watches[w.rule.Name] = z
		}
		x.Series[metric] = y
	}
	return x
}

// Load reads what Dump wrote, into an empty store.
func (m *Memory) Load(in *json.Decoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var head savedHead
	if err := in.Decode(&head); err != nil {
		return err
	}
	m.now, m.began, m.floor, m.rules, m.counts = head.Now, head.Began, head.Floor, head.Rules, head.Counts
	m.alerts = newFeed(head.Next - uint64(len(head.Alerts)))
	for _, a := range head.Alerts {
		m.alerts.push(a)
	}
	for range head.Devices {
		var x savedDevice
		if err := in.Decode(&x); err != nil {
			return err
		}
		d, err := m.restore(x)
		if err != nil {
			return err
		}
		m.devices.Put(d.name, d)
	}
	return nil
}

func (m *Memory) restore(x savedDevice) (*device, error) {
	d := newDevice(x.Name, x.Newest)
	d.arrived, d.open, d.sealed, d.late, d.refused, d.quiet, d.seen = x.Arrived, x.Open, x.Sealed, x.Late, x.Refused, x.Quiet, x.Seen
	d.sealAt = x.SealAt
	for name := range x.Absent {
		d.absent[name] = true
	}
	for metric, y := range x.Series {
		points, err := gorilla.Decode(y.Hot)
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			d.hot.Set(metric, p.T, p.V)
		}
		s := &series{cold: y.Cold, rolled: y.Rolled}
		s.watch(m.rules, metric)
		for _, w := range s.watches {
			z := y.Watches[w.rule.Name]
			w.firing, w.since, w.value = z.Firing, z.Since, z.Value
			for _, f := range z.Windows {
				w.add(f)
			}
		}
		d.series[metric] = s
	}
	return d, nil
}
