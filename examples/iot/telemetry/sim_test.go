package telemetry_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/internal/sim"
	"example.com/flatline/examples/iot/telemetry"
)

// Messages of the simulation.
type (
	publish struct{ telemetry.Message }
	ack     struct{ seq uint64 }
	again   struct{ seq uint64 } // a timer: was it acknowledged?
	measure struct{}             // a timer
	fsync   struct{}             // a timer: what is pending is durable
	pending struct {
		from string
		x    telemetry.Message
	}
)

// world is what no crash can touch: the log, and what was promised.
type world struct {
	s       *sim.Sim
	log     []entry
	server  *telemetry.Memory
	sent    map[string][]telemetry.Message // by device; a device has it in flash
	acked   map[string]map[uint64]bool
	changed bool

	early   bool // planted: the acknowledgement comes before the log is durable
	restamp bool // planted: a message gets the time of its arrival
	noSeq   bool // planted: with restamp, nothing but the time names a message
}

type entry struct {
	now time.Time
	x   telemetry.Message
}

// simRules are some of the rules: those that fire in so short a time.
func simRules() []telemetry.Rule {
	all := rules()
	return []telemetry.Rule{all[0], all[1], all[2], all[5], all[7]}
}

// scaled is a time on a clock that runs twenty times as fast: a run has eleven minutes.
func scaled(now time.Duration) time.Time { return epoch.Add(20 * now) }

// serverNode is the machine behind a log that is synced every few milliseconds.
type serverNode struct {
	w       *world
	m       *telemetry.Memory
	pending []pending
}

func (n *serverNode) Step(now time.Duration, m sim.Message) []sim.Message {
	switch body := m.Body.(type) {
	case publish:
		x := body.Message
		if n.w.restamp {
			x.At = scaled(now).UnixNano() + int64(len(n.w.log)+len(n.pending))
		}
		if n.w.noSeq {
			x.Seq = 0
		}
		n.pending = append(n.pending, pending{m.From, x})
		var out []sim.Message
		if len(n.pending) == 1 {
			out = append(out, sim.Message{To: m.To, Body: fsync{}, After: 5 * time.Millisecond})
		}
		if n.w.early {
			out = append(out, sim.Message{To: m.From, Body: ack{body.Seq}})
		}
		return out
	case fsync:
		return n.commit(now)
	}
	return nil
}

// commit makes durable, applies and acknowledges what is pending.
func (n *serverNode) commit(now time.Duration) (out []sim.Message) {
	for _, p := range n.pending {
		n.w.log = append(n.w.log, entry{scaled(now), p.x})
		n.m.Apply(scaled(now), telemetry.Command{Messages: []telemetry.Message{p.x}})
		out = append(out, sim.Message{To: p.from, Body: ack{p.x.Seq}})
	}
	n.pending = nil
	n.w.changed = true
	return out
}

// sensor measures every three quarters of a second, and sends each message until it is acknowledged.
type sensor struct{ w *world }

func (d *sensor) Step(now time.Duration, m sim.Message) []sim.Message {
	me, w := m.To, d.w
	send := func(x telemetry.Message) []sim.Message {
		return []sim.Message{{To: "server", Body: publish{x}}, {To: me, Body: again{x.Seq}, After: time.Second}}
	}
	switch body := m.Body.(type) {
	case sim.Start, measure:
		var out []sim.Message
		if _, start := body.(sim.Start); start { // after a crash it sends what it has in flash
			for _, x := range w.sent[me] {
				if !w.acked[me][x.Seq] {
					out = append(out, send(x)...)
				}
			}
		}
		if w.s.Now() < 18*time.Second {
			n := len(w.sent[me])
			x := telemetry.Message{
				Device: me, Seq: uint64(n + 1), At: max(scaled(now).UnixNano(), newest(w.sent[me])+1),
				Fields: []telemetry.Field{{Metric: "m", Value: float64(w.s.Rand.IntN(400)) / 10}},
			}
			w.sent[me] = append(w.sent[me], x)
			out = append(out, send(x)...)
			out = append(out, sim.Message{To: me, Body: measure{}, After: 750 * time.Millisecond})
		}
		return out
	case again:
		if !w.acked[me][body.seq] {
			return send(w.sent[me][body.seq-1])
		}
	case ack:
		if body.seq > 0 {
			w.acked[me][body.seq] = true
			w.changed = true
		}
	}
	return nil
}

func newest(all []telemetry.Message) int64 {
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].At
}

