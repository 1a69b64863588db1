package telemetry_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/iot/telemetry"
)

// rules is one of each kind for the metric m.
func rules() []telemetry.Rule {
	over := func(windows int) telemetry.Duration {
		return telemetry.Duration(time.Duration(windows) * telemetry.Width)
	}
	return []telemetry.Rule{
		{Name: "high", Do: telemetry.Threshold, Metric: "m", Over: over(1), Fire: 20, Clear: 15},
		{Name: "mean of three", Do: telemetry.Threshold, Metric: "m", Over: over(3), Fire: 14, Clear: 12},
		{Name: "low", Do: telemetry.Threshold, Metric: "m", Of: "min", Over: over(2), Fire: 2, Clear: 5, Below: true},
		{Name: "top", Do: telemetry.Threshold, Metric: "m", Of: "max", Over: over(2), Fire: 25, Clear: 20},
		{Name: "last", Do: telemetry.Threshold, Metric: "m", Of: "last", Over: over(4), Fire: 20, Clear: 10},
		{Name: "sum", Do: telemetry.Threshold, Metric: "m", Of: "sum", Over: over(5), Fire: 100, Clear: 60},
		{Name: "few", Do: telemetry.Threshold, Metric: "m", Of: "count", Over: over(6), Fire: 4, Clear: 6, Below: true},
		{Name: "rises", Do: telemetry.Rate, Metric: "m", Over: over(3), Fire: 1, Clear: 0},
		{Name: "odd", Do: telemetry.ZScore, Metric: "m", Over: over(20), Fire: 3, Clear: 2, Spread: 0.5},
	}
}

// setRules sets rules as a command.
func setRules(m *telemetry.Memory, now time.Time, rules []telemetry.Rule) {
	m.Apply(now, telemetry.Command{Rules: &rules})
}

// alerts are those of a store, without their numbers.
func alerts(t failer, m telemetry.Store) []telemetry.Alert {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	all, err := m.Alerts(ctx, 0)
	if err == nil && len(all) == 0 {
		return nil
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	for i := range all {
		if all[i].N != uint64(i+1) {
			t.Fatalf("alert %d has number %d", i+1, all[i].N)
		}
		all[i].N = 0
	}
	return all
}

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Fatalf(format string, args ...any)
}

// series is the points of a series.
func series(m telemetry.Store, device, metric string) (all []telemetry.Point) {
	rows, err := m.Read(telemetry.Query{Device: device, Metric: metric, From: time.Unix(0, 0), To: epoch.Add(1e6 * time.Hour)})
	if err != nil {
		return nil
	}
	for _, r := range rows {
		if r.Value == nil { // down-sampled
			continue
		}
		all = append(all, telemetry.Point{T: r.T.UnixNano(), V: *r.Value})
	}
	return all
}

// draw makes the messages of one device, in the order of their times: at most ten minutes.
func draw(t *rapid.T) (all []telemetry.Message) {
	now := time.Duration(0)
	v := 10.0
	for i := range rapid.IntRange(1, 120).Draw(t, "n") {
		now += time.Duration(rapid.SampledFrom([]int64{1, 1e6, 1e9, 3e9, 9e9, 10e9, 21e9}).Draw(t, "gap"))
		v += rapid.SampledFrom([]float64{0, 0.1, -0.1, 3, -3, 12, -12, 0.3}).Draw(t, "change")
		all = append(all, reading("d", "m", uint64(i+1), now, v))
	}
	return all
}

// shuffle changes the order of arrival within the allowed lateness: each message may be
// overtaken by those that are at most Lateness newer. Some arrive several times.
func shuffle(t *rapid.T, all []telemetry.Message) (out []telemetry.Message) {
	type arrival struct {
		when int64
		x    telemetry.Message
	}
	var order []arrival
	for _, x := range all {
		for range rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "times") {
			order = append(order, arrival{x.At + rapid.Int64Range(0, int64(telemetry.Lateness)).Draw(t, "delay"), x})
		}
	}
	slices.SortStableFunc(order, func(a, b arrival) int { return int(min(1, max(-1, a.when-b.when))) })
	for _, a := range order {
		out = append(out, a.x)
	}
	return out
}

