package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// output is a run in which one test passed and two were skipped.
const output = `{"Action":"pass","Package":"example.com/flatline/lru","Test":"TestGet"}
{"Action":"output","Package":"example.com/flatline/lru","Test":"TestMillion","Output":"quiet\n"}
{"Action":"skip","Package":"example.com/flatline/lru","Test":"TestMillion"}
{"Action":"skip","Package":"example.com/flatline/lru","Test":"TestServer/get"}
{"Action":"pass","Package":"example.com/flatline/lru"}
{"Action":"skip","Package":"example.com/flatline/internal/option"}
{"Action":"build-output","ImportPath":"x","Output":"a.go:1: broken\n"}
{"Action":"output","Package":"example.com/flatline/lfu","Test":"TestBad","Output":"why\n"}
{"Action":"fail","Package":"example.com/flatline/lfu","Test":"TestBad"}
`

func TestSkips(t *testing.T) {
	const both = "test,race lru TestMillion: a million\ntest lru TestServer/*: no server there\n"
	for name, c := range map[string]struct {
		allowed, stage, want string
	}{
		"allowed":        {both, "test", ""},
		"not in stage":   {both, "race", "lru TestServer/get is skipped, which skips/allowed.txt does not allow in stage race"},
		"not at all":     {"", "test", "lru TestMillion is skipped"},
		"of another":     {strings.ReplaceAll(both, " lru", " lfu"), "test", "lru TestMillion is skipped"},
		"ran":            {both + "test lru TestGet: never\n", "test", "lru TestGet is allowed to be skipped in stage test (never), but ran: remove it"},
		"ran, elsewhere": {both + "386 lru TestGet: never\n", "test", ""},
		"not run":        {both + "test lru TestOther: another system\n", "test", ""},
	} {
		t.Run(name, func(t *testing.T) {
			allowed, err := parse("# a comment\n\n" + c.allowed)
			require.NoError(t, err)
			var stdout strings.Builder
			wrong, err := read(strings.NewReader(output), c.stage, allowed, &stdout)
			require.NoError(t, err)
			assert.Equal(t, c.want == "", len(wrong) == 0, "%q", wrong)
			assert.Contains(t, strings.Join(wrong, "\n"), c.want)
			assert.True(t, strings.HasPrefix(stdout.String(), "pass lru\na.go:1: broken\nwhy\n2 tests skipped, "), stdout.String())
		})
	}
}

func TestBadLists(t *testing.T) {
	for _, text := range []string{"test lru TestGet", "test lru TestGet: ", "lru TestGet: why", "test lru Test[: why"} {
		_, err := parse(text)
		assert.ErrorContains(t, err, "skips/allowed.txt:1: ", text)
	}
}

// TestList: the list of this repository is readable, and each of its packages exists.
func TestList(t *testing.T) {
	t.Chdir("..")
	text, err := os.ReadFile(list)
	require.NoError(t, err)
	allowed, err := parse(string(text))
	require.NoError(t, err)
	for _, a := range allowed {
		assert.DirExists(t, "../"+a.pkg)
	}
}

// TestRun runs a command in which a test is skipped, and then one in which another also
// fails: both are reported.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                     "module example.com/flatline\n\ngo 1.26\n",
		"p/p_test.go":                "package p\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Skip() }\n",
		"evidence/skips/allowed.txt": "test p TestA: it is made for this\n",
	} {
		file := root + "/" + name
		require.NoError(t, os.MkdirAll(file[:strings.LastIndex(file, "/")], 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	t.Chdir(root + "/evidence")
	var stdout, stderr strings.Builder
	assert.Zero(t, run(t.Context(), []string{"-stage", "test", "--", "go", "test", "./..."}, &stdout, &stderr), stderr.String())
	assert.Equal(t, 1, run(t.Context(), []string{"-stage", "race", "--", "go", "test", "./..."}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "p TestA is skipped")
	assert.Equal(t, 1, run(t.Context(), []string{"-stage", "test", "--", "go", "test", "./none"}, io.Discard, io.Discard))

	failing := "package p\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) { t.Fail() }\n"
	require.NoError(t, os.WriteFile(root+"/p/b_test.go", []byte(failing), 0o644))
	stderr.Reset()
	assert.Equal(t, 1, run(t.Context(), []string{"-stage", "race", "--", "go", "test", "./..."}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), "exit status 1")
	assert.Contains(t, stderr.String(), "p TestA is skipped")
}

func TestBadCommandLines(t *testing.T) {
	for _, args := range [][]string{{}, {"-stage", "test"}, {"--", "go", "test"}, {"-stage", "test", "--", "ls", "-l"}} {
		var stderr strings.Builder
		assert.Equal(t, 2, run(t.Context(), args, io.Discard, &stderr), "%q", args)
		assert.Contains(t, stderr.String(), "usage: go run -C evidence ./skips")
	}
}
