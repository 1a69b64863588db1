package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/evidence/internal/record"
	"example.com/flatline/internal/house"
)

// withoutHistories are the safe types without histories, with the reason.
var withoutHistories = map[string]string{
	"minstack.Persistent": "nothing is ever written again, so that there is no order to find",
	"timemap.View":        "a time and the map that it reads; the histories of timemap.Sync read through it",
	"randset.Options":     "arguments: its doc says which sources are safe",
}

// notRecorded are the methods of safe types that no history calls, with the reason. A
// method with the same reason in all types is listed by its name alone.
var notRecorded = map[string]string{
	"Stats":                      "counts for people, of several moments in some types; the models of the packages compare them",
	"DeleteExpired":              "time stands still in a history",
	"concmap.Map.Keys":           "as All",
	"concmap.Map.Values":         "as All",
	"concmap.Map.DeleteFunc":     "as All, a CompareAndDelete for each entry",
	"concmap.Map.Insert":         "a Store for each pair",
	"concmap.Map.ToMap":          "a Snapshot's content",
	"concmap.Map.Len":            "exact only while nothing is written, as its doc says",
	"concmap.Striped.Len":        "as Map.Len: stripe by stripe",
	"lfu.Sync.Resize":            "the model has a fixed capacity; lru.Sync.Resize, the same code, is recorded",
	"lfu.Sharded.Resize":         "shard by shard",
	"ratelimit.Keyed.Len":        "a key that owes nothing may be forgotten at any time",
	"ratelimit.Keyed.All":        "shard by shard",
	"ringbuffer.Pipe.ReadFrom":   "a Write for each piece that it reads",
	"ringbuffer.Pipe.WriteTo":    "a Read for each piece that it writes",
	"ringbuffer.Sync.At":         "panics beyond Len, which another client may change before it",
	"ringbuffer.Sync.Drain":      "a Pop for each item",
	"ringbuffer.Sync.Resize":     "the model has a fixed capacity",
	"timemap.Sync.Len":           "stripe by stripe, as its doc says",
	"timemap.Sync.Versions":      "stripe by stripe",
	"timemap.Sync.Keys":          "stripe by stripe",
	"timemap.Sync.CompactBefore": "stripe by stripe",
	"timemap.Sync.KeepLast":      "stripe by stripe",
	"timemap.Sync.Clear":         "stripe by stripe",
	"bqueue.Queue.All":           "a Take for each item",
	"bqueue.Queue.Cap":           "a constant",
	"bqueue.Queue.Done":          "closed some time after Close began; the tests of the package wait for it",
	"bqueue.Queue.Unfinished":    "two counts, read one after the other, as its doc says",
	"bqueue.Queue.Workers":       "a Take and a TaskDone for each item",
}

// TestNoTypeForgotten: each exported type that is safe for concurrent use is in the
// record of the histories, and each of its methods is called by a client, or there is
// a reason.
func TestNoTypeForgotten(t *testing.T) {
	root := filepath.Join("..", "..")
	recorded, err := record.ReadHistories("..")
	require.NoError(t, err)
	var names []string
	for _, c := range recorded {
		names = append(names, c.Base())
	}
	used := map[string]bool{}
	types := 0
	for _, pkg := range house.Packages {
		found, err := safeTypes(root, pkg)
		require.NoError(t, err)
		assert.NotEmpty(t, found, "%s has no type that is safe for concurrent use", pkg)
		called := calls(t, pkg)
		for _, s := range found {
			types++
			name := pkg + "." + s.name
			if withoutHistories[name] != "" {
				used[name] = true
				continue
			}
			assert.True(t, slices.Contains(names, name), "no histories of %s, which is safe for concurrent use: write linear/%s, or give a reason in withoutHistories", name, pkg)
			for _, m := range s.methods {
				short, full := m, name+"."+m
				switch {
				case slices.Contains(called, m):
				case notRecorded[full] != "":
					used[full] = true
				case notRecorded[short] != "":
					used[short] = true
				default:
					assert.Fail(t, "no history calls "+full, "record it in linear/%s, or give a reason in notRecorded", pkg)
				}
			}
		}
	}
	assert.GreaterOrEqual(t, types, 20, "the search finds the types")
	for name := range withoutHistories {
		assert.True(t, used[name], "withoutHistories: %s is no safe type", name)
	}
	for name := range notRecorded {
		assert.True(t, used[name], "notRecorded: %s is recorded, or is gone", name)
	}
}

// calls are the names of the methods that the clients of a package call.
func calls(t *testing.T, pkg string) (names []string) {
	files, err := filepath.Glob(filepath.Join(pkg, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				if s, ok := c.Fun.(*ast.SelectorExpr); ok {
					names = append(names, s.Sel.Name)
				}
			}
			return true
		})
	}
	return names
}

// TestSafeTypes: how safeTypes recognises a type that is safe.
func TestSafeTypes(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	write("p/p.go", `package p

import (
	"sync"
	"sync/atomic"

	"example.com/flatline/internal/core"
)

// Locked has a lock.
type Locked struct{ mu sync.Mutex }

func (l *Locked) Get()  {}
func (l *Locked) put()  {}

// Counter embeds an atomic.
type Counter[T any] struct{ *inner[T] }

type inner[T any] struct{ n [4]atomic.Int64 }

// Queue has a channel.
type Queue[T any] struct{ c chan T }

// Cache contains a type that locks.
type Cache[K comparable] struct{ c core.Cache[K, []Plain] }

// Frozen is immutable and safe
// for concurrent use.
type Frozen struct{ n int }

// Plain only names a lock.
type Plain struct {
	_     [0]sync.Mutex
	mu    int
	f     func(*sync.Mutex)
	next  *Plain
}

// Own is not safe for concurrent use.
type Own struct{ l *Locked }

// Limiter is safe for concurrent use.
type Limiter interface{ Take() }

type hidden struct{ mu sync.Mutex }
`)
	write("p/p_test.go", "package p\n\ntype Tested struct{ c chan int }\n")
	write("internal/core/core.go", "package core\n\ntype Cache[K comparable, V any] struct{ once once }\n\ntype once struct{ done chan struct{} }\n")
	found, err := safeTypes(root, "p")
	require.NoError(t, err)
	var names []string
	for _, s := range found {
		names = append(names, s.name)
	}
	assert.Equal(t, "Cache Counter Frozen Locked Queue", strings.Join(names, " "))
	assert.Equal(t, []string{"Get"}, found[3].methods)
	_, err = safeTypes(root, "none")
	assert.Error(t, err)
}
