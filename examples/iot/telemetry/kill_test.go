package telemetry_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/iot/telemetry"
	"example.com/flatline/internal/loopback"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"serve": func(args []string) error {
			c := telemetry.Config{Addr: args[0], Dir: args[1], Out: os.Stdout}
			return telemetry.Run(context.Background(), c, nil)
		},
	})
}

// post sends lines, and returns the status; 0 if the server was killed meanwhile.
func post(base, lines string) int {
	r, err := http.Post(base+"/write", "text/plain", strings.NewReader(lines))
	if err != nil {
		return 0
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return 0
	}
	return r.StatusCode
}

var long = flag.Bool("long", false, "kill 20 times, not 5")

// TestKill: the server is killed with kill -9 under load, again and again, and the senders
// repeat what was not acknowledged. Each message that was acknowledged is there once (I1),
// with its value, and the counts agree (I5).
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
	begin := now()
	var acknowledged crash.Ledger[float64]
	next := make([]int, 4) // of each device
	for round := range rounds + 1 {
		p := crash.Start(t, "serve", addr, dir)
		p.Match(`listening on (\S+), points in the log`)
		if round == rounds {
			p.Kill()
			break
		}
		// Messages are sent until the process is killed; what was not answered is sent again.
		var wg sync.WaitGroup
		enough := make(chan struct{}, 100)
		for d := range next {
			wg.Go(func() {
				for {
					i := next[d]
					at := begin.Add(time.Duration(i) * time.Millisecond).UnixNano()
					line := fmt.Sprintf("m,device=d%d value=%d,seq=%di %d\n", d, i, i+1, at)
					switch post(base, line+line) { // some repeat even what arrives
					case http.StatusNoContent:
						acknowledged.Acknowledged(fmt.Sprintf("d%d %d", d, at), float64(i))
						next[d]++
					case 0:
						return
					default:
						t.Error("refused: ", line)
						return
					}
					select {
					case enough <- struct{}{}:
					default:
					}
				}
			})
		}
		for range 50 {
			<-enough
		}
		p.Kill()
		wg.Wait()
	}
	d := openDisk(t, dir, 1<<20)
	require.NoError(t, d.Check())
	there := map[string]float64{}
	total := 0
	for i := range next {
		device := fmt.Sprint("d", i)
		points := series(d, device, "m")
		require.LessOrEqual(t, len(points), next[i]+1, "I1: more points than messages")
		total += len(points)
		for _, p := range points {
			there[fmt.Sprintf("%s %d", device, p.T)] = p.V
		}
	}
	require.Equal(t, total, len(there))
	require.Empty(t, acknowledged.Check(func(key string, v float64) error {
		if got, ok := there[key]; !ok || got != v {
			return fmt.Errorf("I1: it is %v, %v in place of %v", got, ok, v)
		}
		return nil
	}))
	c := d.Status().Counts
	require.Equal(t, c.Received, c.Stored+c.Duplicates, "I5")
	require.Equal(t, int64(total), c.Stored, "I5")
	t.Logf("%d kills, %d messages acknowledged, %d points, %d duplicates", rounds, acknowledged.Len(), total, c.Duplicates)
}

// at and path of a series in a query.
func seriesPath(device, metric string, more string) string {
	return "/series?device=" + url.QueryEscape(device) + "&metric=" + url.QueryEscape(metric) + more
}
