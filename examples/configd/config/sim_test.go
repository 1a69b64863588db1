package config_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/internal/sim"
)

const (
	poll  = 300 * time.Millisecond
	front = 2 // nodes that serve
)

// Messages of the simulation.
type (
	submit struct { // to a node, from an editor, and on to the log
		ID string
		config.Command
	}
	answer struct {
		ID string
		config.Effects
	}
	pull    struct{ After int } // to the log: entries after one
	entries struct {
		After int
		All   []entry
	}
	get     struct{} // to a node: the bundle
	bundle  struct{ *config.Bundle }
	watch   struct{ After int64 }
	updates struct {
		After, Upto int64
		All         []config.Update
		Reset       bool
	}
	look struct{} // to a node: what an editor needs
	seen struct {
		Rev int64
		N   string
	}
	fsync struct{} // timers
	tick  struct{}
)

// entry is a command in the log, with its time.
type entry struct {
	id  string
	now time.Time
	c   config.Command
}

// world is what no crash can touch: the log, what was promised, and what clients have in
// their files.
type world struct {
	s     *sim.Sim
	log   []entry
	truth *config.Memory
	at    map[int64]map[string]string // what was in force in "node" at each revision
	by    map[int64]string            // whose commit made it
	files map[string]*config.Bundle
	rev   map[string]int64 // that each client has had
	saw   map[string]int   // what happened, of all seeds
	nodes map[string]*server
	heads map[string]*client
	err   error

	early bool // planted: entries are given out before they are durable
	back  bool // planted: a client takes whatever a node has
	gap   bool // planted: a client reads, and then watches from the present revision on
}

func (w *world) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

func at(now time.Duration) time.Time { return time.Unix(1_700_000_000, 0).UTC().Add(now) }

// write makes an entry durable, and notes what is true from then on.
func (w *world) write(e entry) {
	w.log = append(w.log, e)
	got := w.truth.Apply(e.now, e.c)
	if e.c.Commit == nil {
		return
	}
	if got.Err != nil {
		w.saw[kind(got.Err)]++
		return
	}
	v, err := w.truth.Read(ctx, got.Rev)
	if err != nil {
		w.fail("C4: %v", err)
		return
	}
	w.by[got.Rev], w.at[got.Rev] = e.id, map[string]string{}
	all, err := v.All("node", "")
	if err != nil {
		w.fail("C4: %v", err)
	}
	for key, x := range all {
		w.at[got.Rev][key] = string(x.Value)
		if key == "n" && x.Value[0] == '9' {
			w.fail("C5: n is %s in force at %d", x.Value, got.Rev)
		}
	}
}

func kind(err error) string {
	for _, k := range []error{config.ErrConflict, config.ErrInvalid, config.ErrCompacted} {
		if errors.Is(err, k) {
			return k.Error()
		}
	}
	return "other: " + err.Error()
}

// has checks what a client has (C3, C6).
func (w *world) has(name string, b *config.Bundle) {
	got := map[string]string{}
	for key, x := range b.Values {
		got[key] = string(x.Value)
	}
	switch want, ok := w.at[b.Rev]; {
	case b.Rev < w.rev[name]:
		w.fail("C6: %s went back from %d to %d", name, w.rev[name], b.Rev)
	case !ok:
		w.fail("C1: %s has the revision %d, which is not durable", name, b.Rev)
	case !maps.Equal(want, got):
		w.fail("C3: %s has %v at %d in place of %v", name, got, b.Rev, want)
	}
	w.rev[name] = max(w.rev[name], b.Rev)
}

// acknowledged checks what an editor was answered (C1).
func (w *world) acknowledged(id string, e config.Effects) {
	if e.Err != nil {
		w.saw["answered: "+kind(e.Err)]++
		return
	}
	if strings.HasPrefix(id, "compaction ") {
		return
	}
	if w.by[e.Rev] != id {
		w.fail("C1: %s got revision %d, which is of %q", id, e.Rev, w.by[e.Rev])
	}
	w.saw["acknowledged"]++
}

// ended checks at the end that all have what is true.
func (w *world) ended() error {
	v, err := w.truth.Read(ctx, config.Now)
	if err != nil {
		return err
	}
	for name, c := range w.heads {
		if c.f.Have() == nil || c.f.Have().Rev != v.Rev {
			return fmt.Errorf("%s has not come to the end, revision %d", name, v.Rev)
		}
	}
	if v.Rev < 5 {
		return errors.New("hardly anything was committed")
	}
	return nil
}

// build makes the simulation: a log, two nodes that serve, two editors, three clients.
func build(change func(*world)) func(*sim.Sim) {
	return func(s *sim.Sim) {
		s.End, s.Quiet = 14*time.Second, 5*time.Second
		w := &world{
			s: s, truth: config.NewMemory(), at: map[int64]map[string]string{0: {}}, by: map[int64]string{}, files: map[string]*config.Bundle{},
			rev: map[string]int64{}, saw: map[string]int{}, nodes: map[string]*server{}, heads: map[string]*client{},
		}
		if change != nil {
			change(w)
		}
		s.Node("log", func() sim.Node { return &logNode{w: w, all: append([]entry{}, w.log...)} })
		for i := range front {
			name := fmt.Sprint("s", i)
			s.Node(name, func() sim.Node {
				w.nodes[name] = &server{w: w, name: name, m: config.NewMemory(), waits: map[string]string{}}
				return w.nodes[name]
			})
		}
		for i := range 2 {
			name, life := fmt.Sprint("e", i), 0
			s.Node(name, func() sim.Node { life++; return &editor{w: w, name: fmt.Sprint(name, ".", life)} })
		}
		for i := range 3 {
			name := fmt.Sprint("c", i)
			s.Node(name, func() sim.Node {
				c := &client{w: w, name: name}
				if b := w.files[name]; b != nil {
					_ = c.f.Load(b)
				}
				w.heads[name] = c
				return c
			})
		}
		s.Invariant(func() error { return w.err })
		s.Finally(w.ended)
	}
}

// TestSim: with nodes that crash, lag and are cut off, and compactions, each revision has
// one commit; clients have what is true, and never go back, whichever node they ask.
func TestSim(t *testing.T) {
	seeds := 1000
	if testing.Short() {
		seeds = 60
	}
	saw := map[string]int{}
	sim.Check(t, seeds, build(func(w *world) { w.saw = saw }))
	t.Log(saw)
	for _, what := range []string{
		"acknowledged", "answered: " + config.ErrConflict.Error(), config.ErrInvalid.Error(), config.ErrCompacted.Error(),
		"behind", "reset", "update", "progress",
	} {
		assert.Positive(t, saw[what], "%s is never seen: %v", what, saw)
	}
}

// TestSimFinds: the simulation finds a log that gives out what is not durable, a client
// that takes what an older node has, and one that reads, and then watches from the
// present revision on.
func TestSimFinds(t *testing.T) {
	f := sim.Finds(t, 200, build(func(w *world) { w.early = true }))
	assert.ErrorContains(t, f.Err, "C1")
	f = sim.Finds(t, 200, build(func(w *world) { w.back = true }))
	assert.ErrorContains(t, f.Err, "C6")
	f = sim.Finds(t, 200, build(func(w *world) { w.gap = true }))
	assert.ErrorContains(t, f.Err, "C3")
}
