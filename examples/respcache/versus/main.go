// Versus compares respcache with redis-server, on this machine, in one run:
//
//	go run ./examples/respcache/versus            every figure, about four minutes
//	go run ./examples/respcache/versus -update    and writes them into the README
//	go run ./examples/respcache/versus -parts save -update   SAVE and BGSAVE, half a minute
//	go run ./examples/respcache/versus -quick     a few requests: that it works, not how fast
//
// The server has one core (GOMAXPROCS=1) and the client another. Rounds alternate between
// the two servers; a figure is the median of its rounds with the least and the greatest,
// and a ratio is the median of the rounds' ratios.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// A plan says how much is measured.
type plan struct {
	rounds   int
	requests map[int]int // by the number of commands in a pipeline
	keys     int         // that redis-benchmark draws from
	memory   int         // keys whose memory is measured
	saved    int         // keys that are saved
	warm     int         // seconds until the hits are counted
	seconds  int         // for which hits are counted
	tries    int         // to find the maxmemory that holds as many keys
	parts    string
	bin      string // of respcache, built before
}

var (
	full  = plan{rounds: 7, requests: map[int]int{1: 120_000, 16: 1_200_000}, keys: 100_000, memory: 132_000, saved: 1_000_000, warm: 5, seconds: 5, tries: 6}
	quick = plan{rounds: 1, requests: map[int]int{1: 5_000, 16: 20_000}, keys: 1_000, memory: 5_000, saved: 5_000, warm: 0, seconds: 1, tries: 1}
)

func main() {
	isQuick := flag.Bool("quick", false, "a few requests and one round: that it works, not how fast")
	update := flag.Bool("update", false, "write the table into the README of respcache")
	rounds := flag.Int("rounds", 0, "rounds of each figure (default 7)")
	parts := flag.String("parts", defaultParts, "what to measure: speed, memory, hits, or save alone, which has a table of its own")
	bin := flag.String("bin", "", "a respcache that was built before (default: it is built now)")
	flag.Parse()
	p := full
	if *isQuick {
		p = quick
	}
	if *rounds > 0 {
		p.rounds = *rounds
	}
	p.parts, p.bin = *parts, *bin
	if err := run(p, *update, *isQuick); err != nil {
		fmt.Fprintln(os.Stderr, "versus:", err)
		os.Exit(1)
	}
}

func run(p plan, update, isQuick bool) error {
	if update && (isQuick || p.parts != defaultParts && p.parts != "save" || p.bin != "") {
		return errors.New("-update needs the whole measurement of what is built now, not a quick one or a part")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	for _, name := range []string{"redis-server", "redis-cli", "redis-benchmark", "taskset", "stdbuf"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%s is not installed (Debian: apt-get install redis-server util-linux coreutils)", name)
		}
	}
	dir, err := os.MkdirTemp("", "respcache-versus-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{plan: p, dir: dir}
	if b.bin == "" {
		b.bin = filepath.Join(dir, "respcache")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.bin, program).CombinedOutput(); err != nil {
			return fmt.Errorf("go build %s: %w\n%s", program, err, out)
		}
	}
	if b.serverCPU, b.clientCPU, err = cores(); err != nil {
		return err
	}
	table, err := b.measure(ctx)
	if err != nil {
		return err
	}
	text := document(p, table, b.about(ctx))
	fmt.Print(text)
	if isQuick {
		fmt.Println("\nA quick run: the figures say that it works, not how fast.")
	}
	if !update {
		return nil
	}
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", program).Output()
	if err != nil {
		return err
	}
	path := filepath.Join(strings.TrimSpace(string(out)), "README.md")
	readme, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := splice(string(readme), text, marks(p.parts))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(changed), 0o644)
}

const defaultParts = "speed,memory,hits"

const program = "example.com/flatline/examples/respcache"

// A bench is the machine and the programs that are measured on it.
type bench struct {
	plan
	dir                  string
	serverCPU, clientCPU int
}

func (b *bench) measure(ctx context.Context) ([]row, error) {
	var table []row
	for _, part := range []struct {
		name string
		run  func(context.Context) ([]row, error)
	}{{"speed", b.speed}, {"memory", b.rss}, {"hits", b.hits}, {"save", b.save}} {
		if !strings.Contains(b.parts, part.name) {
			continue
		}
		rows, err := part.run(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		table = append(table, rows...)
	}
	return table, nil
}

// about says what was measured where.
func (b *bench) about(ctx context.Context) string {
	out, _ := exec.CommandContext(ctx, "redis-server", "--version").Output()
	version := "?"
	for _, f := range strings.Fields(string(out)) {
		if v, ok := strings.CutPrefix(f, "v="); ok {
			version = v
		}
	}
	where := fmt.Sprintf("the server on core %d, the client on core %d", b.serverCPU, b.clientCPU)
	if b.serverCPU == b.clientCPU {
		where = "server and client on the only core there is, so that each takes time from the other"
	}
	return fmt.Sprintf("redis-server %s, %s", version, where)
}
