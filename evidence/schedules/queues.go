package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"example.com/flatline/bqueue"
	"example.com/flatline/evidence/internal/history"
	queuemodel "example.com/flatline/evidence/linear/bqueue"
	"example.com/flatline/internal/weave/sched"
)

// A queued is a queue in a program.
type queued struct {
	*bqueue.Queue[int]
	ctx  *sched.Context // of operations that can be cancelled
	last *sched.Context // of Join
	done atomic.Int64   // items that are done
}

func newQueued(capacity, filled int, o bqueue.Options) *queued {
	q := &queued{Queue: bqueue.New[int](capacity, o), ctx: sched.WithCancel(context.Background()), last: sched.WithCancel(context.Background())}
	for v := range filled {
		_ = q.TryPut(v)
	}
	return q
}

func (q *queued) do(in queuemodel.In) queuemodel.Out {
	op, patient := in.Op()
	ctx := context.Context(q.ctx)
	switch {
	case op == "cancel":
		q.ctx.Cancel(context.Canceled)
		return queuemodel.Out{}
	case op == "Join" && patient:
		ctx = q.last
	case patient:
		ctx = context.Background()
	}
	if op == "end" {
		q.last.Cancel(context.Canceled)
		return queuemodel.Out{}
	}
	out := queuemodel.Operate(ctx, q.Queue, in)
	switch failed, taken := out.Failed(); {
	case op == "TaskDone" && !failed:
		q.done.Add(1)
	case op == "CloseNow":
		q.done.Add(int64(taken))
	}
	return out
}

// stuck says why one of the waiting operations should not wait.
func (q *queued) stuck(waiting []queuemodel.In) string {
	closed := false
	select {
	case <-q.Done():
		closed = true
	default:
	}
	for _, in := range waiting {
		op, patient := in.Op()
		switch {
		case !patient && q.ctx.Ended():
			return "its context has ended"
		case op == "Join":
			if s := q.Stats(); q.done.Load() >= int64(s.Puts) {
				return "all items are done with"
			}
		case closed:
			return "the queue is closed"
		case op == "Put" || op == "PutAll":
			if q.Len() < q.Cap() {
				return "there is room"
			}
		case q.Len() > 0:
			return "there is an item"
		}
	}
	return ""
}

type queueOp = op[queuemodel.In]

// queueOps are the letters, by their text in a program. An operation with "…" can be
// cancelled.
func queueOps(names ...string) (ops []queueOp) {
	for _, name := range names {
		bare, soon := strings.CutSuffix(name, "…")
		n := 0
		if base, ok := strings.CutSuffix(bare, "(2)"); ok {
			bare, n = base, 2
		}
		ops = append(ops, letter(name, func(v int) queuemodel.In { return queuemodel.Call(bare, 10*v, n, !soon) }))
	}
	return ops
}

func queuePlan(name string, capacity, filled int, o bqueue.Options, ops []string, quick, whole []string) subject {
	p := newPlan("bqueue", queuemodel.Type(name, capacity, filled, func() *queued { return newQueued(capacity, filled, o) }, (*queued).do),
		one(queueOps(ops...)...), queueOps("Len", "CloseNow"), quick, whole)
	p.stuck = (*queued).stuck
	p.rescue = queueOps("cancel", "end", "Close")
	return p
}

