package weave

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scheduled weaves the text of a file for schedules.
func scheduled(t *testing.T, text string) (string, error) {
	t.Helper()
	dir := module(t, map[string]string{"p.go": text, "internal/weave/sched/run.go": "package sched\n"})
	overlay, err := Weave(Config{Root: dir, Dir: t.TempDir(), Packages: []string{"."}, Looms: []Loom{Sched()}})
	if err != nil {
		return "", err
	}
	files, err := ReadOverlay(overlay)
	require.NoError(t, err)
	b, err := os.ReadFile(files[filepath.Join(dir, "p.go")])
	require.NoError(t, err)
	return string(b), nil
}

func TestSched(t *testing.T) {
	got, err := scheduled(t, `package p

import (
	"sync"
	a "sync/atomic"
)

var (
	mu sync.Mutex
	n  a.Int32
)

func f(c, d chan int, g func()) int {
	go g()
	go func() { c <- 1 + 1 }()
	defer close(c)
	select {
	case <-c:
		d <- 2
	default:
	}
	select {
	case <-c:
		return 1
	case <-d:
		return <-d
	}
}
`)
	require.NoError(t, err)
	assert.Equal(t, `package p; import weaveSched "example.org/user/internal/weave/sched"

import (
	"example.org/user/internal/weave/sched/sync"
	a "example.org/user/internal/weave/sched/atomic"
)

var (
	mu sync.Mutex
	n  a.Int32
)

func f(c, d chan int, g func()) int {
	weaveSched.Spawn( g)
	weaveSched.Spawn( func() { weaveSched.Send(c , 1 + 1) })
	defer weaveSched.CloseChan(c)
	switch weaveSched.Select(true, weaveSched.OnRecv(c)) {
	case 0:
		weaveSched.Send(d , 2)
	default:
	}
	switch weaveSched.Select(false, weaveSched.OnRecv(c), weaveSched.OnRecv(d)) {
	case 0:
		return 1
	default:
		return weaveSched.Recv(d)
	}
}
`, got)
}

// TestSchedSaysWhatItCannot: an operation that has no stand-in is an error with its
// place, not one that is forgotten.
func TestSchedSaysWhatItCannot(t *testing.T) {
	for text, want := range map[string]string{
		"v, ok := <-c; _, _ = v, ok":      "a receive with two results",
		"select { case v := <-c: _ = v }": "a case of select that uses what it receives",
		"go f(c)":                         "a go statement with arguments",
		"var v, ok = <-c; _, _ = v, ok":   "a receive with two results",
		"if v, ok := <-c; ok { _ = v }":   "a receive with two results",
	} {
		_, err := scheduled(t, "package p\n\nfunc f(c chan int) {\n\t"+text+"\n}\n")
		require.ErrorContains(t, err, want, text)
		assert.ErrorContains(t, err, "p.go:4", text)
	}
}
