package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// perSecond returns the requests per second in the output of redis-benchmark --csv.
func perSecond(out string) (float64, error) {
	lines, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w in %q", err, out)
	}
	if len(lines) != 2 || len(lines[0]) < 2 || lines[0][1] != "rps" {
		return 0, fmt.Errorf("redis-benchmark: no figure in %q", out)
	}
	n, err := strconv.ParseFloat(lines[1][1], 64)
	if err == nil && n <= 0 {
		err = fmt.Errorf("redis-benchmark: %v requests a second", n)
	}
	return n, err
}

// A tick is the unit of the times in /proc, whatever the kernel's own timer is.
const tick = time.Second / 100

// cpuTime returns the time a process has had on its cores, user and system, from the text
// of /proc/PID/stat. The name, in brackets, can hold anything.
func cpuTime(stat string) (time.Duration, error) {
	f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(f) < 13 {
		return 0, fmt.Errorf("/proc/PID/stat: too short: %q", stat)
	}
	user, err := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * tick, errors.Join(err, err2)
}

func cpuTimeOf(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return cpuTime(string(b))
}

var resident = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB$`)

// rss returns the resident bytes of a process, from the text of /proc/PID/status.
func rss(status string) (int64, error) {
	m := resident.FindStringSubmatch(status)
	if m == nil {
		return 0, errors.New("/proc/PID/status: no VmRSS")
	}
	kb, err := strconv.ParseInt(m[1], 10, 64)
	return kb << 10, err
}

func rssOf(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return rss(string(b))
}

var counted = regexp.MustCompile(`Hits: (\d+) \([^)]*\) \| Misses: (\d+) \(`)

// hitsMisses returns what a line of redis-cli --lru-test counts, or false.
func hitsMisses(line string) (hits, misses int64, ok bool) {
	m := counted.FindStringSubmatch(line)
	if m == nil {
		return 0, 0, false
	}
	hits, err := strconv.ParseInt(m[1], 10, 64)
	misses, err2 := strconv.ParseInt(m[2], 10, 64)
	return hits, misses, err == nil && err2 == nil
}

var listening = regexp.MustCompile(`(?m)^listening on (127\.0\.0\.1:\d+)\r?\n`)

func listensOn(log string) string {
	if m := listening.FindStringSubmatch(log); m != nil {
		return m[1]
	}
	return ""
}

var allowed = regexp.MustCompile(`(?m)^Cpus_allowed_list:\s+(\S+)$`)

// cores returns a core for the server and one for the client, the same if there is only one.
func cores() (server, client int, err error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0, fmt.Errorf("cores are found in /proc of Linux: %w", err)
	}
	m := allowed.FindStringSubmatch(string(b))
	if m == nil {
		return 0, 0, errors.New("/proc/self/status: no Cpus_allowed_list")
	}
	all, err := coreList(m[1])
	if err != nil {
		return 0, 0, err
	}
	return all[0], all[min(1, len(all)-1)], nil
}

// coreList reads a list as 0-3,8: at most the first few cores of it.
func coreList(s string) ([]int, error) {
	var all []int
	for part := range strings.SplitSeq(s, ",") {
		lo, hi, isRange := strings.Cut(part, "-")
		if !isRange {
			hi = lo
		}
		first, err := strconv.Atoi(lo)
		last, err2 := strconv.Atoi(hi)
		if err := errors.Join(err, err2); err != nil || first > last {
			return nil, fmt.Errorf("not a list of cores: %q", s)
		}
		for c := first; c <= last && len(all) < 8; c++ {
			all = append(all, c)
		}
	}
	return all, nil
}
