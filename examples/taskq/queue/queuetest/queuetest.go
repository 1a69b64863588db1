// Package queuetest checks that a queue.Store is one: every store passes the same tests.
package queuetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/taskq/queue"
)

// Run checks the stores that open returns, which begin empty.
func Run(t *testing.T, open func(t testing.TB) queue.Store) {
	for name, test := range map[string]func(*testing.T, queue.Store){
		"life":     life,
		"order":    order,
		"delays":   delays,
		"fence":    fence,
		"lost":     lost,
		"one each": oneEach,
		"repeated": repeated,
		"cancel":   cancel,
		"changed":  changed,
		"list":     list,
		"bytes":    bytes,
		"model":    model,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

const long = queue.Duration(time.Hour)

func enqueue(t require.TestingT, s queue.Store, tasks ...queue.Task) []queue.Answer {
	answers, err := s.Enqueue(context.Background(), tasks)
	require.NoError(t, err)
	require.Len(t, answers, len(tasks))
	return answers
}

func lease(t require.TestingT, s queue.Store, n int, d queue.Duration, queues ...string) []queue.Task {
	tasks, err := s.Lease(context.Background(), queue.Ask{Worker: "w", Queues: queues, N: n, For: d})
	require.NoError(t, err)
	return tasks
}

func settle(t require.TestingT, s queue.Store, outcomes ...queue.Outcome) []queue.Answer {
	answers, err := s.Settle(context.Background(), outcomes)
	require.NoError(t, err)
	require.Len(t, answers, len(outcomes))
	return answers
}

func named(id string, priority int) queue.Task {
	return queue.Task{ID: id, Queue: "q", Type: "x", Priority: priority}
}

func idsOf(tasks []queue.Task) (ids []string) {
	for _, t := range tasks {
		ids = append(ids, t.ID)
	}
	return ids
}

// life: what a task goes through, with all its fields.
func life(t *testing.T, s queue.Store) {
	due := time.Now().Add(-time.Hour)
	a := enqueue(t, s, queue.Task{
		ID: "a", Queue: "q", Type: "mail", Payload: json.RawMessage(`{"to":"<b>"}`), Priority: -3, Due: due, MaxFailures: 2, MaxLost: 7,
		State: queue.Done, Token: 9, Worker: "liar", Result: json.RawMessage(`1`),
	})[0]
	require.NoError(t, a.Err)
	assert.Equal(t, queue.Ready, a.Task.State)
	assert.Equal(t, a.Task.Enqueued, a.Task.Due, "a time in the past does not jump the line")
	got, err := s.Get(t.Context(), "a")
	require.NoError(t, err)
	same(t, a.Task, got)
	l := lease(t, s, 5, long, "other", "q")
	require.Len(t, l, 1)
	assert.Equal(t, []any{queue.Leased, int64(1), "w", -3, 2, 7, "mail", a.Task.Enqueued}, []any{l[0].State, l[0].Token, l[0].Worker, l[0].Priority, l[0].MaxFailures, l[0].MaxLost, l[0].Type, l[0].Enqueued})
	assert.JSONEq(t, `{"to":"<b>"}`, string(l[0].Payload))
	assert.Equal(t, time.Hour, l[0].Until.Sub(l[0].Started))
	got, err = s.Get(t.Context(), "a")
	require.NoError(t, err)
	same(t, l[0], got)

	f := settle(t, s, queue.Outcome{ID: "a", Token: 1, Do: queue.Fail, Error: "ä", Delay: 1})[0]
	require.NoError(t, f.Err)
	assert.Equal(t, []any{1, 0, "ä"}, []any{f.Task.Failures, f.Task.Lost, f.Task.Error})
	require.Eventually(t, func() bool { l = lease(t, s, 5, long, "q"); return len(l) == 1 }, time.Minute, time.Millisecond)
	r := settle(t, s, queue.Outcome{ID: "a", Token: 2, Do: queue.Release, Granted: true})[0]
	require.NoError(t, r.Err)
	assert.Equal(t, []any{1, 0, queue.Ready, true}, []any{r.Task.Failures, r.Task.Lost, r.Task.State, r.Task.Granted})
	l = lease(t, s, 5, long, "q")
	require.Len(t, l, 1)
	assert.True(t, l[0].Granted)
	x := settle(t, s, queue.Outcome{ID: "a", Token: 3, Do: queue.Extend, Delay: 2 * long})[0]
	require.NoError(t, x.Err)
	assert.Greater(t, x.Task.Until.Sub(l[0].Until), 50*time.Minute)
	d := settle(t, s, queue.Outcome{ID: "a", Token: 3, Do: queue.Fail, Error: "again"})[0]
	require.NoError(t, d.Err)
	assert.Equal(t, queue.Dead, d.Task.State)
	assert.False(t, d.Task.Ended.IsZero())
	assert.Empty(t, lease(t, s, 5, long, "q"))
	y := settle(t, s, queue.Outcome{ID: "a", Do: queue.Retry})[0]
	require.NoError(t, y.Err)
	assert.Equal(t, []any{0, 0, queue.Ready, "", time.Time{}}, []any{y.Task.Failures, y.Task.Lost, y.Task.State, y.Task.Error, y.Task.Ended})
	l = lease(t, s, 5, long, "q")
	require.Len(t, l, 1)
	assert.EqualValues(t, 4, l[0].Token, "a token is never given twice")
	k := settle(t, s, queue.Outcome{ID: "a", Token: 4, Do: queue.Ack, Result: json.RawMessage(`{"n":7}`)})[0]
	require.NoError(t, k.Err)
	got, err = s.Get(t.Context(), "a")
	require.NoError(t, err)
	same(t, k.Task, got)
	assert.Equal(t, queue.Done, got.State)
	assert.JSONEq(t, `{"n":7}`, string(got.Result))
	c, err := s.Counts(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]queue.Counts{"q": {Done: 1}}, c)
	_, err = s.Get(t.Context(), "none")
	assert.ErrorIs(t, err, queue.ErrNotFound)
}

// same compares tasks; payloads and results as JSON.
func same(t require.TestingT, want, got queue.Task) {
	for _, x := range []*queue.Task{&want, &got} {
		if len(x.Payload) == 0 {
			x.Payload = json.RawMessage(`null`)
		}
		if len(x.Result) == 0 {
			x.Result = json.RawMessage(`null`)
		}
	}
	require.JSONEq(t, string(want.Payload), string(got.Payload))
	require.JSONEq(t, string(want.Result), string(got.Result))
	want.Payload, want.Result = got.Payload, got.Result
	require.Equal(t, want, got)
}

// order: priority, due time, ID (I5); the queues in the order of the Ask.
func order(t *testing.T, s queue.Store) {
	other := named("z", 9)
	other.Queue = "r"
	enqueue(t, s, named("b", 0), named("B", 0), named("a", 0), named("low", -1), other, named("high", 1))
	enqueue(t, s, named("0late", 0))
	assert.Equal(t, []string{"high", "B"}, idsOf(lease(t, s, 2, long, "q")), "bytes, not letters, are compared")
	assert.Equal(t, []string{"a", "b", "0late", "low", "z"}, idsOf(lease(t, s, 9, long, "q", "r")))
	assert.Empty(t, lease(t, s, 9, long, "q", "r", "none"))
}

// delays: a task that is not due is not leased, however long; then it takes its place by
// priority.
func delays(t *testing.T, s queue.Store) {
	soon, far := named("soon", 5), named("far", 9)
	soon.Due, far.Due = time.Now().Add(200*time.Millisecond), time.Now().Add(9*365*24*time.Hour)
	answers := enqueue(t, s, soon, far, named("now", 0))
	assert.Equal(t, queue.Delayed, answers[0].Task.State)
	assert.Equal(t, far.Due.UTC().Truncate(time.Microsecond), answers[1].Task.Due)
	c, err := s.Counts(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2}, []int{c["q"].Ready, c["q"].Delayed})
	time.Sleep(250 * time.Millisecond)
	assert.Equal(t, []string{"soon", "now"}, idsOf(lease(t, s, 9, long, "q")))
}

