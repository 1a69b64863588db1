package task

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/measure"
	"example.com/flatline/examples/study/internal/model"
	"example.com/flatline/examples/study/internal/report"
)

const tasks = 10

// folder is that of a task.
func folder(task int) string { return fmt.Sprintf("../task%02d", task) }

// TestEveryOperationIsJudged: each exported function of a task states a cost, and a
// benchmark measures it.
func TestEveryOperationIsJudged(t *testing.T) {
	for task := 1; task <= tasks; task++ {
		rows, err := costs.ParseDir(folder(task))
		require.NoError(t, err)
		stated := map[string]bool{}
		for _, r := range rows {
			stated[r.Op] = true
		}
		measured := map[string]bool{}
		for name, fn := range functions(t, folder(task), "*.go") {
			if name, ok := strings.CutPrefix(name, "Benchmark"); ok && fn.Recv == nil {
				_, row, _ := costs.Match(rows, name)
				for op := range strings.SplitSeq(row, "+") {
					measured[op] = true
				}
			}
		}
		for _, dir := range []string{folder(task) + "/*.go", fmt.Sprintf("task%02d.go", task)} {
			for name, fn := range functions(t, filepath.Dir(dir), filepath.Base(dir)) {
				if fn.Name.IsExported() && token.IsExported(name) && !strings.HasPrefix(name, "Benchmark") && !strings.HasPrefix(name, "Test") {
					assert.True(t, stated[name], "task %d: %s has no row", task, name)
					assert.True(t, measured[name], "task %d: no benchmark measures %s", task, name)
				}
			}
		}
	}
}

// functions are those in the files of a folder, by name, methods behind their type's.
func functions(t *testing.T, dir, pattern string) map[string]*ast.FuncDecl {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]*ast.FuncDecl{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := fn.Name.Name
			if fn.Recv != nil {
				typ := fn.Recv.List[0].Type
				if p, ok := typ.(*ast.StarExpr); ok {
					typ = p.X
				}
				name = typ.(*ast.Ident).Name + "." + name
			}
			all[name] = fn
		}
	}
	return all
}

// TestTasks: for each task the start fails its test and the study's judgement, and the
// solution passes both. Attempts that solve half of a task are refused, other correct
// ones are not. LAB.md shows the study's output about the planted bug.
func TestTasks(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and measures")
	}
	root := filepath.Join(t.TempDir(), "exercises")
	require.NoError(t, os.CopyFS(filepath.Join(root, "lab"), os.DirFS("../lab")))
	write(t, filepath.Join(root, "go.mod"), "module example.com/flatline/examples/study/exercises\n\ngo 1.24\n")
	starts, solved := map[int]string{}, map[int]string{}
	for task := 1; task <= tasks; task++ {
		starts[task], solved[task] = start(t, task), read(t, fmt.Sprintf("task%02d.go", task))
	}
	packages := []map[int]string{starts, solved}
	said := []map[int]attempt{{}, {}}
	for task := 1; task <= tasks; task++ {
		said[0][task] = attempt{task: task, name: "the start", test: true, judged: true}
		for _, a := range attempts {
			if a.task != task {
				continue
			}
			at := 2 // in the first package that has no attempt at this task yet
			for at < len(packages) && said[at][task].name != "" {
				at++
			}
			if at == len(packages) {
				packages, said = append(packages, map[int]string{}), append(said, map[int]attempt{})
			}
			require.Contains(t, solved[task], a.old, a.name)
			packages[at][task], said[at][task] = strings.Replace(solved[task], a.old, a.new, 1), a
		}
	}

	c := measure.Config{Progress: func(int, int, string) {}, WorkOnly: true} // as where there is no valgrind
	var err error
	c.Root, err = measure.Root()
	require.NoError(t, err)
	for i, p := range packages {
		dir := filepath.Join(root, fmt.Sprintf("try%d", i))
		gather(t, dir, p)
		o, err := measure.FindOwn(dir, nil)
		require.NoError(t, err)
		c.Own = append(c.Own, o)
	}
	s, err := measure.Run(t.Context(), c)
	require.NoError(t, err)
	require.Empty(t, s.Failures)
	for i := range packages {
		name := fmt.Sprintf("try%d", i)
		failed := tests(t, filepath.Join(root, name))
		refused := refusals(s, name)
		for task := range packages[i] {
			a := said[i][task]
			assert.Equal(t, a.test, failed[task], "task %d, %s: its test fails", task, a.name)
			assert.Equal(t, a.judged, refused[task] != "", "task %d, %s: the study refuses %s", task, a.name, refused[task])
		}
	}

	for _, o := range s.Ops {
		if class, ok := causes[o.Name()]; ok && o.Pkg == "try0" {
			assert.Equal(t, class, o.Class(), "%s: %s", o.Name(), o.Why)
		}
	}
	o, err := measure.FindOwn(folder(5), nil)
	require.NoError(t, err)
	c.Own, c.WorkOnly = []measure.Own{o}, false
	journal, err := measure.Run(t.Context(), c)
	require.NoError(t, err)
	var table bytes.Buffer
	require.NoError(t, report.Table(&table, journal, 100))
	head, _, _ := strings.Cut(table.String(), "\n\n")
	assert.Contains(t, read(t, "../LAB.md"), head+"\n")
}

// causes are the classes that the starts have, as the study has to name them.
var causes = map[string]growth.Class{
	"LRU.Get": growth.Log, "LRU.Put": growth.Log, "Stack.Push": growth.Linear, "Table.Get": growth.Linear, "Window.Push": growth.Linear,
	"Journal.Append": growth.Linear, "Queue.PushPop": growth.Linear, "Set.DeleteInsert": growth.Linear, "Sums.Range": growth.Linear,
	"MinStack.Min": growth.Linear, "Bucket.Allow": growth.Linear,
}

