package show

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/flatline/internal/weave/sched"
)

// noBound lets a schedule have any number of preemptions.
const noBound = 1 << 20

// two runs two goroutines under the scheduler. Each letter of by says which of them goes
// on to its next operation of sync, sync/atomic or a channel; when the letters end, each
// runs as far as it can. Digits are the choices of a replay string instead.
func (r *recorder) two(f *Form, all [][]call, by string) error {
	run := &sched.Run{Bound: noBound, Limit: 2000, Trace: true}
	letters := by
	if strings.Contains(by, ":") {
		choices, err := parseChoices(by)
		if err != nil {
			return err
		}
		run.Replay(choices)
		letters = ""
	}
	var marks []int // the steps of the trace before each frame
	var can [][]int
	run.Choose = func(options []int, chosen int) int {
		if options[0] >= len(all) { // the goroutine that runs when all have ended
			return 0
		}
		if n := len(r.Letters); n > 0 {
			r.frame(int(r.Letters[n-1]-'A'), "")
		}
		marks, can = append(marks, len(run.Steps)), append(can, slices.Clone(options))
		if n := len(r.Letters); n < len(letters) {
			if chosen = slices.Index(options, int(letters[n]-'A')); chosen < 0 {
				chosen, letters = 0, letters[:n] // it waits: the letters are of another program
			}
		}
		r.Letters += string(rune('A' + options[chosen]))
		return chosen
	}
	var spans []span
	bodies := r.bodies(all, &spans)
	run.Do(bodies, func() {})
	if strings.HasPrefix(run.Failed, "no end") {
		return fmt.Errorf("these goroutines do not end: %s", run.Failed)
	}
	if n := len(r.Letters); n > 0 {
		r.frame(int(r.Letters[n-1]-'A'), "")
	}
	marks, can = append(marks, len(run.Steps)), append(can, nil)
	r.tell(run, marks, can)
	r.Verdict = r.judge(f, all, spans, run.Failed)
	return nil
}

// A span is when a call began and ended, in the order of all calls and returns.
type span struct{ g, i, from, to int }

// bodies returns the goroutines.
func (r *recorder) bodies(all [][]call, spans *[]span) (bodies []func()) {
	now := 0
	for g, calls := range all {
		bodies = append(bodies, func() {
			for i, c := range calls {
				sched.Point(sched.Call, nil)
				sched.Say("calls %s", c.text)
				now++
				at, from := len(r.Calls), now
				r.Calls = append(r.Calls, Call{G: g, Text: c.text, First: len(r.Frames) - 1})
				result := r.do(c)
				now++
				r.Calls[at].Result, r.Calls[at].Last = result, len(r.Frames)
				*spans = append(*spans, span{g, i, from, now})
				sched.Say("returns %s", result)
			}
		})
	}
	return bodies
}

// tell adds to each frame what its step saw and what each goroutine does next.
func (r *recorder) tell(run *sched.Run, marks []int, can [][]int) {
	place := func(s sched.Step) string {
		_, file, _ := strings.Cut(s.File, "/flatline/") // built with -trimpath
		if file == "" {
			return ""
		}
		return file + ":" + strconv.Itoa(s.Line)
	}
	for i := range r.Frames {
		f := &r.Frames[i]
		if i > 0 {
			var said []string
			for _, s := range run.Steps[marks[i-1]:marks[i]] {
				if f.At == "" {
					f.At = place(s)
				}
				if s.Saw != "" {
					said = append(said, s.Saw)
				}
			}
			f.Saw = strings.Join(said, "; ")
		}
		for g := range 2 {
			n := Next{Can: slices.Contains(can[i], g), Text: "has ended"}
			if slices.ContainsFunc(r.Calls, func(c Call) bool { return c.G == g && c.Result == "" }) {
				n.Text = "waits, and never continues"
			}
			for _, s := range run.Steps[marks[i]:] {
				if s.Goroutine == g {
					n.At, n.Text = place(s), s.Kind.String()
					if s.File == "" {
						n.Text = s.Saw
					}
					break
				}
			}
			f.Next = append(f.Next, n)
		}
	}
}

// judge says whether some order of the calls, one after the other, has the same results
// and leaves the same contents. A call that ended before another began stays before it.
func (r *recorder) judge(f *Form, all [][]call, spans []span, failed string) string {
	if failed != "" {
		return failed
	}
	sched.Reseed()
	want := r.contents()
	results := map[[2]int]string{}
	for g := range all {
		i := 0
		for _, c := range r.Calls {
			if c.G == g {
				results[[2]int{g, i}] = c.Result
				i++
			}
		}
	}
	var names []string
	explains := func(order []span) bool {
		sched.Reseed()
		s := &recorder{subject: f.make()}
		names = names[:0]
		same := true
		run := sched.Run{}
		run.Do([]func(){func() {
			for _, x := range order {
				c := all[x.g][x.i]
				same = same && s.do(c) == results[[2]int{x.g, x.i}]
				names = append(names, string(rune('A'+x.g))+" "+c.text)
			}
		}}, func() {})
		return same && run.Failed == "" && s.answer() == want
	}
	if len(spans) > 6 {
		return "not judged: more than six calls"
	}
	if orders(spans, nil, explains) {
		return "explained by " + strings.Join(names, ", ")
	}
	return "NOT LINEARIZABLE: no order of the calls, one after the other, has these results and leaves " + want
}

// contents asks the structure for its answer and lets it be given again.
func (r *recorder) contents() string {
	a := r.answer()
	r.answer = func() string { return a }
	return a
}

// orders tries the orders of left after taken until one is accepted.
func orders(left, taken []span, accept func([]span) bool) bool {
	if len(left) == 0 {
		return accept(taken)
	}
	for i, x := range left {
		if slices.ContainsFunc(left, func(y span) bool { return y.to < x.from }) {
			continue
		}
		rest := slices.Delete(slices.Clone(left), i, i+1)
		if orders(rest, append(slices.Clone(taken), x), accept) {
			return true
		}
	}
	return false
}
