package telemetry_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/iot/telemetry"
)

// send applies messages an hour after the epoch, each of which must be stored.
func send(t testing.TB, m *telemetry.Memory, messages ...telemetry.Message) {
	t.Helper()
	for _, a := range m.Apply(epoch.Add(time.Hour), telemetry.Command{Messages: messages}).Answers {
		require.Contains(t, []telemetry.Result{telemetry.Stored, telemetry.Late}, a.Result, a)
	}
}

// TestAlertsBruteForce: each kind of rule, on a series of each kind, has the alerts that a
// loop over all windows has (I3). Direct, where TestOrder draws.
func TestAlertsBruteForce(t *testing.T) {
	t.Parallel()
	shapes := map[string]func(i int) float64{
		"wave":  func(i int) float64 { return 15 + 14*math.Sin(float64(i)/9) },
		"steps": func(i int) float64 { return float64(i / 20 % 3 * 15) },
		"spike": func(i int) float64 { return 10 + float64(i%3)*0.2 + 40*float64((i%67)/66) },
		"saw":   func(i int) float64 { return float64(i % 31) },
	}
	fired := map[string]int{}
	for _, shape := range shapes {
		for _, gap := range []time.Duration{3 * time.Second, 9 * time.Second, 25 * time.Second} {
			m := telemetry.NewMemory()
			setRules(m, epoch, rules())
			var points []telemetry.Point
			for i := range 130 {
				x := reading("d", "m", uint64(i+1), time.Duration(i)*gap, shape(i))
				points = append(points, telemetry.Point{T: x.At, V: x.Fields[0].Value})
				send(t, m, x)
			}
			open := points[len(points)-1].T - int64(telemetry.Lateness)
			open -= open % width
			var want []telemetry.Alert
			for _, r := range rules() {
				all := alertsOf("d", r, points, open)
				fired[r.Name] += len(all)
				want = append(want, all...)
			}
			require.True(t, equalAlerts(alerts(t, m), want), "I3: %v\n%v", alerts(t, m), want)
		}
	}
	for _, r := range rules() {
		assert.GreaterOrEqual(t, fired[r.Name], 2, "%s was tested by nothing", r.Name)
	}
}

// TestHysteresis: between clear and fire nothing changes, in either direction, and at equal
// limits a value that stays at them fires once.
func TestHysteresis(t *testing.T) {
	t.Parallel()
	states := func(r telemetry.Rule, values ...float64) (all []string) {
		r.Name, r.Do, r.Metric, r.Over = "r", telemetry.Threshold, "m", telemetry.Duration(telemetry.Width)
		m := telemetry.NewMemory()
		setRules(m, epoch, []telemetry.Rule{r})
		for i, v := range append(values, 0, 0, 0, 0) {
			send(t, m, reading("d", "m", uint64(i+1), time.Duration(i)*telemetry.Width, v))
			if i == len(values)+3 {
				break
			}
		}
		for _, a := range alerts(t, m) {
			if a.At <= at(time.Duration(len(values))*telemetry.Width) {
				all = append(all, a.State)
			}
		}
		return all
	}
	const f, r = telemetry.Firing, telemetry.Resolved
	assert.Equal(t, []string{f, r, f}, states(telemetry.Rule{Fire: 10, Clear: 8}, 9, 10, 9, 8, 10, 9, 7.9, 9, 9.9, 10))
	assert.Equal(t, []string{f, r}, states(telemetry.Rule{Fire: 2, Clear: 4, Below: true}, 5, 3, 2, 3, 4, 4.1, 3, 5))
	assert.Equal(t, []string{f}, states(telemetry.Rule{Fire: 10, Clear: 10}, 10, 10, 10))
}

// TestAbsence: silence fires once, when it is long enough; a message ends it; while the
// server was down nothing was missed.
func TestAbsence(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMemory()
	setRules(m, epoch, []telemetry.Rule{{Name: "dead", Do: telemetry.Absence, Over: telemetry.Duration(20 * time.Second)}})
	tick := func(after time.Duration) {
		m.Apply(epoch.Add(after), telemetry.Command{Tick: true})
		require.False(t, m.Due(epoch.Add(after)), "nothing is left to do")
	}
	hear := func(after time.Duration) {
		m.Apply(epoch.Add(after), telemetry.Command{Messages: []telemetry.Message{reading("d", "m", 0, after, 1)}})
	}
	tick(0)
	hear(0)
	assert.False(t, m.Due(epoch.Add(19*time.Second)))
	tick(19 * time.Second)
	assert.Empty(t, alerts(t, m))
	assert.True(t, m.Due(epoch.Add(25*time.Second)))
	tick(25 * time.Second)
	tick(45 * time.Second)
	tick(10 * time.Minute)
	require.Len(t, alerts(t, m), 1, "I3: once per episode")
	assert.Equal(t, at(20*time.Second), alerts(t, m)[0].At, "not when it was looked at")
	assert.Len(t, m.Status().Firing, 1)
	m = copied(t, m)
	tick(11 * time.Minute)
	require.Len(t, alerts(t, m), 1, "I3: also after a snapshot")
	hear(12 * time.Minute)
	require.Len(t, alerts(t, m), 2)
	assert.Equal(t, telemetry.Resolved, alerts(t, m)[1].State)
	m.Apply(epoch.Add(2*time.Hour), telemetry.Command{Began: true}) // it was down for two hours
	tick(2*time.Hour + 19*time.Second)
	assert.Len(t, alerts(t, m), 2, "the server was down, not the device")
	tick(2*time.Hour + 21*time.Second)
	assert.Len(t, alerts(t, m), 3)
	setRules(m, epoch.Add(3*time.Hour), nil)
	assert.Len(t, alerts(t, m), 4, "resolved with the rule")
	assert.Empty(t, m.Status().Firing)
}

