package cli

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"time"

	"example.com/flatline/examples/study/internal/benchfmt"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// fromInput judges the time an operation in a benchmark's output. A class is
// named; nothing is asserted, since time includes the cache.
func fromInput(r io.Reader) (*model.Study, error) {
	results, err := benchfmt.Read(r)
	if err != nil {
		return nil, err
	}
	s := &model.Study{Input: true, Started: time.Now()}
	type key struct{ pkg, op string }
	times := make(map[key]map[int][]float64)
	var order []key
	for _, res := range results {
		ns, ok := res.Values["ns/op"]
		if !ok || res.Name.Size == 0 {
			continue
		}
		k := key{res.Pkg, res.Name.Op()}
		if times[k] == nil {
			times[k] = make(map[int][]float64)
			order = append(order, k)
		}
		times[k][res.Name.Size] = append(times[k][res.Name.Size], ns)
	}
	if len(order) == 0 {
		return nil, errors.New("no benchmark on standard input has a size (n=1024 or a trailing /1024) and ns/op")
	}
	for _, k := range order {
		var points []growth.Point
		for n, v := range times[k] {
			points = append(points, growth.Point{N: n, V: median(v)})
		}
		slices.SortFunc(points, func(a, b growth.Point) int { return cmp.Compare(a.N, b.N) })
		j := growth.Judge(points, growth.Unknown)
		op := &model.Op{Pkg: k.pkg, Bench: k.op, PerOp: &j}
		op.Decide()
		s.Ops = append(s.Ops, op)
	}
	return s, nil
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