// fence: a token that is not the last one, or that of a task that has ended, changes
// nothing, and the answer has the task as it is (I2).
func fence(t *testing.T, s queue.Store) {
	enqueue(t, s, named("a", 0))
	lease(t, s, 1, long, "q")
	settle(t, s, queue.Outcome{ID: "a", Token: 1, Do: queue.Release})
	lease(t, s, 1, long, "q")
	for _, do := range []string{queue.Ack, queue.Fail, queue.Bury, queue.Release, queue.Extend} {
		for _, token := range []int64{0, 1, 3, -1} {
			a := settle(t, s, queue.Outcome{ID: "a", Token: token, Do: do, Delay: 1})[0]
			assert.ErrorIs(t, a.Err, queue.ErrToken, "%s %d", do, token)
			assert.Equal(t, []any{queue.Leased, int64(2)}, []any{a.Task.State, a.Task.Token})
		}
	}
	assert.ErrorIs(t, settle(t, s, queue.Outcome{ID: "a", Do: queue.Retry})[0].Err, queue.ErrState)
	all := settle(t, s, queue.Outcome{ID: "a", Token: 2, Do: queue.Ack}, queue.Outcome{ID: "none", Token: 1, Do: queue.Ack}, queue.Outcome{ID: "a", Token: 2, Do: queue.Fail})
	assert.NoError(t, all[0].Err)
	assert.ErrorIs(t, all[1].Err, queue.ErrNotFound)
	assert.ErrorIs(t, all[2].Err, queue.ErrToken, "one batch is in order")
	assert.Equal(t, queue.Done, all[2].Task.State)
	assert.ErrorIs(t, settle(t, s, queue.Outcome{ID: "a", Token: 2, Do: queue.Ack})[0].Err, queue.ErrToken, "again")
}

