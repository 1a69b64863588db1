package queue_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/taskq/queue"
)

// textbook is the short answer: a map of tasks, and a scan for each question.
type textbook struct {
	now   time.Time
	tasks map[string]queue.Task
}

func (x *textbook) sorted(less func(a, b queue.Task) bool, in func(queue.Task) bool) (all []queue.Task) {
	for _, t := range x.tasks {
		if in(t) {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b queue.Task) int {
		if less(a, b) {
			return -1
		}
		return 1
	})
	return all
}

func (x *textbook) apply(now time.Time, c queue.Command) (e queue.Effects) {
	if now.After(x.now) {
		x.now = now
	}
	for id, t := range x.tasks {
		switch {
		case t.State == queue.Delayed && !t.Due.After(x.now):
			x.tasks[id] = t.Promoted()
		case t.State == queue.Done && !x.now.Before(t.Ended.Add(queue.Keep)):
			delete(x.tasks, id)
		}
	}
	for _, t := range c.Enqueue {
		if old, ok := x.tasks[t.ID]; ok {
			e.Answers = append(e.Answers, queue.Answer{Task: old, Err: queue.ErrExists})
			continue
		}
		x.tasks[t.ID] = t.Accepted(x.now)
		e.Answers = append(e.Answers, queue.Answer{Task: x.tasks[t.ID]})
	}
	for _, o := range c.Settle {
		t, ok := x.tasks[o.ID]
		err := queue.ErrNotFound
		if ok {
			if t, err = t.Settled(x.now, o); err == nil {
				x.tasks[o.ID] = t
			}
		}
		e.Answers = append(e.Answers, queue.Answer{Task: t, Err: err})
	}
	if a := c.Lease; a != nil {
		for _, q := range a.Queues {
			for _, t := range x.sorted(before, func(t queue.Task) bool { return t.State == queue.Ready && t.Queue == q }) {
				if len(e.Tasks) < a.N {
					x.tasks[t.ID] = t.LeasedBy(x.now, *a)
					e.Tasks = append(e.Tasks, x.tasks[t.ID])
				}
			}
		}
	}
	if c.Tick {
		over := func(t queue.Task) bool { return t.State == queue.Leased && !t.Until.After(x.now) }
		for _, t := range x.sorted(func(a, b queue.Task) bool { return a.Until.Before(b.Until) || a.Until.Equal(b.Until) && a.ID < b.ID }, over) {
			x.tasks[t.ID] = t.Vanished(x.now)
			e.Tasks = append(e.Tasks, x.tasks[t.ID])
		}
	}
	return e
}

func before(a, b queue.Task) bool {
	switch {
	case a.Priority != b.Priority:
		return a.Priority > b.Priority
	case !a.Due.Equal(b.Due):
		return a.Due.Before(b.Due)
	}
	return a.ID < b.ID
}

var ids = []string{"a", "b", "c", "d", "e", "f", "g", "h"}

// command draws one.
func command(t *rapid.T, now time.Time) (c queue.Command) {
	d := func(name string) time.Duration {
		return time.Duration(rapid.Int64Range(0, 20).Draw(t, name)) * time.Second
	}
	queues := rapid.Permutation([]string{"p", "q"})
	switch rapid.IntRange(0, 9).Draw(t, "op") {
	case 0, 1, 2:
		for range rapid.IntRange(1, 3).Draw(t, "n") {
			c.Enqueue = append(c.Enqueue, queue.Task{
				ID: rapid.SampledFrom(ids).Draw(t, "id"), Queue: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "queue"), Type: "x",
				Priority: rapid.IntRange(-1, 1).Draw(t, "priority"), Due: now.Add(d("due") - 5*time.Second),
				MaxFailures: rapid.IntRange(1, 3).Draw(t, "failures"), MaxLost: rapid.IntRange(1, 3).Draw(t, "lost"),
			})
		}
	case 3, 4, 5:
		c.Lease = &queue.Ask{Worker: "w", Queues: queues.Draw(t, "queues"), N: rapid.IntRange(1, 4).Draw(t, "n"), For: queue.Duration(d("for") + 1)}
	case 6, 7, 8:
		for range rapid.IntRange(1, 3).Draw(t, "n") {
			o := queue.Outcome{
				ID: rapid.SampledFrom(ids).Draw(t, "id"), Token: rapid.Int64Range(1, 4).Draw(t, "token"), Error: "e",
				Do: rapid.SampledFrom([]string{queue.Ack, queue.Fail, queue.Fail, queue.Bury, queue.Release, queue.Extend, queue.Retry, queue.Cancel}).Draw(t, "do"),
			}
			if rapid.Bool().Draw(t, "later") || o.Do == queue.Extend {
				o.Delay = queue.Duration(d("delay") + 1)
			}
			c.Settle = append(c.Settle, o)
		}
	default:
		c.Tick = true
	}
	return c
}

