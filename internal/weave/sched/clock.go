package sched

import "time"

// The time of a run stands still while a goroutine can continue. When none can, it
// advances to the first timer that is set, as in a bubble of testing/synctest. Advance
// moves it in between.

type clock struct {
	now    time.Duration
	timers []*Timer
}

// epoch is when the time of each run begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Now is time.Now.
//
//go:noinline
func Now() time.Time {
	if r := active; r != nil {
		return epoch.Add(r.now)
	}
	return epoch
}

// Advance moves the time of the run in progress, as one step of a goroutine.
func Advance(d time.Duration) {
	Point(Write, nil)
	moveClock(d)
}

//go:noinline
func moveClock(d time.Duration) {
	if r := active; r != nil {
		r.now += d
		r.fire()
	}
}

// A Timer is a time.Timer.
type Timer struct {
	C   chan time.Time
	at  time.Duration
	set bool
}

// NewTimer is time.NewTimer.
//
//go:noinline
func NewTimer(d time.Duration) *Timer {
	t := &Timer{C: make(chan time.Time, 1)}
	t.Reset(d)
	return t
}

// Reset is that of a time.Timer: no stale value is in C afterwards.
//
//go:noinline
func (t *Timer) Reset(d time.Duration) bool {
	was := t.Stop()
	r := active
	if r == nil {
		return was
	}
	if t.at = r.now + max(d, 0); t.at < r.now {
		t.at = 1<<63 - 1
	}
	t.set = true
	known := false
	for _, u := range r.timers {
		known = known || u == t
	}
	if !known {
		r.timers = append(r.timers, t)
	}
	r.fire()
	return was
}

// Stop is that of a time.Timer.
//
//go:noinline
func (t *Timer) Stop() bool {
	was := t.set
	t.set = false
	select {
	case <-t.C:
	default:
	}
	return was
}

// fire sends on the channels of the timers that are due.
func (r *Run) fire() {
	for _, t := range r.timers {
		if t.set && t.at <= r.now {
			t.set = false
			t.C <- epoch.Add(r.now)
			r.writes++
		}
	}
}

// farAway is beyond any wait of a run: a timer set to Never does not count as set.
const farAway = 100 * 365 * 24 * time.Hour

// advance moves the time to the first timer, if one is set.
func (r *Run) advance() bool {
	first := farAway
	for _, t := range r.timers {
		if t.set {
			first = min(first, t.at)
		}
	}
	if first == farAway {
		return false
	}
	r.now = first
	r.fire()
	return true
}
