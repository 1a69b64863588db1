//go:build !race

// The programs of these tests share plain variables, and the runtime hides from the race
// detector the order that one goroutine at a time gives them. What the detector finds in
// woven code is for `go run -C evidence ./schedules -race`.

package sched_test

import (
	"context"
	"fmt"
	"slices"
	gosync "sync"
	goatomic "sync/atomic"
	"testing"
	gotime "time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/weave/sched"
	"example.com/flatline/internal/weave/sched/atomic"
	"example.com/flatline/internal/weave/sched/errgroup"
	"example.com/flatline/internal/weave/sched/runtime"
	"example.com/flatline/internal/weave/sched/sync"
	"example.com/flatline/internal/weave/sched/time"
)

// outcomes explores a program with a preemption bound and returns what it ended with,
// each once, in order, and the number of schedules. A schedule that does not end counts
// with the reason.
func outcomes(t *testing.T, bound int, program func() (bodies []func(), result func() string)) (all []string, schedules int) {
	t.Helper()
	r := sched.Run{Bound: bound, Limit: 200}
	for more := true; more; more = r.Next() {
		bodies, result := program()
		r.Do(bodies, func() {})
		s := r.Failed
		if s == "" {
			s = result()
		}
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
		schedules++
		require.Less(t, schedules, 100_000)
	}
	slices.Sort(all)
	return all, schedules
}

// twice runs a body in two goroutines.
func twice(body func()) []func() { return []func(){body, body} }

func TestAtomicsInterleave(t *testing.T) {
	program := func() ([]func(), func() string) {
		var n atomic.Int64
		return twice(func() { n.Store(n.Load() + 1) }), func() string { return fmt.Sprint(n.Load()) }
	}
	all, schedules := outcomes(t, 0, program)
	assert.Equal(t, []string{"2"}, all, "without preemptions nothing is lost")
	assert.Equal(t, 2, schedules, "each goroutine may be the first")
	all, schedules = outcomes(t, 9, program)
	assert.Equal(t, []string{"1", "2"}, all)
	// Each goroutine starts, loads, stores; the start is not a separate point but the
	// choice to run it.
	assert.Equal(t, 20, schedules, "all merges of 3 and 3 steps")

	all, _ = outcomes(t, 9, func() ([]func(), func() string) {
		var n atomic.Uint32
		return twice(func() {
			for v := n.Load(); !n.CompareAndSwap(v, v+1); v = n.Load() {
			}
			n.Or(0x10)
			n.And(0xff)
			n.Add(2)
			n.Swap(n.Load())
		}), func() string { return fmt.Sprint(n.Load() >= 0x12) }
	})
	assert.Equal(t, []string{"true"}, all)
}

func TestMutexExcludes(t *testing.T) {
	all, schedules := outcomes(t, 9, func() ([]func(), func() string) {
		var mu sync.Mutex
		var n atomic.Int64
		return twice(func() {
			mu.Lock()
			n.Store(n.Load() + 1)
			mu.Unlock()
		}), func() string { return fmt.Sprint(n.Load()) }
	})
	assert.Equal(t, []string{"2"}, all)
	assert.Greater(t, schedules, 2)

	all, _ = outcomes(t, 9, func() ([]func(), func() string) {
		var mu sync.Mutex
		taken := [2]bool{}
		body := func(i int) func() {
			return func() {
				if taken[i] = mu.TryLock(); taken[i] {
					mu.Unlock()
				}
			}
		}
		return []func(){body(0), body(1)}, func() string { return fmt.Sprint(taken) }
	})
	assert.Equal(t, []string{"[false true]", "[true false]", "[true true]"}, all)
}

func TestRWMutex(t *testing.T) {
	all, _ := outcomes(t, 2, func() ([]func(), func() string) {
		var mu sync.RWMutex
		var readers, most, writers atomic.Int64
		wrong := false
		read := func() {
			mu.RLock()
			most.Store(max(most.Load(), readers.Add(1)))
			wrong = wrong || writers.Load() > 0
			readers.Add(-1)
			mu.RUnlock()
		}
		write := func() {
			mu.Lock()
			writers.Add(1)
			wrong = wrong || readers.Load() > 0
			writers.Add(-1)
			mu.Unlock()
		}
		return []func(){read, read, write}, func() string { return fmt.Sprint(wrong, most.Load()) }
	})
	assert.Equal(t, []string{"false 1", "false 2"}, all)
}

func TestOnceIsOneCall(t *testing.T) {
	all, _ := outcomes(t, 9, func() ([]func(), func() string) {
		var o sync.Once
		var n atomic.Int64
		early := false
		return twice(func() {
			o.Do(func() { n.Store(n.Load() + 1) })
			early = early || n.Load() != 1
		}), func() string { return fmt.Sprint(n.Load(), early) }
	})
	assert.Equal(t, []string{"1 false"}, all)
}