// TestMachine: random commands have the effects that they have on the textbook's answer,
// and the invariants hold after each. A copy of the state behaves as the original does.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, x := queue.NewMemory(), &textbook{now: time.Unix(0, 0).UTC(), tasks: map[string]queue.Task{}}
		now := time.Unix(1_700_000_000, 0).UTC()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(-2, 15).Draw(t, "later")) * time.Second)
			if rapid.IntRange(0, 30).Draw(t, "long") == 0 {
				now = now.Add(queue.Keep)
			}
			c := command(t, now)
			require.Equal(t, x.apply(now, c), m.Apply(now, c), "%+v", c)
			require.NoError(t, m.Check())
			if rapid.IntRange(0, 9).Draw(t, "copy") == 0 {
				m = copied(t, m)
				require.NoError(t, m.Check())
			}
			for _, s := range queue.States {
				got, err := m.List(t.Context(), s, "b", 3)
				require.NoError(t, err)
				want := x.sorted(func(a, b queue.Task) bool { return a.ID < b.ID }, func(t queue.Task) bool {
					return t.State == s && t.ID > "b" && (s != queue.Done || x.now.Before(t.Ended.Add(queue.Keep)))
				})
				require.Equal(t, append([]queue.Task{}, want[:min(3, len(want))]...), append([]queue.Task{}, got...), s)
			}
		}
	})
}

// copied returns a store with the state of another.
func copied(t require.TestingT, m *queue.Memory) *queue.Memory {
	var b strings.Builder
	require.NoError(t, m.Dump(json.NewEncoder(&b)))
	again := queue.NewMemory()
	require.NoError(t, again.Load(json.NewDecoder(strings.NewReader(b.String()))))
	return again
}

// TestPoison: a task that kills its workers is dead after five losses, one that fails after
// its own maximum, and neither counts for the other (I4).
func TestPoison(t *testing.T) {
	m := queue.NewMemory()
	now := time.Unix(1_700_000_000, 0)
	m.Apply(now, queue.Command{Enqueue: []queue.Task{{ID: "poison", Queue: "q", Type: "x"}, {ID: "sick", Queue: "q", Type: "x", MaxFailures: 2}}})
	ask := &queue.Ask{Worker: "w", Queues: []string{"q"}, N: 9, For: queue.Duration(time.Second)}
	states := map[string][]string{}
	for range 7 {
		for _, task := range m.Apply(now, queue.Command{Lease: ask}).Tasks {
			if task.ID == "sick" {
				e := m.Apply(now, queue.Command{Settle: []queue.Outcome{{ID: task.ID, Token: task.Token, Do: queue.Fail, Error: "no"}}})
				states["sick"] = append(states["sick"], fmt.Sprint(e.Answers[0].Task.State, e.Answers[0].Task.Failures, e.Answers[0].Task.Lost))
			}
		}
		now = now.Add(20 * time.Second)
		for _, task := range m.Apply(now, queue.Command{Tick: true}).Tasks {
			states[task.ID] = append(states[task.ID], fmt.Sprint(task.State, task.Failures, task.Lost))
		}
	}
	assert.Equal(t, map[string][]string{
		"poison": {"ready0 1", "ready0 2", "ready0 3", "ready0 4", "dead0 5"},
		"sick":   {"delayed1 0", "dead2 0"},
	}, normal(states))
	e := m.Apply(now, queue.Command{Settle: []queue.Outcome{{ID: "poison", Do: queue.Retry}, {ID: "poison", Do: queue.Retry}, {ID: "none", Do: queue.Ack}}})
	assert.NoError(t, e.Answers[0].Err)
	assert.Equal(t, queue.Ready, e.Answers[0].Task.State)
	assert.EqualValues(t, 5, e.Answers[0].Task.Token, "a token is never given twice")
	assert.ErrorIs(t, e.Answers[1].Err, queue.ErrState)
	assert.ErrorIs(t, e.Answers[2].Err, queue.ErrNotFound)
}

// normal writes "ready0 1" for what Sprint makes of a state and two numbers.
func normal(m map[string][]string) map[string][]string {
	for _, all := range m {
		for i, s := range all {
			all[i] = strings.Join(strings.Fields(s), " ")
		}
	}
	return maps.Clone(m)
}

