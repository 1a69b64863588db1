package logs_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/logpipe/logs"
	"example.com/flatline/examples/logpipe/logs/logtest"
	"example.com/flatline/ratelimit"
)

// TestNaiveSampling: one record in a hundred of everything: the one that explains the
// failure is gone 99 times in 100. Here it is always there.
func TestNaiveSampling(t *testing.T) {
	lost := 0
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 0))
		found := false
		for i := range 1000 {
			text := "level=info msg=served"
			if i == 500 {
				text = "level=error msg=\"disk full\""
			}
			found = found || r.IntN(100) == 0 && strings.Contains(text, "disk full")
		}
		if !found {
			lost++
		}
	}
	assert.Greater(t, lost, 90)

	p, m := newPipe(logs.Options{Sample: ratelimit.Per(1, time.Second)})
	accept(t, p, "%slevel=error msg=\"disk full\"\n%s", strings.Repeat("level=info msg=served\n", 500), strings.Repeat("level=info msg=served\n", 500))
	assert.Len(t, logtest.Found(t, m, logtest.Parse(t, `"disk full"`)), 1)
}

// TestNaiveWeights: without weights a chart shows what was kept, not what happened.
func TestNaiveWeights(t *testing.T) {
	p, m := newPipe(logs.Options{Sample: ratelimit.Per(10, time.Second), Rand: rand.New(rand.NewPCG(1, 2))})
	accept(t, p, "%s", strings.Repeat("level=info msg=served\n", 100_000))
	kept := logtest.Found(t, m, logtest.Parse(t, ""))
	assert.Less(t, len(kept), 2000, "naive: counting what is stored")
	sum := 0
	for _, l := range kept {
		sum += int(l.Weight)
	}
	assert.InDelta(t, 100_000, sum, 15_000)
}

// TestNaiveDrop: a channel that is full drops, and no counter knows (fluent-bit#4205). Here a
// batch that is not accepted is an error, and the file keeps it.
func TestNaiveDrop(t *testing.T) {
	queue, dropped := make(chan string, 10), 0
	for i := range 100 {
		select {
		case queue <- fmt.Sprint(i):
		default: // naive
		}
	}
	assert.Equal(t, 90, 100-len(queue)-dropped, "gone, and nothing says so")

	w := newWorld(t)
	w.write(100)
	w.refuse = 4 // the first one is refused
	for range 6 {
		_, err := w.step()
		assert.True(t, err == nil || strings.Contains(err.Error(), "refused"))
	}
	w.settle()
	assert.EqualValues(t, 100, w.store.Stats().Stored)
}

// TestNaiveBatch: a store that refuses a batch for one bad line gets it again and again
// (fluent-bit#3082), or loses the good ones with it (vector#20706). Here no line is refused.
func TestNaiveBatch(t *testing.T) {
	bad := []string{`{"level":"info"`, "\xff\xfe", "\x00", `{"time":"2999-01-01T00:00:00Z"}`, strings.Repeat("x", 100<<10), `{"level":{}}`, "level=\"", "=", "{}"}
	stored := 0
	for range 100 { // naive: all or nothing, and again
		ok := true
		for _, line := range bad {
			ok = ok && !strings.HasPrefix(line, "{") // "cannot parse"
		}
		if ok {
			stored += len(bad)
		}
	}
	assert.Zero(t, stored)

	p, m := newPipe(logs.Options{})
	r := accept(t, p, "level=info good\n%s\nlevel=info good\n", strings.Join(bad, "\n"))
	assert.Equal(t, len(bad)+2, r.Kept)
	assert.Len(t, logtest.Found(t, m, logtest.Parse(t, "good")), 2)
}

