package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"example.com/flatline/bqueue"
)

// A Source is where a worker's tasks come from: a Broker, or a Client of one.
type Source interface {
	Lease(ctx context.Context, a Ask, wait time.Duration) ([]Task, error)
	Settle(ctx context.Context, outcomes []Outcome) ([]Answer, error)
}

// ErrPermanent is wrapped by an error of Handle that trying again would not help.
var ErrPermanent = errors.New("permanent")

// A Worker leases tasks and handles them.
type Worker struct {
	Source Source
	Name   string
	Queues []string      // default all
	N      int           // how many tasks at once; default 4
	Ahead  int           // how many more it leases, which other workers then do not have; default 0
	For    time.Duration // a lease, which is extended after each third of it; default 30 s
	Grace  time.Duration // how long tasks may go on when Run is to end; default 10 s

	// Handle does a task. The result is stored as JSON; an error or a panic is a failure.
	// ctx ends when the lease is gone, so that another worker may have the task, and at
	// the end of Grace: what Handle returns then does not count.
	Handle func(ctx context.Context, t Task) (result any, err error)
}

// run is a Run.
type run struct {
	*Worker
	tasks    *bqueue.Queue[Task]
	outcomes *bqueue.Queue[Outcome]
	freed    chan struct{} // has an item when a slot has become free
	mu       sync.Mutex
	held     map[string]*hold
}

type hold struct {
	token int64
	ctx   context.Context
	end   context.CancelFunc
}

