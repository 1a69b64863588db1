package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/evidence/internal/record"
)

// alphabets makes alphabets of these numbers of letters.
func alphabets(sizes ...int) (all [][]string) {
	for _, n := range sizes {
		all = append(all, make([]string, n))
	}
	return all
}

func TestPrograms(t *testing.T) {
	for _, c := range []struct {
		shape   string
		letters [][]string
		want    int
	}{
		{"1+1", alphabets(6), 21}, // pairs without order
		{"2+1", alphabets(6), 216},
		{"2+2", alphabets(6), 666},
		{"1+1+1", alphabets(5), 35},
		{"2+1+1", alphabets(3), 9 * 6},
		{"1+1", alphabets(2, 3), 6}, // each role has its own alphabet
		{"1+1+1", alphabets(2, 3), 2 * 6},
	} {
		s, err := parseShape(c.shape)
		require.NoError(t, err)
		seen := map[string]bool{}
		s.programs(c.letters, func(p program) bool {
			seen[p.String()] = true
			again, err := parseProgram(p.String(), c.letters)
			require.NoError(t, err)
			require.Equal(t, p, again)
			return true
		})
		assert.Len(t, seen, c.want, c.shape)
	}
	assert.Equal(t, "3:1,14:2", choices(map[int]int{14: 2, 3: 1}))
	again, err := parseChoices("3:1,14:2")
	require.NoError(t, err)
	assert.Equal(t, map[int]int{14: 2, 3: 1}, again)
}

func TestBadCommandLines(t *testing.T) {
	t.Chdir("..")
	for args, want := range map[string]string{
		"-shape 2-2":              `no shape "2-2"`,
		"-shape 1+1+1+1+1+1+1":    "more than 6 goroutines",
		"-pkg nosuch":             "no package or type nosuch",
		"-bound -1":               "-bound must not be negative",
		"-record -short":          "-record records all",
		"-run x":                  "-run and -update need -mutants",
		"stray":                   `unexpected argument "stray"`,
		"-nosuch":                 "flag provided but not defined",
		"-mutants -run (":         "-run: ",
		"-pkg concmap -shape 1+x": "no shape",
	} {
		_, err := parse(strings.Fields(args))
		assert.ErrorContains(t, err, want, args)
	}
}

// planted is the program into which the bug of README.md is planted.
var planted = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "schedules")
	if err != nil {
		return "", err
	}
	made = dir
	return plant(dir, "late-item-is-empty", false)
})

// made is the folder of planted, if a test has asked for it.
var made string

// plant builds the program with a bug of ringbuffer in a folder.
func plant(dir, bug string, race bool) (program string, err error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return "", err
	}
	base, err := applyPatch(context.Background(), root, filepath.Join(dir, "patched"), "../mutants/ringbuffer/"+bug+".patch")
	if err != nil {
		return "", err
	}
	return build(context.Background(), root, dir, base, race)
}

// explored runs the planted program and returns its findings.
func explored(t *testing.T, j job) (all []finding) {
	t.Helper()
	program, err := planted()
	require.NoError(t, err)
	return findings(t, program, j)
}

// findings are those of a program.
func findings(t *testing.T, program string, j job) (all []finding) {
	t.Helper()
	var stderr strings.Builder
	out, err := start(context.Background(), program, j, &stderr)
	require.NoError(t, err, stderr.String())
	for line := range bytes.Lines(out) {
		var f finding
		require.NoError(t, json.Unmarshal(line, &f))
		all = append(all, f)
	}
	return all
}

func TestMain(m *testing.M) {
	code := m.Run()
	if made != "" {
		os.RemoveAll(made)
	}
	os.Exit(code)
}

