package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/evidence/internal/caches"
	"example.com/flatline/evidence/internal/plot"
	"example.com/flatline/evidence/internal/traces"
)

// TestOptimal compares Belady's rule with an exhaustive search on short traces.
func TestOptimal(t *testing.T) {
	for i := range uint64(300) {
		keys := make([]int64, 9)
		for j := range keys {
			keys[j] = traces.Uniform(100*i+uint64(j), 4)
		}
		for _, capacity := range []int{1, 2, 3} {
			assert.Equal(t, best(keys, nil, capacity), optimal(keys, capacity), "%v in %d", keys, capacity)
		}
	}
}

// best tries every choice of entries to keep.
func best(keys, held []int64, capacity int) int {
	if len(keys) == 0 {
		return 0
	}
	k, rest := keys[0], keys[1:]
	if slices.Contains(held, k) {
		return 1 + best(rest, held, capacity)
	}
	most := best(rest, held, capacity) // do not store it
	if len(held) < capacity {
		return max(most, best(rest, append(slices.Clone(held), k), capacity))
	}
	for i := range held {
		other := slices.Clone(held)
		other[i] = k
		most = max(most, best(rest, other, capacity))
	}
	return most
}

func TestReplay(t *testing.T) {
	loop := traces.Workloads[3]
	require.Equal(t, "loop", loop.Name)
	keys := loop.Keys()
	assert.Zero(t, replay(caches.LRU, keys, 5_000), "an LRU cache that is too small for a loop never hits")
	assert.Equal(t, len(keys)-8_000, replay(caches.LRU, keys, 8_000))
}

// current returns the record of the repository.
func current(t *testing.T) recorded {
	t.Chdir("..")
	r, err := load(".")
	require.NoError(t, err)
	return r
}

// TestCurrent: the documents agree with the record, and the traces are those from which
// it was made.
func TestCurrent(t *testing.T) {
	r := current(t)
	for name, want := range documents(r) {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, want, string(text), "%s is not what results/hitratio.json says: go run -C evidence ./hitratio -render", name)
	}
	today, err := sources()
	require.NoError(t, err)
	assert.Empty(t, r.Stale(today), "the record is older than these sources: go run -C evidence ./hitratio")
}

// TestForgeries: a record that cannot be true is rejected.
func TestForgeries(t *testing.T) {
	current(t)
	for want, forge := range map[string]func(r *recorded){
		"the record has 27 rows, not 28":           func(r *recorded) { r.Points = r.Points[:27] },
		"row 1 of the record is zipf 0.9, 501":     func(r *recorded) { r.Points[0].Capacity++ },
		"8 figures for 9 policies":                 func(r *recorded) { r.Points[3].Hits = r.Points[3].Hits[1:] },
		"zipf 0.9, 500 entries: otter has 1000000": func(r *recorded) { r.Points[0].Hits[4] = 1_000_000 },
		"the record has the policies":              func(r *recorded) { r.Policies[0] = "arc" },
		"the record does not state its command":    func(r *recorded) { r.Command = "" },
		"real traces: the record does not state":   func(r *recorded) { r.Real.Date = "" },
		"real traces: the record has the policies": func(r *recorded) { r.Real.Policies = r.Real.Policies[1:] },
		"1 entries: lru has -1 hits":               func(r *recorded) { r.Real.Points[0].Capacity, r.Real.Points[0].Hits[0] = 1, -1 },
	} {
		r, err := load(".")
		require.NoError(t, err)
		forge(&r)
		assert.ErrorContains(t, r.check(), want)
	}
	r, err := load(".")
	require.NoError(t, err)
	text := documents(r)["HITRATIO.md"]
	r.Points[0].Hits[0] -= r.Points[0].Accesses / 1000
	assert.NotEqual(t, text, documents(r)["HITRATIO.md"], "a figure that is changed shows in the page")
	r, err = load(".")
	require.NoError(t, err)
	r.Real.Points[3].Hits[2] -= r.Real.Points[3].Accesses / 500
	assert.NotEqual(t, text, documents(r)["HITRATIO.md"], "the same of a real trace")
}