// TestNaiveFuture: retention by the newest time that was seen: one wrong clock deletes
// everything, or a record of the year 2999 is never deleted. Here such a time is replaced.
func TestNaiveFuture(t *testing.T) {
	times := []time.Time{now, now.Add(time.Hour), now.AddDate(900, 0, 0)}
	newest, left := times[2], 0
	for _, at := range times {
		if newest.Sub(at) < 30*day { // naive
			left++
		}
	}
	assert.Equal(t, 1, left, "the wrong one")

	p, m := newPipe(logs.Options{})
	accept(t, p, "time=2999-01-01T00:00:00Z level=info wrong\nlevel=info right\n")
	require.NoError(t, m.Retain(now))
	assert.Len(t, logtest.Found(t, m, logtest.Parse(t, "")), 2)
	require.NoError(t, m.Retain(now.Add(32*day)))
	assert.Empty(t, logtest.Found(t, m, logtest.Parse(t, "")), "both are gone in time")
}

// TestNaiveInjection: a user name with a newline writes a second record into a terminal, one
// with an escape sequence clears it, and one with a tag runs in a page. Here one record stays
// one line, and nothing in it is an instruction.
func TestNaiveInjection(t *testing.T) {
	evil := "bob\n2026-01-31T12:00:00Z ERROR forged\x1b[2J<script>alert(1)</script>\u202e"
	naive := "login of " + evil
	assert.Len(t, strings.Split(naive, "\n"), 2)
	assert.Contains(t, naive, "\x1b")

	p, _ := newPipe(logs.Options{})
	b := fmt.Appendf(nil, `{"level":"info","msg":%q}`, "login of "+evil)
	_, err := p.Accept(t.Context(), logs.Batch{Body: append(append(b, '\n'), "level=info \x1b[2J \u202eraw\n\tat x"...)})
	require.NoError(t, err)
	for _, format := range []string{"text", "json"} {
		body := ask(logs.Handler(p), "GET", "/query?format="+format, "").Body.String()
		assert.Equal(t, 2, strings.Count(body, "\n"), body)
		assert.NotContains(t, body, "\x1b")
		assert.Equal(t, format == "json", strings.Contains(body, "\u202e"), "it turns the text of a terminal")
	}
}

// TestNaiveOrder: a segment that takes records in order of time only refuses one that is late
// (fluent-bit#2748). Here it goes where it belongs.
func TestNaiveOrder(t *testing.T) {
	last, refused := time.Time{}, 0
	times := []time.Time{now, now.Add(-time.Second), now.Add(-day)}
	for _, at := range times {
		if at.Before(last) { // naive: "entry out of order"
			refused++
			continue
		}
		last = at
	}
	assert.Equal(t, 2, refused)

	p, m := newPipe(logs.Options{})
	for _, at := range times {
		accept(t, p, "time=%s level=info x\n", at.Format(time.RFC3339))
	}
	assert.Len(t, logtest.Found(t, m, logtest.Parse(t, "")), 3)
	assert.Equal(t, 2, m.Stats().Segments)
}

// TestNaiveResend: a batch whose acknowledgement was lost is sent again, and without offsets
// it is there twice.
func TestNaiveResend(t *testing.T) {
	p, m := newPipe(logs.Options{})
	for range 2 {
		accept(t, p, "level=info naive\n")
	}
	assert.Len(t, logtest.Found(t, m, logtest.Parse(t, "naive")), 2)
	for range 2 {
		_, err := p.Accept(t.Context(), logs.Batch{Agent: "a", File: "f", Body: []byte("level=info once\n")})
		require.NoError(t, err)
	}
	assert.Len(t, logtest.Found(t, m, logtest.Parse(t, "once")), 1)
}

// TestNaiveOffset: an offset without the file's identity: after a rotation the beginning of
// the new file is skipped.
func TestNaiveOffset(t *testing.T) {
	old, fresh := strings.Repeat("old\n", 100), strings.Repeat("new\n", 120)
	offset := len(old)
	assert.Len(t, strings.Fields(fresh[offset:]), 20, "naive: 100 are skipped")

	w := newWorld(t)
	w.write(100)
	w.settle()
	w.rename()
	w.write(120)
	w.settle()
	assert.EqualValues(t, 220, w.store.Stats().Stored)
}
