package cli

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/measure"
	"example.com/flatline/examples/study/internal/model"
)

// A guess is a prediction for an operation before it is measured.
type guess struct {
	class  growth.Class
	factor float64 // of the cost at 256 times the size
}

// times is the factor between the sizes that are asked about.
const times = 256

// near is how far a factor may be from the measured one, as a ratio.
const near = 2

// ask asks for the class and the factor of each operation. An empty answer skips the
// operation; the end of the input ends the questions.
func ask(ops []measure.Operation, in io.Reader, out io.Writer) map[measure.Operation]guess {
	guesses := map[measure.Operation]guess{}
	lines := bufio.NewScanner(in)
	question := func(format string, args ...any) (answer string, ok bool) {
		fmt.Fprintf(out, format, args...)
		if !lines.Scan() {
			fmt.Fprintln(out)
			return "", false
		}
		return strings.TrimSpace(lines.Text()), true
	}
	fmt.Fprintf(out, "What do you expect of %d operations? Classes: 1, log n, sqrt n, n, n log n. An empty answer skips one.\n", len(ops))
	fmt.Fprintln(out, "What counts is more than the best single answer to all questions would get.")
next:
	for i, op := range ops {
		name := strings.Replace(op.Bench, "_", ".", 1)
		var g guess
		for g.class == growth.Unknown {
			answer, ok := question("%d/%d %s %s, the %s call: which class? O", i+1, len(ops), op.Pkg, name, asked(op.Mean))
			switch {
			case !ok:
				break next
			case answer == "":
				continue next
			}
			if g.class, ok = readClass(answer); !ok {
				fmt.Fprintln(out, "  one of 1, log n, sqrt n, n, n log n, please")
			}
		}
		for g.factor == 0 {
			answer, ok := question("  how much more at %d times the size? ×", times)
			if !ok {
				break next
			}
			if f, err := strconv.ParseFloat(strings.Trim(answer, "×x "), 64); err == nil && f > 0 {
				g.factor = f
			} else {
				fmt.Fprintln(out, "  a number above 0, please: 1 is no more")
			}
		}
		guesses[op] = g
	}
	return guesses
}

// readClass reads a class as people type it: "O(log n)", "logn", "sqrt(n)".
func readClass(s string) (growth.Class, bool) {
	s = strings.NewReplacer(" ", "", "*", "", "(", "", ")", "").Replace(strings.ToLower(s))
	s = strings.TrimPrefix(s, "o")
	c, ok := map[string]growth.Class{
		"1": growth.Constant, "logn": growth.Log, "log": growth.Log, "sqrtn": growth.Sqrt, "√n": growth.Sqrt,
		"n": growth.Linear, "nlogn": growth.NLogN,
	}[s]
	return c, ok
}

// asked names the call that is asked about.
func asked(mean bool) string {
	if mean {
		return "mean"
	}
	return "worst"
}

// An answer is a guess and what was measured.
type answer struct{ guess, measured guess }

func (a answer) class() bool { return a.guess.class == a.measured.class }

func (a answer) factor() bool { return alike(a.guess.factor, a.measured.factor) }

func alike(a, b float64) bool { return a <= near*b && b <= near*a }

// score compares guesses with what was measured, and says which were surprises. Most
// operations of most packages are O(1), so the number of right answers alone shows
// nothing: it is compared with the number that the same answer to all questions would
// have got.
func score(guesses map[measure.Operation]guess, s *model.Study, out io.Writer) {
	var all []answer
	var surprises []string
	classes, factors := 0, 0
	for _, o := range s.Ops {
		base, _, _ := strings.Cut(o.Bench, "/")
		g, ok := guesses[measure.Operation{Pkg: o.Pkg, Bench: base, Mean: o.Stated.OnAverage()}]
		j := answered(o)
		if !ok || j == nil || j.Class == growth.Unknown {
			continue
		}
		a := answer{g, guess{j.Class, factor(j)}}
		all = append(all, a)
		if a.class() {
			classes++
		}
		if a.factor() {
			factors++
		}
		if !a.class() || !a.factor() {
			surprises = append(surprises, fmt.Sprintf("%s %s, the %s call: you said %v and ×%.3g, it is %v and ×%.3g",
				o.Pkg, o.Name(), asked(o.Stated.OnAverage()), g.class, g.factor, j.Class, a.measured.factor))
		}
	}
	fmt.Fprintf(out, "\nright: %d of %d classes, %d of %[2]d factors within a factor of %[4]d\n", classes, len(all), factors, near)
	best, with := blind(all)
	fmt.Fprintf(out, "one answer to all, %v and ×%.3g, would get %d of these %d\n", with.class, with.factor, best, 2*len(all))
	switch more := classes + factors - best; {
	case best == 2*len(all):
		fmt.Fprintln(out, "your score: none, for one answer is right for all of them")
	case more > 0:
		fmt.Fprintf(out, "your score: %d more than that, of %d: you win\n", more, 2*len(all)-best)
	case more == 0:
		fmt.Fprintln(out, "your score: 0, one answer to all does as well")
	default:
		fmt.Fprintf(out, "your score: %d, one answer to all does better\n", more)
	}
	for _, line := range surprises {
		fmt.Fprintf(out, "surprise: %s\n", line)
	}
	if len(all) > 0 && len(surprises) == 0 {
		fmt.Fprintln(out, "no surprises")
	}
}

// answered is the judgement that answers a question: counted work is of the mean or of
// the worst call, as was asked; instructions are of the mean alone.
func answered(o *model.Op) *growth.Judgement {
	if o.Work != nil {
		return &o.Work.Judgement
	}
	return o.Main()
}

// blind is the score of the best single guess for all questions, in classes and factors.
func blind(all []answer) (most int, best guess) {
	best = guess{growth.Constant, 1}
	classes, factors := 0, 0
	for _, a := range all {
		n := 0
		// This factor, and the ends of those that count as this one.
		tries := []float64{a.measured.factor, a.measured.factor / near, a.measured.factor * near}
		for _, b := range all {
			if b.measured.class == a.measured.class {
				n++
			}
		}
		if n > classes {
			classes, best.class = n, a.measured.class
		}
		for _, f := range tries {
			m := 0
			for _, b := range all {
				if alike(f, b.measured.factor) {
					m++
				}
			}
			if m > factors {
				factors, best.factor = m, f
			}
		}
	}
	return classes + factors, best
}

// factor is by how much the cost grows over 256 times the size, from the smallest size
// on.
func factor(j *growth.Judgement) float64 {
	n := j.Points[0].N
	return j.Fit.At(times*n) / j.Fit.At(n)
}
