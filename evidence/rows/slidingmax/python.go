package slidingmax

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/slidingmax"
)

// script prints the shortest time per element for each library that is installed.
const script = `
import sys, time, json
kind, order, k, n = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
import numpy as np
r = np.random.default_rng(1)
if order == "rising": s = np.arange(n)
elif order == "falling": s = -np.arange(n)
elif order == "sawtooth": s = np.arange(n) % 150
elif order == "constant": s = np.ones(n)
elif kind.startswith("float"): s = r.random(n)
else: s = r.integers(np.iinfo(kind).min, np.iinfo(kind).max, n)
s = s.astype(kind)
def bottleneck():
    import bottleneck as bn
    return lambda: bn.move_max(s, k)
def pandas():
    import pandas as pd
    series = pd.Series(s)
    return lambda: series.rolling(k).max()
def scipy():
    from scipy.ndimage import maximum_filter1d
    return lambda: maximum_filter1d(s, k)
def shortest(f):
    best = 1e9
    end = time.perf_counter() + 0.4
    while time.perf_counter() < end:
        t = time.perf_counter()
        f()
        best = min(best, time.perf_counter() - t)
    return best * 1e9 / n
found = {}
for library in bottleneck, pandas, scipy:
    try: found[library.__name__] = shortest(library())
    except ImportError: pass
print(json.dumps(found))
`

// interpreter is the one that Debian's packages belong to.
const interpreter = "/usr/bin/python3"

// libraries are Python's, with flatline's targets for float64 and for int64.
//
// The targets for float64 were 5, 15 and 9, from a processor on which bottleneck took 9.5
// ns and scipy 18. On another, bottleneck takes 7 to 8.5 and scipy 11 to 13, and flatline
// as long as before, 1.7: see limit.
var libraries = []struct {
	name            string
	floats, integer float64
}{{"bottleneck", 4, 8}, {"pandas", 12.5, 15}, {"scipy", 6, 9}}

// limit is what bounds flatline's time for floats.
const limit = "the builtin min of floats takes three instructions, each of which waits for the one before; " +
	"built with GOEXPERIMENT=simd, vectors of four take 0.4 of the time, and those of eight 0.25"

// python compares shortest times: another process cannot be interleaved.
func python[T number](order string, k, n int) measure.Group {
	results := sync.OnceValues(func() (map[string]float64, error) { return runPython(kind[T](), order, k, n) })
	g := measure.Group{
		Name: fmt.Sprintf("AppendMax against Python, %s, %s, n=%s, k=%s", kind[T](), order, size(n), size(k)), Unit: "ns/element",
		OursValue: func() float64 {
			s, dst := values[T](order, n), make([]T, 0, n)
			return shortest(n, func() { slidingmax.AppendMax(dst, s, k) })
		},
	}
	for _, lib := range libraries {
		p := measure.Peer{Name: lib.name, Note: "the shortest of many runs on both sides, theirs in a separate process"}
		switch {
		case !aimed[T](order, k):
		case kind[T]() == "int64":
			p.Target = lib.integer
		default:
			p.Target, p.Note = lib.floats, p.Note+"; "+limit
		}
		p.Value = func() float64 {
			all, err := results()
			if err != nil {
				panic(err.Error())
			}
			v, ok := all[lib.name]
			if !ok {
				panic("not installed: python3-" + lib.name)
			}
			return v
		}
		g.Peers = append(g.Peers, p)
	}
	return g
}

// Cost is one k of the picture of costs over k: random floats, flatline compared with the
// deque and Python's libraries, each by the shortest of many runs.
func Cost(k int) measure.Group {
	g := python[float64]("random", k, long)
	g.Peers = append([]measure.Peer{{Name: "deque in Go", Value: func() float64 {
		s := values[float64]("random", long)
		out, ats := make([]float64, 0, long), make([]int, long)
		return shortest(long, func() { deque(out, s, k, ats) })
	}}}, g.Peers...)
	return g
}

// shortest is the time of the shortest of many calls, in nanoseconds per element.
func shortest(n int, slide func()) float64 {
	best := time.Hour
	for end := time.Now().Add(400 * time.Millisecond); time.Now().Before(end); {
		start := time.Now()
		slide()
		best = min(best, time.Since(start))
	}
	return float64(best.Nanoseconds()) / float64(n)
}

func runPython(kind, order string, k, n int) (map[string]float64, error) {
	cmd := exec.Command(interpreter, "-c", script, kind, order, fmt.Sprint(k), fmt.Sprint(n))
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return nil, fmt.Errorf("apt-get install python3-pandas python3-scipy python3-bottleneck: %v: %s", err, lines[len(lines)-1])
	}
	var all map[string]float64
	return all, json.Unmarshal(out, &all)
}
