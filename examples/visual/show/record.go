// Package show runs the ten structures and records how their memory changes: before each
// statement if one goroutine works, and between the steps of a schedule if there are two.
// The structures must have been woven for it; otherwise a record has no frames between
// calls.
package show

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"unsafe"

	"example.com/flatline/internal/weave/sched"
	"example.com/flatline/internal/weave/step"
)

// A Record is what happened.
type Record struct {
	Calls   []Call
	Frames  []Frame
	States  []string // JSON
	Letters string   // of two goroutines: which continued at each decision, A or B
	Answer  string   // what the structure says it contains
	Verdict string   // of two goroutines: whether one after the other explains the results
}

// A Call is one operation.
type Call struct {
	G           int
	Text        string
	Result      string // "" if it has not returned
	First, Last int    // frames; the first is before the call
}

// A Frame is a line that ran and the memory after it.
type Frame struct {
	G     int
	At    string // "lru/lru.go:52", or "" if it is no line of the structure
	Saw   string // what the step of a schedule saw
	State int
	Next  []Next // of two goroutines, by number
}

// A Next is what a goroutine is about to do.
type Next struct {
	At   string
	Text string
	Can  bool // false: it waits, or has ended
}

// tooMany frames are an error.
const tooMany = 20_000

// A recorder makes a record.
type recorder struct {
	Record
	subject
	dumper
	at string // the line that runs
}

// Run makes the calls in do on a form of a page, which is named in full or is its first.
// Calls are separated by commas, and those of two goroutines by a bar; by are the letters
// of a schedule, or a replay string's choices.
func Run(page, form, do, by string) (rec *Record, err error) {
	f, err := find(page, form)
	if err != nil {
		return nil, err
	}
	all, err := parse(f, do)
	if err != nil {
		return nil, err
	}
	// An address that was used again would be another object of the same number.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	sched.Reseed()
	r := &recorder{subject: f.make(), dumper: dumper{numbers: map[unsafe.Pointer]int{}}}
	r.frame(0, "")
	if len(all) == 1 {
		err = r.one(all[0])
	} else {
		err = r.two(f, all, by)
	}
	if err != nil {
		return nil, err
	}
	r.Answer = r.answer()
	return &r.Record, nil
}

func find(page, form string) (*Form, error) {
	for _, p := range Pages {
		for i := range p.Forms {
			if p.Name == page && (form == "" || form == p.Forms[i].Name) {
				return &p.Forms[i], nil
			}
		}
	}
	return nil, fmt.Errorf("there is no page %q with a form %q", page, form)
}

// frame adds a frame with the memory as it is now.
func (r *recorder) frame(g int, at string) {
	s := r.dump(r.root)
	if n := len(r.States); n == 0 || r.States[n-1] != s {
		r.States = append(r.States, s)
	}
	r.Frames = append(r.Frames, Frame{G: g, At: at, State: len(r.States) - 1})
}

// one makes the calls of one goroutine. The hook is called before a line, so the frame of
// a line is made when the next one begins.
func (r *recorder) one(calls []call) (err error) {
	step.Hook = func(at string) {
		if r.at != "" && len(r.Frames) < tooMany {
			r.frame(0, r.at)
		}
		r.at = at
	}
	defer func() { step.Hook = nil }()
	for _, c := range calls {
		done := Call{Text: c.text, First: len(r.Frames) - 1}
		r.at = ""
		done.Result = r.do(c)
		r.frame(0, r.at)
		if len(r.Frames) >= tooMany {
			return errors.New("too many steps to show: fewer calls, please")
		}
		done.Last = len(r.Frames) - 1
		r.Calls = append(r.Calls, done)
	}
	return nil
}

// do makes a call. A panic is its result.
func (r *recorder) do(c call) (result string) {
	defer func() {
		if p := recover(); p != nil {
			result = fmt.Sprint("panics: ", p)
		}
	}()
	return r.ops[c.name].call(c.args)
}

// A call is one that was typed.
type call struct {
	text, name string
	args       []string
}

// parse reads calls: those of each goroutine.
func parse(f *Form, do string) (all [][]call, err error) {
	ops := f.make().ops
	for part := range strings.SplitSeq(do, "|") {
		var calls []call
		for part = strings.TrimSpace(part); part != ""; {
			name, rest, ok := strings.Cut(part, "(")
			args, after, closed := strings.Cut(rest, ")")
			c := call{text: strings.TrimSpace(name) + "(" + args + ")", name: strings.TrimSpace(name)}
			if args = strings.ReplaceAll(args, " ", ""); args != "" {
				c.args = strings.Split(args, ",")
			}
			o, known := ops[c.name]
			switch {
			case !ok || !closed:
				return nil, fmt.Errorf("a call has the form Name(arguments), got %q", part)
			case !known:
				return nil, fmt.Errorf("there is no %s here, only %s", c.name, f.Ops)
			case o.args != len(c.args):
				return nil, fmt.Errorf("%s takes %d arguments, got %d", c.name, o.args, len(c.args))
			}
			calls = append(calls, c)
			part = strings.TrimLeft(after, ", ")
		}
		all = append(all, calls)
	}
	if len(all) > 2 {
		return nil, errors.New("there are two goroutines at most")
	}
	return all, nil
}
