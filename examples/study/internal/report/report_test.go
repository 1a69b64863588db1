package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

var update = flag.Bool("update", false, "write the golden files again")

// series computes f at five sizes.
func series(f func(n float64) float64) []growth.Point {
	var out []growth.Point
	for n := 1 << 8; n <= 1<<16; n <<= 2 {
		out = append(out, growth.Point{N: n, V: f(float64(n))})
	}
	return out
}

func constant(v float64) func(float64) float64 { return func(float64) float64 { return v } }

// study is a small one with every kind of outcome, and names that must be
// escaped.
func study() *model.Study {
	logn := func(n float64) float64 { return 50 + 13*math.Log2(n) }
	op := func(pkg, bench string, stated costs.Cost, steps, instr []growth.Point) *model.Op {
		o := &model.Op{Pkg: pkg, Bench: bench, Stated: stated}
		if steps != nil {
			w := growth.Work{Mean: steps, Worst: steps, LifeMean: steps, LifeWorst: steps}
			if stated.Amortised {
				w.LifeWorst = series(func(n float64) float64 { return 5 * n })
			}
			o.Work = &model.Work{Work: w, Judgement: growth.JudgeWork(w, stated.As(stated.Class))}
		}
		if instr != nil {
			j := growth.Judge(instr, stated.Class)
			o.Instr = &j
		}
		o.Decide()
		return o
	}
	o1, average := costs.Cost{Class: growth.Constant}, costs.Cost{Class: growth.Constant, Expected: true, Amortised: true}
	get := op("lru", "Cache_Get", average, series(constant(1.25)), series(constant(120)))
	get.Textbook = series(constant(180))
	get.TextMore = model.Textbook{Allocs: 2, Why: "It allocates."}
	get.Calls = &model.Calls{Func: "Cache.Get", N: 1 << 16, Rare: 1, Pieces: []model.Piece{{Worst: 3, Mean: 3}, {Worst: 196608, Mean: 6}}}
	get.Time.Hot, get.Time.Uniform = series(constant(12)), series(math.Sqrt)
	get.TextTime.Uniform = series(math.Sqrt)
	put := op("lru", "Cache_Put/<odd>&", o1, series(constant(3)), series(constant(300)))
	put.Textbook = series(func(n float64) float64 { return 10 * n })
	put.Few = true
	push := op("ringbuffer", "Ring_Push", o1, nil, series(logn))
	push.Time.Plain = series(constant(3))
	all := op("ringbuffer", "Ring_All", costs.Cost{Class: growth.Linear}, nil, series(func(n float64) float64 { return 3 * n }))
	doubt := op("bqueue", "Queue_Put", o1, nil, []growth.Point{{N: 256, V: 100}, {N: 1024, V: 160}, {N: 4096, V: 90}, {N: 16384, V: 150}})
	unseen := op("bqueue", "Queue_Take", o1, nil, nil)
	length := op("bqueue", "Queue_Len", o1, series(constant(2)), nil)
	planted := op("lru", "Cache_Get", costs.Cost{Class: growth.Linear}, series(func(n float64) float64 { return n }), nil)
	planted.Planted = "loop"
	return &model.Study{
		Started: time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC), Took: 90 * time.Second,
		Go: "go1.26 linux/amd64", CPU: "Some CPU <1>", Cores: 2,
		Ops: []*model.Op{get, put, push, all, doubt, unseen, length},
		Controls: []*model.Op{
			op("control", "Sorted_Find", costs.Cost{Class: growth.Log}, series(math.Log2), series(logn)),
			op("control", "List_Find", costs.Cost{Class: growth.Linear}, series(func(n float64) float64 { return n }), series(func(n float64) float64 { return n })),
			op("control", "LFU_Get", costs.Cost{Class: growth.Log}, series(math.Log2), series(func(n float64) float64 { return 100 * math.Log2(n) })),
			planted,
		},
		GoMap:    model.Times{Hot: series(constant(6)), Uniform: series(constant(8))},
		Notes:    []string{"lru: <something> was skipped"},
		Expected: 4,
		Unjudged: []model.Unjudged{{Pkg: "lru", Row: "Len", Why: "it reads a field"}, {Pkg: "lru", Row: "Cap"}},
	}
}

