package weave

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWorkInserts(t *testing.T) {
	for text, want := range map[string]string{
		"func f() {}":                           "func f() { W.N++;}",
		"func f() { for {\n} }":                 "func f() { W.N++; for { W.N++;\n} }",
		"func f() { if a { } else { } }":        "func f() { W.N++; if a { W.N++; } else { W.N++; } }",
		"func f() { switch a { case b: } }":     "func f() { W.N++; switch a { case b: W.N++; } }",
		"func f() { l: goto l }":                "func f() { W.N++; l: W.N++; goto l }",
		"var f = func() {}":                     "var f = func() { W.N++;}",
		"func f() { x = append(x, a, b) }":      "func f() { W.N++; x = W.Appended(append(x, a, b), x) }",
		"func f() { append(g(), a...) }":        "func f() { W.N++; append(W.Room(g(), len(a)), a...) }",
		"func f() { append(g(), a, h()) }":      "func f() { W.N++; append(W.Room(g(), 2), a, h()) }",
		"func f() { append(g(), h()...) }":      "func f() { W.N++; W.AppendAll(g(), h()...) }",
		"func f() { append([]T(nil), h()...) }": "func f() { W.N++; W.Appended(append([]T(nil), h()...), []T(nil)) }",
		"func f() { copy(a, b) }":               "func f() { W.N++; W.Copied(copy(a, b)) }",
		"func f(copy func()) { copy() }":        "func f(copy func()) { W.N++; copy() }",
		"func f() { make([]T, n, m); make(T) }": "func f() { W.N++; make([]T, n, W.Size(m)); make(T) }",
		"func f() { make([]struct{}, n) }":      "func f() { W.N++; make([]struct{}, n) }",
		"func f() { clear(a) }":                 "func f() { W.N++; clear(W.Elems(a)) }",
		"func f() { g([]byte(a), string(b)) }":  "func f() { W.N++; g([]byte(W.Elems(a)), string(W.Elems(b))) }",
		"func f() { g([]byte(nil), []int(b)) }": "func f() { W.N++; g([]byte(nil), []int(b)) }",
		"const a = len(string(b))":              "const a = len(string(b))",
	} {
		got := woven(t, "p.go", "package p\n\n"+text+"\n", Work())
		_, got, _ = strings.Cut(strings.TrimSpace(got), "\n\n")
		assert.Equal(t, want, strings.ReplaceAll(got, "weaveWork.", "W."))
	}
}

func TestWorkLibrary(t *testing.T) {
	const text = "package p\n\nimport (\n\t\"slices\"\n\tr \"math/rand/v2\"\n)\n\nfunc f(maps T) { slices.Sort(a); slices.Collect(b); maps.Keys(c); r.Uint64() }\n"
	got := woven(t, "p.go", text, Work())
	assert.Contains(t, got, "slices.Sort(weaveWork.SortElems(a)); weaveWork.Elems(slices.Collect(b)); maps.Keys(c); weaveWork.Uint64() }")
	assert.Contains(t, got, "var _ = r.Uint64\n", "its import stays in use")
}

// structure is a package with one function for each kind of work, and benchmarks
// that import nothing but testing.
const structure = `package user

import (
	"maps"
	"slices"
)

type Stack struct{ items []int }

func (s *Stack) Push(v int) { s.items = append(s.items, v) }

func (s *Stack) hidden() {}

func Loop(n int) (sum int) {
	for i := range n {
		sum += i
	}
	return sum
}

func Goto(n int) {
again:
	if n--; n > 0 {
		goto again
	}
}

func Copy(dst, src []int) int { return copy(dst, src) }

func Make(n int) []int { return make([]int, n) }

func Clear(m map[int]int) { clear(m) }

func Text(s string) []byte { return []byte(s) }

func Clone(s []int) []int { return slices.Clone(s) }

func Search(s []int) (int, bool) { return slices.BinarySearch(s, 7) }

func Keys(m map[int]int) (n int) {
	for range maps.Keys(m) {
		n++
	}
	return n
}

func Insert(s []int, v int) []int { return slices.Insert(s, 1, v) }

func Spread(s []int, text string) ([]int, []byte) { return append(s, s...), append([]byte(nil), text...) }
`

