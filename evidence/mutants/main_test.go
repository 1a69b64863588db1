package main

import (
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tree makes a small module with a package and its tests under root/evidence and
// changes into the former.
func tree(t *testing.T, patches map[string]string) (root string) {
	root = t.TempDir()
	files := map[string]string{
		"go.mod": "module example.com/tree\n\ngo 1.26\n",
		"sum/sum.go": `package sum

// Sum adds up to limit.
func Sum(xs []int, limit int) (sum int) {
	for _, x := range xs {
		if sum+x > limit {
			break
		}
		sum += x
	}
	limit = 0
	return sum
}

func forever(f func() bool) int {
	for {
		if f() {
			return 1
		}
	}
}
`,
		"sum/sum_test.go": `package sum

import (
	"os"
	"testing"
)

func TestSum(t *testing.T) {
	if got := Sum([]int{1, 2, 3}, 5); got != 3 {
		t.Fatal(got)
	}
}

func TestForever(t *testing.T) {
	if forever(func() bool { return true }) != 1 {
		t.Fatal()
	}
}

func TestWrong(t *testing.T) { t.Fatal("always") }

// TestLuck looks at Sum in every second run.
func TestLuck(t *testing.T) {
	runs, _ := os.ReadFile("runs")
	if err := os.WriteFile("runs", append(runs, 'x'), 0o600); err != nil {
		t.Fatal(err)
	}
	if len(runs)%2 == 1 && Sum([]int{1, 2, 3}, 5) != 3 {
		t.Fatal()
	}
}
`,
	}
	for name, text := range patches {
		files["evidence/mutants/sum/"+name] = text
	}
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	t.Chdir(filepath.Join(root, "evidence"))
	return root
}

const diff = `
--- a/sum/sum.go
+++ b/sum/sum.go
@@ -6,7 +6,7 @@
 		if sum+x > limit {
 			break
 		}
-		sum += x
+		NEW
 	}
 	limit = 0
 	return sum
`

func patch(test, line string) string {
	return "Claim: c\nCaught by: go test -run '" + test + "' ./sum\n" + strings.ReplaceAll(diff, "NEW", line)
}

func mutants(t *testing.T, args ...string) (code int, stdout, stderr string) {
	var out, err strings.Builder
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

func TestPatches(t *testing.T) {
	if testing.Short() {
		t.Skip("builds small packages")
	}
	root := tree(t, map[string]string{
		"caught.patch":    patch("TestSum$", "sum -= x"),
		"missed.patch":    patch("TestForever", "sum -= x"),
		"syntax.patch":    patch("TestSum$", "sum -= y"),
		"no-test.patch":   patch("TestNone", "sum -= x"),
		"no-pass.patch":   patch("TestWrong", "sum -= x"),
		"no-apply.patch":  strings.ReplaceAll(patch("TestSum$", "sum -= x"), "break", "continue"),
		"race-free.patch": strings.ReplaceAll(patch("TestSum$", "sum--"), "Claim", "Race-free: yes\nClaim"),
	})
	before, err := os.ReadFile(filepath.Join(root, "sum", "sum.go"))
	require.NoError(t, err)
	code, stdout, _ := mutants(t)
	assert.Equal(t, 1, code)
	for name, verdict := range map[string]string{
		"caught": "caught ", "missed": "NOT CAUGHT", "syntax": "ERROR: does not compile: ", "no-test": "ERROR: no such test",
		"no-pass": "ERROR: the test fails without the patch", "no-apply": "ERROR: does not apply", "race-free": "caught ",
	} {
		assert.Regexp(t, "(?m)^sum/"+name+" +"+verdict, stdout)
	}
	assert.Contains(t, stdout, "2 of 7 planted bugs are caught")
	after, err := os.ReadFile(filepath.Join(root, "sum", "sum.go"))
	require.NoError(t, err)
	assert.Equal(t, before, after, "the source tree stays untouched")

	code, stdout, _ = mutants(t, "-run", "^caught$")
	assert.Zero(t, code)
	assert.Contains(t, stdout, "1 of 1 planted bugs")
}

// TestTimes: with -times, a test that catches its bug in some runs only is called weak.
func TestTimes(t *testing.T) {
	if testing.Short() {
		t.Skip("builds small packages")
	}
	tree(t, map[string]string{
		"always.patch":  patch("TestSum$", "sum -= x"),
		"by-luck.patch": patch("TestLuck$", "sum -= x"),
		"missed.patch":  patch("TestForever", "sum -= x"),
	})
	code, stdout, _ := mutants(t, "-times", "4")
	assert.Equal(t, 1, code)
	assert.Regexp(t, "(?m)^sum/always +caught ", stdout)
	assert.Regexp(t, "(?m)^sum/by-luck +WEAK: caught in 2 of 4 runs ", stdout)
	assert.Regexp(t, "(?m)^sum/missed +NOT CAUGHT ", stdout)
	code, stdout, _ = mutants(t, "-run", "luck")
	assert.Zero(t, code, "once in a few attempts is enough: %s", stdout)
}

func TestSweep(t *testing.T) {
	if testing.Short() {
		t.Skip("builds small packages")
	}
	defer func(old time.Duration) { patience = old }(patience)
	patience = 5 * time.Second
	const file = "mutants/sum/survivors.txt"
	tree(t, map[string]string{"survivors.txt": "Sweep: sum\n\nsum/sum.go Sum: gone = 1\n\tan old reason\n"})
	code, stdout, stderr := mutants(t, "-sweep")
	assert.Equal(t, 1, code, stderr)
	assert.Contains(t, stderr, "TestWrong fails with the statements numbered, none deleted; skipped")
	assert.Contains(t, stdout, "sum: 7 statements deleted one at a time in sum: 6 caught (2 by a timeout), 1 survive")
	assert.Contains(t, stdout, "without a reason: sum/sum.go Sum: limit = 0")
	assert.Contains(t, stdout, "caught, but still in survivors.txt: sum/sum.go Sum: gone = 1")

	code, _, _ = mutants(t, "-sweep", "-update")
	assert.Equal(t, 1, code, "a ? is no reason")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(text), "sum/sum.go Sum: limit = 0\n\t?\n")
	assert.NotContains(t, string(text), "gone")
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "?", "nothing reads it")), 0o644))
	for _, args := range [][]string{{"-sweep"}, {"-sweep", "-again"}} {
		code, stdout, _ = mutants(t, args...)
		assert.Zero(t, code, stdout)
	}
	assert.Contains(t, stdout, "sum: 1 statements deleted")
}

