package server

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// A tally has the counts of one command.
type tally struct {
	calls, rejected, failed atomic.Int64
	timed, usec             atomic.Int64 // calls that were timed, and their microseconds
	times                   atomic.Pointer[histogram]
}

// tell adds the calls that the session has counted to those of the server. A pipeline of
// the same command does so once.
func (s *session) tell() {
	if s.calls > 0 && s.origin == fromClient {
		s.srv.tallies[s.counted.index].calls.Add(s.calls)
	}
	s.calls = 0
}

// add notes how long a call took; tracked says whether the histogram gets it too.
func (t *tally) add(took time.Duration, tracked bool) {
	t.timed.Add(1)
	t.usec.Add(took.Microseconds())
	if !tracked {
		return
	}
	h := t.times.Load()
	if h == nil {
		h = new(histogram)
		if !t.times.CompareAndSwap(nil, h) {
			h = t.times.Load()
		}
	}
	if h != nil {
		h[bucketOf(took)].Add(1)
	}
}

func (t *tally) reset() {
	for _, n := range []*atomic.Int64{&t.calls, &t.rejected, &t.failed, &t.timed, &t.usec} {
		n.Store(0)
	}
	t.times.Store(nil)
}

// A histogram counts times in buckets: 16 for each power of two of nanoseconds, so that a
// bucket's bounds differ by 6 % at most, up to 2^36 ns (68 s), and one for all above.
type histogram [(topBit - fineBits + 2) << fineBits]atomic.Int64

const (
	fineBits = 4
	topBit   = 36
)

func bucketOf(took time.Duration) int {
	ns := min(uint64(max(took, 0)), 1<<(topBit+1)-1)
	e := bits.Len64(ns) - 1
	if e < fineBits {
		return int(ns)
	}
	return (e-fineBits)<<fineBits + int(ns>>(e-fineBits))
}

// bucketEnd returns the longest time, in nanoseconds, that falls into a bucket.
func bucketEnd(i int) int64 {
	if i < 2<<fineBits {
		return int64(i)
	}
	shift := i>>fineBits - 1
	return (int64(i-shift<<fineBits)+1)<<shift - 1
}

// read returns the counts and their sum.
func (h *histogram) read() (counts []int64, sum int64) {
	for i := range h {
		counts = append(counts, h[i].Load())
		sum += counts[i]
	}
	return counts, sum
}

// percentile returns a percentile of the calls' times, in nanoseconds.
func percentile(counts []int64, sum int64, percent float64) int64 {
	seen := int64(0)
	for i, n := range counts {
		if seen += n; seen > 0 && float64(seen) >= percent/100*float64(sum) {
			return bucketEnd(i)
		}
	}
	return 0
}

// latencyHistogram replies with how many calls of each command took up to a number of
// microseconds, which doubles from one to the next.
func latencyHistogram(s *session, args [][]byte) {
	s.tell()
	wanted := everyCommand()
	if len(args) > 2 {
		wanted = nil
		for _, name := range args[2:] {
			c := named(string(name))
			if c == nil {
				continue
			}
			wanted = append(wanted, c)
			for _, sub := range everyCommand() {
				if strings.HasPrefix(sub.name, c.name+"|") {
					wanted = append(wanted, sub)
				}
			}
		}
	}
	var out []byte
	n := 0
	for _, c := range wanted {
		if h := s.srv.tallies[c.index].times.Load(); h != nil {
			n++
			out = s.appendHistogram(out, c.name, h)
		}
	}
	s.pairs(n)
	s.out = append(s.out, out...)
}

func (s *session) appendHistogram(out []byte, name string, h *histogram) []byte {
	counts, sum := h.read()
	part := &session{resp3: s.resp3}
	seen, at, steps := int64(0), 0, 0
	for end := int64(1 << 10); seen < sum; end *= 2 {
		was := seen
		for ; at < len(counts) && (bucketEnd(at) < end || end > 1<<topBit); at++ {
			seen += counts[at]
		}
		if seen > was {
			part.integer((end - 1) / 1000)
			part.integer(seen)
			steps++
		}
	}
	whole := &session{resp3: s.resp3, out: out}
	whole.text(name)
	whole.pairs(2)
	whole.text("calls")
	whole.integer(sum)
	whole.text("histogram_usec")
	whole.pairs(steps)
	return append(whole.out, part.out...)
}

// percentiles checks latency-tracking-info-percentiles.
func percentiles(v string) (string, error) {
	var shown []string
	for _, w := range strings.Fields(v) {
		f, err := strconv.ParseFloat(w, 64)
		if err != nil || !(f >= 0 && f <= 100) || len(shown) == 32 {
			return "", fmt.Errorf("latency-tracking-info-percentiles must be at most 32 numbers between 0.0 and 100.0")
		}
		shown = append(shown, strconv.FormatFloat(f, 'f', -1, 64))
	}
	return strings.Join(shown, " "), nil
}

func infoCommandStats(r *report) {
	r.s.tell()
	for _, c := range everyCommand() {
		t := &r.s.srv.tallies[c.index]
		calls, rejected, failed := t.calls.Load(), t.rejected.Load(), t.failed.Load()
		if calls+rejected+failed == 0 {
			continue
		}
		usec := t.usec.Load()
		r.line("cmdstat_"+c.name, fmt.Sprintf("calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
			calls, usec, float64(usec)/float64(max(t.timed.Load(), 1)), rejected, failed))
	}
}

func infoLatencyStats(r *report) {
	if !r.s.srv.tracking.Load() {
		return
	}
	shares := strings.Fields(r.s.srv.config.get("latency-tracking-info-percentiles"))
	for _, c := range everyCommand() {
		h := r.s.srv.tallies[c.index].times.Load()
		if h == nil {
			continue
		}
		counts, sum := h.read()
		var parts []string
		for _, p := range shares {
			f, _ := strconv.ParseFloat(p, 64)
			parts = append(parts, fmt.Sprintf("p%s=%.3f", p, float64(percentile(counts, sum, f))/1000))
		}
		r.line("latency_percentiles_usec_"+c.name, strings.Join(parts, ","))
	}
}