func TestDeadlockIsSeen(t *testing.T) {
	all, _ := outcomes(t, 9, func() ([]func(), func() string) {
		var a, b sync.Mutex
		lock := func(first, second *sync.Mutex) func() {
			return func() {
				first.Lock()
				defer first.Unlock()
				second.Lock()
				defer second.Unlock()
			}
		}
		return []func(){lock(&a, &b), lock(&b, &a)}, func() string { return "" }
	})
	assert.Equal(t, []string{"", "goroutine 0 never wakes up: Lock"}, all)
}

func TestChannels(t *testing.T) {
	all, _ := outcomes(t, 9, func() ([]func(), func() string) {
		c, done := make(chan int, 1), make(chan struct{})
		var got []int
		send := func() {
			sched.Send(c, 1)
			sched.Send(c, 2)
			sched.CloseChan(done)
		}
		take := func() { got = append(got, sched.Recv(c), sched.Recv(c)); sched.Recv(done) }
		return []func(){send, take}, func() string { return fmt.Sprint(got) }
	})
	assert.Equal(t, []string{"[1 2]"}, all)

	all, _ = outcomes(t, 9, func() ([]func(), func() string) {
		a, b := make(chan int, 1), make(chan int, 1)
		took := -2
		return []func(){
				func() { sched.Send(a, 1) },
				func() { sched.Send(b, 1) },
				func() { took = sched.Select(false, sched.OnRecv(a), sched.OnRecv(b)) },
			},
			func() string { return fmt.Sprint(took) }
	})
	assert.Equal(t, []string{"0", "1"}, all)

	all, _ = outcomes(t, 0, func() ([]func(), func() string) {
		a, b := make(chan int, 1), make(chan int, 1)
		a <- 1
		b <- 1
		took := -2
		return []func(){func() { took = sched.Select(false, sched.OnRecv(a), sched.OnRecv(b)) }},
			func() string { return fmt.Sprint(took) }
	})
	assert.Equal(t, []string{"0", "1"}, all, "of two that are ready each may be taken")

	all, _ = outcomes(t, 9, func() ([]func(), func() string) {
		c := make(chan int, 1)
		took := -2
		return []func(){func() { sched.Send(c, 1) }, func() { took = sched.Select(true, sched.OnRecv(c)) }},
			func() string { return fmt.Sprint(took) }
	})
	assert.Equal(t, []string{"-1", "0"}, all)
}

// TestGosched: a waiting loop is not run while nothing changes, and one that waits in
// vain is detected.
func TestGosched(t *testing.T) {
	all, schedules := outcomes(t, 9, func() ([]func(), func() string) {
		var ready atomic.Bool
		return []func(){
			func() {
				for !ready.Load() {
					runtime.Gosched()
				}
			},
			func() { ready.Store(true) },
		}, func() string { return "ended" }
	})
	assert.Equal(t, []string{"ended"}, all)
	assert.Less(t, schedules, 20)
	all, _ = outcomes(t, 9, func() ([]func(), func() string) {
		var never atomic.Bool
		return []func(){func() {
			for !never.Load() {
				runtime.Gosched()
			}
		}}, func() string { return "" }
	})
	assert.Equal(t, []string{"goroutine 0 never wakes up: Gosched in a loop that waits"}, all)
	all, _ = outcomes(t, 0, func() ([]func(), func() string) {
		var never atomic.Bool
		return []func(){func() {
			for !never.Load() {
			}
		}}, func() string { return "" }
	})
	assert.Equal(t, []string{"no end after 200 steps"}, all)
}

func TestTimersFireWhenNothingElseCan(t *testing.T) {
	all, _ := outcomes(t, 9, func() ([]func(), func() string) {
		var order []string
		sleep := func(d gotime.Duration) func() {
			return func() {
				begun := time.Now()
				timer := time.NewTimer(gotime.Hour)
				timer.Reset(d)
				sched.Recv(timer.C)
				order = append(order, fmt.Sprint(time.Since(begun)))
			}
		}
		return []func(){sleep(2 * time.Second), sleep(time.Second)}, func() string { return fmt.Sprint(order) }
	})
	assert.Equal(t, []string{"[1s 2s]"}, all)
}

func TestContextsAndGroups(t *testing.T) {
	all, _ := outcomes(t, 2, func() ([]func(), func() string) {
		ctx := sched.WithCancel(context.Background())
		var got error
		ran := 0
		return []func(){func() {
				g, ctx := errgroup.WithContext(ctx)
				g.Go(func() error { ran++; return nil })
				g.Go(func() error { sched.Recv(ctx.Done()); return context.Cause(ctx) })
				got = g.Wait()
			}, func() { ctx.Cancel(context.DeadlineExceeded) }},
			func() string { return fmt.Sprint(got, ran) }
	})
	assert.Equal(t, []string{"context deadline exceeded 1"}, all)
}

