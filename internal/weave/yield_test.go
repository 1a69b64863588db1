package weave

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestYieldInserts(t *testing.T) {
	for text, want := range map[string]string{
		"x.Store(1)":                          "Y; x.Store(1); Y",
		"v := x.Load()":                       "Y; v := A(x.Load()); Y",
		"v, ok := m.Load(k)":                  "Y; v, ok := m.Load(k); Y",
		"v, ok := <-c":                        "Y; v, ok := <-c; Y",
		"v := <-c":                            "Y; v := A(<-c); Y",
		"c <- 1":                              "Y; c <- 1; Y",
		"close(c)":                            "Y; close(c); Y",
		"go f()":                              "Y; go f(); Y",
		"runtime.Gosched()":                   "Y; runtime.Gosched(); Y",
		"defer mu.Unlock()":                   "defer Y; defer mu.Unlock(); defer Y",
		"for !x.CompareAndSwap(1, 2) {\n\t}":  "Y; for !A(x.CompareAndSwap(1, 2)) {\n\t}",
		"l:\n\tfor x.Load() {\n\t}":           "Y; l:\n\tfor A(x.Load()) {\n\t}",
		"if atomic.LoadInt64(p) == 1 {\n\t}":  "Y; if A(atomic.LoadInt64(p)) == 1 {\n\t}",
		"switch { case x.Load(): f() }":       "Y; switch { case A(x.Load()): f() }",
		"select { case v := <-c: f(v) }":      "Y; select { case v := <-c: Y; f(v) }",
		"select { case c <- x.Load(): }":      "Y; select { case c <- A(x.Load()): Y; }",
		"p.Load().Load()":                     "Y; A(p.Load()).Load(); Y",
		"f(func() { mu.Lock() })":             "f(func() { Y; mu.Lock(); Y })",
		"f(1)":                                "f(1)",
		"if f(1) {\n\t\tmu.Lock()\n\t}":       "if f(1) {\n\t\tY; mu.Lock(); Y\n\t}",
		"g := func() int { return x.Add(1) }": "g := func() int { Y; return A(x.Add(1)) }",
	} {
		got := woven(t, "p.go", "package p\n\nimport (\n\t\"runtime\"\n\t\"sync/atomic\"\n)\n\nfunc f() {\n\t"+text+"\n}\n", Yield())
		_, got, _ = strings.Cut(got, "func f() {\n\t")
		got = strings.ReplaceAll(strings.ReplaceAll(got, "weaveYield.Yield()", "Y"), "weaveYield.After(", "A(")
		assert.Equal(t, want, strings.TrimSuffix(got, "\n}\n"))
	}
	got := woven(t, "p.go", "package p\n\nfunc f() (int, bool) { return x.Load() }\n", Yield())
	assert.Contains(t, got, "{ weaveYield.Yield(); return x.Load() }", "two results do not pass through a call")
}

// counter loses an update if another goroutine runs between its Load and its Store.
const counterSource = `package user

import "sync/atomic"

type Counter struct{ n atomic.Int64 }

func (c *Counter) Inc() { c.n.Store(c.n.Load() + 1) }
`

const counterTest = `package user

import (
	"sync"
	"testing"
)

func TestCounter(t *testing.T) {
	lost := 0
	for range 200 {
		var c Counter
		var g sync.WaitGroup
		for range 2 {
			g.Go(c.Inc)
		}
		g.Wait()
		if c.n.Load() != 2 {
			lost++
		}
	}
	t.Logf("lost %d", lost)
	if lost == 0 {
		t.Log("found nothing")
	}
}
`

// TestYieldFinds: on one processor, where goroutines take turns, the bug is seen in
// the woven build and never in the plain one.
func TestYieldFinds(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a module")
	}
	dir := module(t, map[string]string{"user.go": counterSource, "user_test.go": counterTest})
	overlay, err := Weave(Config{Root: dir, Dir: t.TempDir(), Packages: []string{"."}, Looms: []Loom{Yield()}})
	require.NoError(t, err)
	assert.NotContains(t, run(t, dir, "test", "-vet=off", "-v", "-cpu", "1", "-overlay", overlay, "."), "found nothing")
	assert.Contains(t, run(t, dir, "test", "-vet=off", "-v", "-cpu", "1", "."), "found nothing")
}
