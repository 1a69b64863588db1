package sched_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
	"example.com/flatline/internal/loopback"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"serve": func(args []string) error {
			c := sched.Config{Addr: args[0], Nodes: 2, Out: os.Stdout, Open: sched.OpenDir(args[1])}
			c.Lease, c.Queues = 200*time.Millisecond, map[string]float64{"default": 1}
			c.Funcs = map[string]func(context.Context, sched.Payload) (any, error){"f": func(_ context.Context, p sched.Payload) (any, error) {
				fmt.Println("ran", p.Tick.Unix())
				return nil, nil
			}}
			return sched.Serve(context.Background(), c, nil)
		},
	})
}

// ask sends a request, and decodes the answer into v.
func ask(method, url, body string, v any) error {
	r, err := http.NewRequest(method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = errors.New(answer.Status)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

var long = flag.Bool("long", false, "kill 20 times, not 5")

// TestKill: the process with the leader and all other nodes is killed with kill -9, again
// and again. What was answered is there; each tick was made into one run or counted as
// missed; and all runs end.
func TestKill(t *testing.T) {
	t.Parallel()
	addr, err := loopback.Addr()
	require.NoError(t, err)
	dir, base := t.TempDir(), "http://"+addr
	rounds := 5
	switch {
	case *long:
		rounds = 20
	case testing.Short():
		rounds = 2
	}
	var defined crash.Ledger[sched.Job]
	var p *crash.Process
	for round := range rounds + 1 {
		p = crash.Start(t, "serve", addr, dir)
		p.Match(`listening on (\S+), 2 nodes, jobs in the log`)
		require.Empty(t, defined.Check(func(name string, j sched.Job) error {
			var got sched.Entry
			err := ask("GET", base+"/jobs/"+name, "", &got)
			if err == nil && got.Version != j.Version {
				err = fmt.Errorf("it has version %d", got.Version)
			}
			return err
		}))
		if round == 0 {
			var j sched.Job
			require.NoError(t, ask("PUT", base+"/jobs/tick", `{"cron": "* * * * * *", "action": {"func": "f"}, "overlap": "allow", "catchUp": "all", "max": 100, "maxFailures": 9}`, &j))
			defined.Acknowledged("tick", j)
		}
		if round == rounds {
			break
		}
		// Writes go on until the process is killed; what was not answered is in no ledger.
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for i := 0; ; i++ {
				name := fmt.Sprintf("j%d-%d", round, i)
				var j sched.Job
				if ask("PUT", base+"/jobs/"+name, `{"cron": "0 0 1 1 *", "action": {"func": "f"}}`, &j) != nil {
					return
				}
				defined.Acknowledged(name, j)
				time.Sleep(time.Millisecond)
			}
		}()
		p.Match(`ran \d+`)
		p.Kill()
		<-stopped
	}
	var j sched.Job
	_ = defined.Check(func(name string, v sched.Job) error {
		if name == "tick" {
			j = v
		}
		return nil
	})
	var x sched.Entry
	require.NoError(t, ask("POST", base+"/jobs/tick/pause", "", &x.Job))
	ticks := int64(0)
	for s := j.Updated.Truncate(time.Second).Add(time.Second); s.Before(x.Updated); s = s.Add(time.Second) {
		ticks++
	}
	require.Eventually(t, func() bool {
		return ask("GET", base+"/jobs/tick", "", &x) == nil && x.Open == 0 && x.Made+x.Missed >= ticks
	}, crash.Patience, 10*time.Millisecond)
	require.Equal(t, ticks, x.Made+x.Missed)
	var runs []sched.Run
	require.NoError(t, ask("GET", base+"/runs?job=tick", "", &runs))
	seen := map[time.Time]bool{}
	for _, r := range runs {
		require.False(t, seen[r.Tick], "%v twice", r.Tick)
		require.Equal(t, queue.Done, r.State)
		seen[r.Tick] = true
	}
	t.Logf("%d kills, %d jobs defined, %d ticks, %d missed", rounds, defined.Len(), ticks, x.Missed)
}
