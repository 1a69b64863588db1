package main

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/internal/weave/sched"
)

// An op is one letter of the alphabet that programs are made of.
type op[In any] struct {
	text string
	in   func(v int) In // v is a value that no other operation of the program uses
}

// A plan is a structure, an alphabet, and the model that judges the results of programs.
type plan[T, In, Out, St any] struct {
	history.Type[T, In, Out, St]
	pkg string
	// roles are the alphabets of the goroutines: goroutine i has role i, and goroutines
	// after the last role have the last. Permuting the programs of goroutines with the
	// same role makes no difference.
	roles [][]op[In]
	// final observes the structure when all goroutines have ended.
	final []op[In]
	// stuck says why a goroutine should not be waiting in an operation, or returns "". It
	// is called when no goroutine can continue. Without it no goroutine may wait at that
	// point. rescue must then end all waits.
	stuck  func(t T, waiting []In) string
	rescue []op[In]
	// parts, if not nil, returns the steps of an operation that is not one step, each of
	// which takes effect at some moment of the call; nil for other operations.
	parts func(in In, out Out) []history.Step[In, Out]
	quick []string // shapes of a short run
	whole []string // further shapes of a full run
}

// A subject is a plan of any types.
type subject interface {
	info() *about
	letters() [][]string
	start(p program) *exploration
}

// about is the name of a subject and how far it is explored.
type about struct {
	name, pkg    string
	quick, whole []string
}

func (p *plan[T, In, Out, St]) info() *about { return &about{p.Name, p.pkg, p.quick, p.whole} }

func (p *plan[T, In, Out, St]) letters() (all [][]string) {
	for _, role := range p.roles {
		var texts []string
		for _, o := range role {
			texts = append(texts, o.text)
		}
		all = append(all, texts)
	}
	return all
}

func (p *plan[T, In, Out, St]) role(g int) []op[In] { return p.roles[min(g, len(p.roles)-1)] }

// An exploration goes through the schedules of one program.
type exploration struct {
	run       sched.Run
	once      func() (why string) // runs the schedule that is chosen and judges it
	text      []string            // what each goroutine does
	histories int                 // distinct ones
	races     int
}

// memory is how many bytes may be allocated between two collections, which never happen
// during a run.
const memory = 256 << 20

// A running is a program in progress: its structure, and its results so far.
type running[T, In, Out any] struct {
	t       T
	program [][]In // the last is that of the idle goroutine
	texts   [][]string
	outs    [][]Out
	waits   string // why a goroutine should not have waited
}

// What is noted of an operation.
const (
	called int32 = iota
	returned
)

// note says that operation i of goroutine g was called or has returned.
func note(g, i int, what int32) int32 { return int32(g)<<16 | int32(i)<<1 | what }

func (p *plan[T, In, Out, St]) start(prog program) *exploration {
	x := &exploration{}
	r := &running[T, In, Out]{}
	v := 0
	value := func(o op[In]) In { v++; return o.in(v) }
	var bodies []func()
	for g, letters := range prog {
		var ins []In
		var texts []string
		for _, l := range letters {
			o := p.role(g)[l]
			ins = append(ins, value(o))
			texts = append(texts, o.text)
		}
		r.program, r.texts = append(r.program, ins), append(r.texts, texts)
		x.text = append(x.text, strings.Join(texts, ", "))
		bodies = append(bodies, func() {
			for i := range ins {
				p.do(r, g, i)
			}
		})
	}
	var last []In
	var texts []string
	for _, o := range slices.Concat(p.rescue, p.final) {
		last, texts = append(last, value(o)), append(texts, o.text)
	}
	r.program, r.texts = append(r.program, last), append(r.texts, texts)
	r.outs = make([][]Out, len(r.program))
	for g := range r.outs {
		r.outs[g] = make([]Out, len(r.program[g]))
	}
	known := map[string]bool{}
	var key []byte
	x.once = func() string {
		sched.Reseed()
		r.t, r.waits = p.New(nil), ""
		x.run.Do(bodies, func() { p.end(r, len(prog)) })
		switch {
		case r.waits != "":
			return r.waits
		case x.run.Failed != "":
			return x.run.Failed
		case sched.Races() > x.races:
			x.races = sched.Races()
			return "a data race"
		}
		key = p.key(key[:0], r, x.run.Notes)
		good, ok := known[string(key)]
		if !ok {
			good = p.Linearizable(p.calls(r, x.run.Notes))
			known[string(key)] = good
			x.histories = len(known)
		}
		if !good {
			return "the results have no explanation: not linearizable"
		}
		return ""
	}
	return x
}

