package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"example.com/flatline/examples/study/internal/benchfmt"
)

// Valgrind returns the path of valgrind, or the one line that says why layer B
// is skipped and how to get it.
func Valgrind() (path, why string) {
	path, err := exec.LookPath("valgrind")
	if err != nil {
		return "", "layer B (instructions) is skipped: valgrind is not installed (Debian: apt install valgrind); counted work alone decides"
	}
	return path, ""
}

// boundary is where testing.B.Loop starts and stops its timer: it is entered
// twice in a benchmark of a fixed number of iterations, before the first and
// after the last. Callgrind writes out its count each time, so that every second
// count is exactly the loop, without the set-up before it, and no difference of
// two runs has to cancel anything.
//
// So it would be, but while the timer starts and stops, Go's scheduler switches
// stacks, and then callgrind sometimes believes that boundary was entered once
// more, or misses the next time. What was executed between two counts tells them
// apart: before each loop, and never in one, a benchmark gets its name.
const (
	boundary = "testing.*loopSlowPath"
	naming   = "testing.(*matcher).unique"
)

// A part is the count between two boundaries. It is a setUp if a benchmark got its
// name meanwhile.
type part struct {
	count float64
	setUp bool
}

// leastIteration is less than the instructions of any iteration: b.Loop itself takes
// more.
const leastIteration = 4

// quietRuntime keeps Go's runtime from adding work to the count: no garbage collection,
// one processor, and no preemption by signals, which callgrind does not survive. Nor does
// it know the instruction RDTSCP, with which the runtime reads the time when one of its
// locks is contended.
var quietRuntime = []string{"GOGC=off", "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1,cpu.rdtscp=off"}

// instructions runs benchmarks under callgrind and returns the instructions an
// operation of each result, after taking off what is fixed in every loop.
// r.benchtime must be a count.
func (b binary) instructions(ctx context.Context, valgrind, tmp string, r request, fixed float64) ([]benchfmt.Result, []float64, error) {
	dir, err := os.MkdirTemp(tmp, "callgrind")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	parts, results, err := b.callgrind(ctx, valgrind, dir, r)
	if err != nil && !errors.Is(err, errTimeout) {
		return nil, nil, err
	}
	// An unfinished run may have more loops than results.
	loops := loops(parts)
	if len(loops) < len(results) || len(loops) > len(results) && err == nil {
		return nil, nil, errMiscount
	}
	counts := make([]float64, len(results))
	for i, res := range results {
		if loops[i] < leastIteration*float64(res.Iters) {
			return nil, nil, errMiscount // it is the timer's
		}
		counts[i] = max(loops[i]-fixed, 0) / float64(res.Iters)
	}
	results, counts = means(results, counts)
	return results, counts, err
}

// means puts one result, with the mean count, in the place of repeated ones.
func means(results []benchfmt.Result, counts []float64) (one []benchfmt.Result, mean []float64) {
	for from := 0; from < len(results); {
		to, sum := from, 0.0
		for to < len(results) && results[to].Name.Full == results[from].Name.Full {
			sum += counts[to]
			to++
		}
		one, mean = append(one, results[from]), append(mean, sum/float64(to-from))
		from = to
	}
	return one, mean
}

// callgrind runs benchmarks and returns the counts between boundaries. With
// errTimeout comes what was complete.
func (b binary) callgrind(ctx context.Context, valgrind, dir string, r request) ([]part, []benchfmt.Result, error) {
	out := filepath.Join(dir, "out")
	r.env = append(r.env, quietRuntime...)
	r.wrap = []string{valgrind, "-q", "--tool=callgrind", "--callgrind-out-file=" + out, "--dump-before=" + boundary}
	results, _, err := b.run(ctx, r)
	if err != nil && !errors.Is(err, errTimeout) {
		return nil, nil, err
	}
	parts, bad := readParts(out)
	if bad != nil {
		return nil, nil, bad
	}
	return parts, results, err
}

// errNoLoop says that a benchmark has no loop between whose ends to count.
var errNoLoop = errors.New("it has no b.Loop (it may run in parallel), so that instructions cannot be counted")

// errMiscount asks for another try: it passes.
var errMiscount = errors.New("callgrind's counts do not match the benchmarks")

// loops picks the loops from the parts of a run. Between two set-ups there is one
// part, the loop, unless the timer's own work was counted apart: before the loop it
// belongs to it, after the loop to what follows. A loop whose boundary was missed is
// not among them.
func loops(parts []part) (out []float64) {
	var group []part
	most := 0 // the place of the largest in it
	end := func() {
		if len(group) == 0 {
			return
		}
		sum := 0.0
		for _, p := range group[:most+1] {
			sum += p.count
		}
		out = append(out, sum)
		group, most = nil, 0
	}
	for _, p := range parts {
		if p.setUp {
			end()
			continue
		}
		if group = append(group, p); p.count > group[most].count {
			most = len(group) - 1
		}
	}
	end()
	return out
}

// fixedCost measures what starting the timer costs, in the empty loop that is among the
// controls: the minimum of several, since the scheduler can only add to it.
func (b binary) fixedCost(ctx context.Context, valgrind, tmp string, empty *series) (float64, error) {
	dir, err := os.MkdirTemp(tmp, "callgrind")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	r := request{series: []*series{empty}, sizes: powers(0, 7, 1), benchtime: "1x", timeout: time.Minute}
	parts, _, err := b.callgrind(ctx, valgrind, dir, r)
	if err != nil {
		return 0, err
	}
	loops := loops(parts)
	if len(loops) == 0 {
		return 0, errMiscount
	}
	return slices.Min(loops), nil
}

// readParts reads the counts that callgrind wrote to out.1, out.2, ….
func readParts(out string) (parts []part, err error) {
	for i := 1; ; i++ {
		p, err := readPart(fmt.Sprintf("%s.%d", out, i))
		switch {
		case errors.Is(err, os.ErrNotExist) && i == 1:
			return nil, errNoLoop
		case errors.Is(err, os.ErrNotExist):
			return parts, nil
		case err != nil:
			return nil, err
		}
		parts = append(parts, p)
	}
}

var total = regexp.MustCompile(`(?m)^(?:summary|totals): (\d+)`)

// readPart reads a file that callgrind wrote.
func readPart(path string) (p part, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return p, err
	}
	m := total.FindSubmatch(b)
	if m == nil {
		return p, fmt.Errorf("callgrind wrote no count to %s", filepath.Base(path))
	}
	p.setUp = bytes.Contains(b, []byte(naming))
	p.count, err = strconv.ParseFloat(string(m[1]), 64)
	return p, err
}