// TestCheck: what a client may not enqueue, ask or say.
func TestCheck(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	ok := queue.Task{ID: "a", Queue: "q", Type: "x"}
	require.NoError(t, ok.Check(now))
	for name, change := range map[string]func(*queue.Task){
		"no id":       func(t *queue.Task) { t.ID = "" },
		"a blank":     func(t *queue.Task) { t.ID = "a b" },
		"a slash":     func(t *queue.Task) { t.ID = "a/b" },
		"no ASCII":    func(t *queue.Task) { t.Type = "ä" },
		"long":        func(t *queue.Task) { t.Queue = strings.Repeat("x", 129) },
		"large":       func(t *queue.Task) { t.Payload = json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`) },
		"no JSON":     func(t *queue.Task) { t.Payload = json.RawMessage(`{`) },
		"priority":    func(t *queue.Task) { t.Priority = 1001 },
		"year 292278": func(t *queue.Task) { t.Due = time.UnixMilli(1<<63 - 1) },
		"far":         func(t *queue.Task) { t.Due = now.AddDate(11, 0, 0) },
		"failures":    func(t *queue.Task) { t.MaxFailures = -1 },
		"lost":        func(t *queue.Task) { t.MaxLost = 1 << 20 },
	} {
		bad := ok
		change(&bad)
		assert.ErrorIs(t, bad.Check(now), queue.ErrBad, name)
	}
	for _, a := range []queue.Ask{{}, {Worker: "w"}, {Worker: "w", N: 1}, {Worker: "w", N: -1, For: 1}, {Worker: "w", N: 1001, For: 1}, {Worker: "w", N: 1, For: -1}, {Worker: "w", N: 1, For: 1 << 60}} {
		assert.ErrorIs(t, a.Check(), queue.ErrBad, "%+v", a)
	}
	for _, o := range []queue.Outcome{{}, {Do: "eat"}, {Do: queue.Extend}, {Do: queue.Fail, Delay: -1}, {Do: queue.Extend, Delay: 1 << 60}, {Do: queue.Ack, Result: json.RawMessage(`{`)}} {
		assert.ErrorIs(t, o.Check(), queue.ErrBad, "%+v", o)
	}
	long := queue.Outcome{Do: queue.Fail, Error: strings.Repeat("x", 1<<20)}
	require.NoError(t, long.Check())
	assert.Len(t, long.Error, 4<<10)
	odd := queue.Outcome{Do: queue.Fail, Error: "a\x00\xff" + strings.Repeat("ä", 1<<12)}
	require.NoError(t, odd.Check())
	assert.Equal(t, "a"+strings.Repeat("ä", 2046), odd.Error, "no zero byte, no half a letter")
}

// TestBackoff: the waits after a failure grow, differ from task to task, and end at ten
// minutes; the same task always waits the same.
func TestBackoff(t *testing.T) {
	seen := map[time.Duration]bool{}
	for n := 1; n < 80; n++ {
		for i := range 20 {
			id := fmt.Sprint(i)
			d := queue.Backoff(id, n)
			require.Equal(t, d, queue.Backoff(id, n))
			require.Positive(t, d)
			require.LessOrEqual(t, d, min(10*time.Minute, time.Second<<min(n, 20))+time.Millisecond)
			require.False(t, seen[d], "all at once")
			seen[d] = true
		}
	}
}

// TestForgotten: results are bounded in number and in time; an ID that was forgotten is free.
func TestForgotten(t *testing.T) {
	t.Parallel()
	m := queue.NewMemory()
	now := time.Unix(1_700_000_000, 0)
	done := func(id string) {
		m.Apply(now, queue.Command{Enqueue: []queue.Task{{ID: id, Queue: "q", Type: "x"}}})
		task := m.Apply(now, queue.Command{Lease: &queue.Ask{Worker: "w", Queues: []string{"q"}, N: 1, For: 1e9}}).Tasks[0]
		m.Apply(now, queue.Command{Settle: []queue.Outcome{{ID: id, Token: task.Token, Do: queue.Ack, Result: json.RawMessage(`7`)}}})
	}
	for i := range 70_000 {
		done(fmt.Sprint(i))
	}
	all, err := m.List(t.Context(), queue.Done, "", 100_000)
	require.NoError(t, err)
	assert.Len(t, all, 1<<16)
	c, err := m.Counts(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 70_000, c["q"].Done, "the count forgets nothing")
	_, err = m.Get(t.Context(), "69999")
	assert.NoError(t, err)
	now = now.Add(queue.Keep)
	m.Apply(now, queue.Command{Tick: true})
	_, err = m.Get(t.Context(), "69999")
	assert.True(t, errors.Is(err, queue.ErrNotFound))
	done("69999")
	require.NoError(t, m.Check())
}