// TestFindsTheBug: the failure found is that of the smallest program, the same each time,
// and is found soon.
func TestFindsTheBug(t *testing.T) {
	j := job{Names: []string{"internal/lap"}, Bound: 2, Parts: 1, Deepen: true}
	all := explored(t, j)
	last := all[len(all)-1]
	require.NotNil(t, last.Failure)
	assert.Equal(t, "2+1", last.Shape)
	assert.Contains(t, last.Failure.Why, "not linearizable")
	assert.Less(t, last.Failure.Schedules, 10_000)
	again := explored(t, j)
	assert.Equal(t, last, again[len(again)-1])
	for _, f := range all[:len(all)-1] {
		assert.Nil(t, f.Failure)
	}
}

var lineNumber = regexp.MustCompile(`\.go:\d+`)

// TestReadme: the schedule that README.md walks through is the one that its replay
// prints, except for line numbers.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(text), "-replay '")
	require.True(t, ok)
	key, _, _ := strings.Cut(rest, "'")
	program, err := planted()
	require.NoError(t, err)
	out, err := start(context.Background(), program, job{Replay: key}, os.Stderr)
	require.NoError(t, err)
	var block []string
	for line := range strings.Lines(string(out)) {
		block = append(block, strings.TrimRight("    "+line, " \n"))
	}
	told := lineNumber.ReplaceAllString(strings.Join(block, "\n"), ".go")
	assert.Contains(t, lineNumber.ReplaceAllString(string(text), ".go"), told)
}

// TestRightCodePasses: in the same program, types without the bug have no failure.
func TestRightCodePasses(t *testing.T) {
	all := explored(t, job{Names: []string{"concmap", "lru", "ringbuffer.SPSC"}, Shapes: []string{"1+1"}, Bound: 1, Parts: 1})
	assert.Greater(t, len(all), 12)
	for _, f := range all {
		assert.Nil(t, f.Failure, f.Name)
		assert.Positive(t, f.Schedules)
	}
}

// TestUnpublishedWrite: under the race detector, a plain write after the operation that
// publishes it is reported, whatever the order of the two goroutines. In the same program
// correct code is not reported.
func TestUnpublishedWrite(t *testing.T) {
	program, err := plant(t.TempDir(), "published-before-stored", true)
	require.NoError(t, err)
	all := findings(t, program, job{Names: []string{"ringbuffer.SPSC, capacity 1"}, Whole: true, Shapes: []string{"1+1"}, Bound: 0, Parts: 1})
	require.Len(t, all, 1)
	require.NotNil(t, all[0].Failure, "%+v", all[0])
	assert.Equal(t, "a data race", all[0].Failure.Why)
	for _, f := range findings(t, program, job{Names: []string{"internal/lap", "concmap.Striped"}, Shapes: []string{"1+1"}, Bound: 1, Parts: 1}) {
		assert.Nil(t, f.Failure, f.Name)
		assert.Positive(t, f.Schedules)
	}
}

// TestRecord: all types and shapes of today are in the record, with all programs, except
// those that are yet to be recorded.
func TestRecord(t *testing.T) {
	s, err := record.ReadSchedules("..")
	require.NoError(t, err)
	assert.Empty(t, s.Wrong())
	var want, got []string
	for _, x := range subjects() {
		for _, text := range slices.Concat(x.info().quick, x.info().whole) {
			sh, err := parseShape(text)
			require.NoError(t, err)
			n := 0
			sh.programs(x.letters(), func(program) bool { n++; return true })
			want = append(want, x.info().name+" "+text)
			for _, e := range s.Explored {
				if e.Name == x.info().name && e.Shape == text {
					assert.Equal(t, n, e.Programs, "%s %s", e.Name, e.Shape)
				}
			}
		}
	}
	for _, e := range s.Explored {
		got = append(got, e.Name+" "+e.Shape)
	}
	assert.Equal(t, want, got, record.SchedulesCommand)
}

