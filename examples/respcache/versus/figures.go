package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

var names = []string{"respcache", "redis-server"}

// pair starts both servers, without a bound on their memory.
func (b *bench) pair(ctx context.Context) (both [2]*server, stop func(), err error) {
	stop = func() {
		for _, s := range both {
			if s != nil {
				s.stop()
			}
		}
	}
	for i, name := range names {
		if both[i], err = b.start(ctx, name, 0, ""); err != nil {
			stop()
			return both, nil, err
		}
	}
	return both, stop, nil
}

// speed measures requests a second, the server's time on its core for each, and how busy the
// client's core is: at nearly 100 % the rate is the client's limit, not the server's.
func (b *bench) speed(ctx context.Context) ([]row, error) {
	both, stop, err := b.pair(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	for _, s := range both {
		if err := s.fill(b.keys); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	var table []row
	for _, depth := range []int{16, 1} {
		for _, command := range []string{"set", "get"} {
			figure := fmt.Sprintf("%s, %d in a pipeline: ", strings.ToUpper(command), depth)
			rate := row{figure: figure + "requests/s", format: "%.0f", least: map[int]float64{16: 1.5, 1: 1.0}[depth]}
			cost := row{figure: figure + "µs of the server's core a request", format: "%.2f", most: map[int]float64{16: 0.70, 1: 1.10}[depth]}
			busy := row{figure: figure + "% of the client's core that is busy", format: "%.0f", points: true}
			for round := range b.rounds {
				var rates, costs, loads [2]float64
				for i := range both {
					at := (i + round) % 2 // who is first changes, too
					if rates[at], costs[at], loads[at], err = b.one(ctx, both[at], command, depth); err != nil {
						return nil, err
					}
				}
				rate.ours, rate.peers = append(rate.ours, rates[0]), append(rate.peers, rates[1])
				cost.ours, cost.peers = append(cost.ours, costs[0]), append(cost.peers, costs[1])
				busy.ours, busy.peers = append(busy.ours, loads[0]), append(busy.peers, loads[1])
			}
			table = append(table, rate, cost, busy)
		}
	}
	return table, nil
}

// one runs redis-benchmark once.
func (b *bench) one(ctx context.Context, s *server, command string, depth int) (rate, micros, busy float64, err error) {
	before, err := cpuTimeOf(s.pid())
	if err != nil {
		return 0, 0, 0, err
	}
	n := b.requests[depth]
	cmd := b.client(ctx, []string{"redis-benchmark"}, s, "-t", command, "-P", strconv.Itoa(depth), "-n", strconv.Itoa(n), "-c", "50", "-r", strconv.Itoa(b.keys), "-d", "64", "--csv")
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, 0, fmt.Errorf("redis-benchmark on %s: %w\n%s", s.name, err, out)
	}
	if rate, err = perSecond(string(out)); err != nil {
		return 0, 0, 0, err
	}
	busy = 100 * (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds() * rate / float64(n)
	after, err := cpuTimeOf(s.pid())
	return rate, float64(after-before) / float64(time.Microsecond) / float64(n), busy, err
}

// client is a program that is pinned to the client's core and told where the server is.
func (b *bench) client(ctx context.Context, name []string, s *server, args ...string) *exec.Cmd {
	all := slices.Concat([]string{"-c", strconv.Itoa(b.clientCPU)}, name, []string{"-h", "127.0.0.1", "-p", s.port()}, args)
	cmd := exec.CommandContext(ctx, "taskset", all...)
	cmd.Stderr = os.Stderr
	endWithParent(cmd)
	return cmd
}

// rss measures the memory of fresh servers that were given keys, each of them twice, so
// that what an overwritten value leaves behind counts.
func (b *bench) rss(ctx context.Context) ([]row, error) {
	r := row{figure: fmt.Sprintf("MB resident with %d keys", b.memory), format: "%.1f", most: 1.2}
	for range b.rounds {
		both, stop, err := b.pair(ctx)
		if err != nil {
			return nil, err
		}
		for i, s := range both {
			for range 2 {
				if err := s.fill(b.memory); err != nil {
					stop()
					return nil, fmt.Errorf("%s: %w", s.name, err)
				}
			}
			n, err := rssOf(s.pid())
			if err != nil {
				stop()
				return nil, err
			}
			all := []*[]float64{&r.ours, &r.peers}[i]
			*all = append(*all, float64(n)/1e6)
		}
		stop()
	}
	return []row{r}, nil
}

// share is how many of the keys of --lru-test a cache may hold.
const share = 0.3

// hits measures the hit ratio of redis-cli --lru-test, four fifths of whose accesses go to a
// fifth of the keys, with a maxmemory that holds the same number of keys on both servers.
func (b *bench) hits(ctx context.Context) ([]row, error) {
	var table []row
	for _, policy := range []string{"allkeys-lru", "allkeys-lfu"} {
		r := row{format: "%.1f", points: true}
		if policy == "allkeys-lru" {
			r.least = 2.5
		}
		want := int(share * float64(b.keys))
		var held [2]int
		for i, name := range names {
			percent, keys, err := b.lruTest(ctx, name, policy, want)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", name, policy, err)
			}
			all := []*[]float64{&r.ours, &r.peers}[i]
			*all, held[i] = append(*all, percent), keys
		}
		r.figure = fmt.Sprintf("%% of hits, %s, holding %d and %d keys of %d", policy, held[0], held[1], b.keys)
		table = append(table, r)
	}
	return table, nil
}

// lruTest tries bounds on the memory until the server holds want keys, to half a percent,
// and returns the hits in percent of the last try, and the keys that it held.
func (b *bench) lruTest(ctx context.Context, name, policy string, want int) (percent float64, keys int, err error) {
	s, err := b.start(ctx, name, 0, "")
	if err != nil {
		return 0, 0, err
	}
	empty, err := s.usedMemory()
	if err == nil {
		err = s.fill(want)
	}
	var filled int64
	if err == nil {
		filled, err = s.usedMemory()
	}
	s.stop()
	if err != nil {
		return 0, 0, err
	}
	// The first guess is too large: keys of --lru-test and their values are short.
	var seen []bound
	bytes := empty + (filled-empty)*2/3
	for try := 1; ; try++ {
		percent, keys, err = b.lruTry(ctx, name, policy, bytes)
		if err != nil {
			return 0, 0, err
		}
		if try == b.tries || math.Abs(float64(keys-want)) <= float64(want)/200 {
			return percent, keys, nil
		}
		seen = append(seen, bound{bytes, keys})
		bytes = next(seen, empty, want)
	}
}

// A bound is a maxmemory that was tried, and the keys that it held.
type bound struct {
	bytes int64
	keys  int
}

// next returns the maxmemory to try: on the line through the last two, or through the last
// and the empty server.
func next(seen []bound, empty int64, want int) int64 {
	last := seen[len(seen)-1]
	before := bound{empty, 0}
	if len(seen) > 1 && seen[len(seen)-2].keys != last.keys {
		before = seen[len(seen)-2]
	}
	if last.keys == before.keys { // it holds nothing yet
		return empty + 2*(last.bytes-empty)
	}
	each := float64(last.bytes-before.bytes) / float64(last.keys-before.keys)
	return max(empty+1, last.bytes+int64(each*float64(want-last.keys)))
}

// usedMemory is the server's own count, which maxmemory is a bound on.
func (s *server) usedMemory() (int64, error) {
	out, err := exec.Command("redis-cli", "-h", "127.0.0.1", "-p", s.port(), "INFO", "memory").Output()
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(out)) {
		if v, ok := strings.CutPrefix(l, "used_memory:"); ok {
			return strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		}
	}
	return 0, fmt.Errorf("%s: INFO has no used_memory", s.name)
}

// lruTry runs --lru-test on a fresh server.
func (b *bench) lruTry(ctx context.Context, name, policy string, maxmemory int64) (percent float64, keys int, err error) {
	s, err := b.start(ctx, name, maxmemory, policy)
	if err != nil {
		return 0, 0, err
	}
	defer s.stop()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(30+4*(b.warm+b.seconds))*time.Second)
	defer cancel()
	// Into a pipe, redis-cli would write its lines a few thousand bytes at a time.
	cmd := b.client(ctx, []string{"stdbuf", "-oL", "redis-cli"}, s, "--lru-test", strconv.Itoa(b.keys))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	var hits, misses int64
	lines := bufio.NewScanner(out)
	for second := 0; second < b.warm+b.seconds && lines.Scan(); {
		h, m, ok := hitsMisses(lines.Text())
		if !ok {
			continue
		}
		if second++; second > b.warm {
			hits, misses = hits+h, misses+m
		}
	}
	if hits+misses == 0 {
		return 0, 0, errors.Join(errors.New("redis-cli --lru-test: no line of hits"), ctx.Err())
	}
	keys, err = s.keys()
	return 100 * float64(hits) / float64(hits+misses), keys, err
}
