package logs_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/logpipe/logs"
	"example.com/flatline/examples/logpipe/logs/logtest"
	"example.com/flatline/ratelimit"
)

// newPipe returns a pipe into memory, whose clock stands still.
func newPipe(o logs.Options) (*logs.Pipe, *logs.Memory) {
	m := logs.NewMemory(logs.Limits{})
	o.Store = m
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	return logs.NewPipe(o), m
}

func accept(t testing.TB, p *logs.Pipe, format string, args ...any) logs.Receipt {
	r, err := p.Accept(t.Context(), logs.Batch{Body: fmt.Appendf(nil, format, args...)})
	require.NoError(t, err)
	return r
}

// TestResend: whatever part of a file is sent again, from wherever, each record is stored
// once (L2).
func TestResend(t *testing.T) {
	file := logtest.NewGenerator(5, now.Add(-time.Minute)).Bytes(20 << 10)
	var starts []int
	for at := range logs.Records(file) {
		starts = append(starts, at)
	}
	starts = append(starts, len(file))
	rapid.Check(t, func(rt *rapid.T) {
		p, m := newPipe(logs.Options{})
		reached := 0
		send := func(from, to int) {
			r, err := p.Accept(t.Context(), logs.Batch{Agent: "a", File: "f", First: int64(from), Body: file[from:to]})
			require.NoError(rt, err)
			reached = max(reached, to)
			require.EqualValues(rt, reached, r.Next)
			require.Equal(rt, r.In, r.Kept)
		}
		for reached < len(file) {
			last := len(starts) - 1
			for starts[last] > reached {
				last--
			}
			from := rapid.IntRange(0, last).Draw(rt, "from")
			send(starts[from], starts[rapid.IntRange(from, len(starts)-1).Draw(rt, "to")])
		}
		send(0, len(file))
		require.EqualValues(rt, len(starts)-1, m.Stats().Stored)
		require.NoError(rt, m.Check())
	})
}

// TestConcurrentResend: two requests with the same records store them once (L2).
func TestConcurrentResend(t *testing.T) {
	p, m := newPipe(logs.Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range int64(100) {
				_, err := p.Accept(t.Context(), logs.Batch{Agent: "a", File: "f", First: 2 * i, Body: []byte("x\n")})
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 100, m.Stats().Stored)
	assert.Zero(t, m.Stats().Gaps)
}

// TestConservation: whatever is sent, each record is kept, sampled away, or expired, and the
// receipts, the store and the metrics agree (L1).
func TestConservation(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, m := newPipe(logs.Options{Sample: ratelimit.Per(2, time.Second), Rand: rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))})
		var sum logs.Receipt
		want := 0
		for range rapid.IntRange(1, 5).Draw(rt, "batches") {
			var b strings.Builder
			for range rapid.IntRange(1, 50).Draw(rt, "records") {
				want++
				ago := rapid.SampledFrom([]time.Duration{0, time.Hour, 29 * day, 40 * day, -time.Hour}).Draw(rt, "ago")
				fmt.Fprintf(&b, "time=%s level=%s msg=x\n", now.Add(-ago).Format(time.RFC3339), rapid.SampledFrom([]string{"info", "error"}).Draw(rt, "level"))
			}
			r, err := p.Accept(t.Context(), logs.Batch{Body: []byte(b.String())})
			require.NoError(rt, err)
			require.Equal(rt, r.In, r.Kept+r.Sampled+r.Expired)
			sum = logs.Receipt{In: sum.In + r.In, Kept: sum.Kept + r.Kept, Sampled: sum.Sampled + r.Sampled, Expired: sum.Expired + r.Expired}
		}
		st := m.Stats()
		require.EqualValues(rt, []uint64{uint64(want), uint64(sum.Kept), uint64(sum.Sampled), uint64(sum.Expired)}, []uint64{st.In, st.Kept, st.Sampled, st.Expired})
		require.NoError(rt, m.Retain(now))
		require.NoError(rt, m.Check())
		require.Len(rt, logtest.Found(rt, m, logtest.Parse(rt, "")), int(st.Kept))
		for outcome, n := range map[string]int{"kept": sum.Kept, "sampled": sum.Sampled, "expired": sum.Expired} {
			got := 0
			for line := range strings.SplitSeq(ask(logs.Handler(p), "GET", "/metrics", "").Body.String(), "\n") {
				var one int
				if strings.Contains(line, fmt.Sprintf("outcome=%q}", outcome)) {
					_, err := fmt.Sscan(line[strings.Index(line, "}")+1:], &one)
					require.NoError(rt, err)
				}
				got += one
			}
			require.Equal(rt, n, got)
		}
	})
}

// TestErrorsAreKept: above any rate all errors are kept, each for itself, and the first of
// each template (L4).
func TestErrorsAreKept(t *testing.T) {
	p, m := newPipe(logs.Options{Sample: ratelimit.Per(10, time.Second), Rand: rand.New(rand.NewPCG(1, 2))})
	for i := range 1000 {
		accept(t, p, "level=info msg=\"served %d\"\nlevel=error msg=\"failed %d\"\nlevel=fatal msg=\"died %d\"\n", i, i, i)
	}
	accept(t, p, "level=info msg=\"seen once\"\n")
	assert.Len(t, logtest.Found(t, m, logtest.Parse(t, "failed level=error")), 1000)
	assert.Len(t, logtest.Found(t, m, logtest.Parse(t, "died level=fatal")), 1000)
	assert.Len(t, logtest.Found(t, m, logtest.Parse(t, `"seen once"`)), 1)
	served := logtest.Found(t, m, logtest.Parse(t, "served"))
	assert.Less(t, len(served), 100)
	for i, l := range served[:10] {
		assert.EqualValues(t, 1, l.Weight)
		assert.Contains(t, l.Text, fmt.Sprint("served ", i, `"`))
	}
	assert.EqualValues(t, 100, served[10].Weight)
}