func TestPanicIsAFailure(t *testing.T) {
	all, _ := outcomes(t, 1, func() ([]func(), func() string) {
		return []func(){func() { panic("no") }}, func() string { return "" }
	})
	assert.Equal(t, []string{"goroutine 0 panicked: no"}, all)
}

// TestReplay: the choices of a schedule lead to it again, step by step.
func TestReplay(t *testing.T) {
	var n atomic.Int64
	bodies := twice(func() { n.Store(n.Load() + 1) })
	r := sched.Run{Bound: 2}
	for more := true; more; more = r.Next() {
		n.Store(0)
		if r.Do(bodies, func() {}); n.Load() == 1 {
			break
		}
	}
	require.EqualValues(t, 1, n.Load())
	again := sched.Run{Bound: 100, Trace: true}
	again.Replay(r.Choices())
	n.Store(0)
	again.Do(bodies, func() {})
	assert.EqualValues(t, 1, n.Load())
	var saw []string
	for _, s := range again.Steps {
		saw = append(saw, fmt.Sprint(s.Goroutine, " ", s.Kind, " ", s.Saw))
	}
	assert.Equal(t, []string{"0 load 0", "1 load 0", "1 store stored 1", "0 store stored 1"}, saw)
	assert.Equal(t, 1, again.Preemptions())
}

// TestChoose: the caller of a run decides, and learns what a replay would do.
func TestChoose(t *testing.T) {
	var n atomic.Int64
	bodies := twice(func() { n.Store(n.Load() + 1) })
	var saw []string
	letters := "ABAB"
	r := sched.Run{Bound: 100}
	r.Choose = func(options []int, chosen int) int {
		saw = append(saw, fmt.Sprint(options, chosen))
		if len(saw) > len(letters) {
			return chosen
		}
		return slices.Index(options, int(letters[len(saw)-1]-'A'))
	}
	r.Do(bodies, func() {})
	assert.EqualValues(t, 1, n.Load(), "both load before one stores")
	assert.Equal(t, []string{"[0 1] 0", "[0 1] 0", "[1 0] 0", "[0 1] 0", "[1 0] 0", "[0] 0"}, saw)

	again := sched.Run{Bound: 100}
	again.Replay(r.Choices())
	saw, letters = nil, ""
	again.Choose = r.Choose
	n.Store(0)
	again.Do(bodies, func() {})
	assert.EqualValues(t, 1, n.Load())
	assert.Equal(t, []string{"[0 1] 0", "[0 1] 1", "[1 0] 1", "[0 1] 1", "[1 0] 0", "[0] 0"}, saw)
}

// TestDriftIsSeen: a program that has other steps when it is run again is an error.
func TestDriftIsSeen(t *testing.T) {
	runs := 0
	r := sched.Run{Bound: 9}
	for more := true; more && r.Failed == ""; more = r.Next() {
		runs++
		var n atomic.Int64
		r.Do(twice(func() {
			n.Load()
			if runs%2 == 0 {
				n.Store(1)
			}
			n.Load()
		}), func() {})
	}
	assert.Contains(t, r.Failed, "the schedule drifts")
}

// TestSizes: what is punned or padded by hand stays where it is.
func TestSizes(t *testing.T) {
	assert.Equal(t, unsafe.Sizeof(gosync.Mutex{}), unsafe.Sizeof(sync.Mutex{}))
	assert.Equal(t, unsafe.Sizeof(gosync.RWMutex{}), unsafe.Sizeof(sync.RWMutex{}))
	assert.Equal(t, unsafe.Sizeof(gosync.Once{}), unsafe.Sizeof(sync.Once{}))
	assert.Equal(t, unsafe.Sizeof(goatomic.Uint64{}), unsafe.Sizeof(atomic.Uint64{}))
	assert.Equal(t, unsafe.Alignof(goatomic.Uint64{}), unsafe.Alignof(atomic.Uint64{}))
	assert.Equal(t, unsafe.Sizeof(goatomic.Int64{}), unsafe.Sizeof(atomic.Int64{}))
	assert.Equal(t, unsafe.Sizeof(goatomic.Uint32{}), unsafe.Sizeof(atomic.Uint32{}))
	assert.Equal(t, unsafe.Sizeof(goatomic.Bool{}), unsafe.Sizeof(atomic.Bool{}))
	assert.Equal(t, unsafe.Sizeof(goatomic.Pointer[int]{}), unsafe.Sizeof(atomic.Pointer[int]{}))
}

// TestOutsideARun: without a run the stand-ins are the real thing.
func TestOutsideARun(t *testing.T) {
	var mu sync.Mutex
	var n atomic.Int64
	var wg gosync.WaitGroup
	c := make(chan int, 1)
	for range 4 {
		wg.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			n.Store(n.Load() + 1)
			runtime.Gosched()
			sched.Send(c, 1)
			sched.Recv(c)
		})
	}
	wg.Wait()
	assert.EqualValues(t, 4, n.Load())
	assert.False(t, sched.Active())
}
