package cli

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/measure"
	"example.com/flatline/examples/study/internal/model"
)

// own is a package with three operations, one of which states no cost.
func own(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "p")
	require.NoError(t, os.Mkdir(dir, 0o700))
	for name, text := range map[string]string{
		"go.mod": "module p\n\ngo 1.24\n",
		"doc.go": "// Package p is.\n//\n// # Complexity\n//\n//\tGet, Scan  O(1)\npackage p\n",
		"p_test.go": "package p\n\nimport \"testing\"\n\nfunc BenchmarkList_Get(b *testing.B) {}\n\n" +
			"func BenchmarkList_Scan(b *testing.B) {}\n\nfunc BenchmarkList_Other(b *testing.B) {}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// TestPredict drives the questions by a script: a class that is none is asked for
// again, and what was expected is compared with what is measured.
func TestPredict(t *testing.T) {
	judged := func(bench string, f func(n float64) float64, stated growth.Class) *model.Op {
		var points []growth.Point
		for n := 256; n <= 1<<16; n *= 4 {
			points = append(points, growth.Point{N: n, V: f(float64(n))})
		}
		w := growth.Work{Mean: points, Worst: points}
		o := &model.Op{Pkg: "p", Bench: bench, Work: &model.Work{Work: w, Judgement: growth.JudgeWork(w, growth.Bound{Class: stated})}}
		o.Decide()
		return o
	}
	defer func(f func(context.Context, measure.Config) (*model.Study, error)) { measureAll = f }(measureAll)
	measured := false
	measureAll = func(context.Context, measure.Config) (*model.Study, error) {
		measured = true
		return &model.Study{Ops: []*model.Op{
			judged("List_Get", func(float64) float64 { return 5 }, growth.Constant),
			judged("List_Scan", func(n float64) float64 { return n }, growth.Linear),
		}}, nil
	}
	dir := own(t)
	for name, tc := range map[string]struct {
		script string
		want   []string
	}{
		"all right":         {"O(1)\n1\nn\n256\n", []string{"p List.Get, the worst call: which class?", "right: 2 of 2 classes, 2 of 2 factors within a factor of 2", "would get 2 of these 4", "your score: 2 more than that, of 2: you win", "no surprises"}},
		"a surprise":        {"1\n1\nlog n\n2\n", []string{"1 of 2 classes, 1 of 2", "your score: 0, one answer to all does as well", "surprise: p List.Scan, the worst call: you said O(log n) and ×2, it is O(n) and ×256"}},
		"a factor too many": {"1\nx4\nn\n200\n", []string{"2 of 2 classes, 1 of 2", "surprise: p List.Get, the worst call: you said O(1) and ×4, it is O(1) and ×1"}},
		"asked again":       {"fast\n1\nmuch\n-1\n1\n\n", []string{"one of 1, log n", "a number above 0", "1 of 1 classes, 1 of 1", "your score: none, for one answer is right"}},
		"given up":          {"1\n", []string{"0 of 0 classes"}},
	} {
		t.Run(name, func(t *testing.T) {
			measured = false
			var stdout, stderr bytes.Buffer
			page := filepath.Join(t.TempDir(), "report.html")
			Run(t.Context(), []string{"-predict", "-o", page, "-pkg", dir}, strings.NewReader(tc.script), &stdout, &stderr)
			assert.True(t, measured)
			assert.Empty(t, stderr.String())
			for _, want := range tc.want {
				assert.Contains(t, stdout.String(), want)
			}
			assert.NotContains(t, stdout.String(), "List.Other", "its cost is not stated")
			questions, results, found := strings.Cut(stdout.String(), "package  operation")
			assert.True(t, found && strings.Contains(questions, "which class?") && strings.Contains(results, "your score"), "it asks before it measures")
		})
	}
}

// TestBlind: on none of the ten packages does one answer to all questions win, and on
// each of them what is stated does.
func TestBlind(t *testing.T) {
	root, err := measure.Root()
	require.NoError(t, err)
	for _, pkg := range measure.Packages {
		ops, err := measure.Operations(root, []string{pkg}, nil, nil)
		require.NoError(t, err)
		rows, err := costs.ParseDir(filepath.Join(root, pkg))
		require.NoError(t, err)
		s := new(model.Study)
		right := map[measure.Operation]guess{}
		for _, op := range ops { // as if all was as stated
			stated, _, ok := costs.Match(rows, op.Bench)
			require.True(t, ok)
			assert.Equal(t, stated.OnAverage(), op.Mean, op.Bench)
			j := growth.Judge(curve(stated.Class), stated.Class)
			s.Ops = append(s.Ops, &model.Op{Pkg: pkg, Bench: op.Bench, Stated: stated, Work: &model.Work{Judgement: j}})
			right[op] = guess{j.Class, factor(&j)}
		}
		var out bytes.Buffer
		score(right, s, &out)
		assert.Contains(t, out.String(), "you win", "%s: all answers are right:\n%s", pkg, out.String())
		for class := growth.Constant; class <= growth.NLogN; class++ {
			for f := 0.5; f < 1<<13; f *= 1.3 {
				same := map[measure.Operation]guess{}
				for _, op := range ops {
					same[op] = guess{class, f}
				}
				out.Reset()
				score(same, s, &out)
				require.NotContains(t, out.String(), "you win", "%s: %v and ×%g to all of %d", pkg, class, f, len(ops))
			}
		}
	}
}

// curve is a cost of that class, at the sizes of a study.
func curve(c growth.Class) (points []growth.Point) {
	for n := 256; n <= 1<<16; n *= 4 {
		x := float64(n)
		points = append(points, growth.Point{N: n, V: map[growth.Class]float64{
			growth.Constant: 9, growth.Log: math.Log2(x), growth.Sqrt: math.Sqrt(x), growth.Linear: x, growth.NLogN: x * math.Log2(x),
		}[c]})
	}
	return points
}

func TestReadClass(t *testing.T) {
	for s, want := range map[string]growth.Class{
		"1": growth.Constant, "O(1)": growth.Constant, "log n": growth.Log, "o(logn)": growth.Log, "√n": growth.Sqrt, "sqrt(n)": growth.Sqrt, "n": growth.Linear, "N log N": growth.NLogN, "n*log(n)": growth.NLogN,
	} {
		c, ok := readClass(s)
		assert.True(t, ok, s)
		assert.Equal(t, want, c, s)
	}
	_, ok := readClass("n²")
	assert.False(t, ok)
}
