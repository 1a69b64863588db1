package queue_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/taskq/queue"
)

var epoch = time.Unix(1_700_000_000, 0).UTC()

func lease(m *queue.Memory, now time.Time, worker string, d time.Duration) []queue.Task {
	return m.Apply(now, queue.Command{Lease: &queue.Ask{Worker: worker, Queues: []string{"q"}, N: 10, For: queue.Duration(d)}}).Tasks
}

// TestNaiveVisibility: a queue that hands a delayed task to a worker, which waits, under a
// visibility time-out of an hour, delivers it again each hour (celery#2599: "about 40
// times"). Here a delay is no lease: it is delivered once.
func TestNaiveVisibility(t *testing.T) {
	const eta, visibility = 40 * time.Hour, time.Hour
	delivered := 0
	for at := time.Duration(0); at < eta; at += visibility { // naive: invisible, and visible again
		delivered++
	}
	assert.Equal(t, 40, delivered)

	m := queue.NewMemory()
	m.Apply(epoch, queue.Command{Enqueue: []queue.Task{{ID: "a", Queue: "q", Type: "x", Due: epoch.Add(eta)}}})
	delivered = 0
	for at := time.Duration(0); at <= eta; at += visibility {
		m.Apply(epoch.Add(at), queue.Command{Tick: true})
		delivered += len(lease(m, epoch.Add(at), "w", visibility))
	}
	assert.Equal(t, 1, delivered)
}

// TestNaiveToken: a worker pauses beyond its lease, and its successor finishes. Without a
// token the first one's late result overwrites the right one.
func TestNaiveToken(t *testing.T) {
	results := map[string]string{} // naive: whoever speaks last
	results["a"] = "by the successor"
	results["a"] = "by the one that slept"
	assert.Equal(t, "by the one that slept", results["a"])

	m := queue.NewMemory()
	m.Apply(epoch, queue.Command{Enqueue: []queue.Task{{ID: "a", Queue: "q", Type: "x"}}})
	first := lease(m, epoch, "sleeper", time.Second)[0]
	m.Apply(epoch.Add(2*time.Second), queue.Command{Tick: true})
	second := lease(m, epoch.Add(2*time.Second), "successor", time.Second)[0]
	ack := func(x queue.Task, result string) error {
		return m.Apply(epoch.Add(2*time.Second), queue.Command{Settle: []queue.Outcome{{ID: "a", Token: x.Token, Do: queue.Ack, Result: json.RawMessage(result)}}}).Answers[0].Err
	}
	require.NoError(t, ack(second, `"right"`))
	require.ErrorIs(t, ack(first, `"late"`), queue.ErrToken)
	got, err := m.Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, `"right"`, string(got.Result))
}

// TestNaivePop: a worker that pops a task and then dies takes it along. A leased task comes
// back.
func TestNaivePop(t *testing.T) {
	list := []string{"a"}
	popped := list[0]
	list = list[1:] // and here the worker dies
	assert.NotContains(t, list, popped)

	m := queue.NewMemory()
	m.Apply(epoch, queue.Command{Enqueue: []queue.Task{{ID: "a", Queue: "q", Type: "x"}}})
	require.Len(t, lease(m, epoch, "dies", time.Second), 1)
	assert.Empty(t, lease(m, epoch, "w", time.Second))
	m.Apply(epoch.Add(time.Second), queue.Command{Tick: true})
	assert.Len(t, lease(m, epoch.Add(time.Second), "w", time.Second), 1)
}