// TestReadmeFigures: the figures of README.md about concmap's schedules are in the
// record.
func TestReadmeFigures(t *testing.T) {
	s, err := record.ReadSchedules("..")
	require.NoError(t, err)
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	said := regexp.MustCompile(`the ([\d,]+) schedules of concmap.Map's programs 2\+2 have ([\d,]+)\.`).FindSubmatch(text)
	require.NotNil(t, said)
	i := slices.IndexFunc(s.Explored, func(e record.Explored) bool { return e.Name == "concmap.Map" && e.Shape == "2+2" })
	require.GreaterOrEqual(t, i, 0)
	for at, want := range []int{s.Explored[i].Schedules, s.Explored[i].Histories} {
		assert.Equal(t, strconv.Itoa(want), strings.ReplaceAll(string(said[at+1]), ",", ""))
	}
}

// TestOtherCounts: a run whose counts differ from the record of the same sources says so;
// for other sources it says nothing.
func TestOtherCounts(t *testing.T) {
	f := finding{Name: "lru.Sync", Pkg: "lru", Shape: "1+1", Bound: 2, Programs: 28, Schedules: 1008, Histories: 168}
	s := record.Schedules{Made: record.Made{Sources: map[string]string{"lru": "a"}}, Explored: []record.Explored{f.explored()}}
	today := map[string]string{"lru": "a"}
	assert.NoError(t, differences(s, today, []finding{f}))
	s.Explored[0].Schedules++
	assert.ErrorContains(t, differences(s, today, []finding{f}), "lru.Sync 1+1: 28 programs, 1009 schedules, 168 histories are recorded, and 28, 1008, 168 are found")
	assert.NoError(t, differences(s, map[string]string{"lru": "b"}, []finding{f}))
}

// TestSeen: each listed name is a planted bug that needs several goroutines, either with
// a program in which it is found or with the reason why it is not. -mutants searches for
// the others in all programs.
func TestSeen(t *testing.T) {
	t.Chdir("..")
	bugs, err := readBugs()
	require.NoError(t, err)
	assert.Greater(t, len(bugs), 30)
	unseen, err := readUnseen()
	require.NoError(t, err)
	seen, err := readSeen()
	require.NoError(t, err)
	for _, b := range bugs {
		at, found := seen[b.name]
		_, not := unseen[b.name]
		assert.False(t, found && not, "%s is found and not found", b.name)
		assert.True(t, found || not || searched[filepath.Dir(b.name)] != nil, "%s is looked for nowhere: give the reason in %s", b.name, unseenFile)
		delete(unseen, b.name)
		delete(seen, b.name)
		if found {
			i := slices.IndexFunc(subjects(), func(s subject) bool { return s.info().name == at.subject })
			require.GreaterOrEqual(t, i, 0, "%s: %v", b.name, at)
			_, err := parseProgram(at.program, subjects()[i].letters())
			assert.NoError(t, err, b.name)
		}
	}
	assert.Empty(t, seen, "no planted bugs")
	assert.Empty(t, unseen, "no planted bugs")
}

// TestFaultIsSeen: a Mutex that does not exclude fails the tests of the code that runs
// the schedules; -mutants tries the other faults.
func TestFaultIsSeen(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	caught, out, err := faults[0].try(context.Background(), root, t.TempDir())
	require.NoError(t, err)
	assert.True(t, caught)
	assert.Contains(t, out, "--- FAIL: TestMutexExcludes")
	for _, f := range faults {
		_, err := f.overlay(root, t.TempDir())
		assert.NoError(t, err)
	}
}

// TestSource: of a file that a planted bug changes, the lines told are the changed ones.
func TestSource(t *testing.T) {
	dir := t.TempDir()
	shipped, changed := filepath.Join(dir, "a.go"), filepath.Join(dir, "b.go")
	require.NoError(t, os.WriteFile(shipped, []byte("one\n\ttwo\n"), 0o600))
	require.NoError(t, os.WriteFile(changed, []byte("one\n\tbug\n"), 0o600))
	told = job{Files: map[string]string{shipped: changed}}
	defer func() { told = job{} }()
	assert.Equal(t, "bug", source(shipped, 2))
	assert.Equal(t, "one", source(changed, 1))
	assert.Empty(t, source(shipped, 3))
}
