package queue

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/slidingmax"
)

// An Event is something that happened to a task, through this broker.
type Event struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"` // enqueued, leased, done, failed, dead, released, lost, retried
	ID     string    `json:"id"`
	Queue  string    `json:"queue"`
	Type   string    `json:"type"`
	Worker string    `json:"worker,omitempty"`
	Error  string    `json:"error,omitempty"`
}

// note adds an event.
func (b *Broker) note(kind string, t Task) {
	_, _ = b.events.PushEvict(Event{time.Now().UTC(), kind, t.ID, t.Queue, t.Type, t.Worker, t.Error})
}

// A rate is how often something happens, where each event counts less the older it is.
type rate struct {
	v  float64 // a second
	at time.Time
}

const memory = 10 * time.Second // of a rate: after it, an event counts a third

func (r *rate) add(now time.Time, n float64) float64 {
	if d := now.Sub(r.at); d > 0 {
		r.v *= math.Exp(-float64(d) / float64(memory))
		r.at = now
	}
	r.v += n / memory.Seconds()
	return r.v
}

// load is what a broker has seen.
type load struct {
	mu       sync.Mutex
	arrivals rate
	ended    rate
	mean     time.Duration // of an attempt
	peak     *slidingmax.TimeWindow[time.Duration]
	lost     atomic.Int64 // leases
}

func newLoad() *load {
	return &load{peak: slidingmax.NewTimeWindow[time.Duration](time.Minute)}
}

func (l *load) arrived() {
	l.mu.Lock()
	l.arrivals.add(time.Now(), 1)
	l.mu.Unlock()
}

// waited notes how long a task that was leased had been due.
func (l *load) waited(t Task) {
	l.mu.Lock()
	l.peak.Push(t.Started, t.Started.Sub(t.Due))
	l.mu.Unlock()
}

// worked notes how long an attempt took.
func (l *load) worked(do string, t Task) {
	if do == Release || do == Retry {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended.add(time.Now(), 1)
	took := time.Since(t.Started)
	if l.mean == 0 {
		l.mean = took
	}
	l.mean += (took - l.mean) / 16
}

// A Load is what a scaler needs to know.
type Load struct {
	Arrivals float64  `json:"arrivals"` // a second
	Ended    float64  `json:"ended"`    // attempts a second
	Mean     Duration `json:"mean"`     // of an attempt
	Peak     Duration `json:"peak"`     // longest wait of a task that was due, in the last minute
	Ready    int      `json:"ready"`
}

func (l *load) now() Load {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	peak, _ := l.peak.Max(now)
	return Load{Arrivals: l.arrivals.add(now, 0), Ended: l.ended.add(now, 0), Mean: Duration(l.mean), Peak: Duration(peak)}
}

// Desired returns how many workers there should be, if there are now workers and each
// works on slots tasks at once: as many as are busy for 70% of the time, by Little's law
// (busy = arrivals × mean time), what is ready being worked off within a minute. Between
// 50% and 85% it leaves the number as it is, or each fluctuation would start and stop one.
func (l Load) Desired(now, slots int) int {
	busy := (l.Arrivals + float64(l.Ready)/60) * time.Duration(l.Mean).Seconds() / float64(slots)
	if now > 0 && busy >= 0.5*float64(now) && busy <= 0.85*float64(now) {
		return now
	}
	return max(1, int(math.Ceil(busy/0.7)))
}