// TestNaiveOneCounter: with one counter for failures and deaths of workers (asynq#1015), a
// task that may fail once is archived by the first deployment that kills its worker.
func TestNaiveOneCounter(t *testing.T) {
	attempts, most := 0, 1
	attempts++ // its worker was killed
	assert.GreaterOrEqual(t, attempts, most, "dead, though it has not failed")

	m := queue.NewMemory()
	m.Apply(epoch, queue.Command{Enqueue: []queue.Task{{ID: "a", Queue: "q", Type: "x", MaxFailures: 1}}})
	now := epoch
	for range 4 {
		require.Len(t, lease(m, now, "killed", time.Second), 1)
		now = now.Add(time.Second)
		m.Apply(now, queue.Command{Tick: true})
	}
	x := lease(m, now, "w", time.Second)[0]
	assert.Equal(t, []any{0, 4}, []any{x.Failures, x.Lost})
	e := m.Apply(now, queue.Command{Settle: []queue.Outcome{{ID: "a", Token: x.Token, Do: queue.Ack}}})
	assert.Equal(t, queue.Done, e.Answers[0].Task.State)
}

// TestNaiveStrictQueues: if the queues are asked in a fixed order, the last one starves as
// long as the first has tasks. Drawn by weight, none does.
func TestNaiveStrictQueues(t *testing.T) {
	share := func(next func() queue.Task) (low int) {
		for range 300 {
			if next().Queue == "low" {
				low++
			}
		}
		return low
	}
	var all []queue.Task
	for i := range 800 {
		all = append(all, queue.Task{ID: fmt.Sprint(i), Queue: []string{"high", "low"}[i%2], Type: "x"})
	}
	m := queue.NewMemory()
	m.Apply(epoch, queue.Command{Enqueue: all})
	ask := queue.Ask{Worker: "w", Queues: []string{"high", "low"}, N: 1, For: long}
	assert.Zero(t, share(func() queue.Task { return m.Apply(epoch, queue.Command{Lease: &ask}).Tasks[0] }))

	b := newBroker(t, queue.Options{Queues: map[string]float64{"high": 9, "low": 1}})
	enqueue(t, b, all...)
	low := share(func() queue.Task {
		tasks, err := b.Lease(t.Context(), ask, 0)
		require.NoError(t, err)
		return tasks[0]
	})
	assert.InDelta(t, 30, low, 27)
}

// TestNaiveBackoff: an outage fails a thousand tasks in the same second. Without jitter all
// come back in the same second, again and again; here they spread.
func TestNaiveBackoff(t *testing.T) {
	herd := func(delay func(id string, n int) time.Duration) int {
		perSecond := map[int]int{}
		for i := range 1000 {
			perSecond[int(delay(fmt.Sprint(i), 6)/time.Second)]++
		}
		most := 0
		for _, n := range perSecond {
			most = max(most, n)
		}
		return most
	}
	assert.Equal(t, 1000, herd(func(_ string, n int) time.Duration { return time.Second << n }))
	assert.Less(t, herd(queue.Backoff), 50)
}

// TestNaiveRate: a worker that sleeps until the rate of its task allows it does nothing
// meanwhile. A reservation moves the due time instead: see TestRates. Here, that what was
// moved keeps its order.
func TestNaiveRate(t *testing.T) {
	m := queue.NewMemory()
	var all []queue.Task
	for i := range 5 {
		all = append(all, queue.Task{ID: fmt.Sprint(i), Queue: "q", Type: "x"})
	}
	m.Apply(epoch, queue.Command{Enqueue: all})
	var later []queue.Outcome
	for i, x := range lease(m, epoch, "w", time.Hour) {
		later = append(later, queue.Outcome{ID: x.ID, Token: x.Token, Do: queue.Release, Delay: queue.Duration(i+1) * 1e9, Granted: true})
	}
	m.Apply(epoch, queue.Command{Settle: later})
	var ids []string
	for s := range 6 {
		for _, x := range lease(m, epoch.Add(time.Duration(s)*time.Second), "w", time.Hour) {
			assert.True(t, x.Granted)
			ids = append(ids, fmt.Sprint(s, x.ID))
		}
	}
	assert.True(t, slices.IsSorted(ids), ids)
	assert.Len(t, ids, 5)
}
