package logtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/logpipe/logs"
)

// vocabulary is what the records and the queries of testGrep are made of: some words are
// parts of others.
var vocabulary = []string{"time", "out", "timeout", "a", "aa", "é", "x1", "1", "failed", "user_7"}

func text(t *rapid.T, label string) string {
	words := rapid.SliceOfN(rapid.SampledFrom(vocabulary), 1, 6).Draw(t, label)
	gaps := rapid.SampledFrom([]string{" ", "=", "\n\tat ", "-"})
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(gaps.Draw(t, "gap"))
		}
		b.WriteString(w)
	}
	return b.String()
}

// selects is what a query means, in the plainest words: a scan of everything.
func selects(words []string, l logs.Line) bool {
	isWord := func(r rune) bool {
		return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80
	}
	tokens := func(s string) (all []string) {
		for r := range strings.FieldsFuncSeq(s, func(r rune) bool { return !isWord(r) }) {
			all = append(all, r)
		}
		return all
	}
	for _, w := range words {
		not := strings.HasPrefix(w, "-")
		if slices.Contains(tokens(l.Text), strings.TrimPrefix(w, "-")) == not {
			return false
		}
	}
	return true
}

// testGrep: a query returns exactly what a scan of all records returns, in order, whatever is
// in blocks already, and after the store was opened again (L3).
func testGrep(t *testing.T, open opens) {
	rapid.Check(t, func(rt *rapid.T) {
		s, reopen := open(t, logs.Limits{Hot: 2000, Segment: rapid.SampledFrom([]int64{500, 1 << 30}).Draw(rt, "segment")})
		defer func() { _ = s.Close() }()
		var all []logs.Line
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "step") {
			case 0:
				s = reopen()
			case 1:
				require.NoError(rt, s.Retain(Now))
			default:
				batch := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) logs.Line {
					at := Now.Add(-time.Duration(rapid.IntRange(0, 3*24*3600).Draw(rt, "ago")) * time.Second)
					return Line(at, logs.Level(rapid.IntRange(0, 5).Draw(rt, "level")), rapid.SampledFrom([]string{"api", "web"}).Draw(rt, "service"), text(rt, "text"))
				}), 1, 40).Draw(rt, "batch")
				Keep(rt, s, batch...)
				all = append(all, batch...)
			}
			require.NoError(rt, s.Check())
		}
		// In the order of days, of streams, and of arrival.
		slices.SortStableFunc(all, func(a, b logs.Line) int {
			return cmp.Or(a.Time.Truncate(day).Compare(b.Time.Truncate(day)), strings.Compare(a.Service, b.Service))
		})
		for range 5 {
			words := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) string {
				return rapid.SampledFrom([]string{"", "", "-"}).Draw(rt, "not") + rapid.SampledFrom(append(vocabulary, "nowhere")).Draw(rt, "word")
			}), 0, 3).Draw(rt, "words")
			level := logs.Level(rapid.IntRange(0, 5).Draw(rt, "level"))
			q := Parse(rt, fmt.Sprintf("level>=%v %s", level, strings.Join(words, " ")))
			q.From = Now.Add(-time.Duration(rapid.IntRange(0, 4*24*3600).Draw(rt, "from")) * time.Second)
			q.To = q.From.Add(time.Duration(rapid.IntRange(0, 2*24*3600).Draw(rt, "for")) * time.Second)
			var want []logs.Line
			for _, l := range all {
				if l.Level >= level && selects(words, l) && !l.Time.Before(q.From) && l.Time.Before(q.To) {
					want = append(want, l)
				}
			}
			require.Equal(rt, want, Found(rt, s, q))
		}
	})
}

// testQueries: what some queries return, from memory and from a block that has several
// levels, times and places of a phrase (L3).
func testQueries(t *testing.T, open opens) {
	begin := Now.Truncate(day).Add(-day)
	all := []logs.Line{
		Line(begin.Add(time.Hour), logs.Info, "api", "timeout at time 1"),
		Line(begin, logs.Error, "api", "a time out"),
		Line(begin.Add(2*time.Hour), logs.Debug, "api", "time-outs"),
		Line(begin.Add(time.Hour+time.Microsecond), logs.Fatal, "api", "the end"),
	}
	cases := []struct {
		query    string
		from, to time.Duration // 0 is no bound
		want     []int
	}{
		{"", 0, 0, []int{0, 1, 2, 3}},
		{"time", 0, 0, []int{0, 1, 2}},
		{`"time out"`, 0, 0, []int{1}},
		{"out", 0, 0, []int{1}},
		{"ime", 0, 0, nil},
		{"-time", 0, 0, []int{3}},
		{"-nowhere", 0, 0, []int{0, 1, 2, 3}},
		{"time -timeout", 0, 0, []int{1, 2}},
		{"time -nowhere", 0, 0, []int{0, 1, 2}},
		{"level=info", 0, 0, []int{0}},
		{"level>=error", 0, 0, []int{1, 3}},
		{"-level=info", 0, 0, []int{1, 2, 3}},
		{"level<=debug", 0, 0, []int{2}},
		{"service=web", 0, 0, nil},
		{"", time.Hour, 0, []int{0, 2, 3}},
		{"", time.Hour + 1, 0, []int{2, 3}},
		{"", 0, time.Hour, []int{1}},
		{"", time.Hour, time.Hour + time.Microsecond, []int{0}},
		{"", 2 * time.Hour, 0, []int{2}},
		{"", 2*time.Hour + 1, 0, nil},
		{"time", 0, time.Hour + 1, []int{0, 1}},
	}
	s, reopen := open(t, logs.Limits{})
	for i := range all {
		Keep(t, s, all[i])
	}
	for _, state := range []string{"in memory", "in a block", "opened again"} {
		switch state {
		case "in a block":
			require.NoError(t, s.Retain(Now))
			require.Equal(t, 1, s.Stats().Blocks)
		case "opened again":
			s = reopen()
		}
		for _, x := range cases {
			q := Parse(t, x.query)
			if x.from != 0 {
				q.From = begin.Add(x.from)
			}
			if x.to != 0 {
				q.To = begin.Add(x.to)
			}
			var want, matched []logs.Line
			for _, i := range x.want {
				want = append(want, all[i])
			}
			for i := range all {
				if q.Match(&all[i]) {
					matched = append(matched, all[i])
				}
			}
			assert.Equal(t, want, Found(t, s, q), "%s: %+v", state, x)
			assert.Equal(t, want, matched, "Match: %+v", x)
		}
	}
	require.NoError(t, s.Close())
}
