package main

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/coding/internal/golden"
	"example.com/flatline/lru"
)

// TestShowsTheTrap compares the transcript as well, because a run takes a second.
func TestShowsTheTrap(t *testing.T) {
	var once bytes.Buffer
	run(&once)
	printed := func(w io.Writer) { _, _ = w.Write(once.Bytes()) }
	golden.Check(t, printed)
	golden.Shows(t, printed,
		"wrong, what is large after one round: [render]",
		"right, what grows in each of three:   []")
}

// TestOneLookMisleads: the trap. The largest entry in a profile is a full cache, which is
// not a leak; a cache that is still filling grows, but not with each round; a slow leak
// is small compared with them, and is found.
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

// TestLeakProfile: where the runtime can distinguish goroutines that will never be woken
// from those that wait, it names the same ones.
func TestLeakProfile(t *testing.T) {
	if pprof.Lookup("goroutineleak") == nil {
		t.Skip("built without GOEXPERIMENT=goroutineleakprofile")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, []string{"ask.func1"}, Leaks("goroutineleak", func(n int) {
		if ask(gone, n, 0); n%Round == Round-1 {
			time.Sleep(20 * time.Millisecond) // the runtime does not count a goroutine that has yet to run
		}
	}))
	assert.Empty(t, Leaks("goroutineleak", func(n int) { ask(gone, n, 1) }))
}
