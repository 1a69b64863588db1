package timeline_test

import (
	"errors"
	"iter"
	"time"

	"example.com/flatline/examples/feed/timeline"
	"example.com/flatline/examples/internal/sim"
)

// The code that makes pages and pushes posts is simulated as it is. It runs as a coroutine,
// and each call of its store and its cache is a message: between two of them anything can
// happen, the answer may not come, and a crash ends it where it is.

var (
	errTimeout = errors.New("no answer")
	errCrashed = errors.New("crashed")
)

// rpc is a call on its way to the store or the cache; run is what it does there.
type rpc struct {
	Task, N int
	What    string
	to      string
	run     func() (any, error)
}

// reply is the answer.
type reply struct {
	Task, N int
	v       any
	err     error
}

// giveUp is the timer of a call.
type giveUp struct{ Task, N int }

// task is a coroutine of a node.
type task struct {
	next  func() (rpc, bool)
	stop  func()
	calls int
	got   reply
}

// remote is the store and the cache as a task sees them.
type remote struct {
	w     *world
	yield func(rpc) bool
	t     *task
}

func newTask(w *world, run func(r *remote)) *task {
	t := &task{}
	t.next, t.stop = iter.Pull(func(yield func(rpc) bool) { run(&remote{w, yield, t}) })
	return t
}

// call makes a call and waits for its answer.
func call[T any](r *remote, to, what string, run func() (T, error)) (v T, err error) {
	if !r.yield(rpc{What: what, to: to, run: func() (any, error) { return run() }}) {
		return v, errCrashed
	}
	if r.t.got.err != nil {
		return v, r.t.got.err
	}
	return r.t.got.v.(T), nil
}

// do is call without a result.
func do(r *remote, to, what string, run func() error) error {
	_, err := call(r, to, what, func() (struct{}, error) { return struct{}{}, run() })
	return err
}

func (r *remote) Post(c ctx, author, text string) (timeline.Post, error) {
	return call(r, "store", "post by "+author, func() (timeline.Post, error) {
		e := r.w.store.Apply(r.w.clock(), timeline.Command{Post: &timeline.Post{Author: author, Text: text}})
		r.w.oracle.Post(e.Post)
		r.w.wrote()
		return e.Post, e.Err
	})
}

func (r *remote) Delete(c ctx, author string, id timeline.ID) error {
	return do(r, "store", "delete", func() error {
		e := r.w.store.Apply(r.w.clock(), timeline.Command{Delete: &timeline.Post{Author: author, ID: id}})
		r.w.oracle.Delete(id)
		r.w.wrote()
		return e.Err
	})
}

func (r *remote) Change(c ctx, e timeline.Edge) error {
	return do(r, "store", e.From+" "+e.Kind+" "+e.To, func() error {
		r.w.oracle.Change(e)
		r.w.wrote()
		return r.w.store.Apply(r.w.clock(), timeline.Command{Edge: &e}).Err
	})
}

func (r *remote) View(c ctx, reader string) (timeline.View, error) {
	return call(r, "store", "view of "+reader, func() (timeline.View, error) {
		v, err := r.w.store.View(c, reader)
		if r.w.unversioned {
			v.Version = 0
		}
		return v, err
	})
}

func (r *remote) Recent(c ctx, authors []string, before timeline.ID, n int) ([]timeline.ID, error) {
	return call(r, "store", "recent", func() ([]timeline.ID, error) { return r.w.store.Recent(c, authors, before, n) })
}

func (r *remote) Posts(c ctx, ids []timeline.ID) ([]timeline.Post, error) {
	return call(r, "store", "posts", func() ([]timeline.Post, error) { return r.w.store.Posts(c, ids) })
}

func (r *remote) Waiting(c ctx, n int) ([]timeline.ID, error) {
	return call(r, "store", "waiting", func() ([]timeline.ID, error) { return r.w.store.Waiting(c, n) })
}

func (r *remote) Audience(c ctx, id timeline.ID, most int) (timeline.Audience, error) {
	return call(r, "store", "audience", func() (timeline.Audience, error) { return r.w.store.Audience(c, id, most) })
}

func (r *remote) Settle(c ctx, id timeline.ID, pushed bool) error {
	return do(r, "store", "settle", func() error { return r.w.store.Settle(c, id, pushed) })
}

func (r *remote) Follows(ctx, string, time.Time) ([]string, error) { panic("not simulated") }

func (r *remote) Since(ctx, string, string) (time.Time, bool, error) { panic("not simulated") }

func (r *remote) Close() error { return nil }

// remoteCache is the cache half of a remote.
type remoteCache struct{ *remote }

// found is a timeline, if there is one.
type found struct {
	line timeline.Timeline
	ok   bool
}

func (r remoteCache) Get(c ctx, reader string) (timeline.Timeline, bool, error) {
	f, err := call(r.remote, "cache", "get "+reader, func() (found, error) {
		line, ok, err := r.w.cache.Get(c, reader)
		return found{line, ok}, err
	})
	return f.line, f.ok, err
}

func (r remoteCache) Begin(c ctx, reader string, version uint64) (uint64, error) {
	return call(r.remote, "cache", "begin "+reader, func() (uint64, error) { return r.w.cache.Begin(c, reader, version) })
}

func (r remoteCache) Fill(c ctx, reader string, token uint64, ids []timeline.ID, floor timeline.ID) error {
	return do(r.remote, "cache", "fill "+reader, func() error { return r.w.cache.Fill(c, reader, token, ids, floor) })
}

func (r remoteCache) Push(c ctx, readers []string, id timeline.ID) error {
	return do(r.remote, "cache", "push", func() error { r.w.pushes++; return r.w.cache.Push(c, readers, id) })
}

func (r remoteCache) Drop(c ctx, readers ...string) error {
	return do(r.remote, "cache", "drop", func() error { return r.w.cache.Drop(c, readers...) })
}

// callee is the store or the cache: it does what it is asked, and answers.
type callee struct{}

func (callee) Step(_ time.Duration, m sim.Message) []sim.Message {
	c, ok := m.Body.(rpc)
	if !ok {
		return nil
	}
	v, err := c.run()
	return []sim.Message{{To: m.From, Body: reply{c.Task, c.N, v, err}}}
}

// resume goes on with a task until its next call.
func (n *appNode) resume(me string, number int, t *task) []sim.Message {
	c, more := t.next()
	if !more {
		delete(n.tasks, number)
		return nil
	}
	t.calls++
	c.Task, c.N = number, t.calls
	return []sim.Message{{To: c.to, Body: c}, {To: me, Body: giveUp{number, t.calls}, After: 2 * time.Second}}
}