// refusals are the operations of a package that the study does not confirm, by task.
func refusals(s *model.Study, pkg string) map[int]string {
	of := map[string]int{}
	for task := 1; task <= tasks; task++ {
		rows, _ := costs.ParseDir(folder(task))
		for _, r := range rows {
			of[r.Op] = task
		}
	}
	refused := map[int]string{}
	for _, o := range s.Ops {
		if row, _, _ := strings.Cut(o.Row, "+"); o.Pkg == pkg && o.Verdict != growth.Confirmed {
			task := of[row]
			if task == 0 {
				typ, _, _ := strings.Cut(o.Bench, "_")
				task = of[typ+"."+row]
			}
			refused[task] += o.Name() + " (" + o.Why + ") "
		}
	}
	return refused
}

// TestBroken: a task that does not compile is named with its error, and so is one in
// which an operation is missing; the others are judged.
func TestBroken(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and measures")
	}
	root := filepath.Join(t.TempDir(), "exercises")
	require.NoError(t, os.CopyFS(filepath.Join(root, "lab"), os.DirFS("../lab")))
	write(t, filepath.Join(root, "go.mod"), "module example.com/flatline/examples/study/exercises\n\ngo 1.24\n")
	for task, edit := range map[int][2]string{
		1: {") Put(", ") put("},
		3: {"func hash(k int) uint64 {", "func hash(k int) uint64 {{"},
		4: {"", ""},
		5: {"j.next++", "j.nxet++"},
	} {
		dir := filepath.Join(root, filepath.Base(folder(task)))
		require.NoError(t, os.CopyFS(dir, os.DirFS(folder(task))))
		file := filepath.Join(dir, filepath.Base(startFile(t, task)))
		text := read(t, fmt.Sprintf("task%02d.go", task))
		require.Contains(t, text, edit[0])
		write(t, file, strings.Replace(text, edit[0], edit[1], 1))
	}
	require.NoError(t, os.CopyFS(filepath.Join(root, "task06"), os.DirFS(folder(6))))
	write(t, filepath.Join(root, "task06", "bench_test.go"), "package")

	c := measure.Config{Progress: func(int, int, string) {}}
	var err error
	c.Root, err = measure.Root()
	require.NoError(t, err)
	_, c.Own, err = measure.Select(c.Root, root, nil)
	require.NoError(t, err)
	s, err := measure.Run(t.Context(), c)
	require.NoError(t, err)
	failures := strings.Join(s.Failures, "\n")
	assert.Len(t, s.Failures, 4, failures)
	for _, want := range []string{"task01: does not build: .*Put", `task03: .*table.go:\d+:\d+: `, "task05: does not build: .*nxet", "task06: does not compile: "} {
		assert.Regexp(t, want, failures)
	}
	require.Len(t, s.Ops, 3, "of task 4")
	for _, o := range s.Ops {
		assert.Equal(t, "task04", o.Pkg)
		assert.Equal(t, growth.Confirmed, o.Verdict, "%s: %s", o.Name(), o.Why)
	}
}

// TestSolutionsSay: the error for the folder of solutions says how to judge one.
func TestSolutionsSay(t *testing.T) {
	_, err := measure.FindOwn(".", nil)
	assert.ErrorContains(t, err, "To judge a solution, copy it over the start")
}

// gather writes tasks into one package: their files, benchmarks and tests.
func gather(t *testing.T, dir string, files map[int]string) {
	t.Helper()
	doc := "// Package task is several tasks.\n//\n// # Complexity\n//\n"
	for _, task := range slices.Sorted(maps.Keys(files)) {
		doc += strings.Join(regexp.MustCompile(`(?m)^//\t.*\n`).FindAllString(read(t, folder(task)+"/doc.go"), -1), "")
		write(t, filepath.Join(dir, fmt.Sprintf("task%02d.go", task)), files[task])
		others, err := filepath.Glob(folder(task) + "/*_test.go")
		require.NoError(t, err)
		require.Len(t, others, 2)
		for _, file := range others {
			write(t, filepath.Join(dir, fmt.Sprintf("task%02d_%s", task, filepath.Base(file))), read(t, file))
		}
	}
	write(t, filepath.Join(dir, "doc.go"), doc+"package task\n")
}

// startFile is the file of a task that is to be changed.
func startFile(t *testing.T, task int) string {
	t.Helper()
	files, err := filepath.Glob(folder(task) + "/*.go")
	require.NoError(t, err)
	var starts []string
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") && filepath.Base(f) != "doc.go" {
			starts = append(starts, f)
		}
	}
	require.Len(t, starts, 1)
	return starts[0]
}

func start(t *testing.T, task int) string { return read(t, startFile(t, task)) }

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func write(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}

// tests runs the tests of the tasks and returns which of them fail.
func tests(t *testing.T, dir string) map[int]bool {
	t.Helper()
	cmd := exec.Command("go", "test", "-vet=off", "-tags", "exercise", "-v", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, _ := cmd.CombinedOutput() // some fail
	require.Contains(t, string(out), "=== RUN   TestTask", "it compiles: %s", out)
	failed := map[int]bool{}
	for _, m := range regexp.MustCompile(`(?m)^--- FAIL: TestTask(\d\d)`).FindAllStringSubmatch(string(out), -1) {
		var task int
		fmt.Sscanf(m[1], "%d", &task)
		failed[task] = true
	}
	return failed
}