// equalAlerts compares alerts with those of the oracle, bit for bit.
func equalAlerts(got, want []telemetry.Alert) bool {
	key := func(a telemetry.Alert) string {
		return fmt.Sprintf("%020d %s %s %s %s %x", a.At, a.Device, a.Metric, a.Rule, a.State, math.Float64bits(a.Value))
	}
	index := func(all []telemetry.Alert) []string {
		var keys []string
		for _, a := range all {
			keys = append(keys, key(a))
		}
		return slices.Sorted(slices.Values(keys))
	}
	return slices.Equal(index(got), index(want))
}

// TestOrder: whatever the order of arrival within the lateness, and however often a message
// is repeated, the series, the windows and the alerts are those of the set of points (I2,
// I3), bit for bit. A snapshot in between changes nothing.
func TestOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := draw(t)
		var points []telemetry.Point
		newest := int64(0)
		for _, x := range all {
			points = append(points, telemetry.Point{T: x.At, V: x.Fields[0].Value})
			newest = max(newest, x.At)
		}
		open := newest - int64(telemetry.Lateness)
		open -= open % width
		var want []telemetry.Alert
		for _, r := range rules() {
			want = append(want, alertsOf("d", r, points, open)...)
		}
		m := telemetry.NewMemory()
		setRules(m, epoch, rules())
		snapshot := rapid.IntRange(0, len(all)).Draw(t, "snapshot")
		for i, x := range shuffle(t, all) {
			if i == snapshot {
				m = copied(t, m)
			}
			a := m.Apply(epoch.Add(time.Hour), telemetry.Command{Messages: []telemetry.Message{x}}).Answers[0]
			if a.Result != telemetry.Stored && a.Result != telemetry.Duplicate {
				t.Fatalf("I2: %v is %v", x, a)
			}
		}
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		if got := series(m, "d", "m"); !slices.Equal(got, points) {
			t.Fatalf("I1: %v in place of %v", got, points)
		}
		if got := alerts(t, m); !equalAlerts(got, want) {
			t.Fatalf("I2, I3: alerts\n%v in place of\n%v", got, want)
		}
		rows, err := m.Read(telemetry.Query{Device: "d", Metric: "m", From: epoch, To: epoch.Add(time.Hour), Step: telemetry.Width})
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range windowsOf(points, math.MaxInt64) {
			if r := rows[i]; r.T.UnixNano() != w.start || r.Count != int64(len(w.points)) || *r.Mean != mean(w.points) {
				t.Fatalf("I2: window %v has count %d and mean %v in place of %d and %v", r.T, r.Count, *r.Mean, len(w.points), mean(w.points))
			}
		}
	})
}

// TestMachine drives the state with messages of any age, repetitions, conflicts and ticks,
// and compares with plain maps. I5 and the tiers are checked after each step.
func TestMachine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := telemetry.NewMemory()
		setRules(m, epoch, rules()[:3])
		model := map[string]map[int64]float64{} // by device
		bySeq := map[string]map[uint64]int64{}
		now := epoch
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute, time.Hour, 30 * time.Hour}).Draw(t, "pause"))
			switch rapid.IntRange(0, 9).Draw(t, "do") {
			case 0:
				m.Apply(now, telemetry.Command{Tick: true})
				floor := now.Add(-telemetry.Raw).Truncate(time.Hour).UnixNano()
				for _, d := range model {
					maps.DeleteFunc(d, func(at int64, _ float64) bool { return at < floor })
				}
				for d := range model {
					for at := range series2(m, d) {
						if at < floor {
							t.Fatalf("%d is before %d", at, floor)
						}
					}
				}
			case 1:
				m = copied(t, m)
			default:
				d := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "device")
				x := telemetry.Message{
					Device: d, Seq: rapid.Uint64Range(0, 30).Draw(t, "seq"),
					At:     now.Add(-time.Duration(rapid.Int64Range(0, 40).Draw(t, "age")) * rapid.SampledFrom([]time.Duration{time.Second, time.Hour, 6 * time.Hour}).Draw(t, "unit")).UnixNano(),
					Fields: []telemetry.Field{{Metric: "m", Value: float64(rapid.IntRange(0, 30).Draw(t, "v"))}},
				}
				if model[d] == nil {
					model[d], bySeq[d] = map[int64]float64{}, map[uint64]int64{}
				}
				a := m.Apply(now, telemetry.Command{Messages: []telemetry.Message{x}}).Answers[0]
				checkAnswer(t, x, a, now, model[d], bySeq[d])
			}
			if err := m.Check(); err != nil {
				t.Fatal(err)
			}
		}
		for d, want := range model {
			if got := series2(m, d); !maps.Equal(got, want) {
				t.Fatalf("I1: %s has %v in place of %v", d, got, want)
			}
		}
	})
}