func TestStatementsBehindNumbersCompile(t *testing.T) {
	source := `package p

func (c *T[K, V]) f(x int) int {
	x = 1
	y := 2; y++
	defer func() { x-- }()
	if x > y { // a comment
		return 2
	}
	if x < y {
		return 3
	} else {
		return 4
	}
	switch x {
	case 1:
		x = 1
		x = 1
	}
	panic("end")
}

func (c *T[K, V]) All() iter.Seq[K] {
	return func(yield func(K) bool) {
		for _, k := range c.keys {
			if !yield(k) {
				return
			}
		}
	}
}

func named() (n int) {
	return
}
`
	all, err := statements("d", "f.go", []byte(source), 7)
	require.NoError(t, err)
	var ids []string
	for _, s := range all {
		ids = append(ids, s.identity)
	}
	assert.Equal(t, []string{
		"d/f.go T.f: x = 1",
		"d/f.go T.f: y++",
		"d/f.go T.f: defer func() { x-- }()",
		"d/f.go T.f: if x > y { // a comment …",
		"d/f.go T.f: if x < y { …",
		"d/f.go T.f: x--",
		"d/f.go T.f: return 2",
		"d/f.go T.f: x = 1 (2)",
		"d/f.go T.f: x = 1 (3)",
		"d/f.go T.All: for _, k := range c.keys { …",
		"d/f.go T.All: if !yield(k) { …",
		"d/f.go T.All: return",
	}, ids)
	assert.Equal(t, 7, all[0].id)
	text, err := number([]byte(source), all)
	require.NoError(t, err)
	_, err = format.Source([]byte(text))
	require.NoError(t, err, text)
	assert.Equal(t, strings.Count(source, "\n"), strings.Count(text, "\n"), "lines stay where they are")
}

