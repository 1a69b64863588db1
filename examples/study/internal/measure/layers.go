package measure

import (
	"context"
	"errors"
	"slices"
	"time"

	"example.com/flatline/examples/study/internal/benchfmt"
	"example.com/flatline/examples/study/internal/growth"
)

// Shares of the time for measuring: instructions, and the rest for times.
const (
	instrShare = 0.5
	textShare  = 0.15
)

// callgrindRate is a cautious guess at the instructions per second under callgrind.
const callgrindRate = 120e6

// instrPerNano turns a nanosecond into instructions, for a first guess.
const instrPerNano = 4

func ownSeries(t *target) []*series { return pick(t.ours) }

// fullSeries are those of our series that all layers look at.
func fullSeries(all []*series) []*series {
	return slices.DeleteFunc(slices.Clone(all), func(s *series) bool { return s.workOnly })
}

func instrSeries(t *target) []*series {
	if t.own {
		return nil
	}
	return fullSeries(pick(t.ours))
}

// plantedSeries are those that have to show what is planted.
func plantedSeries(t *target) (out []*series) {
	for _, s := range ownSeries(t) {
		if !t.own && s.op == plants[t.pkg].op {
			out = append(out, s)
		}
	}
	return out
}

func textSeries(t *target) []*series {
	if t.own {
		return nil
	}
	return pick(t.textbook)
}

// instruct is layer B: instructions under callgrind, first of ours, then, for the
// picture, of the textbook's answers, at fewer sizes.
func (r *runner) instruct(ctx context.Context) error {
	if r.valgrind == "" {
		return nil
	}
	fixed, err := r.fixed(ctx)
	if err != nil {
		r.note("layer B (instructions) is skipped: %v", err)
		return ctx.Err()
	}
	l := layer{
		perNano: instrPerNano, known: r.instrKnown, sampled: !r.Full,
		measure: func(ctx context.Context, t *target, q request) ([]benchfmt.Result, []float64, error) {
			return t.plain.instructions(ctx, r.valgrind, r.tmp, q, fixed)
		},
		record: func(t *target, s *series, n int, _ benchfmt.Result, cost float64) {
			m := r.known(t, s)
			m.instr = append(m.instr, growth.Point{N: n, V: cost})
		},
		short: func(t *target, s *series) { r.known(t, s).few = true },
	}
	for _, part := range []struct {
		what   string
		share  float64
		series func(*target) []*series
		sizes  []int
	}{
		{"counting instructions", instrShare, instrSeries, r.instrSizes},
		{"counting the textbook's", textShare, textSeries, r.textSizes()},
	} {
		budget := r.share(part.share)
		l.what, l.series, l.batches, l.deadline = part.what, part.series, one(part.sizes), time.Now().Add(budget)
		if r.together {
			l.batches = [][]int{part.sizes} // most of a short run under callgrind is starting the process
		}
		l.timeout = r.perPoint * time.Duration(len(l.batches[0]))
		l.cap = min(r.perSeries(budget, part.series)*callgrindRate/2, r.most)
		if err := r.sweep(ctx, l); err != nil {
			return err
		}
	}
	return r.instructAgain(ctx, l)
}

