package measure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"example.com/flatline/examples/study/internal/model"
)

// callsEnv makes a counting binary keep so many calls of each function one by one.
const callsEnv = "FLATLINE_CALLS="

// callByCall counts the first 4n calls of what is amortised, one by one, and of
// functions of the same name that are not: the cost of growing, and what takes its
// place.
func (r *runner) callByCall(ctx context.Context) error {
	if r.Plant != "" {
		return nil
	}
	return r.each(ctx, r.workers, func(ctx context.Context, t *target) error {
		traced := amortisedSeries(t)
		if len(traced) == 0 {
			return nil
		}
		size := r.callSize
		if t.own {
			size = t.sizes[len(t.sizes)-1]
		}
		r.step(fmt.Sprintf("counting call by call: %s, n=%d", t.pkg, size))
		q := request{
			series: traced, sizes: []int{size}, benchtime: fmt.Sprintf("%dx", size), timeout: 5 * r.perPoint,
			env: append(slices.Clone(exactCounts), callsEnv+fmt.Sprint(size), plantEnv),
		}
		results, _, err := t.counting.run(ctx, q)
		if err != nil {
			r.note("%s: not counted call by call: %v", t.pkg, err)
			return ctx.Err()
		}
		for _, res := range results {
			s, _ := newSeries(res.Name)
			for _, own := range traced {
				if own.path == s.path {
					r.known(t, own).calls = res.Values
				}
			}
		}
		return nil
	})
}

// amortisedSeries are those of operations whose cost is amortised, and of others with
// a method of the same name. Where the mean grows with n, so many calls take too long.
func amortisedSeries(t *target) (out []*series) {
	if t.control {
		return nil
	}
	methods := map[string]bool{}
	for _, o := range t.ops {
		for _, f := range functions(o) {
			methods[method(f)] = methods[method(f)] || o.Stated.Amortised
		}
	}
	for _, s := range ownSeries(t) {
		if !s.grows && slices.ContainsFunc(functions(t.op(s.op)), func(f string) bool { return methods[method(f)] }) {
			out = append(out, s)
		}
	}
	return out
}

// method is the name of a function without its type's.
func method(f string) string { return f[strings.LastIndexByte(f, '.')+1:] }

// callsOf is what is known of an operation call by call: of the function whose worst
// call is the worst, if it is several. nil if nothing is.
func (m *measured) callsOf(o *model.Op) (worst *model.Calls) {
	for _, f := range functions(o) {
		c := &model.Calls{Func: f, N: int(m.calls["calls:"+f]), Rare: int(m.calls["calls-rare:"+f])}
		for i := 0; ; i++ {
			w, ok := m.calls[fmt.Sprintf("calls-worst:%s:%d", f, i)]
			if !ok {
				break
			}
			c.Pieces = append(c.Pieces, model.Piece{Worst: w, Mean: m.calls[fmt.Sprintf("calls-mean:%s:%d", f, i)]})
		}
		if len(c.Pieces) > 0 && (worst == nil || c.Worst() > worst.Worst()) {
			worst = c
		}
	}
	return worst
}