// lost: a lease that ends is a loss and no failure, and the maximum of losses makes a task
// dead (I4). A lease that was extended does not end.
func lost(t *testing.T, s queue.Store) {
	a, b := named("a", 0), named("b", 0)
	a.MaxLost = 2
	enqueue(t, s, a, b)
	lease(t, s, 9, queue.Duration(time.Millisecond), "q")
	require.NoError(t, settle(t, s, queue.Outcome{ID: "b", Token: 1, Do: queue.Extend, Delay: long})[0].Err, "late, but nothing has ended it")
	for n, want := range []queue.State{queue.Ready, queue.Dead} {
		time.Sleep(5 * time.Millisecond)
		tasks, err := s.Tick(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"a"}, idsOf(tasks))
		assert.Equal(t, []any{want, n + 1, 0, int64(n + 1)}, []any{tasks[0].State, tasks[0].Lost, tasks[0].Failures, tasks[0].Token})
		assert.ErrorIs(t, settle(t, s, queue.Outcome{ID: "a", Token: int64(n + 1), Do: queue.Ack})[0].Err, queue.ErrToken)
		lease(t, s, 9, queue.Duration(time.Millisecond), "q")
	}
	c, err := s.Counts(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]queue.Counts{"q": {Leased: 1, Dead: 1}}, c)
}

// oneEach: many workers at once get each task once, and the acks of all count.
func oneEach(t *testing.T, s queue.Store) {
	const n = 60
	var all []queue.Task
	for i := range n {
		all = append(all, named(fmt.Sprintf("t%02d", i), 0))
	}
	enqueue(t, s, all...)
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for range 6 {
		wg.Go(func() {
			for {
				tasks, err := s.Lease(t.Context(), queue.Ask{Worker: "w", Queues: []string{"q"}, N: 4, For: long})
				mu.Lock()
				finished := len(seen) == n || !assert.NoError(t, err)
				mu.Unlock()
				if finished {
					return
				}
				var out []queue.Outcome
				for _, task := range tasks {
					mu.Lock()
					assert.False(t, seen[task.ID], task.ID)
					seen[task.ID] = true
					mu.Unlock()
					out = append(out, queue.Outcome{ID: task.ID, Token: task.Token, Do: queue.Ack})
				}
				slices.Reverse(out)
				answers, err := s.Settle(t.Context(), out)
				assert.NoError(t, err)
				for _, a := range answers {
					assert.NoError(t, a.Err)
				}
			}
		})
	}
	wg.Wait()
	c, err := s.Counts(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]queue.Counts{"q": {Done: n}}, c)
}

