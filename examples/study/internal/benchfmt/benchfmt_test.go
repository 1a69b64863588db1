package benchfmt

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const output = `goos: linux
goarch: amd64
pkg: example.com/a
cpu: some
BenchmarkCache_Get/impl=flatline/keys=hot/n=1024-8         	 1000000	        12.5 ns/op	       0 B/op	       0 allocs/op
BenchmarkPlain
BenchmarkPlain-8   	     100	      1.5e3 ns/op	   3.000 steps/op
    bench_test.go:3: Benchmarks are fun
Benchmarking, said the log
PASS
ok  	example.com/a	1.2s
pkg: example.com/b
BenchmarkScan/1024 	 5	 7 ns/op
`

func TestRead(t *testing.T) {
	got, err := Read(strings.NewReader(output))
	require.NoError(t, err)
	require.Len(t, got, 3)

	assert.Equal(t, "example.com/a", got[0].Pkg)
	assert.Equal(t, 1_000_000, got[0].Iters)
	assert.Equal(t, map[string]float64{"ns/op": 12.5, "B/op": 0, "allocs/op": 0}, got[0].Values)
	assert.Equal(t, 1024, got[0].Name.Size)

	assert.Equal(t, "Plain", got[1].Name.Full)
	assert.Equal(t, map[string]float64{"ns/op": 1500, "steps/op": 3}, got[1].Values)

	assert.Equal(t, "example.com/b", got[2].Pkg)
	assert.Equal(t, 1024, got[2].Name.Size)
}

func TestMalformed(t *testing.T) {
	for line, reason := range map[string]string{
		"BenchmarkX-8 fast":                  "iterations",
		"BenchmarkX-8 0 1 ns/op":             "iterations",
		"BenchmarkX-8 -1 1 ns/op":            "iterations",
		"BenchmarkX-8 1.5 1 ns/op":           "iterations",
		"BenchmarkX-8 10":                    "pairs",
		"BenchmarkX-8 10 12.5":               "pairs",
		"BenchmarkX-8 10 12.5 ns/op 3":       "pairs",
		"BenchmarkX-8 10 fast ns/op":         "finite",
		"BenchmarkX-8 10 NaN ns/op":          "finite",
		"BenchmarkX-8 10 +Inf ns/op":         "finite",
		"BenchmarkX-8 10 1 ns/op 2 ns/op":    "twice",
		"Benchmark 99999999999999999999 1 x": "iterations",
	} {
		_, err := Read(strings.NewReader("ok\n" + line + "\n"))
		var bad *SyntaxError
		require.ErrorAs(t, err, &bad, line)
		assert.Equal(t, 2, bad.Line)
		assert.Contains(t, bad.Reason, reason, line)
		assert.Contains(t, err.Error(), "line 2: ")
		assert.Contains(t, err.Error(), line)
	}
}

func TestLongLine(t *testing.T) {
	_, err := Read(strings.NewReader("ok\n" + strings.Repeat("x", maxLine+1)))
	assert.ErrorContains(t, err, "line 2: ")
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken pipe")
	_, err := Read(readerFunc(func([]byte) (int, error) { return 0, broken }))
	assert.ErrorIs(t, err, broken)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestParseName(t *testing.T) {
	for in, want := range map[string]Name{
		"BenchmarkMax":                {"Max", "Max", nil, 0},
		"BenchmarkMax-16":             {"Max", "Max", nil, 0},
		"BenchmarkMax/1024-16":        {"Max/1024", "Max", []Part{}, 1024},
		"BenchmarkMax/k=8/1024":       {"Max/k=8/1024", "Max", []Part{{"k", "8"}}, 1024},
		"BenchmarkMax/n=64/k=8":       {"Max/n=64/k=8", "Max", []Part{{"k", "8"}}, 64},
		"BenchmarkMax/16/x":           {"Max/16/x", "Max", []Part{{"", "16"}, {"", "x"}}, 0},
		"BenchmarkMax/n=64/32":        {"Max/n=64/32", "Max", []Part{{"", "32"}}, 64},
		"BenchmarkMax/n=big":          {"Max/n=big", "Max", []Part{{"n", "big"}}, 0},
		"BenchmarkMax/n=64#01-2":      {"Max/n=64", "Max", nil, 64},
		"BenchmarkMax/n=64#x":         {"Max/n=64#x", "Max", []Part{{"n", "64#x"}}, 0},
		"BenchmarkMax/0":              {"Max/0", "Max", []Part{{"", "0"}}, 0},
		"BenchmarkC_Get/a=b=c/n=+4-2": {"C_Get/a=b=c/n=+4", "C_Get", []Part{{"a", "b=c"}, {"n", "+4"}}, 0},
	} {
		assert.Equal(t, want, ParseName(in), in)
	}
}

func TestOp(t *testing.T) {
	n := ParseName("BenchmarkC_Get/impl=x/keys=hot/mix=90/tail/n=64")
	assert.Equal(t, "C_Get/mix=90/tail", n.Op("impl", "keys"))
	assert.Equal(t, "hot", n.Get("keys"))
	assert.Empty(t, n.Get("none"))
}

func FuzzRead(f *testing.F) {
	f.Add(output)
	f.Add("BenchmarkX-8 10 NaN ns/op")
	f.Add("Benchmark/n=1/2/3- 1 1 a 2 b")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Read(strings.NewReader(s))
		if err != nil {
			assert.Contains(t, err.Error(), "line ")
			assert.Nil(t, got)
			return
		}
		for _, r := range got {
			assert.Positive(t, r.Iters)
			assert.NotEmpty(t, r.Values)
			assert.GreaterOrEqual(t, r.Name.Size, 0)
			assert.Equal(t, r.Name, ParseName("Benchmark"+r.Name.Full+"-1"), "a name survives its own suffix")
		}
	})
}