// build makes the simulation: a server and four devices.
func build(change func(*world)) func(*sim.Sim) {
	return func(s *sim.Sim) {
		s.End, s.Quiet = 34*time.Second, 14*time.Second
		w := &world{s: s, sent: map[string][]telemetry.Message{}, acked: map[string]map[uint64]bool{}}
		if change != nil {
			change(w)
		}
		s.Node("server", func() sim.Node {
			n := &serverNode{w: w, m: telemetry.NewMemory()}
			setRules(n.m, epoch, simRules())
			for _, e := range w.log {
				n.m.Apply(e.now, telemetry.Command{Messages: []telemetry.Message{e.x}})
			}
			w.server, w.changed = n.m, true
			return n
		})
		for i := range 4 {
			name := fmt.Sprint("d", i+1)
			w.acked[name] = map[uint64]bool{}
			s.Node(name, func() sim.Node { return &sensor{w} })
		}
		steps := 0
		s.Invariant(func() error {
			if steps++; !w.changed || steps%64 != 0 { // each check reads all
				return nil
			}
			w.changed = false
			return errors.Join(w.server.Check(), w.kept(false))
		})
		s.Finally(func() error { return errors.Join(w.kept(true), w.alerts()) })
	}
}

// kept checks that what was acknowledged is there, once, and at the end everything.
func (w *world) kept(end bool) error {
	for device, sent := range w.sent {
		there := map[int64]float64{}
		points := series(w.server, device, "m")
		for _, p := range points {
			there[p.T] = p.V
		}
		acked := 0
		for _, x := range sent {
			if !w.acked[device][x.Seq] {
				if end {
					return fmt.Errorf("I1: %s %d was never acknowledged", device, x.Seq)
				}
				continue
			}
			acked++
			if v, ok := there[x.At]; !ok || v != x.Fields[0].Value {
				return fmt.Errorf("I1: %s %d was acknowledged and is not there", device, x.Seq)
			}
		}
		if len(points) > len(sent) || end && len(points) != len(sent) {
			return fmt.Errorf("I1: %s has %d points of %d messages", device, len(points), len(sent))
		}
	}
	return nil
}

// alerts checks that the alerts are those of the points that were not late, whatever the
// order and the repetitions.
func (w *world) alerts() error {
	m := telemetry.NewMemory()
	points := map[string][]telemetry.Point{}
	for _, e := range w.log {
		if m.Apply(e.now, telemetry.Command{Messages: []telemetry.Message{e.x}}).Answers[0].Result == telemetry.Stored {
			points[e.x.Device] = append(points[e.x.Device], telemetry.Point{T: e.x.At, V: e.x.Fields[0].Value})
		}
	}
	var want []telemetry.Alert
	for device, all := range points {
		last := slices.MaxFunc(all, func(a, b telemetry.Point) int { return cmp.Compare(a.T, b.T) })
		open := last.T - int64(telemetry.Lateness)
		for _, r := range simRules() {
			want = append(want, alertsOf(device, r, all, open-open%width)...)
		}
	}
	if len(want) == 0 {
		return errors.New("I3: no alerts are expected, so this tests nothing")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got, err := w.server.Alerts(ctx, 0)
	if err != nil {
		return err
	}
	if !equalAlerts(got, want) {
		return fmt.Errorf("I2, I3: alerts %v in place of %v", got, want)
	}
	return nil
}

// TestSim: devices that crash and repeat themselves, a network that loses, delays and
// repeats, and a server that crashes lose no acknowledged message, store none twice, and
// give the alerts of the set of points.
func TestSim(t *testing.T) {
	t.Parallel()
	seeds := 1000
	if testing.Short() {
		seeds = 60
	}
	sim.Check(t, seeds, build(nil))
}

// TestSimFinds: an acknowledgement before the log is durable loses messages; the time of
// arrival in place of the device's makes other points; without numbers each repetition is
// one more. The simulation finds all three.
func TestSimFinds(t *testing.T) {
	t.Parallel()
	f := sim.Finds(t, 200, build(func(w *world) { w.early = true }))
	assert.ErrorContains(t, f.Err, "I1")
	f = sim.Finds(t, 200, build(func(w *world) { w.restamp = true }))
	assert.ErrorContains(t, f.Err, "I1")
	f = sim.Finds(t, 200, build(func(w *world) { w.restamp, w.noSeq = true, true }))
	assert.ErrorContains(t, f.Err, "I1")
}
