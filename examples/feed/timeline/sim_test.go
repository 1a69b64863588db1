package timeline_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/feed/timeline"
	"example.com/flatline/examples/feed/timeline/timelinetest"
	"example.com/flatline/examples/internal/sim"
)

var crowd = []string{"ann", "bob", "cid", "dan", "eve"}

// world is what no crash can touch: the store, and what pages must show. The cache is lost
// when its node crashes.
type world struct {
	s      *sim.Sim
	store  *timeline.Memory
	cache  *timeline.Timelines
	oracle *timelinetest.Oracle
	open   map[*watched]bool // pages that are being made
	err    error

	lives  int // numbers tasks
	pages  int // that were completed
	pushes int
	failed int // pages that the store did not answer

	early       bool // planted: a post is settled before it is pushed
	unversioned bool // planted: a follow makes no other version
	backwards   bool // planted: the timeline is read before the view
}

func (w *world) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// clock is the store's.
func (w *world) clock() time.Time { return time.UnixMilli(1_800_000_000_000).Add(w.s.Now()) }

// watched is a page while it is made, with what it must and may have: posts that a reader
// could see all the time, and those that existed and whose author it could read at some
// time.
type watched struct {
	reader  string
	must    map[timeline.ID]bool
	existed map[timeline.ID]bool
	allowed map[string]bool
}

func (w *world) watch(reader string) *watched {
	p := &watched{reader: reader, existed: map[timeline.ID]bool{}, allowed: map[string]bool{}}
	w.look(p)
	w.open[p] = true
	return p
}

// look compares a page that is being made with what there is.
func (w *world) look(p *watched) {
	now := map[timeline.ID]bool{}
	for _, x := range w.oracle.Posts() {
		p.existed[x.ID] = true
		if w.oracle.Visible(p.reader, x.Author) {
			now[x.ID] = true
			p.allowed[x.Author] = true
		}
	}
	for _, a := range crowd {
		if w.oracle.Visible(p.reader, a) {
			p.allowed[a] = true
		}
	}
	if p.must == nil {
		p.must = now
	}
	for id := range p.must {
		if !now[id] {
			delete(p.must, id)
		}
	}
}

// wrote is called after each change of the store.
func (w *world) wrote() {
	for p := range w.open {
		w.look(p)
	}
}

// judge compares a page that was made.
func (w *world) judge(p *watched, before timeline.ID, n int, page timeline.Page, err error) {
	delete(w.open, p)
	if err != nil {
		w.failed++
		return
	}
	w.pages++
	last, shown := before, map[timeline.ID]bool{}
	for _, x := range page.Posts {
		if x.ID >= last {
			w.fail("F3: %v follows %v on a page of %s", x.ID, last, p.reader)
		}
		last = x.ID
		shown[x.ID] = true
		if !p.existed[x.ID] || !p.allowed[x.Author] {
			w.fail("F4: %s is shown %q", p.reader, x.Text)
		}
	}
	if len(page.Posts) < n {
		last = 0
	}
	for id := range p.must {
		if id < before && id >= last && !shown[id] {
			w.fail("F1: a page of %s lacks %v, which was there all the while", p.reader, id)
		}
	}
}

// tick is the timer of a node.
type tick struct{}

// appNode serves readers and authors, and pushes posts that wait.
type appNode struct {
	w     *world
	tasks map[int]*task
	busy  bool // with a fan-out
}

func (n *appNode) Step(_ time.Duration, m sim.Message) (out []sim.Message) {
	switch body := m.Body.(type) {
	case sim.Start:
		return []sim.Message{{To: m.To, Body: tick{}, After: time.Duration(n.w.s.Rand.IntN(300)) * time.Millisecond}}
	case tick:
		out = n.start(m.To, n.act)
		if !n.busy && n.w.s.Rand.IntN(2) == 0 {
			n.busy = true
			out = append(out, n.start(m.To, n.push)...)
		}
		return append(out, sim.Message{To: m.To, Body: tick{}, After: 200 * time.Millisecond})
	case reply:
		if t := n.tasks[body.Task]; t != nil && t.calls == body.N {
			t.got = body
			return n.resume(m.To, body.Task, t)
		}
	case giveUp:
		if t := n.tasks[body.Task]; t != nil && t.calls == body.N {
			t.got = reply{err: errTimeout}
			return n.resume(m.To, body.Task, t)
		}
	}
	return nil
}

// start runs a task up to its first call.
func (n *appNode) start(me string, run func(*remote)) []sim.Message {
	n.w.lives++
	t := newTask(n.w, run)
	n.tasks[n.w.lives] = t
	return n.resume(me, n.w.lives, t)
}

// push is the fan-out: it lags, and dies with its node.
func (n *appNode) push(r *remote) {
	defer func() { n.busy = false }()
	most := 2 + n.w.s.Rand.IntN(2)*3
	fan := timeline.Fan{Store: r, Cache: remoteCache{r}, Most: most}
	if !n.w.early {
		_, _ = fan.Sweep(context.Background(), 3)
		return
	}
	ids, _ := r.Waiting(context.Background(), 3)
	for _, id := range ids {
		if r.Settle(context.Background(), id, true) == nil {
			_ = fan.Deliver(context.Background(), id)
		}
	}
}

