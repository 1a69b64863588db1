package logs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/logpipe/logs"
	"example.com/flatline/examples/logpipe/logs/logtest"
	"example.com/flatline/internal/loopback"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"serve": func(args []string) error {
			c := logs.Config{Addr: args[0], Dir: args[1], Out: os.Stdout, Limits: logs.Limits{Age: 30 * day, Hot: 1 << 20}}
			return logs.Run(context.Background(), c)
		},
		"follow": func(args []string) error {
			a, err := logs.OpenAgent(args[1], &logs.Client{Base: "http://" + args[0]}, args[2])
			if err != nil {
				return err
			}
			a.Poll, a.Settle = time.Millisecond, 5*time.Millisecond
			fmt.Println("following")
			return a.Run(context.Background())
		},
	})
}

// TestKill: a program writes and rotates its file, and the agent, the server, and both are
// killed with kill -9, again and again. In the end each record is stored once, and every
// record is accounted for (L1, L2).
func TestKill(t *testing.T) {
	t.Parallel()
	addr, err := loopback.Addr()
	require.NoError(t, err)
	dir := t.TempDir()
	w := &world{t: t, path: filepath.Join(dir, "app.log")}
	w.open()
	store, state := filepath.Join(dir, "store"), filepath.Join(dir, "agent.json")
	serve := func() *crash.Process {
		p := crash.Start(t, "serve", addr, store)
		p.Match(`listening on (\S+),`)
		return p
	}
	follow := func() *crash.Process {
		p := crash.Start(t, "follow", addr, state, w.path)
		p.Match(`following`)
		return p
	}
	stored := func() int {
		var st logs.Stats
		if err := getJSON("http://"+addr+"/status", &st); err != nil {
			return -1
		}
		return int(st.Stored)
	}
	rounds := 6
	if testing.Short() {
		rounds = 3
	}
	server, agent := serve(), follow()
	for round := range rounds {
		begun := max(0, stored())
		for range 5 {
			w.write(2000)
			w.rename()
		}
		w.write(2000)
		require.Eventually(t, func() bool { return stored() > begun }, crash.Patience, time.Millisecond)
		if round%3 != 1 {
			server.Kill()
		}
		if round%3 != 0 {
			agent.Kill()
			agent = follow()
		}
		if round%3 != 1 {
			server = serve()
		}
	}
	if !assert.Eventually(t, func() bool { return stored() == w.n }, crash.Patience, time.Millisecond) {
		t.Fatalf("%d of %d records are stored", stored(), w.n)
	}
	agent.Kill()
	server.Kill()
	d := openDisk(t, store, logs.Limits{})
	require.NoError(t, d.Check())
	seen := map[string]int{}
	for _, l := range logtest.Found(t, d, logtest.Parse(t, "")) {
		seen[l.Text]++
	}
	for i := range w.n {
		if text := fmt.Sprintf("level=info n=%06d x", i); seen[text] != 1 {
			require.Equal(t, 1, seen[text], text)
		}
	}
	require.NoError(t, d.Close())
	require.NoError(t, w.out.Close())
	t.Logf("%d rounds, %d records, %d segments", rounds, w.n, len(segments(t, store)))
}
