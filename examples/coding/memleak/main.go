// Memleak finds two leaks by pprof's profiles, and shows that the fixes hold.
//
// The question: "a service's memory grows until it is killed; find the leak". The trap is
// to look at one profile: the largest entry is mostly an intended cache, and the first
// load after a start makes everything grow. A leak grows with each round of the same
// load. By hand, in a service with net/http/pprof:
//
//	curl -o before 'localhost:6060/debug/pprof/heap?gc=1'; # the load again, and then
//	go tool pprof -top -diff_base before 'localhost:6060/debug/pprof/heap?gc=1'
//
// The heap profile names the code that allocated, not the code that keeps the memory. A
// goroutine that waits without end keeps everything reachable from its stack: look at the
// goroutines as well.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"example.com/flatline/lru"
)

type service struct {
	name    string
	request func(n int)
}

const (
	Round    = 40    // requests between two looks at a profile
	pageSize = 65536 // bytes
)

// Leaks warms up with a round of requests and returns, sorted, the functions of this
// package that have more in the profile after each of three further rounds, by at
// least one for every two requests. The profile is "heap", "goroutine" or, built with
// GOEXPERIMENT=goroutineleakprofile, "goroutineleak".
func Leaks(profile string, request func(n int)) []string {
	n, grew := 0, map[string]int{}
	play := func() map[string]int {
		for range Round {
			request(n)
			n++
		}
		return settled(profile)
	}
	before := play()
	for range 3 {
		after := play()
		for f, count := range after {
			if count >= before[f]+Round/2 {
				grew[f]++
			}
		}
		before = after
	}
	maps.DeleteFunc(grew, func(_ string, rounds int) bool { return rounds < 3 })
	return slices.Sorted(maps.Keys(grew))
}

// largest is the wrong answer, kept to be shown: it returns the functions that hold most
// of what one round of requests has left in the heap, a leak or not.
func largest(request func(n int)) (large []string) {
	before := look("heap")
	for n := range Round {
		request(n)
	}
	for f, count := range look("heap") {
		if count >= before[f]+Round/2 {
			large = append(large, f)
		}
	}
	return large
}

// settled waits until the goroutines no longer change, and then looks: goroutines of a
// request need a moment to end, or to reach the point where they wait.
func settled(profile string) map[string]int {
	last := look("goroutine")
	for range 100 {
		time.Sleep(time.Millisecond)
		now := look("goroutine")
		if maps.Equal(last, now) {
			break
		}
		last = now
	}
	return look(profile)
}

// look counts what is in a profile by the innermost function of this package. It
// reads the form for people: a line that begins with a count, then the stack.
func look(profile string) map[string]int {
	runtime.GC() // the heap profile shows the end of the last collection,
	runtime.GC() // when this one has swept
	var text bytes.Buffer
	_ = pprof.Lookup(profile).WriteTo(&text, 1) // a Buffer takes all
	own := reflect.TypeFor[service]().PkgPath() + "."
	counts, n := map[string]int{}, 0
	for line := range strings.Lines(text.String()) {
		fields := strings.Fields(line)
		if !strings.HasPrefix(line, "#") {
			n = 0
			_, _ = fmt.Sscan(line, &n)
		} else if len(fields) > 2 && strings.HasPrefix(fields[2], own) {
			f, _, _ := strings.Cut(strings.TrimPrefix(fields[2], own), "+")
			counts[f] += n
			n = 0 // its callers do not count
		}
	}
	return counts
}

// ask leaks if room is 0: once the client has gone, no goroutine receives, and the sender
// waits without end. Room for one answer is the fix.
func ask(ctx context.Context, n, room int) {
	answers := make(chan []byte, room)
	go func() { answers <- render(n) }()
	select {
	case <-ctx.Done():
	case <-answers:
	}
}

func render(n int) []byte { return bytes.Repeat([]byte{byte(n)}, pageSize) }

func main() { run(os.Stdout) }

// run prints the transcript.
func run(w io.Writer) {
	runtime.MemProfileRate = pageSize / 16 // so that no page is missed
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	healthy := lru.New[int, []byte](100)
	request := func(n int) { healthy.Put(n, render(n)) }
	fmt.Fprintln(w, "a cache of 100 pages, no leak:")
	fmt.Fprintln(w, "wrong, what is large after one round:", largest(request))
	fmt.Fprintln(w, "right, what grows in each of three:  ", Leaks("heap", request))

	pages, cache := map[int][]byte{}, lru.New[int, []byte](100)
	for _, s := range []service{
		{"a map of pages", func(n int) { pages[n] = render(n) }},
		{"an lru.Cache of 100", func(n int) { cache.Put(n, render(n)) }},
		{"a channel without room", func(n int) { ask(gone, n, 0) }},
		{"a channel with room", func(n int) { ask(gone, n, 1) }},
	} {
		fmt.Fprintf(w, "%-23s heap grows by %v, goroutines by %v\n", s.name, Leaks("heap", s.request), Leaks("goroutine", s.request))
	}
}
