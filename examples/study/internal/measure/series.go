package measure

import (
	"strings"

	"example.com/flatline/examples/study/internal/benchfmt"
)

// A series is one benchmark over all sizes: an operation, in one form, over one
// set of keys.
type series struct {
	path string // "BenchmarkCache_Get/impl=flatline/keys=hot/" + sizeMark
	name benchfmt.Name
	op   string // "Cache_Get", with what else the name says
	impl string
	keys string

	guess    float64 // ns/op at the smallest size, in a short run
	own      bool    // of the user's
	expected bool    // its cost is stated as a mean over random choices
	grows    bool    // its stated cost grows by more than log n
	steady   bool    // its stated cost is constant and no mean over many calls: no call is rare
	workOnly bool    // it asks for layer A alone
}

// sizeMark stands for the size in a path.
const sizeMark = "n="

// newSeries returns the series that a result belongs to; ok is false if the
// benchmark has no size, or is not named as internal/bench names them.
func newSeries(n benchfmt.Name) (s *series, ok bool) {
	elems := strings.Split("Benchmark"+n.Full, "/")
	for i, e := range elems {
		if i > 0 && strings.HasPrefix(e, "n=") {
			elems[i] = sizeMark
			ok = true
		}
	}
	s = &series{
		path: strings.Join(elems, "/"), name: n,
		op: n.Op("impl", "keys", "only"), impl: n.Get("impl"), keys: n.Get("keys"),
		workOnly: n.Get("only") == "work",
	}
	return s, ok && n.Size > 0 && s.impl != ""
}

// pick chooses, for each operation, the series on which growth is judged: over
// all keys if there is a choice, since no cache distorts a count.
func pick(all []*series) []*series {
	byOp := make(map[string]*series)
	var order []string
	for _, s := range all {
		old, ok := byOp[s.op]
		if !ok {
			order = append(order, s.op)
		}
		if !ok || old.keys == "hot" {
			byOp[s.op] = s
		}
	}
	var out []*series
	for _, op := range order {
		out = append(out, byOp[op])
	}
	return out
}

// shortPath names a series in a note.
func shortPath(s *series) string {
	return strings.TrimSuffix(strings.TrimPrefix(s.path, "Benchmark"), "/"+sizeMark)
}