// repeated: an ID is accepted once, also twice in one batch, by many at once, and while it
// is leased and done.
func repeated(t *testing.T, s queue.Store) {
	answers := enqueue(t, s, named("a", 1), named("a", 2), named("b", 1))
	assert.NoError(t, answers[0].Err)
	assert.ErrorIs(t, answers[1].Err, queue.ErrExists)
	assert.Equal(t, 1, answers[1].Task.Priority)
	assert.NoError(t, answers[2].Err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 8 {
		wg.Go(func() {
			answers, err := s.Enqueue(t.Context(), []queue.Task{named("c", 3), named("a", 4)})
			mu.Lock()
			defer mu.Unlock()
			if assert.NoError(t, err) && answers[0].Err == nil {
				won++
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 1, won)
	assert.Equal(t, []string{"c", "a", "b"}, idsOf(lease(t, s, 9, long, "q")))
	settle(t, s, queue.Outcome{ID: "a", Token: 1, Do: queue.Ack})
	for id, want := range map[string]queue.State{"a": queue.Done, "b": queue.Leased} {
		a := enqueue(t, s, named(id, 0))[0]
		assert.ErrorIs(t, a.Err, queue.ErrExists)
		assert.Equal(t, want, a.Task.State)
	}
}

// cancel: a task that has not ended is dead at once, with the reason, in whatever state it
// is; its worker's token says nothing more.
func cancel(t *testing.T, s queue.Store) {
	later := named("later", 0)
	later.Due = time.Now().Add(time.Hour)
	enqueue(t, s, later, named("leased", 1), named("ready", 0))
	require.Equal(t, []string{"leased"}, idsOf(lease(t, s, 1, long, "q")))
	for _, id := range []string{"later", "leased", "ready"} {
		a := settle(t, s, queue.Outcome{ID: id, Do: queue.Cancel, Error: "no more"})[0]
		require.NoError(t, a.Err)
		assert.Equal(t, []any{queue.Dead, "no more"}, []any{a.Task.State, a.Task.Error})
		assert.False(t, a.Task.Ended.IsZero())
		assert.ErrorIs(t, settle(t, s, queue.Outcome{ID: id, Do: queue.Cancel})[0].Err, queue.ErrState, "again")
	}
	assert.ErrorIs(t, settle(t, s, queue.Outcome{ID: "leased", Token: 1, Do: queue.Ack})[0].Err, queue.ErrToken)
	assert.Empty(t, lease(t, s, 9, long, "q"))
	require.NoError(t, settle(t, s, queue.Outcome{ID: "ready", Do: queue.Retry})[0].Err)
	assert.Equal(t, []string{"ready"}, idsOf(lease(t, s, 9, long, "q")))
}

// changed: whoever waits is woken by a new task and by one that comes back.
func changed(t *testing.T, s queue.Store) {
	woken := func(what string, f func()) {
		ch := s.Changed()
		f()
		select {
		case <-ch:
		case <-time.After(30 * time.Second):
			t.Errorf("nothing after %s", what)
		}
	}
	woken("enqueue", func() { enqueue(t, s, named("a", 0)) })
	lease(t, s, 1, long, "q")
	woken("release", func() { settle(t, s, queue.Outcome{ID: "a", Token: 1, Do: queue.Release}) })
	lease(t, s, 1, queue.Duration(time.Microsecond), "q")
	woken("loss", func() {
		time.Sleep(time.Millisecond)
		_, err := s.Tick(t.Context())
		require.NoError(t, err)
	})
}

// list: the tasks in a state, in the order of their IDs, page by page.
func list(t *testing.T, s queue.Store) {
	for i := range 7 {
		enqueue(t, s, named(fmt.Sprint("t", 6-i), i))
	}
	var got []string
	for after := ""; ; {
		page, err := s.List(t.Context(), queue.Ready, after, 3)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		got = append(got, idsOf(page)...)
		after = page[len(page)-1].ID
	}
	assert.Equal(t, []string{"t0", "t1", "t2", "t3", "t4", "t5", "t6"}, got)
	lease(t, s, 2, long, "q")
	l, err := s.List(t.Context(), queue.Leased, "", 10)
	require.NoError(t, err)
	assert.Equal(t, []string{"t0", "t1"}, idsOf(l))
}

// bytes: IDs that differ in case only are two, and a large payload comes back whole.
func bytes(t *testing.T, s queue.Store) {
	payload, err := json.Marshal(strings.Repeat("x\u00e9\"", 200_000))
	require.NoError(t, err)
	big := named("a", 0)
	big.Payload = payload
	for _, a := range enqueue(t, s, big, named("A", 0)) {
		require.NoError(t, a.Err)
	}
	got, err := s.Get(t.Context(), "a")
	require.NoError(t, err)
	require.JSONEq(t, string(payload), string(got.Payload))
	require.Empty(t, enqueue(t, s), "no tasks, no answers")
}

// model: random commands answer as those of the state machine do. Times are left out,
// since the stores read clocks of their own.
func model(t *testing.T, s queue.Store) {
	oracle := queue.NewMemory()
	at := time.Now().Add(time.Hour)
	round := 0
	timeless := func(x queue.Task) queue.Task {
		x.Due, x.Until, x.Enqueued, x.Started, x.Ended = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
		return x
	}
	rapid.Check(t, func(t *rapid.T) {
		round++
		q := fmt.Sprint("q", round)
		id := rapid.Custom(func(t *rapid.T) string { return q + rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id") })
		answers := func(got, want []queue.Answer) {
			require.Len(t, got, len(want))
			for i := range want {
				for _, e := range []error{queue.ErrExists, queue.ErrNotFound, queue.ErrToken, queue.ErrState} {
					require.Equal(t, errors.Is(want[i].Err, e), errors.Is(got[i].Err, e), "%v, not %v", got[i].Err, want[i].Err)
				}
				same(t, timeless(want[i].Task), timeless(got[i].Task))
			}
		}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			at = at.Add(time.Millisecond)
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0:
				x := queue.Task{ID: id.Draw(t, "id"), Queue: q, Type: "x", Priority: rapid.IntRange(0, 1).Draw(t, "p"), MaxFailures: rapid.IntRange(1, 3).Draw(t, "max")}
				answers(enqueue(t, s, x), oracle.Apply(at, queue.Command{Enqueue: []queue.Task{x}}).Answers)
			case 1:
				got := lease(t, s, 2, long, q)
				want := oracle.Apply(at, queue.Command{Lease: &queue.Ask{Worker: "w", Queues: []string{q}, N: 2, For: long}}).Tasks
				require.Equal(t, idsOf(want), idsOf(got))
				for i := range want {
					same(t, timeless(want[i]), timeless(got[i]))
				}
			default:
				o := queue.Outcome{
					ID: id.Draw(t, "id"), Token: rapid.Int64Range(1, 3).Draw(t, "token"), Error: "e",
					Do: rapid.SampledFrom([]string{queue.Ack, queue.Fail, queue.Bury, queue.Release, queue.Extend, queue.Retry, queue.Cancel}).Draw(t, "do"),
				}
				if o.Do == queue.Extend || o.Do == queue.Fail { // else a short delay may have passed for one of the two
					o.Delay = long
				}
				answers(settle(t, s, o), oracle.Apply(at, queue.Command{Settle: []queue.Outcome{o}}).Answers)
			}
			gotCounts, err := s.Counts(context.Background())
			require.NoError(t, err)
			wantCounts, _ := oracle.Counts(context.Background())
			got, want := gotCounts[q], wantCounts[q]
			got.Lag, want.Lag = 0, 0
			require.Equal(t, want, got)
		}
	})
}