// TestIdle: the last window of a device that stops sending closes after a minute, and what
// comes after it is not late if it is newer.
func TestIdle(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMemory()
	setRules(m, epoch, []telemetry.Rule{{Name: "hot", Do: telemetry.Threshold, Metric: "m", Over: telemetry.Duration(telemetry.Width), Fire: 30, Clear: 20}})
	hour := epoch.Add(time.Hour)
	send(t, m, reading("d", "m", 1, 0, 50))
	m.Apply(hour.Add(time.Second), telemetry.Command{Tick: true})
	require.Empty(t, alerts(t, m), "the window is open")
	require.False(t, m.Due(hour.Add(59*time.Second)))
	require.True(t, m.Due(hour.Add(time.Minute)))
	m.Apply(hour.Add(time.Minute), telemetry.Command{Tick: true})
	require.Len(t, alerts(t, m), 1)
	require.False(t, m.Due(hour.Add(2*time.Minute)))
	answer := func(x telemetry.Message) telemetry.Result {
		return m.Apply(hour.Add(time.Hour), telemetry.Command{Messages: []telemetry.Message{x}}).Answers[0].Result
	}
	assert.Equal(t, telemetry.Stored, answer(reading("d", "m", 2, 11*time.Second, 50)), "what a device had kept while it was offline")
	assert.Equal(t, telemetry.Late, answer(reading("d", "m", 3, 9*time.Second, 50)))
}

// TestRobustZ: one outlier in the history moves a mean and its deviation so far that the
// next one is not noticed; median and MAD stay.
func TestRobustZ(t *testing.T) {
	t.Parallel()
	history := []float64{10, 10.1, 9.9, 10, 10.2, 9.8, 10, 500}
	assert.Greater(t, telemetry.RobustZ(history, 60, 0.1), 100.0)
	assert.Less(t, telemetry.RobustZ(history, 10.1, 0.1), 1.0)
	sum, square := 0.0, 0.0
	for _, h := range history {
		sum += h
		square += h * h
	}
	n := float64(len(history))
	assert.Less(t, math.Abs(60-sum/n)/math.Sqrt(square/n-sum/n*sum/n), 0.2, "the plain z-score sees nothing")
	assert.Equal(t, 0.0, telemetry.RobustZ([]float64{5, 5, 5}, 5, 1), "a constant series")
	assert.Equal(t, 2.0, telemetry.RobustZ([]float64{5, 5, 5}, 7, 1), "spread, where the MAD is 0")
	rapid.Check(t, func(t *rapid.T) {
		h := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 40).Draw(t, "history")
		x := rapid.Float64Range(-1e6, 1e6).Draw(t, "x")
		if got, want := telemetry.RobustZ(h, x, 0.5), plainZ(h, x, 0.5); got != want {
			t.Fatalf("%v in place of %v", got, want)
		}
	})
}

// TestBadRules: a rule that means nothing is refused.
func TestBadRules(t *testing.T) {
	t.Parallel()
	good := `{"name": "r", "do": "threshold", "metric": "m", "over": "10s", "fire": 2, "clear": 1}`
	set := func(change string) error {
		var r telemetry.Rule
		require.NoError(t, json.Unmarshal([]byte(good), &r))
		require.NoError(t, json.Unmarshal([]byte(change), &r))
		return telemetry.NewMemory().SetRules(t.Context(), []telemetry.Rule{r})
	}
	require.NoError(t, set(`{}`))
	require.NoError(t, set(`{"do": "zscore", "over": "100s", "spread": 1}`))
	require.NoError(t, set(`{"do": "absence", "metric": "", "over": "45s"}`))
	for _, change := range []string{
		`{"name": ""}`, `{"name": "a#"}`, `{"do": "x"}`, `{"metric": ""}`, `{"over": "0s"}`, `{"over": "15s"}`, `{"over": "2h"}`, `{"over": "-10s"}`,
		`{"clear": 3}`, `{"below": true}`, `{"of": "median"}`, `{"fire": 1e301, "clear": 1}`, `{"do": "zscore", "over": "80s", "spread": 1}`, `{"do": "zscore", "over": "100s"}`,
		`{"do": "absence"}`, `{"do": "absence", "metric": "", "over": "1s"}`, `{"do": "absence", "metric": "", "over": "300h"}`,
	} {
		assert.ErrorIs(t, set(change), telemetry.ErrBad, change)
	}
	many := make([]telemetry.Rule, 257)
	assert.ErrorIs(t, telemetry.NewMemory().SetRules(t.Context(), many), telemetry.ErrBad)
	b, err := json.Marshal([]telemetry.Duration{telemetry.Duration(10 * time.Minute), telemetry.Duration(2 * time.Hour), telemetry.Duration(90 * time.Second)})
	require.NoError(t, err)
	assert.Equal(t, `["10m","2h","1m30s"]`, string(b))
}
