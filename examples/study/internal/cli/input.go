package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"example.com/flatline/examples/study/internal/benchfmt"
	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// nanoseconds is the unit of time, from which no class is named.
const nanoseconds = "ns/op"

// counts are the units that are judged as counts, the first one reported of each
// operation.
var counts = []string{"steps/op", "comparisons/op", "instr/op"}

// bench is one benchmark of the input over its sizes, with all repetitions.
type bench struct {
	pkg  string
	name benchfmt.Name
	cost map[string]map[int][]float64 // by unit and size
}

// fromInput judges a benchmark's output: what it counts, against the costs stated. For a
// time it gives at most a range of classes, since times include cache effects.
func fromInput(r io.Reader, states []costs.Row) (*model.Study, error) {
	results, err := benchfmt.Read(r)
	if err != nil {
		return nil, err
	}
	all := byBenchmark(results)
	if len(all) == 0 {
		return nil, errors.New("no benchmark on standard input has a size (n=1024 or a trailing /1024) and ns/op or a count such as steps/op")
	}
	s := &model.Study{Input: true, Started: time.Now()}
	used := map[string]bool{}
	for _, b := range all {
		o := &model.Op{Pkg: b.pkg, Bench: b.name.Op(), Unit: nanoseconds}
		if cost, row, ok := costs.Match(states, b.name.Base); ok {
			o.Stated, o.Row, used[row] = cost, row, true
		}
		for _, unit := range slices.Backward(counts) {
			if b.cost[unit] != nil {
				o.Unit = unit
			}
		}
		points := medians(b.cost[o.Unit])
		if o.Unit == nanoseconds {
			o.PerOp = judgeTime(points, o.Stated)
		} else {
			j := growth.Judge(points, o.Stated.Class)
			o.PerOp, o.Time.Plain = &j, medians(b.cost[nanoseconds])
		}
		o.Decide()
		s.Ops = append(s.Ops, o)
	}
	for _, row := range states {
		if !used[row.Op] {
			return nil, fmt.Errorf("-state %s=%v: no benchmark on standard input measures %[1]s", row.Op, row.Cost)
		}
	}
	return s, nil
}

// byBenchmark gathers results, in their order.
func byBenchmark(results []benchfmt.Result) (all []*bench) {
	type key struct{ pkg, op string }
	known := map[key]*bench{}
	for _, res := range results {
		for _, unit := range append([]string{nanoseconds}, counts...) {
			v, ok := res.Values[unit]
			if !ok || res.Name.Size == 0 {
				continue
			}
			k := key{res.Pkg, res.Name.Op()}
			b := known[k]
			if b == nil {
				b = &bench{res.Pkg, res.Name, map[string]map[int][]float64{}}
				known[k], all = b, append(all, b)
			}
			if b.cost[unit] == nil {
				b.cost[unit] = map[int][]float64{}
			}
			b.cost[unit][res.Name.Size] = append(b.cost[unit][res.Name.Size], v)
		}
	}
	return all
}

// judgeTime judges a time, which can neither confirm nor refute a stated cost.
func judgeTime(points []growth.Point, stated costs.Cost) *growth.Judgement {
	j, between := growth.JudgeTime(points)
	if stated.Class != growth.Unknown && between != nil {
		where := "within"
		if stated.Class < between.From || stated.Class > between.To {
			where = "outside"
		}
		j.Why += fmt.Sprintf("; %v is %s, which time alone neither confirms nor refutes", stated, where)
	}
	return &j
}

func medians(costs map[int][]float64) (points []growth.Point) {
	for n, v := range costs {
		points = append(points, growth.Point{N: n, V: median(v)})
	}
	slices.SortFunc(points, func(a, b growth.Point) int { return cmp.Compare(a.N, b.N) })
	return points
}

// median of the repetitions that -count gives.
func median(v []float64) float64 {
	slices.Sort(v)
	m := len(v) / 2
	if len(v)%2 == 1 {
		return v[m]
	}
	return (v[m-1] + v[m]) / 2
}

// timedSizes are the sizes at which times are known.
func timedSizes(s *model.Study) (sizes []int) {
	for _, o := range s.Ops {
		if o.Timed() {
			for _, p := range o.PerOp.Points {
				sizes = append(sizes, p.N)
			}
		}
	}
	slices.Sort(sizes)
	return slices.Compact(sizes)
}
