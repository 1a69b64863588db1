package telemetry_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/iot/telemetry"
)

// means returns the mean of each step of the series d m from the epoch on.
func means(t testing.TB, m telemetry.Store, step time.Duration) (all []float64) {
	t.Helper()
	rows, err := m.Read(telemetry.Query{Device: "d", Metric: "m", From: epoch, To: epoch.Add(telemetry.Rolled), Step: step})
	require.NoError(t, err)
	for _, r := range rows {
		all = append(all, *r.Mean)
	}
	return all
}

// TestNaiveProcessingTime: a device was offline for a minute, and sends all at once. By the
// time of arrival all its points are in one window; by their own times in six.
func TestNaiveProcessingTime(t *testing.T) {
	t.Parallel()
	arrived := map[int64]int{}
	m := telemetry.NewMemory()
	for i := range 60 {
		x := reading("d", "m", uint64(i+1), time.Duration(i)*time.Second, float64(i))
		arrived[epoch.Add(time.Hour).UnixNano()/width]++ // naive
		send(t, m, x)
	}
	assert.Len(t, arrived, 1)
	assert.Equal(t, []float64{4.5, 14.5, 24.5, 34.5, 44.5, 54.5}, means(t, m, telemetry.Width))
}

// TestNaiveMeanOfMeans: the mean of the means of windows counts a window with one point as
// much as one with nine.
func TestNaiveMeanOfMeans(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMemory()
	for i := range 9 {
		send(t, m, reading("d", "m", uint64(i+1), time.Duration(i)*time.Second, 10))
	}
	send(t, m, reading("d", "m", 10, 15*time.Second, 100))
	each := means(t, m, telemetry.Width)
	assert.Equal(t, 55.0, (each[0]+each[1])/2, "naive")
	assert.Equal(t, []float64{19}, means(t, m, time.Minute))
}

// TestNaiveFlapping: a value that trembles around a single limit fires at every tremble.
func TestNaiveFlapping(t *testing.T) {
	t.Parallel()
	naive, above := 0, false
	m := telemetry.NewMemory()
	setRules(m, epoch, []telemetry.Rule{{Name: "hot", Do: telemetry.Threshold, Metric: "m", Over: telemetry.Duration(telemetry.Width), Fire: 30, Clear: 28}})
	for i := range 100 {
		v := 30 + 0.5*math.Pow(-1, float64(i))
		if now := v >= 30; now != above {
			above = now
			naive++
		}
		send(t, m, reading("d", "m", uint64(i+1), time.Duration(i)*telemetry.Width, v))
	}
	assert.Equal(t, 100, naive)
	assert.Len(t, alerts(t, m), 1)
}

// TestNaiveClock: one message that is stamped 2106, the end of 32 bits of seconds, moves a
// watermark that trusts it, and everything after it is late; one of 1970 opens a window
// that is 56 years old. Both are refused, and counted (I6).
func TestNaiveClock(t *testing.T) {
	t.Parallel()
	wrong := []int64{time.Date(2106, 2, 7, 6, 28, 15, 0, time.UTC).UnixNano(), 0}
	watermark, late := int64(0), 0
	m := telemetry.NewMemory()
	for i := range 100 {
		x := reading("d", "m", uint64(i+1), time.Duration(i)*time.Second, 1)
		if i == 50 || i == 51 {
			x.At = wrong[i-50]
			a := m.Apply(epoch.Add(time.Hour), telemetry.Command{Messages: []telemetry.Message{x}}).Answers[0]
			assert.Equal(t, telemetry.BadClock, a.Reason)
		} else {
			send(t, m, x)
		}
		if x.At < watermark { // naive
			late++
		}
		watermark = max(watermark, x.At-int64(telemetry.Lateness))
	}
	assert.Equal(t, 49, late)
	assert.Zero(t, m.Status().Counts.Late)
}

