package telemetry

import (
	"context"
	"fmt"
	"sync"
	"time"

	"example.com/flatline/bqueue"
	"example.com/flatline/ratelimit"
	"example.com/flatline/slidingmax"
)

// GateOptions are the settings of NewGate.
type GateOptions struct {
	Store Store
	Rate  ratelimit.Rate // of the messages of a device; the zero value is no limit
	Burst int64          // of them; default ten seconds' worth
	Tick  time.Duration  // how often the clock's work is done; default a second
}

const (
	maxBatch  = 8192    // messages in one write
	maxWeight = 1 << 20 // bytes of several requests in one write
	maxQueued = 256     // requests that wait; then a caller waits, and its socket is not read
	writers   = 2       // one encodes while the other one's write is synced
)

// A Gate is what messages pass on their way to a store: it limits each device, and joins the
// messages of many callers to one write. It is safe for concurrent use.
type Gate struct {
	Store
	rate  *ratelimit.Keyed[string] // nil is no limit
	queue *bqueue.Queue[*waiting]
	delay *slidingmax.SyncTimeWindow[time.Duration]
	stop  context.CancelFunc
	ended sync.WaitGroup
}

// waiting is a request that waits for its write.
type waiting struct {
	messages []Message
	answers  []Answer
	err      error
	done     chan struct{}
}

// NewGate returns a gate in front of a store, which Close does not close.
func NewGate(o GateOptions) *Gate {
	g := &Gate{Store: o.Store, queue: bqueue.New[*waiting](maxQueued), delay: slidingmax.NewSyncTimeWindow[time.Duration](time.Minute)}
	if o.Rate != (ratelimit.Rate{}) {
		burst := o.Burst
		if burst == 0 {
			n, per := o.Rate.Fraction()
			burst = max(1, int64(min(1e9, float64(n)*float64(10*time.Second)/float64(per))))
		}
		g.rate = ratelimit.NewKeyed[string](o.Rate, burst, ratelimit.KeyedOptions[string]{MaxKeys: MaxDevices})
	}
	if o.Tick <= 0 {
		o.Tick = time.Second
	}
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	for range writers {
		g.ended.Go(g.write)
	}
	g.ended.Go(func() { g.tick(ctx, o.Tick) })
	return g
}

// Close waits for the requests that were accepted, and refuses further ones. It leaves the
// store open, and returns nil.
func (g *Gate) Close() error {
	g.queue.Close()
	g.stop()
	g.ended.Wait()
	return nil
}

func (g *Gate) tick(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			_ = g.Store.Tick(ctx) // a log that has failed refuses the next message too
		}
	}
}

// Write implements Store. A device that sends too often is refused, and no other one.
func (g *Gate) Write(ctx context.Context, messages []Message) ([]Answer, error) {
	if g.rate == nil {
		return g.join(ctx, messages)
	}
	answers := make([]Answer, len(messages))
	var pass []Message
	var at []int
	for i, x := range messages {
		if len(x.Device) <= MaxName && !g.rate.Allow(x.Device) {
			answers[i] = refuse(RateLimit, "the device sends too often")
			g.Refuse(RateLimit)
			continue
		}
		pass, at = append(pass, x), append(at, i)
	}
	all, err := g.join(ctx, pass)
	for i, a := range all {
		answers[at[i]] = a
	}
	return answers, err
}

// WriteSlowly stores a message of a device whose connection waits meanwhile: a device that
// sends too often is slowed down rather than refused, and no other one waits for it.
func (g *Gate) WriteSlowly(ctx context.Context, x Message) (Answer, error) {
	if g.rate != nil && len(x.Device) <= MaxName {
		if err := g.rate.Wait(ctx, x.Device); err != nil {
			return Answer{}, err
		}
	}
	all, err := g.join(ctx, []Message{x})
	if err != nil {
		return Answer{}, err
	}
	return all[0], nil
}

// join waits for a write that has the messages. ctx ends only the wait for the queue.
func (g *Gate) join(ctx context.Context, messages []Message) ([]Answer, error) {
	switch {
	case len(messages) == 0:
		return nil, nil
	case len(messages) > maxBatch:
		return nil, fmt.Errorf("%w: there may be %d messages in one request, got %d", ErrBad, maxBatch, len(messages))
	}
	began := time.Now()
	w := &waiting{messages: messages, done: make(chan struct{})}
	if err := g.queue.Put(ctx, w); err != nil {
		return nil, err
	}
	<-w.done
	if w.err == nil {
		now := time.Now()
		g.delay.Push(now, now.Sub(began))
	}
	return w.answers, w.err
}

// write joins what waits in the queue, until it is closed and empty. A request that would
// make the write too large for the log is left to the next one, or it would fail them all.
func (g *Gate) write() {
	var next *waiting
	for {
		w := next
		if next = nil; w == nil {
			var err error
			if w, err = g.queue.Take(context.Background()); err != nil {
				return
			}
		}
		all, batch, size := []*waiting{w}, w.messages, weight(w.messages)
		for len(batch) < maxBatch {
			w, err := g.queue.TryTake()
			if err != nil {
				break
			}
			if size += weight(w.messages); size > maxWeight {
				next = w
				break
			}
			if len(all) == 1 {
				batch = append(make([]Message, 0, 2*len(batch)), batch...) // the caller's own stays as it is
			}
			all, batch = append(all, w), append(batch, w.messages...)
		}
		answers, err := g.Store.Write(context.Background(), batch)
		for _, w := range all {
			if w.err = err; err == nil {
				w.answers, answers = answers[:len(w.messages)], answers[len(w.messages):]
			}
			close(w.done)
		}
	}
}

// weight is about how many bytes messages take in the log.
func weight(messages []Message) (n int) {
	for _, x := range messages {
		n += 64 + len(x.Device)
		for _, f := range x.Fields {
			n += 32 + len(f.Metric)
		}
	}
	return n
}

// Status adds the longest time of an acknowledgement in the last minute.
func (g *Gate) Status() Status {
	st := g.Store.Status()
	d, _ := g.delay.Max(time.Now())
	st.MaxDelay = Duration(d.Round(10 * time.Microsecond))
	return st
}