// instructAgain measures each operation whose instructions contradict its counted work
// once more, in separate processes: callgrind sometimes confuses two loops.
func (r *runner) instructAgain(ctx context.Context, l layer) error {
	doubtful := map[*series]bool{}
	for _, t := range r.targets {
		for _, s := range instrSeries(t) {
			if r.contradicts(t, s) {
				doubtful[s] = true
				r.known(t, s).instr = nil
			}
		}
	}
	for len(doubtful) > 0 {
		var next *series
		for s := range doubtful {
			next = s
		}
		delete(doubtful, next)
		l.what, l.batches, l.timeout, l.deadline = "counting instructions again", one(r.instrSizes), r.perPoint, time.Now().Add(time.Minute)
		l.series = func(t *target) []*series {
			return slices.DeleteFunc(instrSeries(t), func(s *series) bool { return s != next })
		}
		if err := r.sweep(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// contradicts reports whether the instructions of a series speak against what its
// counted work says.
func (r *runner) contradicts(t *target, s *series) bool {
	m, o := r.known(t, s), t.op(s.op)
	w := work(m, o)
	if w == nil || len(m.instr) == 0 {
		return false
	}
	if t.control {
		return growth.Judge(m.instr, growth.Constant).Verdict != growth.Refuted
	}
	j := growth.Judge(m.instr, o.Stated.Class)
	v, _ := growth.Join(&w.Judgement, &j, o.Stated.Class)
	return v != w.Verdict
}

// instrPerStep is about how many instructions stand behind one step of counted work.
const instrPerStep = 15

// instrKnown is what an operation costs by its counted work, at the largest size of
// layer B or below, or else by its time.
func (r *runner) instrKnown(t *target, s *series) (size int, cost float64) {
	size, cost = r.sizes[0], s.guess*instrPerNano
	for _, p := range r.known(t, s).mean {
		if p.N <= r.instrSizes[len(r.instrSizes)-1] {
			size, cost = p.N, instrPerStep*p.V
		}
	}
	return size, max(cost, 1)
}

// fixed is the cost of starting a timer, from the empty loop among the controls.
func (r *runner) fixed(ctx context.Context) (float64, error) {
	for _, t := range r.targets {
		if t.empty == nil {
			continue
		}
		for try := 1; ; try++ {
			cost, err := t.plain.fixedCost(ctx, r.valgrind, r.tmp, t.empty)
			if err == nil || ctx.Err() != nil || try == tries {
				return cost, err
			}
		}
	}
	return 0, errors.New("the empty loop among the controls is missing")
}

// share is a part of the time for measuring; a slow first compile comes on top.
func (r *runner) share(part float64) time.Duration {
	return time.Duration(part * float64(r.total))
}

// perSeries divides a budget among all series that choose returns, in seconds.
func (r *runner) perSeries(budget time.Duration, choose func(*target) []*series) float64 {
	n := 0
	for _, t := range r.targets {
		n += len(choose(t))
	}
	return budget.Seconds() * float64(r.workers) / float64(max(n, 1))
}

// clock is layers C and D: times, one process after the other.
func (r *runner) clock(ctx context.Context) error {
	points := 0
	for _, t := range r.targets {
		if t.own {
			continue
		}
		points += (len(fullSeries(t.ours)) + len(t.yardstick) + len(pick(t.textbook))) * len(r.timeSizes)
	}
	left := max(r.total-time.Since(r.study.Started), r.total/5)
	// About half of the time goes into filling the structures.
	slice := min(r.slice, max(left/time.Duration(2*max(points, 1)), time.Millisecond))
	end := time.Now().Add(left)
	return r.each(ctx, 1, func(ctx context.Context, t *target) error {
		if t.own {
			return nil
		}
		r.step("timing " + t.pkg)
		q := request{sizes: r.timeSizes, benchtime: slice.String()}
		measure := func(ctx context.Context, t *target, q request) ([]benchfmt.Result, []float64, error) {
			results, _, err := t.plain.run(ctx, q)
			return results, make([]float64, len(results)), err
		}
		record := func(s *series, res benchfmt.Result, _ float64) {
			m := r.known(t, s)
			m.time = append(m.time, growth.Point{N: res.Name.Size, V: res.Values["ns/op"]})
			m.allocs = res.Values["allocs/op"]
		}
		for _, group := range [][]*series{slices.Concat(fullSeries(t.ours), t.yardstick), pick(t.textbook)} {
			if len(group) == 0 {
				continue
			}
			q.series, q.timeout = group, max(time.Until(end), r.perPoint/2)
			if err := r.finish(ctx, t, q, measure, record, func(*series) {}); err != nil {
				return err
			}
		}
		return nil
	})
}
