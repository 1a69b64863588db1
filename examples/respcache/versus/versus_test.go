package main

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPerSecond(t *testing.T) {
	const head = `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"` + "\n"
	got, err := perSecond(head + `"SET","109890.11","0.255","0.080","0.247","0.327","0.479","0.775"` + "\n")
	require.NoError(t, err)
	require.InDelta(t, 109890.11, got, 0)
	for _, bad := range []string{"", "x", head, head + `"SET","0.00","1","1","1","1","1","1"` + "\n", head + `"SET","fast","1","1","1","1","1","1"` + "\n", head + `"SET"`, "WARNING: no CONFIG\n" + head} {
		_, err := perSecond(bad)
		require.Error(t, err, "%q", bad)
	}
}

func TestCPUTime(t *testing.T) {
	const line = "4242 (a (b) c) S 1 4242 4242 0 -1 4194560 1310 0 0 0 123 45 7 8 20 0 5 0 998 57802752 3072 18446744073709551615 1 1\n"
	got, err := cpuTime(line)
	require.NoError(t, err)
	require.Equal(t, 1680*time.Millisecond, got)
	for _, bad := range []string{"", "1 (x) S 1", strings.Replace(line, "123", "x", 1)} {
		_, err := cpuTime(bad)
		require.Error(t, err, "%q", bad)
	}
}

// What /proc says of this process goes up as it works.
func TestProc(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		_, err := cpuTimeOf(os.Getpid())
		require.Error(t, err)
		t.Skip("no /proc on this system")
	}
	before, err := cpuTimeOf(os.Getpid())
	require.NoError(t, err)
	for end := time.Now().Add(time.Minute); ; {
		after, err := cpuTimeOf(os.Getpid())
		require.NoError(t, err)
		if after >= before+2*tick {
			break
		}
		require.True(t, time.Now().Before(end), "the time stands still")
	}
	n, err := rssOf(os.Getpid())
	require.NoError(t, err)
	require.Greater(t, n, int64(1<<20))
	_, err = rss("VmSize:\t 10 kB\n")
	require.Error(t, err)
	server, client, err := cores()
	require.NoError(t, err)
	require.GreaterOrEqual(t, client, server)
}

func TestHitsMisses(t *testing.T) {
	hits, misses, ok := hitsMisses("131500 Gets/sec | Hits: 104000 (79.09%) | Misses: 27500 (20.91%)")
	require.True(t, ok)
	require.Equal(t, []int64{104000, 27500}, []int64{hits, misses})
	for _, bad := range []string{"", "Hits: 1 | Misses: 2", "Hits: 99999999999999999999 (1%) | Misses: 1 (1%)"} {
		_, _, ok := hitsMisses(bad)
		require.False(t, ok, "%q", bad)
	}
}

func TestListensOn(t *testing.T) {
	require.Equal(t, "127.0.0.1:4711", listensOn("hello\nlistening on 127.0.0.1:4711\nmore\n"))
	require.Empty(t, listensOn("listening on 127.0.0.1:47"))
}