func queueSubjects() []subject {
	single := []string{"Put", "Take", "TryPut", "TryTake", "Close"}
	cancels := []string{"Put…", "Take…", "Take", "Put", "cancel"}
	batches := []string{"PutAll(2)", "TakeBatch(2)", "Put", "Take", "DrainTo(2)"}
	joins := []string{"Put", "TryTake", "TaskDone", "Join", "CloseNow"}
	small, most := []string{"1+1", "2+1"}, []string{"2+2", "1+1+1"}
	three := append(small, "1+1+1")
	var all []subject
	for _, f := range []struct {
		form             string
		capacity, filled int
	}{{"direct", 1, 0}, {"shared", 8, 0}, {"shared, full", 8, 8}} {
		name := func(what string) string { return fmt.Sprintf("bqueue.Queue, %s, %s", f.form, what) }
		all = append(all,
			queuePlan(name("one item"), f.capacity, f.filled, bqueue.Options{}, single, three, []string{"2+2"}),
			queuePlan(name("cancelled"), f.capacity, f.filled, bqueue.Options{}, cancels, small, []string{"2+2", "1+1+1"}),
			queuePlan(name("batches"), f.capacity, f.filled, bqueue.Options{}, batches, small, most),
			queuePlan(name("TryPutAll"), f.capacity, f.filled, bqueue.Options{}, []string{"TryPutAll(2)", "Put", "Take", "TryTake"}, small, most),
			queuePlan(name("Join and CloseNow"), f.capacity, f.filled, bqueue.Options{}, joins, small, most),
		)
	}
	return append(all, workersSubject())
}

// Workers: each accepted item is run once, by a worker, or is left when the context of
// the Workers has ended.

type crew struct {
	*queued
	mu   sync.Mutex
	jobs []int
}

type crewCall struct {
	op string
	v  int
}

type crewState struct {
	accepted [8]int
	n        int
	closed   bool
}

func (c *crew) do(in crewCall) (out string) {
	ctx := context.Background()
	switch in.op {
	case "Put":
		if err := c.TryPut(in.v); err != nil {
			return err.Error()
		}
	case "Workers", "Workers…":
		if in.op == "Workers…" {
			ctx = c.ctx
		}
		_, err := c.Workers(ctx, 1, func(_ context.Context, v int) error {
			sched.Point(sched.Call, nil)
			c.mu.Lock()
			c.jobs = append(c.jobs, v)
			c.mu.Unlock()
			return nil
		})
		if err != nil {
			return "ended early"
		}
	case "Close":
		c.Close()
	case "cancel":
		c.ctx.Cancel(context.Canceled)
	case "jobs":
		for c.Len() > 0 {
			v, _ := c.TryTake()
			c.jobs = append(c.jobs, v)
		}
		slices.Sort(c.jobs)
		return fmt.Sprint(c.jobs)
	}
	return ""
}

func workersSubject() subject {
	ops := func(names ...string) (ops []op[crewCall]) {
		for _, name := range names {
			ops = append(ops, letter(name, func(v int) crewCall { return crewCall{name, v} }))
		}
		return ops
	}
	ty := history.Type[*crew, crewCall, string, crewState]{
		Name: "bqueue.Queue, Workers",
		New:  func(*rand.Rand) *crew { return &crew{queued: newQueued(2, 0, bqueue.Options{})} },
		Do:   (*crew).do,
		Init: func() (st crewState) { return st },
		Step: func(st crewState, in crewCall, out string) []crewState {
			next := st
			switch in.op {
			case "Put":
				if out == "" {
					next.accepted[st.n] = in.v
					next.n++
				}
				return history.Is(out != bqueue.ErrClosed.Error() && !st.closed || st.closed && out != "", next)
			case "Workers":
				return history.Is(out == "" && st.closed, st)
			case "Workers…":
				return history.Is(out != "" || st.closed, st)
			case "Close":
				next.closed = true
			case "jobs":
				accepted := slices.Clone(st.accepted[:st.n])
				slices.Sort(accepted)
				return history.Is(out == fmt.Sprint(accepted), st)
			}
			return history.Is(true, next)
		},
	}
	p := newPlan("bqueue", ty, one(ops("Put", "Workers", "Workers…", "Close", "cancel")...), ops("jobs"), []string{"1+1"}, []string{"2+1"})
	p.stuck = func(c *crew, waiting []crewCall) string {
		if c.Len() > 0 {
			return "there is an item"
		}
		return ""
	}
	p.rescue = ops("cancel", "Close")
	return p
}
