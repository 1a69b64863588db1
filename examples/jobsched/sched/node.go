package sched

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"sync"
	"time"

	"example.com/flatline/examples/taskq/queue"
	"example.com/flatline/ratelimit"
	"example.com/flatline/slidingmax"
)

// Options are the settings of NewNode.
type Options struct {
	Store    Store
	Name     string             // default a drawn one; a node that starts again is another one
	Queues   map[string]float64 // weights; default {"default": 1}
	Lease    time.Duration      // of the lead, which is renewed in its second half; default 5 s
	Poll     time.Duration      // how often the store is read, where no tick is due earlier; default 200 ms
	Slots    int                // runs at once; default 8
	Late     ratelimit.Rate     // how often runs of late ticks start, on each node; default 10/s
	Timeout  time.Duration      // of a run; default 10 min
	Commands bool               // run commands; else such a run is dead
	Funcs    map[string]func(ctx context.Context, p Payload) (any, error)
}

// A Node makes runs, if it leads, and executes them. It is made by NewNode.
type Node struct {
	opts   Options
	broker *queue.Broker
	kill   context.CancelFunc
	done   chan struct{}
	worst  *slidingmax.SyncTimeWindow[time.Duration] // how late ticks were made into runs

	mu     sync.Mutex
	leader Leader
	err    error
}

// NewNode returns a node of a store, which it does not close, and starts it. Close stops it.
func NewNode(o Options) *Node {
	if o.Name == "" {
		o.Name = "node-" + rand.Text()[:6]
	}
	if len(o.Queues) == 0 {
		o.Queues = map[string]float64{"default": 1}
	}
	for p, v := range map[*time.Duration]time.Duration{&o.Lease: 5 * time.Second, &o.Poll: 200 * time.Millisecond, &o.Timeout: 10 * time.Minute} {
		if *p <= 0 {
			*p = v
		}
	}
	if o.Slots < 1 {
		o.Slots = 8
	}
	if o.Late == (ratelimit.Rate{}) {
		o.Late = ratelimit.Per(10, time.Second)
	}
	ctx, stop := context.WithCancel(context.Background())
	n := &Node{
		opts: o, kill: stop, done: make(chan struct{}), worst: slidingmax.NewSyncTimeWindow[time.Duration](time.Hour),
		broker: queue.NewBroker(queue.Options{Store: o.Store, Queues: o.Queues, Rates: map[string]ratelimit.Rate{Late: o.Late}, Tick: o.Poll}),
	}
	go n.run(ctx)
	return n
}

// run does rounds and works on runs until ctx ends.
func (n *Node) run(ctx context.Context) {
	defer close(n.done)
	defer n.broker.Close()
	w := queue.Worker{Source: n.broker, Name: n.opts.Name, N: n.opts.Slots, For: max(2*n.opts.Lease, time.Second), Grace: time.Second, Handle: n.handle}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { w.Run(ctx) })
	for ctx.Err() == nil {
		next, err := n.round(ctx)
		n.mu.Lock()
		n.err = err // the next round tries again
		n.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(next)):
		}
	}
}

// round asks the store what the scheduler asks, and returns when the next round is to begin. The
// store's clock decides when that is, and this one's how long it takes until then.
func (n *Node) round(ctx context.Context) (next time.Time, err error) {
	s := Scheduler{Node: n.opts.Name, Lease: n.opts.Lease}
	read := time.Now()
	for c, ok := s.Begin(), true; ok; {
		var e Effects
		switch {
		case c.Due > 0:
			e.Due, err = n.opts.Store.Due(ctx, c.Due)
			read = time.Now()
			n.see(e.Due.Leader)
		case c.Claim != nil:
			e.Leader, err = n.opts.Store.Claim(ctx, *c.Claim)
			n.see(e.Leader)
		default:
			e.Runs, e.Errs, err = n.opts.Store.Fire(ctx, c.Fire.Term, c.Fire.All)
			for _, r := range e.Runs {
				if r.Kind == Tick {
					n.worst.Push(time.Now(), r.Made.Sub(r.Tick))
				}
			}
		}
		if err != nil {
			return read.Add(n.opts.Poll), err
		}
		c, ok = s.After(c, e)
	}
	return read.Add(s.Rest(n.opts.Poll)), nil
}

func (n *Node) see(l Leader) {
	n.mu.Lock()
	n.leader = l
	n.mu.Unlock()
}

// Name returns the node's name.
func (n *Node) Name() string { return n.opts.Name }

// Leads returns who led when the node last looked, and whether that was it.
func (n *Node) Leads() (Leader, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.leader, n.leader.Holder == n.opts.Name
}

// Close gives up the lead and stops: runs that have not begun are released, and the others
// have a second to end.
func (n *Node) Close() {
	n.Kill()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = n.opts.Store.Claim(ctx, Claim{Node: n.opts.Name}) // else its lease ends
}

// Kill stops the node without giving up the lead, as a crash does.
func (n *Node) Kill() {
	n.kill()
	<-n.done
}

// handle executes a run.
func (n *Node) handle(ctx context.Context, t queue.Task) (any, error) {
	var p Payload
	if err := json.Unmarshal(t.Payload, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", queue.ErrPermanent, err)
	}
	ctx, cancel := context.WithTimeout(ctx, n.opts.Timeout)
	defer cancel()
	switch a := p.Action; a.kind() {
	case "url":
		return post(ctx, t.ID, p)
	case "func":
		if f := n.opts.Funcs[a.Func]; f != nil {
			return f(ctx, p)
		}
		return nil, fmt.Errorf("%w: there is no func %q", queue.ErrPermanent, a.Func)
	default:
		if !n.opts.Commands {
			return nil, fmt.Errorf("%w: this node runs no commands", queue.ErrPermanent)
		}
		return command(ctx, t.ID, p)
	}
}

const maxOutput = 4 << 10

// post sends a run to a URL. The ID in its header lets the receiver know a repetition.
func post(ctx context.Context, id string, p Payload) (any, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Action.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", queue.ErrPermanent, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", id)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	out, _ := io.ReadAll(io.LimitReader(answer.Body, maxOutput)) // the status decides
	if answer.StatusCode >= 300 {
		return nil, fmt.Errorf("%s: %s", answer.Status, out)
	}
	return map[string]any{"status": answer.StatusCode, "body": string(out)}, nil
}

// command runs a program. It is killed when the run's lease is lost.
func command(ctx context.Context, id string, p Payload) (any, error) {
	cmd := exec.CommandContext(ctx, p.Action.Command[0], p.Action.Command[1:]...)
	cmd.Stdin = bytes.NewReader(p.Action.Body)
	cmd.Env = append(cmd.Environ(), "RUN="+id)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	out = out[max(0, len(out)-maxOutput):]
	if err != nil {
		return nil, errors.Join(err, errors.New(string(out)))
	}
	return map[string]string{"output": string(out)}, nil
}
