package sim

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// A Failure is a run that broke an invariant.
type Failure struct {
	Seed   uint64
	Faults []Fault // those that are needed
	Err    error
	Trace  []string
}

// Error returns the seed, the faults and the end of the trace.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %v\nwith %d faults:\n", f.Seed, f.Err, len(f.Faults))
	for _, x := range f.Faults {
		fmt.Fprintf(&b, "  %v\n", x)
	}
	b.WriteString("the last steps:\n")
	for _, line := range f.Trace[max(0, len(f.Trace)-60):] {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// Run builds and runs the simulation of a seed, and returns nil if every check held. A
// failure has been shrunk: it has no fault without which the run still fails.
func Run(seed uint64, build func(*Sim)) *Failure {
	failure := once(seed, nil, build)
	if failure == nil {
		return nil
	}
	for dropped := true; dropped; {
		dropped = false
		for i := range failure.Faults {
			fewer := append(append([]Fault{}, failure.Faults[:i]...), failure.Faults[i+1:]...)
			if smaller := once(seed, fewer, build); smaller != nil {
				failure, dropped = smaller, true
				break
			}
		}
	}
	return once(seed, failure.Faults, func(s *Sim) {
		s.Trace = true
		build(s)
	})
}

// Check runs the seeds from 1 on, and fails t with the first failure.
func Check(t testing.TB, seeds int, build func(*Sim)) {
	t.Helper()
	if f := first(seeds, build); f != nil {
		t.Fatal(f)
	}
}

// Finds returns the first failure among the seeds from 1 on, and fails t if there is none:
// it is for a fault that was planted.
func Finds(t testing.TB, seeds int, build func(*Sim)) *Failure {
	t.Helper()
	f := first(seeds, build)
	if f == nil {
		t.Fatalf("none of %d seeds found it", seeds)
	}
	return f
}

// first returns the first failure among the seeds from 1 on. A run allocates much and keeps
// little: with the default garbage collection, up to a third of the time would go into it.
func first(seeds int, build func(*Sim)) *Failure {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	for seed := range uint64(seeds) {
		if f := Run(seed+1, build); f != nil {
			return f
		}
	}
	return nil
}

// once runs a seed with a plan of faults, or with the seed's own if plan is nil.
func once(seed uint64, plan []Fault, build func(*Sim)) *Failure {
	s := &Sim{
		Rand: rand.New(rand.NewPCG(seed, 0)), End: time.Minute, Faults: 8, Skew: time.Second,
		seed: seed, nodes: map[string]*node{}, sent: map[[2]string]uint64{},
	}
	build(s)
	if s.Quiet == 0 {
		s.Quiet = s.End / 3
	}
	if s.plan = plan; plan == nil {
		s.plan = s.faults()
	}
	r := rand.New(rand.NewPCG(seed, 2))
	for _, name := range s.names {
		s.nodes[name].clock = time.Duration(r.Int64N(int64(s.Skew) + 1))
		s.boot(name)
	}
	for i := range s.plan {
		if f := &s.plan[i]; f.Kind == Crash {
			s.schedule(event{at: f.At, fault: f})
			s.schedule(event{at: f.At + f.For, fault: f, over: true})
		}
	}
	err := s.run()
	if err == nil {
		return nil
	}
	return &Failure{Seed: seed, Faults: s.plan, Err: err, Trace: s.lines}
}

func (s *Sim) run() error {
	for len(s.events) > 0 {
		e := *heap.Pop(&s.events).(*event)
		if e.at > s.End {
			break
		}
		s.now = e.at
		s.happen(e)
		for _, check := range s.invariant {
			if err := check(); err != nil {
				return err
			}
		}
	}
	for _, check := range s.finally {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sim) happen(e event) {
	if e.fault != nil {
		s.crash(*e.fault, e.over)
		return
	}
	n := s.nodes[e.m.To]
	switch {
	case n == nil:
		s.Logf("there is no node %q for %v", e.m.To, text{e.m.Body})
	case n.node == nil || e.life >= 0 && e.life != n.life:
		s.Logf("%s -> %s is down: %v", e.m.From, e.m.To, text{e.m.Body})
	case s.active(Pause, e.m.To, ""):
		e.at = s.resumes(e.m.To)
		s.schedule(e)
	default:
		s.Logf("%s -> %s: %v", e.m.From, e.m.To, text{e.m.Body})
		s.send(e.m.To, n.node.Step(s.now+n.clock, e.m))
	}
}

// resumes returns when the current pauses of a node end.
func (s *Sim) resumes(name string) (at time.Duration) {
	for _, f := range s.plan {
		if f.Kind == Pause && f.Node == name && s.now >= f.At && s.now < f.At+f.For {
			at = max(at, f.At+f.For)
		}
	}
	return at
}

func (s *Sim) crash(f Fault, over bool) {
	n := s.nodes[f.Node]
	switch {
	case !over:
		s.Logf("%s crashes", f.Node)
		n.node = nil
		n.life++
	case n.node == nil && !s.active(Crash, f.Node, ""): // otherwise another crash of it has not ended
		s.Logf("%s starts again", f.Node)
		s.boot(f.Node)
	}
}

func (s *Sim) boot(name string) {
	n := s.nodes[name]
	n.node = n.start()
	s.schedule(event{at: s.now, m: Message{From: name, To: name, Body: Start{}}, life: n.life})
}
