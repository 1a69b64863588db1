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

// script prints the least time for one element of each library, or what is missing.
const script = `
import sys, time, json
kind, order, k, n = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
import numpy as np, pandas as pd, bottleneck as bn
from scipy.ndimage import maximum_filter1d
r = np.random.default_rng(1)
s = r.random(n)
if kind == "int64": s = r.integers(-2**62, 2**62, n)
if order == "rising": s = np.arange(n, dtype=kind)
if order == "falling": s = -np.arange(n, dtype=kind)
series = pd.Series(s)
def least(f):
    best = 1e9
    end = time.perf_counter() + 0.4
    while time.perf_counter() < end:
        t = time.perf_counter()
        f()
        best = min(best, time.perf_counter() - t)
    return best * 1e9 / n
print(json.dumps({
  "pandas": least(lambda: series.rolling(k).max()),
  "bottleneck": least(lambda: bn.move_max(s, k)),
  "scipy": least(lambda: maximum_filter1d(s, k)),
  "pandas version": pd.__version__, "bottleneck version": bn.__version__,
}))
`

// interpreter is the one that Debian's packages belong to.
const interpreter = "/usr/bin/python3"

// python compares least times: another process cannot be interleaved.
func python(kind, order string, k int) measure.Group {
	const note = "the least of many runs on both sides, theirs in a process of its own"
	results := sync.OnceValues(func() (map[string]any, error) { return runPython(kind, order, k) })
	lib := func(name string, target float64) measure.Peer {
		if order != "random" || k < 16 {
			target = 0
		}
		return measure.Peer{Name: name, Target: target, Note: note, Value: func() float64 {
			all, err := results()
			if err != nil {
				panic(err.Error())
			}
			return all[name].(float64)
		}}
	}
	g := measure.Group{
		Name: fmt.Sprintf("AppendMax against Python, %s, %s, n=2e5, k=%d", kind, order, k), Unit: "ns/element",
		OursValue: func() float64 {
			if kind == "int64" {
				return leastOurs(integers(), k)
			}
			return leastOurs(floats(order), k)
		},
		Peers: []measure.Peer{lib("bottleneck", 5), lib("pandas", 15), lib("scipy", 9)},
	}
	if kind == "int64" {
		g.Peers = []measure.Peer{lib("bottleneck", 8), lib("pandas", 15), lib("scipy", 9)}
	}
	return g
}

func leastOurs[T float64 | int64](s []T, k int) float64 {
	dst := make([]T, 0, len(s))
	best := time.Hour
	for end := time.Now().Add(400 * time.Millisecond); time.Now().Before(end); {
		start := time.Now()
		slidingmax.AppendMax(dst, s, k)
		best = min(best, time.Since(start))
	}
	return float64(best.Nanoseconds()) / float64(len(s))
}

func runPython(kind, order string, k int) (map[string]any, error) {
	cmd := exec.Command(interpreter, "-c", script, kind, order, fmt.Sprint(k), fmt.Sprint(n))
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return nil, fmt.Errorf("apt-get install python3-pandas python3-scipy python3-bottleneck: %v: %s", err, lines[len(lines)-1])
	}
	var all map[string]any
	return all, json.Unmarshal(out, &all)
}