// TestAgain computes the columns of lru, lfu and OPT again, which are deterministic,
// and compares them with the record hit by hit. It is also lfu's claim about its Aging
// option: on the mean of all traces and capacities Dynamic is ahead of lru by more than a
// point, and TinyLFU of Dynamic by more than 3, and nowhere a point behind it.
func TestAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("replays every trace")
	}
	r := current(t)
	var again []policy
	var column []int
	for i, p := range policies() {
		if strings.HasPrefix(p.name, "l") || p.name == opt {
			again, column = append(again, p), append(column, i)
		}
	}
	require.Len(t, again, 5)
	points := measure(generated(), again, func(int, int) {})
	for at, p := range points {
		for i := range again {
			assert.LessOrEqual(t, p.Hits[i], p.Hits[4], "nothing is above OPT")
			assert.Equal(t, p.Hits[i], r.Points[at].Hits[column[i]], "results/hitratio.json: %s, %d entries, %s", p.Trace, p.Capacity, again[i].name)
		}
	}
	mean := means(points)
	t.Logf("lru %.2f, lfu Exact %.2f, lfu Dynamic %.2f, lfu TinyLFU %.2f, OPT %.2f", mean[0], mean[1], mean[2], mean[3], mean[4])
	assert.Greater(t, mean[2], mean[0]+1)
	assert.Greater(t, mean[3], mean[2]+3)
	var names []string
	for _, p := range again {
		names = append(names, p.name)
	}
	assert.Less(t, behind(names, points, "lfu TinyLFU", "lfu Dynamic"), 1.0, "it is not behind where Dynamic is best")
}

// TestOwnTraces: the same keys in each form that a file may have give the same table.
func TestOwnTraces(t *testing.T) {
	dir := t.TempDir()
	var lines, words, packed bytes.Buffer
	for i := range 3000 {
		k := traces.Uniform(uint64(i), 1+traces2(i))
		fmt.Fprintf(&lines, "/page/%d\n", k)
		if i%100 == 0 {
			lines.WriteString("*\n")
		}
		words.Write(binary.LittleEndian.AppendUint32(nil, uint32(k)))
	}
	z := gzip.NewWriter(&packed)
	_, err := z.Write(lines.Bytes())
	require.NoError(t, err)
	require.NoError(t, z.Close())
	var tables []string
	for name, content := range map[string][]byte{"own.txt": lines.Bytes(), "own.bin": words.Bytes(), "own.txt.gz": packed.Bytes()} {
		all, err := readTrace("own", content)
		require.NoError(t, err, name)
		assert.Len(t, all.keys, 3000)
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, content, 0o600))
		picture := filepath.Join(dir, "own.svg")
		var stdout, stderr strings.Builder
		require.Zero(t, run([]string{"-trace", "-picture", picture, file}, &stdout, &stderr), stderr.String())
		svg, err := os.ReadFile(picture)
		require.NoError(t, err)
		assert.Contains(t, string(svg), ">own</text>")
		tables = append(tables, first(stdout.String()))
	}
	assert.Equal(t, tables[0], tables[1])
	assert.Equal(t, tables[0], tables[2])
	assert.Contains(t, tables[0], "| own | 2 |")
}

// traces2 is 200, and seldom 10,000.
func traces2(i int) uint64 {
	if i%50 == 0 {
		return 10_000
	}
	return 200
}

// first are the columns up to the first peer, which are the same in each run.
func first(table string) (columns string) {
	for line := range strings.Lines(table) {
		columns += strings.Join(strings.Split(line, "|")[:7], "|") + "\n"
	}
	return columns
}

func TestBadTraces(t *testing.T) {
	for says, content := range map[string]string{
		"no keys":              "\n*\n",
		"5 bytes are neither":  "\x00\x01\x02\x03\x04",
		"gzip: invalid header": "\x1f\x8b\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"unexpected EOF":       "\x1f\x8b",
	} {
		_, err := readTrace("bad", []byte(content))
		assert.ErrorContains(t, err, says)
	}
	var stderr strings.Builder
	assert.Equal(t, 1, run([]string{"-trace", filepath.Join(t.TempDir(), "none")}, io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "hitratio: open ")
}

// TestPicture: it is well-formed, and every policy has its mark.
func TestPicture(t *testing.T) {
	all := policies()
	r := recorded{Points: []point{
		{traces.Workloads[0].Name, capacities[0], 1, make([]int, len(all))}, {traces.Workloads[0].Name, capacities[1], 1, make([]int, len(all))},
	}}
	for _, p := range all {
		r.Policies = append(r.Policies, p.name)
	}
	r.Points = append(r.Points, point{"<a & b>", 7, 1, make([]int, len(all))}) // a file may have any name
	svg := draw(r.Policies, r.Points)
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); err != nil {
			require.True(t, errors.Is(err, io.EOF), "%v", err)
			break
		}
	}
	seen := map[plot.Mark]bool{}
	for _, p := range all {
		require.Contains(t, marks, p.name)
		seen[marks[p.name]] = true
		assert.Contains(t, svg, ">"+p.name+"</text>")
	}
	assert.Len(t, seen, len(all))
}

func TestBadCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-x"}, {"stray"}, {"-trace"}, {"-record"}, {"-picture", "a"}, {"-trace", "-render", "a"}} {
		var stderr strings.Builder
		assert.Equal(t, 2, run(args, io.Discard, &stderr))
		assert.Regexp(t, `^usage: [^\n]+\n$`, stderr.String())
	}
}
