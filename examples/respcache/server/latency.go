package server

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/ringbuffer"
)

// latencySamples is how many samples of each event are kept, as in Redis.
const latencySamples = 160

// A latencyMonitor has samples of slow events: "command", "fast-command" and
// "expire-cycle".
type latencyMonitor struct {
	than atomic.Int64 // milliseconds from which a sample is taken; 0 is never

	mu     sync.Mutex
	events map[string]*latencyEvent
}

type latencyEvent struct {
	samples *ringbuffer.Ring[*latencySample]
	worst   int64 // since the event was reset
}

type latencySample struct{ at, ms int64 } // at in seconds

// add takes a sample. Of samples in one second the largest is kept.
func (l *latencyMonitor) add(event string, start time.Time, took time.Duration) {
	x := &latencySample{start.Unix(), took.Milliseconds()}
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.events[event]
	if e == nil {
		e = &latencyEvent{samples: ringbuffer.New[*latencySample](latencySamples, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})}
		if l.events == nil {
			l.events = map[string]*latencyEvent{}
		}
		l.events[event] = e
	}
	e.worst = max(e.worst, x.ms)
	if n := e.samples.Len(); n > 0 && e.samples.At(n-1).at == x.at {
		last := e.samples.At(n - 1)
		last.ms = max(last.ms, x.ms)
		return
	}
	_ = e.samples.Push(x) // which only fails where nothing may be overwritten
}

func latencyLatest(s *session, _ [][]byte) {
	l := &s.srv.latency
	l.mu.Lock()
	defer l.mu.Unlock()
	s.array(len(l.events))
	for _, name := range slices.Sorted(maps.Keys(l.events)) {
		e := l.events[name]
		last := e.samples.At(e.samples.Len() - 1)
		s.array(4)
		s.text(name)
		s.integer(last.at)
		s.integer(last.ms)
		s.integer(e.worst)
	}
}

func latencyHistory(s *session, args [][]byte) {
	l := &s.srv.latency
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.events[string(args[2])]
	if e == nil {
		s.array(0)
		return
	}
	s.array(e.samples.Len())
	for i := range e.samples.Len() {
		x := e.samples.At(i)
		s.array(2)
		s.integer(x.at)
		s.integer(x.ms)
	}
}

func latencyReset(s *session, args [][]byte) {
	l := &s.srv.latency
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.events)
	if len(args) == 2 {
		clear(l.events)
	}
	for _, a := range args[2:] {
		delete(l.events, string(a))
	}
	s.integer(int64(n - len(l.events)))
}

// latencyDoctor summarizes the samples in a few lines.
func latencyDoctor(s *session, _ [][]byte) {
	l := &s.srv.latency
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	switch than := l.than.Load(); {
	case than == 0:
		b.WriteString("Latency monitoring is off. CONFIG SET latency-monitor-threshold <milliseconds> turns it on.\n")
	case len(l.events) == 0:
		fmt.Fprintf(&b, "Nothing has taken %d ms or more.\n", than)
	}
	for _, name := range slices.Sorted(maps.Keys(l.events)) {
		e := l.events[name]
		fmt.Fprintf(&b, "%s: %d samples, the worst took %d ms.\n", name, e.samples.Len(), e.worst)
	}
	s.verbatim(b.String())
}
