package measure

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"example.com/flatline/examples/study/internal/benchfmt"
)

// Valgrind returns the path of valgrind, or the one line that says why layer B
// is skipped and how to get it.
func Valgrind() (path, why string) {
	path, err := exec.LookPath("valgrind")
	if err != nil {
		return "", "layer B (instructions) is skipped: valgrind is not installed (Debian: apt install valgrind); steps alone decide"
	}
	return path, ""
}

// boundary is where testing.B.Loop starts and stops its timer: it is entered
// twice in a benchmark of a fixed number of iterations, before the first and
// after the last. Callgrind writes out its count each time, so that every second
// count is exactly the loop, without the set-up before it, and no difference of
// two runs has to cancel anything.
const boundary = "testing.*loopSlowPath"

// While the timer starts and stops, Go's scheduler may switch stacks, and then
// callgrind sometimes believes that boundary was entered once more, or misses the
// next time. The count in between is the timer's own, at most this many
// instructions; every set-up and every loop that is worth measuring has more.
const timerMost = 60_000

// quietRuntime keeps Go's runtime from adding work of its own to the count: no
// garbage collection, one processor, and no preemption by signals, which
// callgrind does not survive.
var quietRuntime = []string{"GOGC=off", "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1"}

// instructions runs benchmarks under callgrind and returns the instructions an
// operation of each result, after taking off what is fixed in every loop.
// r.benchtime must be a count.
func (b binary) instructions(ctx context.Context, valgrind, tmp string, r request, fixed float64) ([]benchfmt.Result, []float64, error) {
	dir, err := os.MkdirTemp(tmp, "callgrind")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	totals, results, err := b.callgrind(ctx, valgrind, dir, r)
	if err != nil && !errors.Is(err, errTimeout) {
		return nil, nil, err
	}
	loops, ok := loops(totals, len(results), err != nil)
	if !ok {
		return nil, nil, errMiscount
	}
	counts := make([]float64, len(results))
	for i, res := range results {
		counts[i] = max(loops[i]-fixed, 0) / float64(res.Iters)
	}
	return results, counts, err
}

// callgrind runs benchmarks and returns the counts between boundaries. With
// errTimeout comes what was complete.
func (b binary) callgrind(ctx context.Context, valgrind, dir string, r request) ([]float64, []benchfmt.Result, error) {
	out := filepath.Join(dir, "out")
	r.env = append(r.env, quietRuntime...)
	r.wrap = []string{valgrind, "-q", "--tool=callgrind", "--callgrind-out-file=" + out, "--dump-before=" + boundary}
	results, _, err := b.run(ctx, r)
	if err != nil && !errors.Is(err, errTimeout) {
		return nil, nil, err
	}
	totals, bad := readTotals(out)
	if bad != nil {
		return nil, nil, bad
	}
	return totals, results, err
}

// errNoLoop says that a benchmark has no loop between whose ends to count.
var errNoLoop = errors.New("it has no b.Loop (it may run in parallel), so that instructions cannot be counted")

// errMiscount asks for another try: it passes.
var errMiscount = errors.New("callgrind's counts do not match the benchmarks")

// loops picks, from the counts between boundaries (set-up, loop, set-up, loop,
// …), those of n loops. A count that can only be the timer's belongs to what
// follows it. ok is false if there are not n loops then; an unfinished run may
// have more of them than results.
func loops(totals []float64, n int, unfinished bool) (out []float64, ok bool) {
	var whole []float64
	carry := 0.0
	for _, t := range totals {
		if carry += t; t >= timerMost {
			whole = append(whole, carry)
			carry = 0
		}
	}
	if len(whole) < 2*n || len(whole) > 2*n && !unfinished {
		return nil, false
	}
	for i := range n {
		out = append(out, whole[2*i+1])
	}
	return out, true
}

// fixedCost measures what starting the timer costs, in the empty loop that is
// among the controls: the least of several, since the scheduler only adds.
func (b binary) fixedCost(ctx context.Context, valgrind, tmp string, empty *series) (float64, error) {
	dir, err := os.MkdirTemp(tmp, "callgrind")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	r := request{series: []*series{empty}, sizes: []int{1}, benchtime: "1x", count: 8, timeout: time.Minute}
	totals, _, err := b.callgrind(ctx, valgrind, dir, r)
	if err != nil {
		return 0, err
	}
	least := float64(timerMost)
	for _, t := range totals {
		least = min(least, t)
	}
	return least, nil
}

// readTotals reads the counts that callgrind wrote to out.1, out.2, ….
func readTotals(out string) ([]float64, error) {
	var totals []float64
	for i := 1; ; i++ {
		total, err := readTotal(fmt.Sprintf("%s.%d", out, i))
		if errors.Is(err, os.ErrNotExist) {
			if i == 1 {
				err = errNoLoop
			} else {
				err = nil
			}
			return totals, err
		}
		if err != nil {
			return nil, err
		}
		totals = append(totals, total)
	}
}

// readTotal reads the count from a file that callgrind wrote.
func readTotal(path string) (float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		for _, prefix := range []string{"summary: ", "totals: "} {
			if v, ok := strings.CutPrefix(lines.Text(), prefix); ok {
				return strconv.ParseFloat(strings.TrimSpace(v), 64)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("callgrind wrote no count to %s", filepath.Base(path))
}
