// Package telemetrytest checks that a Store keeps its promises, whatever keeps its points.
package telemetrytest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/iot/telemetry"
)

// Run runs the suite; open returns an empty store.
func Run(t *testing.T, open func(t *testing.T) telemetry.Store) {
	for name, test := range map[string]func(*testing.T, telemetry.Store){
		"once": once, "late": late, "steps": steps, "refused": refused, "alerts": alerts, "rules": rules, "together": together,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// begin is the start of a window, an hour ago.
func begin() time.Time { return time.Now().Add(-time.Hour).Truncate(time.Minute) }

// Message makes a message with one field.
func Message(device string, seq uint64, at time.Time, metric string, v float64) telemetry.Message {
	return telemetry.Message{Device: device, Seq: seq, At: at.UnixNano(), Fields: []telemetry.Field{{Metric: metric, Value: v}}}
}

func write(t *testing.T, s telemetry.Store, messages ...telemetry.Message) (results []string) {
	t.Helper()
	answers, err := s.Write(t.Context(), messages)
	require.NoError(t, err)
	require.Len(t, answers, len(messages))
	for _, a := range answers {
		results = append(results, strings.TrimSpace(string(a.Result)+" "+string(a.Reason)))
	}
	return results
}

func read(t *testing.T, s telemetry.Store, device, metric string, step time.Duration) (all []string) {
	t.Helper()
	rows, err := s.Read(telemetry.Query{Device: device, Metric: metric, From: begin().Add(-time.Hour), To: time.Now(), Step: step})
	require.NoError(t, err)
	for _, r := range rows {
		if r.Value != nil {
			all = append(all, fmt.Sprint(*r.Value))
			continue
		}
		all = append(all, fmt.Sprint(r.Count, *r.Mean, *r.Min, *r.Max))
	}
	return all
}

// once: what is sent again is stored once (I1).
func once(t *testing.T, s telemetry.Store) {
	b := begin()
	x, plain := Message("d", 7, b, "m", 1), Message("d", 0, b.Add(time.Second), "m", 2)
	assert.Equal(t, []string{"stored", "duplicate", "stored", "duplicate"}, write(t, s, x, x, plain, plain))
	assert.Equal(t, []string{"duplicate", "duplicate"}, write(t, s, plain, x))
	again := Message("d", 7, b.Add(time.Minute), "m", 1)
	assert.Equal(t, []string{"refused sequence"}, write(t, s, again), "a device that counts from the beginning again")
	stamped := x
	stamped.At, stamped.Stamped = time.Now().UnixNano(), true
	assert.Equal(t, []string{"duplicate"}, write(t, s, stamped), "a repetition gets another time from the server")
	other := Message("d", 8, b, "m", 1.5)
	assert.Equal(t, []string{"refused conflict"}, write(t, s, other))
	assert.Equal(t, []string{"stored"}, write(t, s, Message("e", 7, b, "m", 1)), "another device has numbers of its own")
	assert.Equal(t, []string{"1", "2"}, read(t, s, "d", "m", 0))
}

// late: a late point is stored in its place, and counted.
func late(t *testing.T, s telemetry.Store) {
	b := begin()
	assert.Equal(t, []string{"stored", "stored", "late", "stored"}, write(t, s,
		Message("d", 1, b, "m", 1), Message("d", 2, b.Add(time.Minute), "m", 3), Message("d", 3, b.Add(5*time.Second), "m", 2),
		Message("d", 4, b.Add(30*time.Second), "m", 2.5)))
	assert.Equal(t, []string{"1", "2", "2.5", "3"}, read(t, s, "d", "m", 0))
	c := s.Status().Counts
	assert.Equal(t, []int64{4, 4, 1}, []int64{c.Received, c.Stored, c.Late})
}

// steps: a step's mean is that of its points.
func steps(t *testing.T, s telemetry.Store) {
	b := begin()
	write(t, s, Message("d", 1, b, "m", 1), Message("d", 2, b.Add(time.Second), "m", 2), Message("d", 3, b.Add(20*time.Second), "m", 9))
	assert.Equal(t, []string{"2 1.5 1 2", "1 9 9 9"}, read(t, s, "d", "m", telemetry.Width))
	assert.Equal(t, []string{"3 4 1 9"}, read(t, s, "d", "m", time.Minute))
	_, err := s.Read(telemetry.Query{Device: "d", Metric: "none", From: b, To: b})
	assert.ErrorIs(t, err, telemetry.ErrNotFound)
	_, err = s.Read(telemetry.Query{Device: "d", Metric: "m", From: b, To: b.Add(-1)})
	assert.ErrorIs(t, err, telemetry.ErrBad)
}

// refused: each refusal has its reason, stores nothing, and is counted (I5).
func refused(t *testing.T, s telemetry.Store) {
	b := begin()
	many := Message("d", 1, b, "m", 1)
	for i := range telemetry.MaxFields {
		many.Fields = append(many.Fields, telemetry.Field{Metric: fmt.Sprint(i), Value: 1})
	}
	twice := Message("d", 1, b, "m", 1)
	twice.Fields = append(twice.Fields, twice.Fields[0])
	for want, x := range map[string]telemetry.Message{
		"refused name":   Message("", 1, b, "m", 1),
		"refused name ":  Message("a/+", 1, b, "m", 1),
		"refused name  ": Message("d", 1, b, "\xff", 1),
		"refused name/":  Message("d", 1, b, strings.Repeat("m", 129), 1),
		"refused value":  Message("d", 1, b, "m", math.NaN()),
		"refused value ": Message("d", 1, b, "m", math.Inf(-1)),
		"refused clock":  Message("d", 1, time.Unix(0, 0), "m", 1),
		"refused clock ": Message("d", 1, time.Date(2106, 2, 7, 0, 0, 0, 0, time.UTC), "m", 1),
		"refused line":   many,
		"refused line ":  twice,
		"refused line  ": {Device: "d", At: b.UnixNano()},
	} {
		assert.Equal(t, strings.TrimRight(want, " /"), write(t, s, x)[0], "%q", want)
	}
	c := s.Status().Counts
	assert.Equal(t, int64(11), c.Received)
	assert.Equal(t, map[telemetry.Reason]int64{telemetry.BadName: 4, telemetry.BadValue: 2, telemetry.BadClock: 2, telemetry.BadLine: 3}, c.Refused)
	assert.Zero(t, s.Status().Devices, "a refusal makes no device")
}

// alerts: one per episode, numbered, and a reader resumes.
func alerts(t *testing.T, s telemetry.Store) {
	b := begin()
	require.NoError(t, s.SetRules(t.Context(), []telemetry.Rule{{Name: "hot", Do: telemetry.Threshold, Metric: "m", Over: telemetry.Duration(telemetry.Width), Fire: 30, Clear: 20}}))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	none, err := s.Alerts(ctx, 0)
	require.NoError(t, err)
	assert.Empty(t, none)
	for i, v := range []float64{10, 31, 25, 31, 19, 10, 35, 1, 1, 1, 1, 1} {
		write(t, s, Message("d", uint64(i+1), b.Add(time.Duration(i)*telemetry.Width), "m", v))
	}
	var got []string
	for after := uint64(0); after < 4; {
		ctx, cancel := context.WithTimeout(t.Context(), crash.Patience)
		all, err := s.Alerts(ctx, after)
		cancel()
		require.NoError(t, err)
		require.NotEmpty(t, all, "none after %d", after)
		for _, a := range all {
			after++
			assert.Equal(t, after, a.N)
			got = append(got, fmt.Sprint(a.State, time.Unix(0, a.At).Sub(b), a.Value))
		}
	}
	assert.Equal(t, []string{"firing 20s 31", "resolved 50s 19", "firing 1m10s 35", "resolved 1m20s 1"}, spaced(got))
	assert.Equal(t, uint64(4), s.Status().Last)
	assert.Empty(t, s.Status().Firing)
}

// spaced separates what Sprint joins.
func spaced(all []string) []string {
	for i, s := range all {
		for _, state := range []string{telemetry.Firing, telemetry.Resolved} {
			if rest, ok := strings.CutPrefix(s, state); ok {
				all[i] = state + " " + rest
			}
		}
	}
	return all
}

// rules: bad ones change nothing; one that is replaced while it fires is resolved.
func rules(t *testing.T, s telemetry.Store) {
	b := begin()
	good := telemetry.Rule{Name: "hot", Do: telemetry.Threshold, Metric: "m", Over: telemetry.Duration(telemetry.Width), Fire: 30, Clear: 20}
	require.NoError(t, s.SetRules(t.Context(), []telemetry.Rule{good}))
	bad := good
	bad.Clear = 40
	assert.ErrorIs(t, s.SetRules(t.Context(), []telemetry.Rule{bad}), telemetry.ErrBad)
	assert.ErrorIs(t, s.SetRules(t.Context(), []telemetry.Rule{good, good}), telemetry.ErrBad)
	assert.Equal(t, []telemetry.Rule{good}, s.Rules())
	write(t, s, Message("d", 1, b, "m", 50), Message("d", 2, b.Add(time.Minute), "m", 50))
	require.Len(t, s.Status().Firing, 1)
	other := telemetry.Rule{Name: "other", Do: telemetry.Absence, Over: telemetry.Duration(time.Hour)}
	require.NoError(t, s.SetRules(t.Context(), []telemetry.Rule{good, other}))
	require.Len(t, s.Status().Firing, 1, "a rule that stays the same stays as it is")
	require.NoError(t, s.SetRules(t.Context(), []telemetry.Rule{other}))
	all, err := s.Alerts(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, []string{telemetry.Resolved, "the rule has changed"}, []string{all[0].State, all[0].Note})
	assert.Empty(t, s.Status().Firing)
}

// together: many writers, each of whose messages is sent twice, at the same time.
func together(t *testing.T, s telemetry.Store) {
	b := begin()
	const devices, messages = 8, 20
	var wg sync.WaitGroup
	for d := range 2 * devices {
		wg.Go(func() {
			for i := range messages {
				_, err := s.Write(t.Context(), []telemetry.Message{Message(fmt.Sprint("d", d%devices), uint64(i+1), b.Add(time.Duration(i)*time.Second), "m", float64(i))})
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	c := s.Status().Counts
	assert.Equal(t, []int64{2 * devices * messages, devices * messages, devices * messages}, []int64{c.Received, c.Stored, c.Duplicates})
	for d := range devices {
		assert.Len(t, read(t, s, fmt.Sprint("d", d), "m", 0), messages)
	}
}