const structureBenchmarks = `package user

import "testing"

func one(b *testing.B, f func()) {
	for b.Loop() {
		f()
	}
}

func textbook(n int) {
	for range n {
	}
}

var s8, m8 = make([]int, 8), map[int]int{1: 1, 2: 2, 3: 3}

func BenchmarkLoop(b *testing.B)     { one(b, func() { Loop(8) }) }
func BenchmarkGoto(b *testing.B)     { one(b, func() { Goto(8) }) }
func BenchmarkCopy(b *testing.B)     { one(b, func() { Copy(s8, s8) }) }
func BenchmarkMake(b *testing.B)     { one(b, func() { Make(8) }) }
func BenchmarkText(b *testing.B)     { one(b, func() { Text("12345678") }) }
func BenchmarkClone(b *testing.B)    { one(b, func() { Clone(s8) }) }
func BenchmarkSearch(b *testing.B)   { one(b, func() { Search(s8) }) }
func BenchmarkKeys(b *testing.B)     { one(b, func() { Keys(m8) }) }
func BenchmarkInsert(b *testing.B)   { one(b, func() { Insert(s8[:8:8], 1) }) }
func BenchmarkSpread(b *testing.B)   { one(b, func() { Spread(s8[:8:8], "1234") }) }
func BenchmarkTextbook(b *testing.B) { one(b, func() { textbook(8) }) }
func BenchmarkNothing(b *testing.B)  { one(b, func() {}) }

func BenchmarkClear(b *testing.B) {
	for b.Loop() {
		for k := range 5 {
			m8[k] = k
		}
		Clear(m8)
	}
}

func BenchmarkPush(b *testing.B) {
	for _, n := range []int{64, 256} {
		b.Run("", func(b *testing.B) {
			var s Stack
			for i := range n {
				s.Push(i)
			}
			for i := 0; b.Loop(); i++ {
				s.Push(i)
				s.hidden()
			}
		})
	}
}
`

var metric = regexp.MustCompile(`([0-9.]+) (steps/op|worst-steps/op|grown-steps/op|life-\w+:[\w.]+)`)

// metrics reads the lines of benchmarks: name → unit → value.
func metrics(out string) map[string]map[string]string {
	all := map[string]map[string]string{}
	for line := range strings.Lines(out) {
		name, rest, ok := strings.Cut(line, " ")
		if !strings.HasPrefix(name, "Benchmark") || !ok {
			continue
		}
		name = regexp.MustCompile(`-\d+$`).ReplaceAllString(strings.TrimSpace(name), "")
		all[name] = map[string]string{}
		for _, m := range metric.FindAllStringSubmatch(rest, -1) {
			all[name][m[2]] = m[1]
		}
	}
	return all
}

// TestWorkCounts runs a module that knows nothing of this one, woven, and compares
// each count with what the code does.
func TestWorkCounts(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a module")
	}
	dir := module(t, map[string]string{"user.go": structure, "user_test.go": structureBenchmarks})
	overlay, err := Weave(Config{Root: dir, Dir: t.TempDir(), Packages: []string{"."}, Looms: []Loom{Work(".")}, Tests: true})
	require.NoError(t, err)
	out := run(t, dir, "test", "-vet=off", "-overlay", overlay, "-bench", ".", "-benchtime", "192x", "-cpu", "1", ".")
	got := metrics(out)
	for name, want := range map[string]int{
		"Loop":     1 + 8,
		"Goto":     1 + 7 + 7, // the jumps, and the blocks they are in
		"Copy":     1 + 8,
		"Make":     1 + 8,
		"Text":     1 + 8,
		"Clone":    1 + 8,
		"Search":   1 + 4,         // 8 in binary has 4 digits
		"Keys":     1 + 3 + 3,     // three keys, and the loop over them
		"Insert":   1 + 8 + 1,     // 7 move, one is new, one is copied
		"Spread":   1 + 8 + 8 + 4, // 8 new, 8 moved, 4 bytes
		"Textbook": 1 + 8,         // helpers in test files count as the product does
		"Nothing":  0,
		"Clear":    1 + 5,
	} {
		assert.Equal(t, fmt.Sprint(want), trim(got["Benchmark"+name]["steps/op"]), name)
		assert.Equal(t, fmt.Sprint(want), trim(got["Benchmark"+name]["worst-steps/op"]), name)
	}
	assert.Equal(t, map[string]string{}, without(got["BenchmarkNothing"], "steps/op", "worst-steps/op", "grown-steps/op"), "what others called is not its")

	// 64 pushes before, 192 in the loop: append grows a slice of 128 to 256 there.
	push := got["BenchmarkPush/#00"]
	assert.Equal(t, "130", trim(push["life-worst:Stack.Push"]), "the call itself, one new element, 128 moved")
	assert.Equal(t, "131", trim(push["worst-steps/op"]), "and the other call")
	assert.Equal(t, "1", trim(push["grown-steps/op"]), "192 calls move 64 and 128")
	assert.Equal(t, "0.9961", push["life-grown:Stack.Push"], "256 calls move 1, 2, 4, … 128")
	// 256 pushes before: the growth from 256 is the first push of the loop, that from 512 comes later.
	push = got["BenchmarkPush/#01"]
	assert.Equal(t, "258", trim(push["life-worst:Stack.Push"]), "each benchmark begins a life")
	assert.NotContains(t, strings.Join(slices.Collect(maps.Keys(push)), " "), "hidden")
}

// trim removes trailing zeros after the decimal point.
func trim(s string) string {
	whole, _, _ := strings.Cut(s, ".")
	if _, rest, _ := strings.Cut(s, "."); strings.Trim(rest, "0") != "" {
		return s
	}
	return whole
}

func without(m map[string]string, keys ...string) map[string]string {
	m = maps.Clone(m)
	for _, k := range keys {
		delete(m, k)
	}
	return m
}