// act is what a person does.
func (n *appNode) act(r *remote) {
	c, w, who := context.Background(), n.w, crowd[n.w.s.Rand.IntN(len(crowd))]
	all := w.oracle.Posts()
	switch k := w.s.Rand.IntN(12); {
	case k < 3:
		_, _ = r.Post(c, who, fmt.Sprint(who, " ", w.lives))
	case k < 5:
		kind := []string{timeline.Follow, timeline.Follow, timeline.Follow, timeline.Unfollow, timeline.Block, timeline.Unblock}[w.s.Rand.IntN(6)]
		if other := crowd[w.s.Rand.IntN(len(crowd))]; other != who {
			_ = r.Change(c, timeline.Edge{Kind: kind, From: who, To: other})
		}
	case k == 5 && len(all) > 0:
		p := all[w.s.Rand.IntN(len(all))]
		_ = r.Delete(c, p.Author, p.ID)
	default:
		before := timeline.Newest
		if len(all) > 0 && w.s.Rand.IntN(4) == 0 {
			before = all[w.s.Rand.IntN(len(all))].ID
		}
		n.read(r, who, before, 1+w.s.Rand.IntN(8))
	}
}

// prefetched is a cache whose timeline was read before everything else.
type prefetched struct {
	remoteCache
	f   found
	err error
}

func (p prefetched) Get(ctx, string) (timeline.Timeline, bool, error) { return p.f.line, p.f.ok, p.err }

func (n *appNode) read(r *remote, who string, before timeline.ID, size int) {
	reader := timeline.Reader{Store: r, Cache: remoteCache{r}, Fill: 5}
	p := n.w.watch(who)
	if n.w.backwards {
		line, ok, err := reader.Cache.Get(context.Background(), who)
		reader.Cache = prefetched{remoteCache{r}, found{line, ok}, err}
	}
	page, err := reader.Page(context.Background(), who, before, size)
	if errors.Is(err, errCrashed) {
		delete(n.w.open, p)
		return
	}
	n.w.judge(p, before, size, page, err)
}

// build makes a simulation of a store, a cache and two nodes; plant changes its world.
func build(plant func(*world), total *world) func(*sim.Sim) {
	return func(s *sim.Sim) {
		w := &world{s: s, store: timeline.NewMemory(), oracle: timelinetest.NewOracle(), open: map[*watched]bool{}}
		if plant != nil {
			plant(w)
		}
		s.End = 5 * time.Second
		s.Node("store", func() sim.Node { return callee{} })
		s.Node("cache", func() sim.Node {
			w.cache = timeline.NewTimelines(8, 7)
			return callee{}
		})
		var all []*appNode
		for _, name := range []string{"n1", "n2"} {
			var now *appNode
			s.Node(name, func() sim.Node {
				now.stop()
				now = &appNode{w: w, tasks: map[int]*task{}}
				all = append(all, now)
				return now
			})
		}
		s.Invariant(func() error { return w.err })
		s.Finally(func() error {
			for _, n := range all {
				n.stop()
			}
			total.pages += w.pages
			total.pushes += w.pushes
			total.failed += w.failed
			return w.finish()
		})
	}
}

// stop ends the tasks of a node, wherever they are.
func (n *appNode) stop() {
	if n != nil {
		for _, t := range n.tasks {
			t.stop()
		}
	}
}

// finish compares everybody's pages, before and after the rest of the fan-out.
func (w *world) finish() error {
	c := context.Background()
	if err := w.store.Check(); err != nil {
		return err
	}
	for range 2 {
		for _, who := range crowd {
			p := w.watch(who)
			view := timeline.Store(w.store)
			page, err := timeline.Reader{Store: view, Cache: w.cache, Fill: 5}.Page(c, who, timeline.Newest, 50)
			if w.judge(p, timeline.Newest, 50, page, err); err != nil || w.err != nil {
				return errors.Join(err, w.err)
			}
		}
		fan := timeline.Fan{Store: w.store, Cache: w.cache, Most: 2}
		if _, err := fan.Sweep(c, 1000); err != nil {
			return err
		}
	}
	return nil
}

// TestSim: with a network that delays, loses and repeats, nodes that stop, a fan-out that
// dies halfway, and a cache that loses everything, each page has what its reader could see
// all the while, and nothing that it could not (F1 to F4).
func TestSim(t *testing.T) {
	seeds := 1000
	if testing.Short() {
		seeds = 100
	}
	var total world
	sim.Check(t, seeds, build(nil, &total))
	assert.Greater(t, total.pages, seeds*10)
	assert.Greater(t, total.pushes, seeds)
	assert.Greater(t, total.failed, seeds/10, "calls are lost")
}

// TestSimFinds: the simulation finds faults that are planted.
func TestSimFinds(t *testing.T) {
	for name, plant := range map[string]func(*world){
		"settled before it is pushed":          func(w *world) { w.early = true },
		"a follow leaves the timeline as is":   func(w *world) { w.unversioned = true },
		"the timeline is read before the view": func(w *world) { w.backwards = true },
	} {
		t.Run(name, func(t *testing.T) {
			var total world
			f := sim.Finds(t, 1000, build(plant, &total))
			assert.ErrorContains(t, f, "F1: ")
			t.Log(f.Seed, len(f.Faults), f.Err)
		})
	}
}