// input is what - makes: times, and counts with and without a stated cost.
func input() *model.Study {
	s := &model.Study{Input: true, Started: time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)}
	for _, f := range []func(float64) float64{constant(7), math.Sqrt} {
		j, _ := growth.JudgeTime(series(f))
		s.Ops = append(s.Ops, &model.Op{Pkg: "example.com/p", Bench: "Get", PerOp: &j, Unit: "ns/op"})
	}
	one, _ := growth.JudgeTime(series(math.Sqrt)[:1])
	s.Ops = append(s.Ops, &model.Op{Bench: "Once", PerOp: &one, Unit: "ns/op"})
	named, stated := growth.Judge(series(math.Log2), growth.Unknown), growth.Judge(series(math.Log2), growth.Constant)
	s.Ops = append(s.Ops, &model.Op{Bench: "Find", PerOp: &named, Unit: "steps/op"},
		&model.Op{Bench: "Find", PerOp: &stated, Unit: "instr/op", Stated: costs.Cost{Class: growth.Constant}})
	for _, o := range s.Ops {
		o.Decide()
	}
	s.GoMap.Uniform = series(constant(6))
	return s
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "go test ./examples/study/internal/report -update, and look at the difference")
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, JSON(&b, study()))
	lines := bytes.Split(bytes.TrimSpace(b.Bytes()), []byte("\n"))
	require.Len(t, lines, 11)
	var all []map[string]any
	for _, l := range lines {
		var m map[string]any
		require.NoError(t, json.Unmarshal(l, &m))
		for _, key := range []string{"pkg", "op", "layer", "class", "stated", "verdict", "why"} {
			assert.Contains(t, m, key)
		}
		all = append(all, m)
	}
	assert.Equal(t, "confirmed", all[0]["verdict"])
	assert.Equal(t, "O(1) ~*", all[0]["stated"])
	assert.Equal(t, "refuted", all[2]["verdict"])
	assert.Equal(t, true, all[7]["control"])
	assert.Equal(t, "refuted", all[7]["verdict"])
	assert.Equal(t, "loop", all[10]["planted"])
	for _, key := range []string{"steps", "worst_steps", "life_mean", "life_worst"} {
		assert.Len(t, all[0][key], 5, key)
	}
	assert.ErrorIs(t, JSON(failingWriter{}, study()), io.ErrClosedPipe)
	assert.ErrorIs(t, Table(failingWriter{}, study(), 0), io.ErrClosedPipe)
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// wellFormed parses XML to its end.
func wellFormed(t *testing.T, text string, strict bool) (elements []xml.StartElement) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = strict
	if !strict {
		d.AutoClose, d.Entity = xml.HTMLAutoClose, xml.HTMLEntity
	}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return elements
		}
		require.NoError(t, err)
		if e, ok := tok.(xml.StartElement); ok {
			elements = append(elements, e.Copy())
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

var svgs = regexp.MustCompile(`(?s)<svg.*?</svg>`)

func TestHTML(t *testing.T) {
	for name, s := range map[string]*model.Study{"study": study(), "input": input(), "empty": {}} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, HTML(&b, s))
			text := b.String()

			ids, cards := map[string]int{}, 0
			for _, e := range wellFormed(t, text, false) {
				if id := attr(e, "id"); id != "" {
					ids[id]++
				}
				if e.Name.Local == "figure" && attr(e, "class") == "op" {
					cards++
				}
				assert.NotEqual(t, "script", e.Name.Local)
				assert.NotEqual(t, "link", e.Name.Local)
				for _, a := range e.Attr {
					if a.Name.Local != "xmlns" {
						assert.NotContains(t, a.Value, "//", "nothing is fetched")
					}
				}
			}
			assert.Equal(t, len(s.Ops)+len(s.Controls), cards)
			for id, n := range ids {
				assert.Equal(t, 1, n, "id %s", id)
			}
			for _, ref := range regexp.MustCompile(`(?:href="#|url\(#)([\w-]+)`).FindAllStringSubmatch(text, -1) {
				assert.Contains(t, ids, ref[1], "a link leads somewhere")
			}
			assert.NotContains(t, text, "@import")
			assert.NotContains(t, text, "ZgotmplZ", "the template trusts what it shows")
			for _, need := range []string{"prefers-color-scheme: dark", "@media print", "viewport"} {
				assert.Contains(t, text, need)
			}
			for _, svg := range svgs.FindAllString(text, -1) {
				root := wellFormed(t, svg, true)[0]
				if attr(root, "aria-hidden") == "" {
					assert.Equal(t, "img", attr(root, "role"))
					for _, id := range strings.Fields(attr(root, "aria-labelledby")) {
						assert.Contains(t, ids, id)
					}
				}
				assert.NotContains(t, svg, "NaN")
				assert.NotContains(t, svg, "Inf")
			}
		})
	}
}