// series2 is the points of the metric m as a map.
func series2(m *telemetry.Memory, device string) map[int64]float64 {
	all := map[int64]float64{}
	for _, p := range series(m, device, "m") {
		all[p.T] = p.V
	}
	return all
}

// checkAnswer compares an answer with a model, which it changes.
func checkAnswer(t *rapid.T, x telemetry.Message, a telemetry.Answer, now time.Time, points map[int64]float64, bySeq map[uint64]int64) {
	v, taken := points[x.At]
	same := taken && v == x.Fields[0].Value
	when, used := bySeq[x.Seq]
	used = used && x.Seq > 0
	stored := a.Result == telemetry.Stored || a.Result == telemetry.Late
	ok := false
	switch {
	case x.At < now.Add(-telemetry.Raw).UnixNano():
		ok = a.Reason == telemetry.BadClock
	case used && same:
		ok = a.Result == telemetry.Duplicate
	case used:
		ok = a.Reason == telemetry.BadSeq
	case same:
		ok = a.Result == telemetry.Duplicate
	case taken:
		ok = a.Reason == telemetry.Conflict
	default:
		ok = stored
	}
	if !ok {
		t.Fatalf("%+v at %v: %+v; there %v %v, number used %v at %v", x, now, a, v, taken, used, when)
	}
	if stored {
		points[x.At] = x.Fields[0].Value
		if x.Seq > 0 {
			bySeq[x.Seq] = x.At
		}
	}
}

// TestTiers: points read as they were written, hot, sealed into chunks, inserted into one
// late, and after a snapshot; the value of a stored message is found in each tier.
func TestTiers(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMemory()
	values := []float64{1.5, math.Copysign(0, -1), math.Pi, -1e299, 5e-324}
	var want []telemetry.Point
	var late []telemetry.Message
	now := epoch.Add(3 * time.Hour)
	send := func(m *telemetry.Memory, x telemetry.Message) telemetry.Result {
		return m.Apply(now, telemetry.Command{Messages: []telemetry.Message{x}}).Answers[0].Result
	}
	for i := range 5000 {
		// Between the starts of windows, so that the point before a seal stays in the hot map.
		x := reading("d", "m", 0, time.Duration(i)*time.Second+time.Second/2, values[i%len(values)]+float64(i%7))
		want = append(want, telemetry.Point{T: x.At, V: x.Fields[0].Value})
		if i%50 == 7 && i < 4000 {
			late = append(late, x)
			continue
		}
		require.Equal(t, telemetry.Stored, send(m, x))
	}
	st := m.Status()
	require.Greater(t, st.Cold, int64(3000))
	require.Positive(t, st.Hot)
	for _, x := range slices.Backward(late) {
		require.Equal(t, telemetry.Late, send(m, x))
		require.NoError(t, m.Check())
	}
	bits := func(m *telemetry.Memory) (all []uint64) {
		for _, p := range series(m, "d", "m") {
			all = append(all, uint64(p.T), math.Float64bits(p.V))
		}
		return all
	}
	var expected []uint64
	for _, p := range want {
		expected = append(expected, uint64(p.T), math.Float64bits(p.V))
	}
	assert.Equal(t, expected, bits(m), "I4")
	again := copied(t, m)
	assert.Equal(t, expected, bits(again), "I4: after a snapshot")
	require.NoError(t, again.Check())
	for i := 0; i < len(want); i += 13 {
		p := want[i]
		x := telemetry.Message{Device: "d", At: p.T, Fields: []telemetry.Field{{Metric: "m", Value: p.V}}}
		require.Equal(t, telemetry.Duplicate, send(again, x), "I1: without a number, the time names the message")
		x.Fields[0].Value++
		if x.Fields[0].Value != p.V {
			require.Equal(t, telemetry.Refused, send(again, x))
		}
	}
	rows, err := m.Read(telemetry.Query{Device: "d", Metric: "m", From: time.Unix(0, want[100].T), To: time.Unix(0, want[102].T)})
	require.NoError(t, err)
	require.Len(t, rows, 3, "both ends are included")
	assert.Equal(t, int64(len(late)), m.Status().Counts.Late)
}
