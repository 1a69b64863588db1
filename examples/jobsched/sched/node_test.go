package sched_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
)

// TestNodes: of three nodes one leads, and each tick runs once while leaders are killed and
// stop. None is made later than the lease and a second after its time. The time is that of
// the test.
func TestNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := sched.NewMemory()
		var mu sync.Mutex
		ran := map[time.Time]int{}
		opts := sched.Options{Store: store, Lease: 5 * time.Second, Funcs: map[string]func(context.Context, sched.Payload) (any, error){
			"f": func(_ context.Context, p sched.Payload) (any, error) {
				mu.Lock()
				defer mu.Unlock()
				ran[p.Tick]++
				return nil, nil
			},
		}}
		j, err := store.Put(t.Context(), wish("a", func(j *sched.Job) { j.Cron, j.CatchUp, j.Overlap = "* * * * * *", sched.None, sched.Allow }), 0)
		require.NoError(t, err)
		nodes := map[string]*sched.Node{}
		start := func() {
			n := sched.NewNode(opts)
			nodes[n.Name()] = n
		}
		for range 3 {
			start()
		}
		for round := range 10 {
			time.Sleep(7300 * time.Millisecond)
			d, err := store.Due(t.Context(), 1)
			require.NoError(t, err)
			leads := 0
			for _, n := range nodes {
				if _, ok := n.Leads(); ok {
					leads++
				}
			}
			assert.Equal(t, 1, leads)
			n := nodes[d.Leader.Holder]
			delete(nodes, n.Name())
			if round%3 == 0 {
				n.Close()
				continue
			}
			n.Kill()
			start()
			start()
		}
		time.Sleep(7 * time.Second)
		before, err := store.Due(t.Context(), 1)
		require.NoError(t, err)
		// Ten times 7.3 and these are no whole second: the nodes close between two ticks, so
		// that each tick that was made has run.
		time.Sleep(13500 * time.Millisecond)
		after, err := store.Due(t.Context(), 1)
		require.NoError(t, err)
		assert.Equal(t, before.Leader.Term, after.Leader.Term, "a leader that lives renews its lease")
		for _, n := range nodes {
			n.Close()
		}
		x, err := store.Job(t.Context(), "a")
		require.NoError(t, err)
		ticks := 0
		mu.Lock()
		defer mu.Unlock()
		for s := j.Updated.Truncate(time.Second); s.Before(x.Next); s = s.Add(time.Second) {
			if s.After(j.Updated) {
				ticks++
				assert.Equal(t, 1, ran[s], "%v", s)
			}
		}
		assert.EqualValues(t, ticks, x.Made)
		assert.Greater(t, ticks, 80)
		runs, err := store.Runs(t.Context(), "a", 100)
		require.NoError(t, err)
		worst := time.Duration(0)
		for _, r := range runs {
			worst = max(worst, r.Made.Sub(r.Tick))
		}
		assert.LessOrEqual(t, worst, opts.Lease+time.Second)
		assert.Greater(t, worst, time.Second, "a killed leader's lease was waited for")
		require.NoError(t, store.Check())
	})
}

// TestLate: runs of late ticks start at a rate, so that a morning after an outage is no
// second outage.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := sched.NewMemory()
		var mu sync.Mutex
		var started []time.Time
		opts := sched.Options{Store: store, Funcs: map[string]func(context.Context, sched.Payload) (any, error){
			"f": func(context.Context, sched.Payload) (any, error) {
				mu.Lock()
				defer mu.Unlock()
				started = append(started, time.Now())
				return nil, nil
			},
		}}
		opts.Late = rate(t, "2/s")
		_, err := store.Put(t.Context(), wish("a", func(j *sched.Job) { j.Cron, j.CatchUp, j.Overlap, j.Max = "0 * * * * *", sched.All, sched.Allow, 20 }), 0)
		require.NoError(t, err)
		time.Sleep(40*time.Minute + 30*time.Second)
		n := sched.NewNode(opts)
		time.Sleep(20 * time.Second)
		n.Close()
		mu.Lock()
		defer mu.Unlock()
		require.Len(t, started, 20)
		assert.Greater(t, started[19].Sub(started[0]), 9*time.Second)
	})
}

// TestActions: what a run does, and what becomes of it.
func TestActions(t *testing.T) {
	var mu sync.Mutex
	var keys []string
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/bad" {
			http.Error(w, "no", http.StatusTeapot)
			return
		}
		_, _ = w.Write(body)
	}))
	defer target.Close()
	for name, tc := range map[string]struct {
		a     sched.Action
		state queue.State
		says  string
	}{
		"url":         {sched.Action{URL: target.URL + "/ok", Body: json.RawMessage(`{"k":7}`)}, queue.Done, `\"body\":{\"k\":7}`},
		"bad url":     {sched.Action{URL: target.URL + "/bad"}, queue.Dead, "418 I'm a teapot: no"},
		"no server":   {sched.Action{URL: "http://127.0.0.1:1/"}, queue.Dead, "127.0.0.1:1"},
		"func":        {sched.Action{Func: "f", Body: json.RawMessage(`"x"`)}, queue.Done, `"x"`},
		"failing":     {sched.Action{Func: "fails"}, queue.Dead, "bad luck"},
		"panic":       {sched.Action{Func: "panics"}, queue.Dead, "panic: oh"},
		"no func":     {sched.Action{Func: "none"}, queue.Dead, `there is no func "none"`},
		"command":     {sched.Action{Command: []string{os.Args[0], "-test.run=^$", "-test.v"}}, queue.Done, "PASS"},
		"no command":  {sched.Action{Command: []string{"/nowhere/at/all"}}, queue.Dead, "/nowhere"},
		"not allowed": {sched.Action{Command: []string{"true"}}, queue.Dead, "runs no commands"},
	} {
		store := sched.NewMemory()
		n := sched.NewNode(sched.Options{Store: store, Poll: time.Millisecond, Commands: name != "not allowed", Funcs: map[string]func(context.Context, sched.Payload) (any, error){
			"f":      func(_ context.Context, p sched.Payload) (any, error) { return p.Action.Body, nil },
			"fails":  func(context.Context, sched.Payload) (any, error) { return nil, errors.New("bad luck") },
			"panics": func(context.Context, sched.Payload) (any, error) { panic("oh") },
		}})
		_, err := store.Put(t.Context(), wish("a", func(j *sched.Job) { j.Cron, j.Action, j.MaxFailures = "0 0 1 1 *", tc.a, 1 }), 0)
		require.NoError(t, err)
		r, err := store.RunNow(t.Context(), "a")
		require.NoError(t, err)
		var task queue.Task
		require.Eventually(t, func() bool {
			task, err = store.Get(t.Context(), r.ID)
			return err == nil && (task.State == queue.Done || task.State == queue.Dead)
		}, crash.Patience, time.Millisecond, name)
		assert.Equal(t, tc.state, task.State, "%s: %s", name, task.Error)
		assert.Contains(t, string(task.Result)+task.Error, tc.says, name)
		if name == "url" {
			assert.Equal(t, []string{r.ID}, keys)
		}
		keys = nil
		n.Close()
	}
}
