package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/iot/gorilla"
	"example.com/flatline/examples/iot/telemetry"
	"example.com/flatline/internal/loopback"
)

const publishers = 100

// BenchmarkQoS1 publishes by 100 clients, each of which waits for its PUBACK. Each server is
// a process of its own with one processor; the clients share the machine with it. flatline
// and NATS sync before they acknowledge; mosquitto, with persistence, does not.
func BenchmarkQoS1(b *testing.B) {
	child := func(name string) func(*testing.B) string {
		return func(b *testing.B) string {
			addr, err := loopback.Addr()
			require.NoError(b, err)
			p := crash.Start(b, name, addr, b.TempDir()+"/log")
			p.Match("^iot: MQTT by")
			return addr
		}
	}
	for _, server := range []struct {
		name  string
		start func(*testing.B) string
	}{
		{"flatline", child("one core")},
		{"nats", child("nats, one core")},
		{"mosquitto", func(b *testing.B) string { return start.Test(b, start.Mosquitto).Addr }},
	} {
		b.Run("impl="+server.name, func(b *testing.B) {
			addr := server.start(b)
			var clients [publishers]client
			for i := range clients {
				clients[i] = connect(b, addr, fmt.Sprint("bench", i))
			}
			var next atomic.Int64
			at := time.Now().Add(-time.Hour).UnixNano()
			b.ResetTimer()
			var wg sync.WaitGroup
			for i, c := range clients {
				wg.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						if !publish(c, fmt.Sprintf("d/bench%d/temp", i), fmt.Sprintf(`{"v": 21.5, "seq": %d, "t": %d}`, n, at+n*1e6)) {
							b.Error("no PUBACK")
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// walk is a sensor that reports every ten seconds, as a random walk with some decimals; -1
// is all bits of a float64.
func walk(seed uint64, n, decimals int) (all []gorilla.Point) {
	r := rand.New(rand.NewPCG(seed, 1))
	v, pow := 20.0, math.Pow10(max(decimals, 0))
	begin := time.Now().Add(-6 * 24 * time.Hour).Truncate(time.Minute).UnixNano()
	for i := range n {
		v += r.NormFloat64() * 0.1
		x := v
		if decimals >= 0 {
			x = math.Round(v*pow) / pow
		}
		all = append(all, gorilla.Point{T: begin + int64(i)*10e9, V: x})
	}
	return all
}

// BenchmarkBytes stores 50 series of 20,000 points, and reports the bytes of each point: of
// the chunks, and of VictoriaMetrics' directory after it was told to flush and merge.
func BenchmarkBytes(b *testing.B) {
	const series, points = 50, 20_000
	for _, decimals := range []int{1, 2, -1} {
		shape := fmt.Sprint(decimals, "decimals")
		if decimals < 0 {
			shape = "allbits"
		}
		b.Run("impl=flatline/values="+shape, func(b *testing.B) {
			total := 0
			for b.Loop() {
				total = 0
				for s := range series {
					for chunk := range slices.Chunk(walk(uint64(s), points, decimals), 512) {
						total += len(gorilla.Encode(chunk))
					}
				}
			}
			b.ReportMetric(float64(total)/series/points, "B/point")
		})
		b.Run("impl=victoriametrics/values="+shape, func(b *testing.B) {
			for range b.N {
				b.ReportMetric(float64(victoria(b, series, points, decimals))/series/points, "B/point")
			}
		})
	}
}

// victoria returns the size of a VictoriaMetrics that has the series.
func victoria(b *testing.B, series, points, decimals int) (size int64) {
	dir := b.TempDir()
	s := start.Test(b, start.VictoriaMetrics, "-storageDataPath="+dir)
	for n := range series {
		var lines strings.Builder
		for _, p := range walk(uint64(n), points, decimals) {
			fmt.Fprintf(&lines, "temp,device=d%d value=%v %d\n", n, p.V, p.T)
		}
		r, err := http.Post(s.URL+"/write", "text/plain", strings.NewReader(lines.String()))
		require.NoError(b, err)
		require.NoError(b, r.Body.Close())
		require.Equal(b, http.StatusNoContent, r.StatusCode)
	}
	for _, path := range []string{"/internal/force_flush", "/internal/force_merge"} {
		r, err := http.Get(s.URL + path)
		require.NoError(b, err)
		require.NoError(b, r.Body.Close())
	}
	measure := func() (size int64) {
		_ = filepath.WalkDir(filepath.Join(dir, "data"), func(_ string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				if info, err := e.Info(); err == nil {
					size += info.Size()
				}
			}
			return nil
		})
		return size
	}
	for last := int64(-1); last != size || size == 0; time.Sleep(time.Second) { // until the merge is done
		last, size = size, measure()
	}
	return size
}

// BenchmarkAlert measures the time from the request that moves the watermark over the end
// of a window to the alert at a client of the stream: the log is synced in between.
func BenchmarkAlert(b *testing.B) {
	d, err := telemetry.OpenDisk(b.TempDir(), 1<<20, wal.Options{})
	require.NoError(b, err)
	defer d.Close()
	g := telemetry.NewGate(telemetry.GateOptions{Store: d})
	defer g.Close()
	require.NoError(b, g.SetRules(b.Context(), []telemetry.Rule{{Name: "hot", Do: telemetry.Threshold, Metric: "m", Over: telemetry.Duration(telemetry.Width), Fire: 1, Clear: 1}}))
	s := httptest.NewServer(telemetry.Handler(g))
	defer s.Close()
	defer s.CloseClientConnections()
	answer, err := http.Get(s.URL + "/alerts")
	require.NoError(b, err)
	defer answer.Body.Close()
	in := bufio.NewScanner(answer.Body)
	at := time.Now().Add(-6 * 24 * time.Hour).Truncate(time.Minute)
	send := func(i int) {
		line := fmt.Sprintf("m,device=d value=%d %d", i%2, at.Add(time.Duration(i)*telemetry.Width).UnixNano())
		r, err := http.Post(s.URL+"/write", "text/plain", strings.NewReader(line))
		require.NoError(b, err)
		require.NoError(b, r.Body.Close())
		require.Equal(b, http.StatusNoContent, r.StatusCode)
	}
	for i := range 5 { // the next one closes the second window, the first that fires
		send(i)
	}
	var took []time.Duration
	i := 4
	for b.Loop() {
		if i++; i == 40_000 { // the week has ended
			b.Fatal("too many rounds: -benchtime 2000x")
		}
		began := time.Now()
		send(i)
		for in.Scan() && !strings.HasPrefix(in.Text(), "data: ") {
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-median")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
}
