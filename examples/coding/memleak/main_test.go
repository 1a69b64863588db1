package main

import (
	"context"
	"runtime"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/coding/internal/golden"
	"example.com/flatline/lru"
)

func TestTranscript(t *testing.T) { golden.Check(t, run) }

// TestOneLookMisleads: the trap. What is largest in a profile is a full cache, which
// is no leak; a cache that is still filling grows, but not with each round; a slow
// leak is small beside them, and is found.
func TestOneLookMisleads(t *testing.T) {
	runtime.MemProfileRate = pageSize / 16
	full := lru.New[int, []byte](Round)
	assert.Empty(t, Leaks("heap", func(n int) { full.Put(n, render(n)) }))
	assert.GreaterOrEqual(t, look("heap")["render"], Round, "the largest, and no leak")
	assert.Equal(t, Round, full.Len())

	filling := lru.New[int, []byte](3 * Round)
	assert.Empty(t, Leaks("heap", func(n int) { filling.Put(n, render(n)) }))
	assert.Equal(t, 3*Round, filling.Len())

	var slow [][]byte
	leak := func(n int) {
		if n%2 == 0 {
			slow = append(slow, render(n))
		}
	}
	assert.Equal(t, []string{"render"}, Leaks("heap", leak))
	assert.Len(t, slow, 2*Round)
}

// TestLeakProfile: where the runtime can tell goroutines that nothing will ever wake
// from those that wait, it names the same.
func TestLeakProfile(t *testing.T) {
	if pprof.Lookup("goroutineleak") == nil {
		t.Skip("built without GOEXPERIMENT=goroutineleakprofile")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, []string{"ask.func1"}, Leaks("goroutineleak", func(n int) { ask(gone, n, 0) }))
	assert.Empty(t, Leaks("goroutineleak", func(n int) { ask(gone, n, 1) }))
}