// TestUnbiased: the weights of what is kept estimate the number of records without bias:
// over many seeds the mean is within four standard errors (L5).
func TestUnbiased(t *testing.T) {
	t.Parallel()
	const seeds, records, rate, share = 100, 2000, 50, 100
	sum, l := 0.0, logs.Parse([]byte("level=info msg=x"), "svc", now)
	for seed := range uint64(seeds) {
		s := logs.NewSampler(ratelimit.Per(rate, time.Second), rand.New(rand.NewPCG(seed, 1)), func() time.Time { return now })
		for range records {
			sum += float64(s.Weight(&l))
		}
	}
	// A record above the rate has weight 100 or 0: a variance of 99.
	deviation := math.Sqrt(seeds * (records - rate) * (share - 1))
	assert.InDelta(t, seeds*records, sum, 4*deviation)
}

// TestTemplates: what a program fills in does not make another template; the most frequent
// ones are counted, by weight, with examples.
func TestTemplates(t *testing.T) {
	p, _ := newPipe(logs.Options{})
	for i := range 50 {
		accept(t, p, "level=info service=api msg=\"user %d logged in from 10.0.0.%d\"\n", i, i)
	}
	accept(t, p, "level=warn service=api msg=\"disk full\"\n")
	body := ask(logs.Handler(p), "GET", "/status", "").Body.String()
	assert.Contains(t, body, `{"service":"api","template":"user # logged in from #.#.#.#","level":"info","count":50,"examples":["level=info service=api msg=\"user `)
	assert.Contains(t, body, `"template":"disk full","level":"warn","count":1`)
}

// TestMillionServices: services without number take bounded memory: their records share a
// stream, and neither sampling nor templates nor metrics grow with them (L6).
func TestMillionServices(t *testing.T) {
	t.Parallel()
	total := 1_000_000
	if testing.Short() {
		total = 20_000
	}
	p, m := newPipe(logs.Options{Sample: ratelimit.Per(1, time.Second)})
	var b []byte
	for i := range total {
		b = fmt.Appendf(b, "level=error service=s%d x\n", i)
		if len(b) > 1<<20 || i == total-1 {
			_, err := p.Accept(t.Context(), logs.Batch{Body: b})
			require.NoError(t, err)
			b = b[:0]
		}
	}
	st := m.Stats()
	assert.EqualValues(t, total, st.Stored)
	assert.Equal(t, 513, st.Streams)
	assert.Equal(t, 513, st.Segments)
	assert.Less(t, len(ask(logs.Handler(p), "GET", "/metrics", "").Body.String()), 8<<10)
	require.NoError(t, m.Check())
}

// TestAlerts: a rule counts what it selects within its time, by weight, and fires above its
// number; what is older does not count.
func TestAlerts(t *testing.T) {
	at := now
	r, err := logs.ParseRule("api-errors: level>=error service=api > 2 in 1m")
	require.NoError(t, err)
	p, _ := newPipe(logs.Options{Alerts: []logs.Rule{r}, Now: func() time.Time { return at }})
	alerts := func() string { return strings.TrimSpace(ask(logs.Handler(p), "GET", "/alerts", "").Body.String()) }
	state := func(n int, firing bool) string {
		return fmt.Sprintf(`[{"name":"api-errors","query":"level\u003e=error service=api","count":%d,"above":2,"in":"1m0s","firing":%v}]`, n, firing)
	}
	assert.Equal(t, state(0, false), alerts())
	accept(t, p, "level=error service=api x\nlevel=error service=web x\nlevel=warn service=api x\nlevel=fatal service=api x\n")
	assert.Equal(t, state(2, false), alerts())
	at = at.Add(30 * time.Second)
	accept(t, p, "level=error service=api x\n")
	assert.Equal(t, state(3, true), alerts())
	assert.Contains(t, ask(logs.Handler(p), "GET", "/metrics", "").Body.String(), `logpipe_alert_firing{alert="api-errors"} 1`)
	at = at.Add(30 * time.Second)
	assert.Equal(t, state(1, false), alerts(), "the first two are a minute old")
	at = at.Add(-time.Hour) // the clock was set back
	accept(t, p, "level=error service=api x\n")
	assert.Equal(t, state(4, true), alerts(), "as at the latest time that it has seen")
	for _, bad := range []string{"", "x", "x: > 1", "x: level=none > 1 in 1m", "x y: a > 1 in 1m", "x: a > -1 in 1m", "x: a > 1 in 2h", "x: a > 1 in 1ms"} {
		_, err := logs.ParseRule(bad)
		assert.ErrorIs(t, err, logs.ErrBad, bad)
	}
}

// TestAlertWeights: a rule counts a record as many times as it stands for.
func TestAlertWeights(t *testing.T) {
	r, err := logs.ParseRule("many: served > 5000 in 1m")
	require.NoError(t, err)
	p, _ := newPipe(logs.Options{Alerts: []logs.Rule{r}, Sample: ratelimit.Per(1, time.Second), Rand: rand.New(rand.NewPCG(1, 2))})
	accept(t, p, "%s", strings.Repeat("level=info msg=served\n", 20_000))
	assert.Contains(t, ask(logs.Handler(p), "GET", "/alerts", "").Body.String(), `"firing":true`)
}
