package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
)

const counted = `pkg: example.com/p
BenchmarkList_Get/n=256     1000  50 ns/op  8 comparisons/op  80 instr/op
BenchmarkList_Get/n=1024    1000  40 ns/op  10 comparisons/op 80 instr/op
BenchmarkList_Get/n=4096    1000  45 ns/op  12 comparisons/op 80 instr/op
`

func TestInput(t *testing.T) {
	s, err := fromInput(strings.NewReader(input), nil)
	require.NoError(t, err)
	require.Len(t, s.Ops, 2)
	get, scan := s.Ops[0], s.Ops[1]
	assert.Equal(t, "Get", get.Name())
	assert.Equal(t, []growth.Point{{N: 256, V: 12}, {N: 1024, V: 12}, {N: 4096, V: 12}}, get.PerOp.Points, "the median of repetitions")
	assert.Equal(t, "cannot tell from time: it may not grow at all", get.Why)
	assert.Equal(t, "between O(√n) and O(n log n)", scan.Why)
	for _, o := range s.Ops {
		assert.Equal(t, growth.Unknown, o.Class(), "no class is named from time")
		assert.Equal(t, growth.Unstated, o.Verdict)
	}
	assert.Empty(t, s.Failed())
	assert.Equal(t, []int{256, 1024, 4096}, timedSizes(s))
}

// TestInputCounts: what is counted is judged, in the order of authority, and compared
// with what is stated.
func TestInputCounts(t *testing.T) {
	s, err := fromInput(strings.NewReader(counted), nil)
	require.NoError(t, err)
	require.Len(t, s.Ops, 1)
	o := s.Ops[0]
	assert.Equal(t, "comparisons/op", o.Unit)
	assert.Equal(t, growth.Log, o.Class())
	assert.Len(t, o.Time.Plain, 3, "the times are drawn")
	assert.Empty(t, timedSizes(s), "and need no yardstick")
	for stated, want := range map[growth.Class]growth.Verdict{growth.Constant: growth.Refuted, growth.Log: growth.Confirmed, growth.Linear: growth.Confirmed} {
		s, err := fromInput(strings.NewReader(counted), []costs.Row{{Op: "Get", Cost: costs.Cost{Class: stated}}})
		require.NoError(t, err)
		assert.Equal(t, want, s.Ops[0].Verdict, stated)
		assert.Equal(t, want == growth.Refuted, len(s.Failed()) > 0)
	}
	s, err = fromInput(strings.NewReader(input), []costs.Row{{Op: "Scan", Cost: costs.Cost{Class: growth.Constant}}})
	require.NoError(t, err)
	assert.Contains(t, s.Ops[1].Why, "O(1) is outside, which time alone neither confirms nor refutes")
	assert.Empty(t, s.Failed(), "time asserts nothing")
}

// TestRecorded: of recorded runs, on a busy machine, no wrong class is named.
func TestRecorded(t *testing.T) {
	for file, tc := range map[string]struct {
		truth growth.Class
		ops   int
		why   string // of every operation
	}{
		"falling.txt":  {growth.Constant, 1, "cannot tell from time"},
		"gomap.txt":    {growth.Constant, 2, ""},
		"constant.txt": {growth.Constant, 20, ""},
		"linear.txt":   {growth.Linear, 1, "between O(√n) and O(n log n)"},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		require.NoError(t, err)
		s, err := fromInput(bytes.NewReader(text), nil)
		require.NoError(t, err)
		require.Len(t, s.Ops, tc.ops, file)
		for _, o := range s.Ops {
			assert.Contains(t, o.Why, tc.why, "%s: %s", file, o.Name())
			_, between := growth.JudgeTime(o.PerOp.Points)
			if between == nil {
				assert.Contains(t, o.Why, "cannot tell from time", "%s: %s", file, o.Name())
				continue
			}
			assert.LessOrEqual(t, between.From, tc.truth, "%s: %s: %s", file, o.Name(), o.Why)
			assert.GreaterOrEqual(t, between.To, tc.truth, "%s: %s: %s", file, o.Name(), o.Why)
		}
	}
}

func TestMedian(t *testing.T) {
	assert.Equal(t, 2.0, median([]float64{3, 1, 2}))
	assert.Equal(t, 2.5, median([]float64{3, 1, 2, 9}))
}