func TestCoreList(t *testing.T) {
	for s, want := range map[string][]int{"0": {0}, "0-3": {0, 1, 2, 3}, "2,4-5,9": {2, 4, 5, 9}, "0-1023": {0, 1, 2, 3, 4, 5, 6, 7}} {
		got, err := coreList(s)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, bad := range []string{"", "x", "3-1", "1-", "1,,2"} {
		_, err := coreList(bad)
		require.Error(t, err, "%q", bad)
	}
}

func TestMedian(t *testing.T) {
	require.InDelta(t, 0, median(nil), 0)
	require.InDelta(t, 3, median([]float64{3}), 0)
	require.InDelta(t, 2, median([]float64{9, 1, 2}), 0)
	require.InDelta(t, 2.5, median([]float64{9, 1, 2, 3}), 0)
	all := []float64{3, 1, 2}
	require.Equal(t, "2.0 (1.0–3.0)", spread(all, "%.1f"))
	require.Equal(t, []float64{3, 1, 2}, all, "the rounds keep their order")
	require.Equal(t, "7", spread([]float64{7}, "%.0f"))
	require.Equal(t, "none", spread(nil, "%.0f"))
}

func TestRow(t *testing.T) {
	// The ratio is of rounds: here every round has 1.2, the medians alone say it as well.
	r := row{figure: "SET", ours: []float64{120, 240, 12}, peers: []float64{100, 200, 10}, format: "%.0f", least: 1.2}
	require.InDelta(t, 1.2, r.ratio(), 1e-12)
	require.Equal(t, "| SET | 120 (12–240) | 100 (10–200) | 1.20× | ≥ 1.20× | yes |", r.String())
	r.ours = []float64{119, 238, 11.9}
	require.Equal(t, "no", r.met())
	// A slow round counts as one, however slow.
	r.ours, r.peers = []float64{130, 130, 130}, []float64{100, 1, 100}
	require.InDelta(t, 1.3, r.ratio(), 1e-12)

	r = row{figure: "CPU", ours: []float64{0.5}, peers: []float64{0.5}, format: "%.2f", most: 0.8}
	require.Equal(t, "| CPU | 0.50 | 0.50 | 1.00× | ≤ 0.80× | no |", r.String())
	r = row{figure: "hits", ours: []float64{82.5}, peers: []float64{79.5}, format: "%.1f", points: true, least: 2.5}
	require.Equal(t, "| hits | 82.5 | 79.5 | +3.0 points | ≥ +2.5 points | yes |", r.String())
	r.least = 0
	require.Equal(t, "| hits | 82.5 | 79.5 | +3.0 points |  |  |", r.String())
}

func TestNext(t *testing.T) {
	const empty, each = 1_000_000, 100
	holds := func(bytes int64) int { return int(max(0, bytes-empty-5000) / each) } // some of it is not for keys
	var seen []bound
	bytes := int64(empty + 400_000)
	for range 3 {
		seen = append(seen, bound{bytes, holds(bytes)})
		bytes = next(seen, empty, 25_000)
	}
	require.Less(t, math.Abs(float64(holds(bytes)-25_000)), 25_000/200.)
	require.Equal(t, int64(empty+20), next([]bound{{empty + 10, 0}}, empty, 100), "it holds nothing: twice as much")
	require.Equal(t, int64(empty+1), next([]bound{{empty + 10, 1000}}, empty, 0), "never less than the empty server")
	require.Equal(t, next([]bound{{empty + 10, 5}}, empty, 100), next([]bound{{empty + 20, 5}, {empty + 10, 5}}, empty, 100), "two of the same make no line")
}

func TestSplice(t *testing.T) {
	at := marks(defaultParts)
	begin, end := at[0], at[1]
	doc := "# Title\n\n" + begin + "old\n" + end + "rest\n"
	got, err := splice(doc, "new\n", at)
	require.NoError(t, err)
	require.Equal(t, "# Title\n\n"+begin+"new\n"+end+"rest\n", got)
	again, err := splice(got, "new\n", at)
	require.NoError(t, err)
	require.Equal(t, got, again)
	for _, bad := range []string{"", begin, end, end + begin} {
		_, err := splice(bad, "new\n", at)
		require.Error(t, err, "%q", bad)
	}
}

func TestRefused(t *testing.T) {
	require.ErrorContains(t, run(quick, true, true), "-update needs the whole measurement")
	p := full
	p.parts = "speed"
	require.ErrorContains(t, run(p, true, false), "-update needs the whole measurement")
}

// TestQuick measures everything a little, to see that every figure is there.
func TestQuick(t *testing.T) {
	for _, name := range []string{"redis-server", "taskset"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(name + " is not installed (Debian: apt-get install redis-server util-linux)")
		}
	}
	if testing.Short() {
		t.Skip("-short")
	}
	old := os.Stdout
	r, w, err := os.Pipe()
	require.NoError(t, err)
	os.Stdout = w
	defer func() { os.Stdout = old }()
	printed := make(chan string)
	go func() { b, _ := io.ReadAll(r); printed <- string(b) }()
	p := quick
	p.parts = defaultParts + ",save"
	err = run(p, false, true)
	w.Close()
	got := <-printed
	require.NoError(t, err)
	require.Len(t, strings.Split(got, "\n| "), 1+1+12+1+2+5, "%s", got)
	require.NotContains(t, got, "NaN")
	require.NotContains(t, got, "Inf")
	require.Contains(t, got, "A quick run")
}

// A server that cannot start is distinguished from a slow one, and says why.
func TestStartFails(t *testing.T) {
	if _, err := exec.LookPath("taskset"); err != nil {
		t.Skip("taskset is not installed (Debian: apt-get install util-linux)")
	}
	b := &bench{plan: plan{bin: "/nonexistent"}, dir: t.TempDir()}
	_, err := b.start(t.Context(), "respcache", 0, "")
	require.ErrorContains(t, err, "ended at its start")
	require.ErrorContains(t, err, "nonexistent")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	_, err = b.start(ctx, "respcache", 0, "")
	require.ErrorIs(t, err, context.Canceled)
}
