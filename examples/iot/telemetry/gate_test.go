package telemetry_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/iot/telemetry"
	"example.com/flatline/examples/iot/telemetry/telemetrytest"
	"example.com/flatline/ratelimit"
)

// TestFair: a device that floods is refused, or slowed down, and the others are neither
// (I6).
func TestFair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := telemetry.NewMemory()
		g := telemetry.NewGate(telemetry.GateOptions{Store: m, Rate: ratelimit.Per(10, time.Second), Burst: 10})
		defer g.Close()
		b := time.Now()
		var flood []telemetry.Message
		for i := range 100 {
			flood = append(flood, telemetrytest.Message("flood", uint64(i+1), b.Add(time.Duration(i)), "m", 1))
		}
		flood = append(flood, telemetrytest.Message("calm", 1, b, "m", 1))
		answers, err := g.Write(t.Context(), flood)
		require.NoError(t, err)
		stored := map[telemetry.Result]int{}
		for _, a := range answers {
			stored[a.Result]++
		}
		assert.Equal(t, map[telemetry.Result]int{telemetry.Stored: 11, telemetry.Refused: 90}, stored)
		assert.Equal(t, telemetry.Stored, answers[100].Result)
		c := g.Status().Counts
		assert.Equal(t, []int64{101, 11, 90}, []int64{c.Received, c.Stored, c.Refused[telemetry.RateLimit]}, "I5")
		// A connection that floods waits for itself alone.
		var wg sync.WaitGroup
		began := time.Now()
		var slow, quick time.Duration
		wg.Go(func() {
			for i := range 20 {
				a, err := g.WriteSlowly(t.Context(), telemetrytest.Message("flood", uint64(1000+i), b.Add(time.Second+time.Duration(i)), "m", 1))
				assert.NoError(t, err)
				assert.Equal(t, telemetry.Stored, a.Result)
			}
			slow = time.Since(began)
		})
		wg.Go(func() {
			for i := range 5 {
				_, err := g.WriteSlowly(t.Context(), telemetrytest.Message("calm", uint64(10+i), b.Add(time.Second+time.Duration(i)), "m", 1))
				assert.NoError(t, err)
			}
			quick = time.Since(began)
		})
		wg.Wait()
		assert.Equal(t, 2*time.Second, slow)
		assert.Zero(t, quick)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = g.WriteSlowly(ctx, telemetrytest.Message("flood", 5000, b, "m", 1))
		assert.ErrorIs(t, err, context.Canceled)
	})
}

// TestCardinality: a device with too many series is refused the further ones, and keeps
// those that it has; other devices are not touched (I6).
func TestCardinality(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMemory()
	for i := range 1000 {
		a := m.Apply(epoch.Add(time.Hour), telemetry.Command{Messages: []telemetry.Message{reading("bomb", fmt.Sprint("m", i), uint64(i+1), time.Duration(i), 1)}}).Answers[0]
		if i < telemetry.MaxSeries {
			require.Equal(t, telemetry.Stored, a.Result)
		} else {
			require.Equal(t, telemetry.TooMany, a.Reason)
		}
	}
	send(t, m, reading("bomb", "m0", 5000, time.Second, 2), reading("other", "m0", 1, 0, 1))
	st := m.Status()
	assert.Equal(t, []int{2, telemetry.MaxSeries + 1}, []int{st.Devices, st.Series})
	require.NoError(t, m.Check())
}

// TestGateJoins: callers at the same time share writes, each gets its own answers, and a
// gate that is closed refuses.
func TestGateJoins(t *testing.T) {
	t.Parallel()
	store := &slowStore{Memory: telemetry.NewMemory(), pass: make(chan struct{})}
	g := telemetry.NewGate(telemetry.GateOptions{Store: store})
	b := now()
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			x := telemetrytest.Message("d", uint64(i%50+1), b.Add(time.Duration(i%50)), "m", 1)
			bad := telemetrytest.Message("", 1, b, "m", 1)
			both := []telemetry.Message{bad, x} // some have the bad one first, some last
			both[0], both[1] = both[i%2], both[1-i%2]
			answers, err := g.Write(context.Background(), both)
			if assert.NoError(t, err) && assert.Len(t, answers, 2) {
				assert.Equal(t, telemetry.BadName, answers[i%2].Reason)
				assert.Contains(t, []telemetry.Result{telemetry.Stored, telemetry.Duplicate}, answers[1-i%2].Result)
			}
		})
	}
	close(store.pass)
	wg.Wait()
	c := g.Status().Counts
	assert.Equal(t, []int64{200, 50, 50, 100}, []int64{c.Received, c.Stored, c.Duplicates, c.Refused[telemetry.BadName]}, "I5")
	_, err := g.Write(t.Context(), make([]telemetry.Message, 10000))
	assert.ErrorIs(t, err, telemetry.ErrBad)
	require.NoError(t, g.Close())
	_, err = g.Write(t.Context(), []telemetry.Message{telemetrytest.Message("d", 99, b, "m", 1)})
	assert.Error(t, err)
}

// slowStore writes nothing until pass is closed.
type slowStore struct {
	*telemetry.Memory
	pass chan struct{}
	most atomic.Int64 // messages in one write
}

func (s *slowStore) Write(ctx context.Context, messages []telemetry.Message) ([]telemetry.Answer, error) {
	<-s.pass
	for n, m := int64(len(messages)), s.most.Load(); n > m && !s.most.CompareAndSwap(m, n); m = s.most.Load() {
	}
	return s.Memory.Write(ctx, messages)
}

// TestGateBounds: requests that are too large for one write together are written one after
// the other, and one that is too large for the log fails alone.
func TestGateBounds(t *testing.T) {
	t.Parallel()
	store := &slowStore{Memory: telemetry.NewMemory(), pass: make(chan struct{})}
	g := telemetry.NewGate(telemetry.GateOptions{Store: store})
	defer g.Close()
	b := now()
	var wg sync.WaitGroup
	const requests, messages = 8, 1800
	metric := strings.Repeat("m", telemetry.MaxName)
	for i := range requests {
		wg.Go(func() {
			var all []telemetry.Message // 400 KB
			for n := range messages {
				all = append(all, telemetrytest.Message(fmt.Sprint("d", i), uint64(n+1), b.Add(time.Duration(n)), metric, 1))
			}
			answers, err := g.Write(context.Background(), all)
			assert.NoError(t, err)
			assert.Len(t, answers, len(all))
		})
	}
	close(store.pass)
	wg.Wait()
	assert.LessOrEqual(t, store.most.Load(), int64(2*messages))
	assert.Equal(t, int64(requests*messages), g.Status().Counts.Stored)
}
