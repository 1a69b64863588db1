package measure

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// TestUnbenched: each stated cost of the ten packages has a benchmark or a reason for
// having none, and no reason outlives the lack.
func TestUnbenched(t *testing.T) {
	root, err := Root()
	require.NoError(t, err)
	stated := map[string]bool{}
	for _, pkg := range Packages {
		rows, err := costs.ParseDir(filepath.Join(root, pkg))
		require.NoError(t, err)
		measured := map[string]bool{}
		names, err := benchmarkNames(filepath.Join(root, pkg))
		require.NoError(t, err)
		for _, name := range names {
			if _, row, ok := costs.Match(rows, name); ok {
				for r := range strings.SplitSeq(row, "+") {
					measured[r] = true
				}
			}
		}
		for _, row := range rows {
			name := pkg + " " + row.Op
			stated[name] = true
			assert.NotEqual(t, measured[row.Op], unbenched[name] != "", "%s: a benchmark, or a reason in unbenched.go for having none, and not both", name)
		}
	}
	for name := range unbenched {
		assert.True(t, stated[name], "%s is excused, but not stated", name)
	}
}

var all = flag.Bool("all", false, "plant work of all kinds in all packages, and not a logarithm in one alone")

// planting is a runner that has compiled what TestPlanted and TestCountsRepeat count:
// whether something is planted is asked when a binary runs.
var planting = sync.OnceValues(func() (*runner, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	packages := []string{"randset"}
	if *all {
		packages = Packages
	}
	r, err := newRunner(Config{Root: root, Packages: packages, WorkOnly: true, Progress: func(int, int, string) {}},
		plan{sizes: powers(6, 12, 2), perPoint: time.Minute})
	if err != nil {
		return nil, err
	}
	temporary = append(temporary, r.tmp)
	if err := r.build(context.Background()); err != nil {
		return nil, err
	}
	return r, r.discover(context.Background())
})

// temporary are folders to remove when all tests are done.
var temporary []string

func TestMain(m *testing.M) {
	code := m.Run()
	for _, dir := range temporary {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// recount counts everything once more, with something planted.
func recount(t *testing.T, plant string) *runner {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles and measures")
	}
	r, err := planting()
	require.NoError(t, err)
	r.Plant, r.found, r.study = plant, map[string]*measured{}, new(model.Study)
	require.NoError(t, r.count(t.Context()))
	r.judge()
	require.NotEmpty(t, r.study.Ops)
	return r
}

// TestPlanted: a loop, a logarithm and a copy planted in an operation are refuted by
// counted work alone, and nothing else is.
func TestPlanted(t *testing.T) {
	kinds := []string{"log"} // what is hardest to see
	if *all {
		kinds = Kinds()
	}
	for _, kind := range kinds {
		r := recount(t, kind)
		seen := map[string]bool{}
		for _, o := range r.study.Ops {
			planted := o.Bench == plants[o.Pkg].op
			seen[o.Pkg] = seen[o.Pkg] || planted
			assert.Nil(t, o.Instr, "instructions have no part in it")
			if planted {
				assert.Equal(t, growth.Refuted, o.Verdict, "%s %s with a planted %s: %s", o.Pkg, o.Name(), kind, o.Why)
			} else if *all {
				t.Logf("%s %s: %s, %s", o.Pkg, o.Name(), o.Verdict, o.Why)
			} else {
				assert.Equal(t, growth.Confirmed, o.Verdict, "%s %s: %s", o.Pkg, o.Name(), o.Why)
			}
		}
		for _, p := range r.Packages {
			assert.True(t, seen[p], "%s: its planted operation is measured", p)
		}
		assert.NotEmpty(t, r.study.Failed(), "the exit status is 1")
	}
}

// TestPlants: every package has an operation to plant in.
func TestPlants(t *testing.T) {
	for _, pkg := range Packages {
		assert.Contains(t, slices.Collect(maps.Keys(plants)), pkg, "add an operation of it to plants in weave.go")
	}
	assert.Len(t, plants, len(Packages))
}

// TestCountsRepeat: counted work is the same number in every run, hash functions or
// not.
func TestCountsRepeat(t *testing.T) {
	var runs [2]string
	for i := range runs {
		for _, o := range recount(t, "").study.Ops { // over so few sizes no verdict counts, but every number does
			runs[i] += fmt.Sprintln(o.Name(), o.Work.Work)
		}
	}
	assert.Equal(t, runs[0], runs[1])
}
