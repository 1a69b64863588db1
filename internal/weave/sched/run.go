package sched

import (
	"fmt"
	"unsafe"
)

// A Run explores the schedules of one program: call Do, look at what happened, call
// Next, and so on until Next returns false. It must be used from one goroutine, and
// only one Run at a time.
type Run struct {
	Bound  int    // preemptions of a schedule, at most
	Limit  int    // steps of a schedule, at most; 10,000 if 0
	Trace  bool   // whether Steps is filled
	Choose Choose // if not nil, it decides which goroutine continues

	Steps  []Step  // of the last schedule, if Trace is set
	Notes  []int32 // that the goroutines made, in their order
	Failed string  // why the last schedule did not come to its end, or ""

	path        []decision
	depth       int
	preemptions int
	steps       int

	all       []*goroutine // of this schedule; the last of those from Do is idle
	idle      *goroutine
	cur, next *goroutine
	options   []*goroutine
	spare     []*worker

	held   []hold
	closed []unsafe.Pointer
	writes uint64
	names  []unsafe.Pointer // of objects in Steps
	clock
}

// A decision is a choice among n options; what tells these options from others.
type decision struct {
	n, chosen uint8
	what      uint32
}

// A goroutine is one of the program's.
type goroutine struct {
	id      int
	w       *worker
	pending op
	done    bool
	looked  uint64 // writes at its last Gosched, plus one
}

// active is the run that is in progress.
var active *Run

// Do runs the bodies as goroutines 0, 1, … under the schedule that Next has chosen, at
// first the one without preemptions. idle runs when no body can continue: when all have
// ended, or all that have not are waiting. Then Failed says if one is still waiting.
func (r *Run) Do(bodies []func(), idle func()) {
	r.depth, r.preemptions, r.steps = 0, 0, 0
	r.all, r.cur, r.next, r.Failed = r.all[:0], nil, nil, ""
	r.held, r.closed, r.writes = r.held[:0], r.closed[:0], 0
	r.Steps, r.Notes, r.names = r.Steps[:0], r.Notes[:0], r.names[:0]
	r.clock = clock{}
	randomState = randomSeed
	for _, body := range bodies {
		r.spawn(body, op{kind: start})
	}
	r.idle = r.spawn(idle, op{kind: waitIdle})
	release(&begun)
	active = r
	for g := r.pick(); g != nil && r.Failed == ""; {
		r.cur, r.next = g, nil
		g.w.resume()
		if g.done {
			g = r.pick()
		} else {
			g = r.next
		}
	}
	active = nil
	acquire(&ended)
	for _, g := range r.all {
		if g.done {
			r.spare = append(r.spare, g.w)
		} else if r.Failed == "" {
			r.Failed = fmt.Sprintf("goroutine %d never wakes up: %v", g.id, g.pending.kind)
		}
	}
}

// Next chooses the next schedule. It returns false if there is none.
func (r *Run) Next() bool {
	for len(r.path) > 0 {
		last := &r.path[len(r.path)-1]
		if last.chosen++; last.chosen < last.n {
			return true
		}
		r.path = r.path[:len(r.path)-1]
	}
	return false
}

// Preemptions returns how many the last schedule had.
func (r *Run) Preemptions() int { return r.preemptions }

// spawn adds a goroutine, which begins with what is pending.
func (r *Run) spawn(body func(), pending op) *goroutine {
	g := &goroutine{id: len(r.all), pending: pending}
	if n := len(r.spare); n > 0 {
		g.w = r.spare[n-1]
		r.spare = r.spare[:n-1]
	} else {
		g.w = newWorker()
	}
	g.w.body = func() {
		acquire(&begun)
		defer func() {
			if v := recover(); v != nil && r.Failed == "" {
				r.Failed = fmt.Sprintf("goroutine %d panicked: %v", g.id, v)
			}
			release(&ended)
			g.done = true
		}()
		body()
	}
	r.all = append(r.all, g)
	return g
}

// pick chooses the goroutine that continues; nil if none can.
func (r *Run) pick() *goroutine {
	for {
		options := r.options[:0]
		stay := r.cur != nil && !r.cur.done && r.enabled(r.cur)
		if stay {
			options = append(options, r.cur)
		}
		if !stay || r.preemptions < r.Bound && r.cur != r.idle {
			for _, g := range r.all {
				if g != r.cur && !g.done && r.enabled(g) {
					options = append(options, g)
				}
			}
		}
		r.options = options
		switch {
		case len(options) > 0:
			if r.Choose != nil {
				r.ask(options)
			}
			i := r.decide(len(options), what(options))
			if stay && i > 0 {
				r.preemptions++
			}
			return options[i]
		case r.advance():
		case r.idle != nil && !r.idle.done && r.idle.pending.kind == waitIdle:
			return r.idle
		default:
			return nil
		}
	}
}

// what sums up options: who they are, and what they are about to do.
func what(options []*goroutine) (sum uint32) {
	for _, g := range options {
		sum = sum*31 + uint32(g.id)<<8 + uint32(g.pending.kind)
	}
	return sum
}

// decide returns the number of the option that this schedule takes.
func (r *Run) decide(n int, what uint32) int {
	if r.depth == len(r.path) {
		r.path = append(r.path, decision{n: uint8(n), what: what})
	}
	d := r.path[r.depth]
	if d.n == 0 { // from Replay, which does not know how many there are
		d.n, d.what = uint8(n), what
		r.path[r.depth] = d
	}
	if int(d.n) != n || d.what != what || d.chosen >= d.n {
		r.fail(fmt.Sprintf("the schedule drifts: decision %d has other options than before", r.depth))
		return 0
	}
	r.depth++
	return int(d.chosen)
}

func (r *Run) fail(why string) {
	if r.Failed == "" {
		r.Failed = why
	}
}

// Choices returns the decisions of the last schedule that were not the first option,
// by number.
func (r *Run) Choices() map[int]int {
	choices := map[int]int{}
	for i, d := range r.path {
		if d.chosen > 0 {
			choices[i] = int(d.chosen)
		}
	}
	return choices
}

// Replay makes the next Do take the schedule with these choices.
func (r *Run) Replay(choices map[int]int) {
	r.path = r.path[:0]
	for i, c := range choices {
		for len(r.path) <= i {
			r.path = append(r.path, decision{})
		}
		r.path[i].chosen = uint8(c)
	}
}

// Note adds a number to the notes of the run in progress.
//
//go:noinline
func Note(n int32) {
	if r := active; r != nil {
		r.Notes = append(r.Notes, n)
	}
}

// Begun returns how many operations goroutine i of the run in progress has completed,
// by its notes of returns, which are odd.
//
//go:noinline
func Begun(i int) (n int) {
	for _, note := range active.Notes {
		if note&1 == 1 && int(note>>16) == i {
			n++
		}
	}
	return n
}

// Waiting reports whether goroutine i of the run in progress has not ended.
//
//go:noinline
func Waiting(i int) bool { return active != nil && !active.all[i].done }