func TestHTMLSays(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, HTML(&b, study()))
	text := b.String()
	assert.Contains(t, text, "This run failed")
	assert.Contains(t, text, "Cache.Put/&lt;odd&gt;&amp;")
	assert.NotContains(t, text, "<odd>")
	assert.Contains(t, text, "↑ textbook 655 k", "a curve that leaves the picture is named")
	assert.Contains(t, text, "includes the cache")
	assert.Contains(t, text, "×2.00 of a Go map")
	assert.Contains(t, text, "×1.5 instructions, 2 allocations")
	assert.Contains(t, text, "The textbook answer:</b> It allocates.")
	assert.Contains(t, text, "call by call: 197 k once in 65,536 calls: 3 per call")
	s := study()
	for _, o := range s.Ops {
		o.Own = true
	}
	b.Reset()
	require.NoError(t, HTML(&b, s))
	assert.Contains(t, b.String(), "every such claim of your\npackages")
	b.Reset()
	require.NoError(t, HTML(&b, input()))
	assert.Contains(t, b.String(), "from time alone no class is named")
	assert.NotContains(t, b.String(), "confirmed</b>")
}

// TestFlatLooksFlat: the axis begins at 0 and ends at twice the smallest cost or
// above, whatever else is in the picture.
func TestFlatLooksFlat(t *testing.T) {
	flat := series(constant(100))
	for _, others := range [][]growth.Point{nil, series(constant(5)), series(constant(150)), series(constant(1e6))} {
		c := chart{curves: []curve{{ours, "", flat}, {textbook, "", others}}}
		assert.GreaterOrEqual(t, c.axis(), 200.0)
		assert.LessOrEqual(t, c.axis(), 450.0, "and not so high that nothing is left of it")
	}
	assert.Equal(t, 1.0, chart{}.axis())
	assert.Equal(t, 1.0, axisTop(series(constant(0))))
}

func TestSparkline(t *testing.T) {
	assert.Equal(t, "▄▄▄▄▄", sparkline(series(constant(9))))
	assert.Equal(t, "▁▁▁▂█", sparkline(series(func(n float64) float64 { return n })))
	assert.Equal(t, "▁▁▁▁▁", sparkline(series(constant(0))))
	assert.Empty(t, sparkline(nil))
	assert.Equal(t, 5, utf8.RuneCountInString(sparkline(series(math.Log2))))
}

func TestTicks(t *testing.T) {
	for top, want := range map[float64][]float64{
		1:    {0, 0.25, 0.5, 0.75, 1},
		212:  {0, 100, 200},
		1000: {0, 250, 500, 750, 1000},
		3e6:  {0, 1e6, 2e6, 3e6},
	} {
		assert.Equal(t, want, ticks(top, 200), top)
	}
	assert.Less(t, len(ticks(212, 100)), 5)
}

func TestExponents(t *testing.T) {
	assert.Equal(t, []int{8, 10, 12, 14, 16}, exponents(1<<8, 1<<16, 340))
	for _, span := range [][2]int{{8, 16}, {8, 20}, {8, 18}, {8, 22}, {8, 8}, {0, 1}, {4, 9}} {
		for _, w := range []float64{170, 190, 340, 760} {
			got := exponents(1<<span[0], 1<<span[1], w)
			assert.Equal(t, span[0], got[0])
			assert.True(t, slices.IsSorted(got))
			assert.LessOrEqual(t, len(got), int(w/60)+1)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.25: "0.25", 1.5: "1.5", 17.04: "17", 123.4: "123", 1064: "1064", 10475: "10 k", 2303561: "2.3 M", 4.5e7: "45 M", 2e9: "2.0 G",
	} {
		assert.Equal(t, want, number(v))
	}
	assert.Equal(t, "65,536", group(65536))
	assert.Equal(t, "1,048,576", group(1<<20))
	assert.Equal(t, "256", group(256))
	assert.Equal(t, "2¹⁶", power(16))
	assert.Equal(t, "1 control", plural(1, "control"))
}