// TestNaiveFloatSum: the sum of float64 depends on the order of its terms, so two replicas
// of a window differ, and a rule at the limit fires in one of them. The exact sum does not.
func TestNaiveFloatSum(t *testing.T) {
	t.Parallel()
	values := []float64{0.1, 0.2, 0.3, 1e16, -1e16, 0.4, 3.14, -2.7e12, 1e-9}
	naive := map[float64]bool{}
	got := map[float64]bool{}
	for range 50 {
		values = append(values[1:], values[0])
		if len(naive)%2 == 0 {
			slices.Reverse(values)
		}
		sum := 0.0
		m := telemetry.NewMemory()
		for i, v := range values {
			sum += v
			send(t, m, reading("d", "m", uint64(i+1), time.Duration(i)*time.Second, v))
		}
		naive[sum] = true
		got[means(t, m, time.Minute)[0]] = true
	}
	assert.Greater(t, len(naive), 1)
	assert.Len(t, got, 1)
}

// TestNaiveLastNumber: a filter that keeps only the last number of a device takes a message
// that was overtaken for a repetition, and loses it.
func TestNaiveLastNumber(t *testing.T) {
	t.Parallel()
	last, kept := uint64(0), 0
	m := telemetry.NewMemory()
	for _, seq := range []uint64{1, 2, 4, 3, 3, 5, 4} {
		if seq > last { // naive
			last = seq
			kept++
		}
		m.Apply(epoch.Add(time.Hour), telemetry.Command{Messages: []telemetry.Message{reading("d", "m", seq, time.Duration(seq)*time.Second, 1)}})
	}
	assert.Equal(t, 4, kept, "3 is lost")
	assert.Len(t, series(m, "d", "m"), 5)
}

// TestNumbersWithGaps: more gaps than are remembered lose nothing, and a repetition of what
// was forgotten is known by its time.
func TestNumbersWithGaps(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMemory()
	var all []telemetry.Message
	for i := range 300 {
		all = append(all, reading("d", "m", uint64(2*i+1), time.Duration(i)*time.Millisecond, float64(i)))
	}
	send(t, m, all...)
	for _, a := range m.Apply(epoch.Add(time.Hour), telemetry.Command{Messages: all}).Answers {
		require.Equal(t, telemetry.Duplicate, a.Result)
	}
	var fill []telemetry.Message
	for i := range 299 {
		fill = append(fill, reading("d", "m", uint64(2*i+2), time.Duration(1000+i)*time.Millisecond, float64(i)))
	}
	send(t, m, fill...)
	assert.Len(t, series(m, "d", "m"), 599)
}

// TestRetention: points become folds of five minutes after a week, whose count, sum, minimum
// and maximum are those of all points, late ones too; folds go after ninety days, and the
// device with them.
func TestRetention(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMemory()
	var all []telemetry.Message
	for i := range 1200 { // two hours; every tenth one is late
		all = append(all, reading("d", "m", uint64(i+1), time.Duration(i)*6*time.Second, 0.1*float64(i%9)))
	}
	for i := range all {
		if i%10 != 3 {
			m.Apply(epoch.Add(3*time.Hour), telemetry.Command{Messages: all[i : i+1]})
		}
	}
	for i := 3; i < len(all); i += 10 {
		m.Apply(epoch.Add(3*time.Hour), telemetry.Command{Messages: all[i : i+1]})
	}
	want := means(t, m, telemetry.RollStep)
	day := means(t, m, 24*time.Hour)
	later := func(d time.Duration) {
		require.True(t, m.Due(epoch.Add(d)))
		m.Apply(epoch.Add(d), telemetry.Command{Tick: true})
		require.False(t, m.Due(epoch.Add(d)))
		require.NoError(t, m.Check())
	}
	later(telemetry.Raw + time.Hour) // the first hour expires
	assert.Equal(t, int64(600), m.Status().Counts.Expired)
	assert.Equal(t, want, means(t, m, telemetry.RollStep), "half of it down-sampled")
	assert.Equal(t, day, means(t, m, 24*time.Hour), "one step from both")
	old := m.Apply(epoch, telemetry.Command{Messages: []telemetry.Message{reading("d", "m", 5000, time.Minute, 1)}}).Answers[0]
	assert.Equal(t, telemetry.BadClock, old.Reason)
	later(telemetry.Raw + 2*time.Hour)
	assert.Empty(t, series(m, "d", "m"))
	m = copied(t, m)
	assert.InDeltaSlice(t, want, means(t, m, telemetry.RollStep), 1e-12)
	assert.InDeltaSlice(t, day, means(t, m, 24*time.Hour), 1e-12)
	later(telemetry.Rolled + 4*time.Hour)
	assert.Zero(t, m.Status().Devices, fmt.Sprint(m.Status()))
}
