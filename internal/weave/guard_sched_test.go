package weave

import (
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unscheduled lists the operations that the sched loom leaves, as folder, function and
// operation, with the reason.
var unscheduled = map[string]string{
	"bqueue.Queue.TakeBatchWithin:context.WithTimeout": "a real timer: the program of a schedule ends before it fires",
}

// harmless are functions of packages with a stand-in that neither order goroutines nor
// wait.
var harmless = []string{"runtime.GOMAXPROCS"}

// TestAllIsScheduled: in the copies, with types, no use of sync, sync/atomic, channels,
// go, Gosched, select, timers or the clock is left that is not a call of the runtime.
func TestAllIsScheduled(t *testing.T) {
	overlay, err := Weave(Config{Root: root, Dir: t.TempDir(), Packages: all(t), Looms: []Loom{Sched()}})
	require.NoError(t, err)
	replace, err := ReadOverlay(overlay)
	require.NoError(t, err)
	var unknown []string
	found := map[string]bool{}
	for _, u := range realOperations(t, newLoader(t, replace)) {
		if found[u.name] = true; unscheduled[u.name] == "" {
			unknown = append(unknown, u.at+": "+u.name)
		}
	}
	assert.Empty(t, unknown, "weave them, or list them in unscheduled with the reason:\n%s", strings.Join(unknown, "\n"))
	for name := range unscheduled {
		assert.True(t, found[name], "%s is listed, but woven", name)
	}
}

// TestScheduleGuardSees: the guard finds the operations of the tree, and those of a copy
// in which one import was put back.
func TestScheduleGuardSees(t *testing.T) {
	names := func(us []bareOperation) (names []string) {
		for _, u := range us {
			names = append(names, u.name)
		}
		return names
	}
	got := names(realOperations(t, newLoader(t, nil)))
	assert.Greater(t, len(got), 250, "the test sees the operations")
	for _, want := range []string{
		"bqueue.waiter.wait:select", "bqueue.waiter.signal:send", "bqueue.waiter.await:receive", "bqueue.Queue.Close:close",
		"internal/cache.shard.begin:go", "internal/lap.wait:runtime.Gosched", "ratelimit.queue.push:time.NewTimer",
		"concmap.segment.freeze:sync.Mutex.Lock", "bqueue.Queue.Workers:errgroup.Group.Wait", "internal/hash.New:math/rand/v2.Uint64",
	} {
		assert.Contains(t, got, want)
	}

	overlay, err := Weave(Config{Root: root, Dir: t.TempDir(), Packages: []string{"concmap"}, Looms: []Loom{Sched()}})
	require.NoError(t, err)
	replace, err := ReadOverlay(overlay)
	require.NoError(t, err)
	for file, by := range replace {
		if filepath.Base(file) != "flight.go" {
			continue
		}
		text, err := os.ReadFile(by)
		require.NoError(t, err)
		real := strings.ReplaceAll(string(text), modulePath+"/internal/weave/sched/sync", "sync")
		require.NotEqual(t, string(text), real)
		require.NoError(t, os.WriteFile(by, []byte(real), 0o600))
	}
	assert.Contains(t, names(realOperations(t, newLoader(t, replace))), "concmap.flights.join:sync.Mutex.Lock")
}

// realOperations are those of the woven packages that reach the real thing.
func realOperations(t *testing.T, l *loader) (found []bareOperation) {
	for _, folder := range all(t) {
		c := l.load(folder)
		for _, f := range c.files {
			for _, d := range f.Decls {
				name := folder
				if fn, ok := d.(*ast.FuncDecl); ok {
					name += "." + FuncName(fn)
				}
				walkPath(d, func(path []ast.Node) {
					operation := synchronisation(c.info, path)
					if id, ok := path[len(path)-1].(*ast.Ident); ok && operation == "" {
						operation = standing(c.info.Uses[id])
					}
					if operation != "" && !slices.Contains(harmless, operation) {
						found = append(found, bareOperation{at: l.at(path[len(path)-1]), name: name + ":" + operation})
					}
				})
			}
		}
	}
	return found
}

// standing names a function of a package that has a stand-in, but for sync and
// sync/atomic, if it is about time, chance or goroutines.
func standing(o types.Object) string {
	name := outside(o)
	switch pkg, fn, _ := strings.Cut(name, "."); {
	case pkg == "runtime", pkg == "math/rand/v2" && !strings.HasPrefix(fn, "Rand.") && !strings.HasPrefix(fn, "New"):
		return name
	case pkg == "time":
		switch fn {
		case "Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker":
			return name
		}
	case pkg == "context" && strings.HasPrefix(fn, "With") && fn != "WithoutCancel" && fn != "WithValue":
		return name
	}
	return ""
}