// do runs operation i of goroutine g.
func (p *plan[T, In, Out, St]) do(r *running[T, In, Out], g, i int) {
	sched.Point(sched.Call, nil)
	sched.Note(note(g, i, called))
	in := r.program[g][i]
	if sched.Tracing() {
		sched.Say("calls %s", r.texts[g][i])
	}
	out := p.Do(r.t, in)
	r.outs[g][i] = out
	sched.Note(note(g, i, returned))
	if sched.Tracing() {
		sched.Say("returns: %s", p.describe(in, out))
	}
}

func (p *plan[T, In, Out, St]) describe(in In, out Out) string {
	if p.Describe != nil {
		return p.Describe(in, out)
	}
	return fmt.Sprintf("%v → %+v", in, out)
}

// end is what the idle goroutine does.
func (p *plan[T, In, Out, St]) end(r *running[T, In, Out], g int) {
	wait := func() (waiting []In) {
		for g, ins := range r.program[:g] {
			if sched.Waiting(g) {
				waiting = append(waiting, ins[sched.Begun(g)])
			}
		}
		return waiting
	}
	first := len(p.rescue)
	if waiting := wait(); len(waiting) > 0 {
		if p.stuck == nil {
			r.waits = fmt.Sprintf("deadlock: %v never wakes up", waiting)
			return
		}
		if why := p.stuck(r.t, waiting); why != "" {
			r.waits = fmt.Sprintf("lost wake-up: %v waits, though %s", waiting, why)
			return
		}
		first = 0
	}
	for i := first; i < len(r.program[g]); i++ {
		if i == len(p.rescue) && first == 0 {
			sched.AwaitIdle()
			if waiting := wait(); len(waiting) > 0 {
				r.waits = fmt.Sprintf("deadlock: %v never wakes up", waiting)
				return
			}
		}
		p.do(r, g, i)
	}
	if first == 0 && len(p.final) == 0 {
		sched.AwaitIdle()
	}
}

// key is a history as bytes: the calls and returns, in their order, and the results.
func (p *plan[T, In, Out, St]) key(to []byte, r *running[T, In, Out], notes []int32) []byte {
	for _, n := range notes {
		to = binary.LittleEndian.AppendUint32(to, uint32(n))
		if n&1 == 1 {
			to = fmt.Appendf(to, "%v;", r.outs[n>>16][n>>1&0x7fff])
		}
	}
	return to
}

func (p *plan[T, In, Out, St]) calls(r *running[T, In, Out], notes []int32) (all []history.Call[In, Out]) {
	open := map[int32]int64{}
	for at, n := range notes {
		if n&1 == 0 {
			open[n] = int64(at)
			continue
		}
		g, i := n>>16, n>>1&0x7fff
		c := history.Call[In, Out]{Client: int(g), In: r.program[g][i], Out: r.outs[g][i], Call: open[n-1], Return: int64(at)}
		if p.parts != nil {
			if parts := p.parts(c.In, c.Out); parts != nil {
				for _, part := range parts {
					c.In, c.Out = part.In, part.Out
					all = append(all, c)
				}
				continue
			}
		}
		all = append(all, c)
	}
	return all
}

// explore runs all schedules with at most high preemptions, first those with at most low,
// then those with one more, and so on, until one fails or more returns false. It returns
// the number of schedules with at most high preemptions, or until the failure, and why
// the last one failed.
func (x *exploration) explore(low, high int, more func() bool) (schedules int, why string) {
	var m runtime.MemStats
	for b := low; b <= high; b++ {
		x.run = sched.Run{Bound: b}
		schedules = 0
		for next := true; next; next = x.run.Next() {
			schedules++
			if why = x.once(); why != "" {
				return schedules, why
			}
			if schedules%1024 == 0 {
				if runtime.ReadMemStats(&m); m.HeapAlloc > memory {
					runtime.GC()
				}
			}
			if !more() {
				return schedules, ""
			}
		}
	}
	return schedules, ""
}
