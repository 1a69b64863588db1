// Command hitratio replays generated traces through flatline's caches and their
// peers and compares how often they hit. It prints a table and writes the record
// results/hitratio.json and, from it, HITRATIO.md and hitratio.svg.
//
//	go run -C evidence ./hitratio                    half a minute
//	go run -C evidence ./hitratio -render            the documents from the record
//	go run -C evidence ./hitratio -trace FILE…       the same table of traces of your own
//	go run -C evidence ./hitratio -trace -record FILE…    and puts it into the page
//
// A trace is a file of keys, one in each line, or of 32-bit words, and may be compressed
// with gzip. It is replayed with a capacity of 1, 5 and 20 percent of its different keys.
// With -picture FILE the picture of the traces is written too.
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
	"slices"
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
		{"lfu TinyLFU", caches.LFUTiny},
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

// A trace is its keys and the capacities that it is replayed with.
type trace struct {
	name       string
	keys       []int64
	capacities []int
}

// generated are the traces of package traces.
func generated() (all []trace) {
	for _, w := range traces.Workloads {
		all = append(all, trace{w.Name, w.Keys(), capacities})
	}
	return all
}

// measure replays every trace through every policy, several at the same time.
func measure(replayed []trace, all []policy, progress func(done, of int)) []point {
	var points []point
	var keys [][]int64 // of each point
	var wg sync.WaitGroup
	var mu sync.Mutex
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	done := 0
	for _, t := range replayed {
		for _, capacity := range t.capacities {
			points = append(points, point{t.name, capacity, len(t.keys), make([]int, len(all))})
			keys = append(keys, t.keys)
		}
	}
	for at, p := range points {
		for i, policy := range all {
			turns <- struct{}{}
			wg.Go(func() {
				p.Hits[i] = policy.hits(keys[at], p.Capacity)
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

const usage = "usage: go run -C evidence ./hitratio [-o FOLDER] [-render | -trace [-record] [-picture FILE] FILE…]"

func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("hitratio", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	dir := f.String("o", ".", "folder for HITRATIO.md, hitratio.svg and results/hitratio.json")
	rendering := f.Bool("render", false, "write the page and the picture from the record")
	own := f.Bool("trace", false, "replay the traces in the files that are named")
	recording := f.Bool("record", false, "put the traces into the record and the page")
	picture := f.String("picture", "", "file for the picture of the traces")
	err := f.Parse(args)
	if err != nil || *own != (f.NArg() > 0) || *own && *rendering || !*own && (*recording || *picture != "") {
		fmt.Fprintln(stderr, usage)
		return 2
	}
	if *own {
		var points []point
		points, err = replayFiles(f.Args(), *picture, stdout, stderr)
		if *recording && err == nil {
			err = saveReal(points, *dir)
		}
	} else {
		err = renew(*dir, *rendering, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "hitratio:", err)
		return 1
	}
	return 0
}

// progress shows how far a measurement is.
func progress(stderr io.Writer) func(done, of int) {
	return func(done, of int) {
		fmt.Fprintf(stderr, "\r%d of %d", done, of)
		if done == of {
			fmt.Fprintln(stderr)
		}
	}
}

// renew measures, unless the record is only to be rendered, and writes the documents.
func renew(dir string, rendering bool, stdout, stderr io.Writer) error {
	if !rendering {
		all := policies()
		if err := save(dir, recordFile(dir), command, all, measure(generated(), all, progress(stderr))); err != nil {
			return err
		}
	}
	r, err := load(dir)
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, table(r.Policies, r.Points))
	return render(dir, r)
}

func render(dir string, r recorded) error {
	for name, content := range documents(r) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// documents are the files that are rendered from the record.
func documents(r recorded) map[string]string {
	return map[string]string{"HITRATIO.md": page(r), "hitratio.svg": draw(r.Policies, r.Points)}
}

// table is the Markdown table of all points, and their means.
func table(policies []string, points []point) string {
	var b strings.Builder
	b.WriteString("| trace | entries |")
	for _, name := range policies {
		fmt.Fprintf(&b, " %s |", name)
	}
	b.WriteString("\n|---|--:" + strings.Repeat("|--:", len(policies)) + "|\n")
	for _, p := range points {
		fmt.Fprintf(&b, "| %s | %d |", p.Trace, p.Capacity)
		for i := range p.Hits {
			fmt.Fprintf(&b, " %.1f |", p.percent(i))
		}
		b.WriteString("\n")
	}
	b.WriteString("| **mean** | |")
	for _, x := range means(points) {
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
	b.WriteString(table(r.Policies, r.Points) + "\n")
	from := differences(r.Policies, r.Points)
	overLRU, overOtter := from("lfu Dynamic", "lru"), from("lfu Dynamic", "otter")
	fmt.Fprintf(&b, "On the mean, lfu Dynamic is %+.1f points from lru (target: at least +2, %s) and %+.1f from otter\n"+
		"(target: at least -2.5, %s). ", overLRU, verdict(overLRU >= 2), overOtter, verdict(overOtter >= -2.5))
	overOtter = from("lfu TinyLFU", "otter")
	fmt.Fprintf(&b, "lfu TinyLFU is %+.1f from otter (target: at least +0.5, %s), %+.1f from theine,\nand nowhere more than %.1f behind lfu Dynamic.\n",
		overOtter, verdict(overOtter >= 0.5), from("lfu TinyLFU", "theine"), behind(r.Policies, r.Points, "lfu TinyLFU", "lfu Dynamic"))
	fmt.Fprintf(&b, "\nMeasured with %s on %s.\n", r.Go, r.Date)
	b.WriteString("\nWhat the traces stand for:\n\n")
	for _, w := range traces.Workloads {
		fmt.Fprintf(&b, "- **%s**: %s\n", w.Name, w.About)
	}
	if r.Real.Points != nil {
		b.WriteString(realTraces(r))
	}
	return b.String()
}

// realTraces is the section of traces that were recorded elsewhere.
func realTraces(r recorded) string {
	var b strings.Builder
	fmt.Fprintf(&b, `
## Real traces

The same on traces that were recorded in programs, at a capacity of 1, 5 and 20 percent of their different keys. The traces
are not in this repository: cpp, 2_pools, multi1 and multi3 are those of the LIRS paper (Jiang and Zhang, 2002), a preprocessor,
a synthetic mix and programs that run at the same time; web07 is the pages of a web shop in one month, published with
cache2k's benchmarks. These columns are not computed again by the tests.

    %s

`, r.Real.Command)
	b.WriteString(table(r.Real.Policies, r.Real.Points) + "\n")
	from := differences(r.Real.Policies, r.Real.Points)
	overOtter := from("lfu TinyLFU", "otter")
	fmt.Fprintf(&b, "On the mean, lfu TinyLFU is %+.1f points from otter (target: at least +0.5, %s), %+.1f from theine and %+.1f from lfu Dynamic,\n"+
		"and nowhere more than %.1f behind lfu Dynamic.\n", overOtter, verdict(overOtter >= 0.5), from("lfu TinyLFU", "theine"), from("lfu TinyLFU", "lfu Dynamic"),
		behind(r.Real.Policies, r.Real.Points, "lfu TinyLFU", "lfu Dynamic"))
	fmt.Fprintf(&b, "\nMeasured with %s on %s.\n", r.Real.Go, r.Real.Date)
	return b.String()
}

// differences returns how far the mean of one policy is above that of another.
func differences(policies []string, points []point) func(of, from string) float64 {
	mean := map[string]float64{}
	for i, x := range means(points) {
		mean[policies[i]] = x
	}
	return func(of, from string) float64 { return mean[of] - mean[from] }
}

// behind is the largest difference by which one policy is behind another at any point.
func behind(policies []string, points []point, of, from string) (most float64) {
	i, j := slices.Index(policies, of), slices.Index(policies, from)
	for _, p := range points {
		most = max(most, p.percent(j)-p.percent(i))
	}
	return most
}