func TestBadCommandLinesAndHeaders(t *testing.T) {
	tree(t, map[string]string{"bad.patch": "Clam: c\n\n"})
	for _, args := range [][]string{
		{"-pkg", "none"}, {"-nosuch"}, {"stray"}, {"-run", "("}, {"-update"}, {"-again"}, {"-dirs", "a"}, {"-part", "4/4"}, {"-part", "x"}, {"-part", "-1/2"}, {"-times", "-1"},
	} {
		code, _, stderr := mutants(t, args...)
		assert.Equal(t, 2, code, "%q", args)
		assert.Regexp(t, `^mutants: [^\n]+\n$`, stderr, "%q", args)
	}
	code, _, stderr := mutants(t)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, `sum/bad.patch: unknown header line "Clam: c"`)
}

func TestParts(t *testing.T) {
	all := make([]mutant, 11)
	for i := range all {
		all[i].name = fmt.Sprint(i)
	}
	seen := map[string]int{}
	for i := range 4 {
		c := config{part: [2]int{i, 4}}
		for _, m := range c.partOf(all) {
			seen[m.name]++
		}
	}
	assert.Len(t, seen, len(all), "all parts together are all patches")
	for name, n := range seen {
		assert.Equal(t, 1, n, name)
	}
}

func TestWords(t *testing.T) {
	got, err := words(`go test -run 'TestA|Test B$' -short  ./lru`)
	require.NoError(t, err)
	assert.Equal(t, []string{"go", "test", "-run", "TestA|Test B$", "-short", "./lru"}, got)
	_, err = words(`go 'test`)
	assert.Error(t, err)
}

func TestSplit(t *testing.T) {
	got := split([]string{"go", "test", "-C", "x", "-short", "-timeout", "8s", "-race", "-tags", "extra", "-run", "TestA", "./y/z"})
	assert.Equal(t, test{
		building: []string{"go", "test", "-C", "x", "-race", "-tags", "extra", "./y/z"},
		flags:    []string{"-test.short", "-test.timeout", "8s", "-test.run", "TestA"},
		folder:   "x/y/z",
		names:    "TestA",
	}, got)
}

// TestReaching: the tests that reach a statement are tried, the quick ones first; all
// tests are tried if none was seen to reach it.
func TestReaching(t *testing.T) {
	b := binary{tests: []sweepTest{
		{"TestQuick", map[int]bool{1: true, 2: true}, swift / 2},
		{"TestOther", map[int]bool{2: true}, swift / 2},
		{"TestSlow", map[int]bool{1: true}, swift},
	}}
	assert.Equal(t, []string{"^(TestQuick)$", "^(TestSlow)$"}, b.reaching(1))
	assert.Equal(t, []string{"^(TestQuick|TestOther)$"}, b.reaching(2))
	assert.Equal(t, []string{"."}, b.reaching(3))
}

// TestTimeLimit checks that a command that ran past its limit says so: a study of a
// planted bug that takes quadratic time once failed without a word.
func TestTimeLimit(t *testing.T) {
	out, ok, err := command(t.Context(), t.TempDir(), 50*time.Millisecond, "sleep", "60")
	require.NoError(t, err)
	assert.False(t, ok)
	assert.Equal(t, "stopped after 50ms", lastLine(out))
}

// TestProgramsHavePlantedBugs: each program of examples has some.
func TestProgramsHavePlantedBugs(t *testing.T) {
	programs, err := filepath.Glob("../../examples/*/main.go")
	require.NoError(t, err)
	require.NotEmpty(t, programs)
	for _, p := range programs {
		name := filepath.Base(filepath.Dir(p))
		patches, err := filepath.Glob(name + "/*.patch")
		require.NoError(t, err)
		assert.NotEmpty(t, patches, "evidence/mutants/%s", name)
	}
}

// TestHeader: a patch may name an environment for its test, and a flag of the processor
// without which it is left out.
func TestHeader(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.patch")
	text := "Claim: c\nProcessor: no-such-flag\nCaught by: env GOEXPERIMENT=simd go test -run TestA ./p\n\n+++ b/p/p.go\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	m, err := read(file)
	require.NoError(t, err)
	assert.False(t, m.possible())
	parts := split(m.caughtBy)
	assert.Equal(t, []string{"env", "GOEXPERIMENT=simd"}, parts.env)
	assert.Equal(t, []string{"go", "test", "./p"}, parts.building)
	assert.Equal(t, "TestA", parts.names)
	m.needs = ""
	assert.True(t, m.possible())
}
