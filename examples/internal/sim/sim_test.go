package sim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/sim"
)

// A counter adds the numbers that it receives. A client sends numbers until each was
// acknowledged. The counter is correct if it remembers across crashes which numbers it
// has already added.
type (
	add struct{ N int }
	ack struct{ N int }
)

type disk struct {
	sum  int
	seen map[int]bool
}

type counter struct {
	d        *disk
	remember bool // the numbers added; otherwise a repeated message counts twice
}

func (c *counter) Step(_ time.Duration, m sim.Message) []sim.Message {
	a, ok := m.Body.(add)
	if !ok {
		return nil
	}
	if !c.d.seen[a.N] || !c.remember {
		c.d.seen[a.N] = true
		c.d.sum++
	}
	return []sim.Message{{To: m.From, Body: ack(a)}}
}

type client struct{ acked *map[int]bool }

func (c *client) Step(_ time.Duration, m sim.Message) (out []sim.Message) {
	if a, ok := m.Body.(ack); ok {
		(*c.acked)[a.N] = true
		return nil
	}
	for n := range 5 {
		if !(*c.acked)[n] {
			out = append(out, sim.Message{To: "counter", Body: add{n}})
		}
	}
	return append(out, sim.Message{To: "client", After: 2 * time.Second, Body: "again"})
}

func build(remember bool, sum *int) func(*sim.Sim) {
	return func(s *sim.Sim) {
		d, acked := &disk{seen: map[int]bool{}}, map[int]bool{}
		s.Node("counter", func() sim.Node { return &counter{d, remember} })
		s.Node("client", func() sim.Node { return &client{&acked} })
		s.Invariant(func() error {
			if d.sum > 5 {
				return fmt.Errorf("the sum is %d", d.sum)
			}
			return nil
		})
		s.Finally(func() error {
			*sum = d.sum
			if len(acked) < 5 {
				return fmt.Errorf("only %d of 5 were acknowledged", len(acked))
			}
			return nil
		})
	}
}

// TestFinds: a counter that counts a repeated request twice is found, with only one
// fault, which causes it; the failure says how to repeat it.
func TestFinds(t *testing.T) {
	var sum int
	sim.Check(t, 200, build(true, &sum))
	assert.Equal(t, 5, sum)
	f := sim.Finds(t, 200, build(false, &sum))
	require.Len(t, f.Faults, 1, "shrunk: %v", f)
	assert.ErrorContains(t, f, "the sum is 6")
	assert.ErrorContains(t, f, fmt.Sprintf("seed %d", f.Seed))
	assert.ErrorContains(t, f, f.Faults[0].String())
	assert.ErrorContains(t, f, "client -> counter: sim_test.add{N:")
	again := sim.Run(f.Seed, build(false, &sum))
	assert.Equal(t, f, again, "a run is a function of its seed")
}

// kinds records what happens to numbered messages from a to b.
type sender struct{ n int }

func (s *sender) Step(_ time.Duration, m sim.Message) []sim.Message {
	s.n++
	return []sim.Message{{To: "b", Body: s.n}, {To: "a", After: 100 * time.Millisecond, Body: "tick"}}
}

type receiver struct {
	now   func() time.Duration
	got   map[int]int
	last  *time.Duration
	gap   *time.Duration
	clock *time.Duration
}

func (r *receiver) Step(now time.Duration, m sim.Message) []sim.Message {
	if n, ok := m.Body.(int); ok {
		r.got[n]++
		*r.gap = max(*r.gap, r.now()-*r.last)
		*r.last, *r.clock = r.now(), now-r.now()
	}
	return nil
}

// TestFaults: each kind of fault does what it says, and in some run each happens.
func TestFaults(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(60) {
		got := map[int]int{}
		var gap, last, clock time.Duration
		failure := sim.Run(seed, func(s *sim.Sim) {
			s.Faults, s.End = 1, 30*time.Second
			clear(got)
			gap, last = 0, 0
			s.Node("a", func() sim.Node { return &sender{} })
			s.Node("b", func() sim.Node { return &receiver{s.Now, got, &last, &gap, &clock} })
			s.Finally(func() error { return fmt.Errorf("look") }) // to see the fault and the trace
		})
		trace := strings.Join(failure.Trace, "\n")
		assert.Empty(t, failure.Faults, "the check fails without any")
		assert.LessOrEqual(t, clock, time.Second)
		seen["clock"] = seen["clock"] || clock > 0
		for n := range 250 {
			assert.Equal(t, 1, got[n+1], "without faults each message arrives once")
		}
		assert.Less(t, gap, 120*time.Millisecond)
		assert.NotContains(t, trace, "lost")
		assert.NotContains(t, trace, "crashes")
	}
	assert.True(t, seen["clock"], "clocks differ")
	for kind, check := range map[string]func(got map[int]int, gap time.Duration, trace string) bool{
		sim.Lose: func(got map[int]int, _ time.Duration, trace string) bool {
			return strings.Contains(trace, "a -> b lost")
		},
		sim.Repeat: func(got map[int]int, _ time.Duration, _ string) bool { return most(got) > 1 },
		sim.Slow:   func(_ map[int]int, gap time.Duration, _ string) bool { return gap > 150*time.Millisecond },
		sim.Pause: func(got map[int]int, gap time.Duration, _ string) bool {
			return gap > 300*time.Millisecond && len(got) > 280
		},
		sim.Crash: func(_ map[int]int, _ time.Duration, trace string) bool {
			return strings.Contains(trace, "starts again")
		},
		sim.Partition: func(_ map[int]int, _ time.Duration, trace string) bool { return strings.Contains(trace, "a -> b lost") },
	} {
		f := sim.Finds(t, 300, func(s *sim.Sim) {
			s.Faults, s.End, s.Trace = 1, 30*time.Second, true
			got := map[int]int{}
			var gap, last, clock time.Duration
			s.Node("a", func() sim.Node { return &sender{} })
			s.Node("b", func() sim.Node { return &receiver{s.Now, got, &last, &gap, &clock} })
			s.Finally(func() error {
				if plan := s.Plan(); len(plan) == 1 && plan[0].Kind == kind && check(got, gap, strings.Join(s.Lines(), "\n")) {
					return fmt.Errorf("it happened")
				}
				return nil
			})
		})
		assert.Len(t, f.Faults, 1, kind)
	}
}

func most(got map[int]int) (n int) {
	for _, k := range got {
		n = max(n, k)
	}
	return n
}
