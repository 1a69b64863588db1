// Command hitratio replays generated traces through flatline's caches and their
// peers and compares how often they hit. It prints a table and writes the record
// results/hitratio.json and, from it, HITRATIO.md and hitratio.svg.
//
//	go run -C evidence ./hitratio              half a minute
//	go run -C evidence ./hitratio -render      the documents from the record
//
// Every cache sees the same accesses: a Get and, after a miss, a Put. A cache with
// deferred work finishes it after each Put, so that its policy is compared, not its
// timing. The figures of a policy that uses random numbers vary: the last digit may
// change.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"example.com/flatline/evidence/internal/caches"
	"example.com/flatline/evidence/internal/traces"
)

// capacities are the capacities with which each trace is replayed.
var capacities = []int{500, 1_500, 5_000, 15_000}

// opt is the name of the upper bound.
const opt = "OPT"

// A policy is a column of the table.
type policy struct {
	name string
	hits func(keys []int64, capacity int) int
}

// policies are flatline's first, then the peers, then the bound.
func policies() []policy {
	var all []policy
	for _, p := range []struct {
		name string
		kind caches.Kind
	}{
		{"lru", caches.LRU},
		{"lfu Exact", caches.LFU},
		{"lfu Dynamic", caches.LFUDynamic},
		{"otter", caches.Otter},
		{"theine", caches.Theine},
		{"ristretto", caches.Ristretto},
		{"gcache LFU", caches.GCacheLFU},
	} {
		all = append(all, policy{p.name, func(keys []int64, capacity int) int { return replay(p.kind, keys, capacity) }})
	}
	return append(all, policy{opt, optimal})
}

// replay returns the hits of one cache.
func replay(kind caches.Kind, keys []int64, capacity int) (hits int) {
	c := kind.New(capacity)
	if c.Close != nil {
		defer c.Close()
	}
	for _, k := range keys {
		if _, ok := c.Get(k); ok {
			hits++
		} else {
			c.Put(k, k)
			c.Finish()
		}
	}
	return hits
}

// A point is one trace at one capacity: the hits of each policy.
type point struct {
	Trace    string `json:"trace"`
	Capacity int    `json:"capacity"`
	Accesses int    `json:"accesses"`
	Hits     []int  `json:"hits"`
}

// percent is the hit ratio of the i-th policy.
func (p *point) percent(i int) float64 { return 100 * float64(p.Hits[i]) / float64(p.Accesses) }

// measure replays every trace through every policy, several at the same time.
func measure(workloads []traces.Workload, all []policy, progress func(done, of int)) []point {
	var points []point
	var wg sync.WaitGroup
	var mu sync.Mutex
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	done := 0
	keys := make([][]int64, len(workloads))
	for t, w := range workloads {
		keys[t] = w.Keys()
		for _, capacity := range capacities {
			points = append(points, point{w.Name, capacity, len(keys[t]), make([]int, len(all))})
		}
	}
	for at, p := range points {
		for i, policy := range all {
			turns <- struct{}{}
			wg.Go(func() {
				p.Hits[i] = policy.hits(keys[at/len(capacities)], p.Capacity)
				mu.Lock()
				done++
				progress(done, len(points)*len(all))
				mu.Unlock()
				<-turns
			})
		}
	}
	wg.Wait()
	return points
}

// means are the policies' hit ratios over all points.
func means(points []point) []float64 {
	mean := make([]float64, len(points[0].Hits))
	for _, p := range points {
		for i := range p.Hits {
			mean[i] += p.percent(i) / float64(len(points))
		}
	}
	return mean
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("hitratio", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	dir := f.String("o", ".", "folder for HITRATIO.md, hitratio.svg and results/hitratio.json")
	rendering := f.Bool("render", false, "write the page and the picture from the record")
	if err := f.Parse(args); err != nil || f.NArg() > 0 {
		fmt.Fprintln(stderr, "usage: go run -C evidence ./hitratio [-o FOLDER] [-render]")
		return 2
	}
	if err := renew(*dir, *rendering, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "hitratio:", err)
		return 1
	}
	return 0
}

// renew measures, unless the record is only to be rendered, and writes the documents.
func renew(dir string, rendering bool, stdout, stderr io.Writer) error {
	if !rendering {
		all := policies()
		points := measure(traces.Workloads, all, func(done, of int) { fmt.Fprintf(stderr, "\r%d of %d", done, of) })
		fmt.Fprintln(stderr)
		if err := save(dir, all, points); err != nil {
			return err
		}
	}
	r, err := load(dir)
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, table(r))
	for name, content := range documents(r) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// documents are the files that are rendered from the record.
func documents(r recorded) map[string]string {
	return map[string]string{"HITRATIO.md": page(r), "hitratio.svg": draw(r)}
}

// table is the Markdown table of all points, and their means.
func table(r recorded) string {
	var b strings.Builder
	b.WriteString("| trace | entries |")
	for _, name := range r.Policies {
		fmt.Fprintf(&b, " %s |", name)
	}
	b.WriteString("\n|---|--:" + strings.Repeat("|--:", len(r.Policies)) + "|\n")
	for _, p := range r.Points {
		fmt.Fprintf(&b, "| %s | %d |", p.Trace, p.Capacity)
		for i := range p.Hits {
			fmt.Fprintf(&b, " %.1f |", p.percent(i))
		}
		b.WriteString("\n")
	}
	b.WriteString("| **mean** | |")
	for _, x := range means(r.Points) {
		fmt.Fprintf(&b, " **%.1f** |", x)
	}
	b.WriteString("\n")
	return b.String()
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}

func page(r recorded) string {
	var b strings.Builder
	b.WriteString(`# Hit ratios

Percent of accesses that hit, on generated traces, each replayed through every cache in the same way: a Get and, after a
miss, a Put. OPT knows the future (Belady, 1966): nothing can be above it. The columns of lru, of lfu and of OPT are computed
again in every run of the tests.

    go run -C evidence ./hitratio

![hit ratio over capacity, a panel for each trace](hitratio.svg)

`)
	b.WriteString(table(r) + "\n")
	mean := map[string]float64{}
	for i, x := range means(r.Points) {
		mean[r.Policies[i]] = x
	}
	overLRU, overOtter := mean["lfu Dynamic"]-mean["lru"], mean["lfu Dynamic"]-mean["otter"]
	fmt.Fprintf(&b, "On the mean, lfu Dynamic is %+.1f points from lru (target: at least +2, %s) and %+.1f from otter\n"+
		"(target: at least -2.5, %s).\n", overLRU, verdict(overLRU >= 2), overOtter, verdict(overOtter >= -2.5))
	fmt.Fprintf(&b, "\nMeasured with %s on %s.\n", r.Go, r.Date)
	b.WriteString("\nWhat the traces stand for:\n\n")
	for _, w := range traces.Workloads {
		fmt.Fprintf(&b, "- **%s**: %s\n", w.Name, w.About)
	}
	return b.String()
}
