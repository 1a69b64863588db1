package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"path"
	"time"

	"example.com/flatline/lru"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ringbuffer"
)

// A Route sends the types of tasks that match a pattern of path.Match to a queue.
type Route struct{ Pattern, Queue string }

// Options are the settings of NewBroker.
type Options struct {
	Store  Store
	Queues map[string]float64        // weights; default {"default": 1}
	Routes []Route                   // the first that matches, for tasks that name no queue; else "default"
	Rates  map[string]ratelimit.Rate // of types of tasks, how often they are started
	Tick   time.Duration             // how often leases are ended; default 200 ms
}

// A Broker is a store with what needs a clock or chance: waiting, drawing a queue, rates,
// the end of leases. It is made by NewBroker, and safe for concurrent use.
type Broker struct {
	opts    Options
	store   Store
	limits  *ratelimit.Keyed[string]
	events  *ringbuffer.Sync[Event]
	workers *lru.Sync[string, Ask] // that have asked within a minute
	load    *load
	stop    context.CancelFunc
	done    chan struct{}
}

// NewBroker returns a broker on a store, which it does not close, and starts its
// goroutine, which Close ends. It panics on a weight that is not above 0.
func NewBroker(o Options) *Broker {
	if len(o.Queues) == 0 {
		o.Queues = map[string]float64{"default": 1}
	}
	for name, weight := range o.Queues {
		if !(weight > 0) || math.IsInf(weight, 0) {
			panic(fmt.Sprintf("queue.NewBroker: the weight of %s must be above 0, got %v", name, weight))
		}
	}
	if o.Tick <= 0 {
		o.Tick = 200 * time.Millisecond
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &Broker{
		opts: o, store: o.Store, stop: stop, done: make(chan struct{}),
		events:  ringbuffer.NewSync[Event](1<<12, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest}),
		workers: lru.NewSync(1000, lru.Options[string, Ask]{TTL: time.Minute}),
		load:    newLoad(),
	}
	b.limits = ratelimit.NewKeyed(ratelimit.Inf, 1, ratelimit.KeyedOptions[string]{
		RateFor: func(typ string) (ratelimit.Rate, int64) { return o.Rates[typ], 1 },
	})
	go b.run(ctx)
	return b
}

// Close stops the broker's goroutine.
func (b *Broker) Close() {
	b.stop()
	<-b.done
}

// run ends leases whose time has passed. An error is one of the store, which whoever asks
// next sees too.
func (b *Broker) run(ctx context.Context) {
	defer close(b.done)
	t := time.NewTicker(b.opts.Tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			lost, _ := b.store.Tick(ctx)
			for _, task := range lost {
				b.load.lost.Add(1)
				b.note("lost", task)
				if task.State == Dead {
					b.note("dead", task)
				}
			}
		}
	}
}

// NewID returns an ID that no other task has. IDs made later are greater.
func NewID() string { return fmt.Sprintf("%011x-%.10s", time.Now().UnixMilli(), rand.Text()) }

// Enqueue accepts tasks; those without an ID get one, those without a queue are routed.
// All are accepted or none is: the error wraps ErrBad if one may not be enqueued.
func (b *Broker) Enqueue(ctx context.Context, tasks []Task) ([]Answer, error) {
	now := time.Now()
	for i := range tasks {
		t := &tasks[i]
		if t.ID == "" {
			t.ID = NewID()
		}
		if t.Queue == "" {
			t.Queue = b.route(t.Type)
		}
		if err := t.Check(now); err != nil {
			return nil, err
		}
		if _, ok := b.opts.Queues[t.Queue]; !ok {
			return nil, fmt.Errorf("%w: there is no queue %s", ErrBad, t.Queue)
		}
	}
	answers, err := b.store.Enqueue(ctx, tasks)
	for _, a := range answers {
		if a.Err == nil {
			b.note("enqueued", a.Task)
			b.load.arrived()
		}
	}
	return answers, err
}

func (b *Broker) route(typ string) string {
	for _, r := range b.opts.Routes {
		if ok, _ := path.Match(r.Pattern, typ); ok {
			return r.Queue
		}
	}
	return "default"
}

// Settle changes tasks as their workers say. The error wraps ErrBad if one of the outcomes
// says nothing sensible; then none has an effect.
func (b *Broker) Settle(ctx context.Context, outcomes []Outcome) ([]Answer, error) {
	for i := range outcomes {
		outcomes[i].Granted = false // only a rate grants
		if err := outcomes[i].Check(); err != nil {
			return nil, err
		}
	}
	answers, err := b.store.Settle(ctx, outcomes)
	kinds := map[string]string{Ack: "done", Fail: "failed", Bury: "failed", Release: "released", Retry: "retried"}
	for i, a := range answers {
		if kind := kinds[outcomes[i].Do]; kind != "" && a.Err == nil {
			if a.Task.State == Dead {
				kind = "dead"
			}
			b.note(kind, a.Task)
			b.load.worked(outcomes[i].Do, a.Task)
		}
	}
	return answers, err
}

// RetryAll begins all dead tasks again, so many in a time, and returns how many there are.
func (b *Broker) RetryAll(ctx context.Context, r ratelimit.Rate) (n int, err error) {
	for after := ""; ; {
		dead, err := b.store.List(ctx, Dead, after, 500)
		if err != nil || len(dead) == 0 {
			return n, err
		}
		var all []Outcome
		for i, t := range dead {
			all = append(all, Outcome{ID: t.ID, Do: Retry, Delay: Duration(min(r.Time(int64(n+i)), maxAhead))})
		}
		answers, err := b.Settle(ctx, all)
		if err != nil {
			return n, err
		}
		for _, a := range answers {
			if a.Err == nil {
				n++
			}
		}
		after = dead[len(dead)-1].ID
	}
}

// Get returns a task. If it has not ended it waits for that, at most for the time wait, or
// until ctx ends, which is no error.
func (b *Broker) Get(ctx context.Context, id string, wait time.Duration) (Task, error) {
	end := time.Now().Add(wait)
	for _, next := b.events.Numbers(); ; {
		t, err := b.store.Get(ctx, id)
		left := time.Until(end)
		if err != nil || t.State == Done || t.State == Dead || left <= 0 || ctx.Err() != nil {
			return t, err
		}
		// The reader is a position in the ring of events. The store is asked again when
		// one is of this task, when the reader has fallen behind, and every second, since
		// another node may have settled it.
		once, cancel := context.WithTimeout(ctx, min(left, time.Second))
		for {
			e, err := b.events.Wait(once, next)
			var fell *ringbuffer.OverwrittenError
			if errors.As(err, &fell) {
				next = fell.Oldest
			}
			if err != nil {
				break
			}
			if next++; e.ID == id {
				break
			}
		}
		cancel()
	}
}