// Run works until ctx ends. Then it leases nothing more, releases the tasks that it has
// not begun, which does not count as an attempt, and waits for the others. It survives a
// broker that is away.
func (w *Worker) Run(ctx context.Context) {
	o := *w
	if o.For <= 0 {
		o.For = 30 * time.Second
	}
	if o.Grace <= 0 {
		o.Grace = 10 * time.Second
	}
	if o.N < 1 {
		o.N = 4
	}
	r := &run{
		Worker: &o, tasks: bqueue.New[Task](o.N + o.Ahead), outcomes: bqueue.New[Outcome](o.N + o.Ahead),
		freed: make(chan struct{}, 1), held: map[string]*hold{},
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var helpers, handlers sync.WaitGroup
	helpers.Go(func() { r.beat(work) })
	helpers.Go(func() { r.settle(work) })
	handlers.Go(func() {
		for {
			// It returns early if a handler ended its goroutine; then the rest goes on.
			if _, err := r.tasks.Workers(work, o.N, r.handle); err == nil || work.Err() != nil {
				return
			}
		}
	})
	r.lease(ctx, work)
	for _, t := range r.tasks.CloseNow() {
		r.say(t, Outcome{Do: Release})
	}
	grace := time.AfterFunc(o.Grace, func() { r.cancel(nil) })
	handlers.Wait()
	grace.Stop()
	r.outcomes.Close()
	last := time.AfterFunc(o.Grace, stop) // a broker that is away gets no answer
	_ = r.outcomes.Join(work)
	last.Stop()
	stop()
	helpers.Wait()
}

// lease takes as many tasks as there are free slots, until ctx ends.
func (r *run) lease(ctx, work context.Context) {
	for ctx.Err() == nil {
		r.mu.Lock()
		free := r.N + r.Ahead - len(r.held)
		r.mu.Unlock()
		if free == 0 {
			select {
			case <-ctx.Done():
			case <-r.freed:
			}
			continue
		}
		tasks, err := r.Source.Lease(ctx, Ask{Worker: r.Name, Queues: r.Queues, N: free, For: Duration(r.For)}, 20*time.Second)
		if err != nil {
			pause(ctx, retry)
			continue
		}
		r.mu.Lock()
		for _, t := range tasks {
			h := &hold{token: t.Token}
			h.ctx, h.end = context.WithCancel(work)
			r.held[t.ID] = h
		}
		r.mu.Unlock()
		_, _ = r.tasks.PutAll(work, tasks) // there is room for all that are held
	}
}

// retry is the pause after a call that the broker did not answer.
const retry = 200 * time.Millisecond

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// handle does a task.
func (r *run) handle(_ context.Context, t Task) error {
	r.mu.Lock()
	h := r.held[t.ID]
	r.mu.Unlock()
	if h == nil || h.token != t.Token {
		return nil // its lease was lost before it began
	}
	o := Outcome{Do: Fail, Error: "the handler ended its goroutine"}
	defer func() {
		if p := recover(); p != nil {
			o = Outcome{Do: Fail, Error: fmt.Sprint("panic: ", p)}
		}
		if h.ctx.Err() != nil {
			o = Outcome{Do: Release}
		}
		r.say(t, o)
	}()
	result, err := r.Handle(h.ctx, t)
	if err == nil && result != nil {
		o.Result, err = json.Marshal(result)
	}
	switch {
	case errors.Is(err, ErrPermanent):
		o = Outcome{Do: Bury, Error: err.Error()}
	case err != nil:
		o = Outcome{Do: Fail, Error: err.Error()}
	default:
		o = Outcome{Do: Ack, Result: o.Result}
	}
	return nil
}

// say puts an outcome on its way, and frees the slot.
func (r *run) say(t Task, o Outcome) {
	o.ID, o.Token = t.ID, t.Token
	r.mu.Lock()
	if h := r.held[t.ID]; h != nil && h.token == t.Token {
		h.end()
		delete(r.held, t.ID)
	}
	r.mu.Unlock()
	_ = r.outcomes.Put(context.Background(), o) // settle takes it
	select {
	case r.freed <- struct{}{}:
	default:
	}
}

// settle sends the outcomes, all that there are at once.
func (r *run) settle(work context.Context) {
	batch := make([]Outcome, 100)
	for {
		n, err := r.outcomes.TakeBatch(context.Background(), batch)
		if err != nil {
			return
		}
		r.send(work, batch[:n])
		for range n {
			r.outcomes.TaskDone()
		}
	}
}

// send sends outcomes until the broker has answered. An answer that a token is old needs
// nothing: another worker has the task. A batch that is refused may be too large, or one
// of it is not accepted: each is sent alone. A result that is not accepted is a failure.
func (r *run) send(work context.Context, batch []Outcome) {
	for work.Err() == nil {
		_, err := r.Source.Settle(work, batch)
		switch {
		case err == nil:
			return
		case statusOf(err) >= http.StatusInternalServerError:
			pause(work, retry)
		case len(batch) > 1:
			for i := range batch {
				r.send(work, batch[i:i+1])
			}
			return
		case batch[0].Do == Ack:
			batch[0] = Outcome{ID: batch[0].ID, Token: batch[0].Token, Do: Bury, Error: "the result: " + err.Error()}
		default:
			return
		}
	}
}

// beat extends the leases of all tasks that are held. If that fails, it asks again soon: an
// outage costs no lease if the broker answers again in time.
func (r *run) beat(work context.Context) {
	t := time.NewTicker(r.For / 3)
	defer t.Stop()
	for {
		select {
		case <-work.Done():
			return
		case <-t.C:
		}
		for r.extend(work) != nil && work.Err() == nil {
			pause(work, min(retry, r.For/10))
		}
	}
}

// extend asks once, and ends the handlers of leases that another worker may have by now.
func (r *run) extend(work context.Context) error {
	var all []Outcome
	r.mu.Lock()
	for id, h := range r.held {
		all = append(all, Outcome{ID: id, Token: h.token, Do: Extend, Delay: Duration(r.For)})
	}
	r.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	once, cancel := context.WithTimeout(work, r.For/3)
	defer cancel()
	answers, err := r.Source.Settle(once, all)
	if err != nil {
		return err
	}
	for i, a := range answers {
		if a.Err != nil {
			r.cancel(&all[i])
		}
	}
	return nil
}

// cancel ends the handler of a lease that was lost, or all handlers.
func (r *run) cancel(lost *Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, h := range r.held {
		if lost == nil || lost.ID == id && lost.Token == h.token {
			h.end()
		}
	}
}
