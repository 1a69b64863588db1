package cluster_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/internal/sim"
	"example.com/flatline/examples/respcache/cluster"
)

// world is what no crash can touch: the disks, and what was acknowledged.
type world struct {
	s        *sim.Sim
	nodes    []string
	replicas int
	acks     int
	durable  bool
	disk     map[string]*stored
	hosts    map[string]*host
	running  []*host // those of hosts
	keys     []string
	slots    []int // of the keys
	acked    map[string]int
	tried    map[string]int
	lost     map[int]bool // groups whose operator had to take what was left
	maps     map[uint64]string
	moves    int
	seen     map[string]int // what happened, of all seeds
	err      error

	forgetful, unleased, hasty bool // planted
}

func (w *world) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// read checks the answer to a get.
func (w *world) read(by string, b get, val int) {
	w.seen["read"]++
	g := w.hosts[by].view.Group
	if val < b.Seen && w.acks > 0 && !w.lost[g] {
		w.fail("R4: %s reads %s = %d after %d was acknowledged", by, b.Key, val, b.Seen)
	}
}

// A user writes increasing numbers to one key, each until it is acknowledged, and reads it.
type user struct {
	w   *world
	key string
	to  string
	at  int
}

func (u *user) Step(_ time.Duration, m sim.Message) []sim.Message {
	w := u.w
	switch b := m.Body.(type) {
	case done:
		if b.Val == w.acked[u.key]+1 {
			w.acked[u.key] = b.Val
			w.seen["write"]++
		}
		return nil
	case redirect:
		u.to = b.To
		return nil
	}
	u.at++
	if u.to == "" || u.at%4 == 0 { // the node may be gone
		u.to = w.nodes[w.s.Rand.IntN(len(w.nodes))]
	}
	next := w.acked[u.key] + 1
	w.tried[u.key] = max(w.tried[u.key], next)
	return []sim.Message{
		{To: u.to, Body: put{u.key, next}},
		{To: u.to, Body: get{u.key, w.acked[u.key]}},
		{To: m.To, Body: tick{}, After: 300 * time.Millisecond},
	}
}

// An operator moves slots now and then, and at the end takes what is left of a group whose
// nodes have all lost their memory.
type operator struct{ w *world }

func (o *operator) Step(_ time.Duration, m sim.Message) (out []sim.Message) {
	w := o.w
	out = []sim.Message{{To: m.To, Body: tick{}, After: 1500 * time.Millisecond}}
	if w.s.Now() > w.s.End-w.s.End/3 {
		if w.s.Now() > w.s.End-w.s.End/4 {
			return append(out, o.rescue()...)
		}
		return out
	}
	key := w.keys[w.s.Rand.IntN(len(w.keys))]
	slot := cluster.Slot([]byte(key))
	r := cluster.Range{First: slot, Last: slot, Group: w.s.Rand.IntN(len(w.nodes) / (1 + w.replicas))}
	for _, n := range w.nodes {
		out = append(out, sim.Message{To: n, Body: give{r}})
	}
	return out
}

// rescue promotes a member of each group that has no master.
func (o *operator) rescue() (out []sim.Message) {
	w, latest := o.w, cluster.Map{}
	for _, h := range w.hosts {
		if h.n.Map.Epoch >= latest.Epoch {
			latest = h.n.Map
		}
	}
	for g, group := range latest.Groups {
		master := w.hosts[group.Master]
		if master.term == group.Term && group.Term != 0 {
			continue
		}
		w.seen["rescued"]++
		w.lost[g] = true
		out = append(out, sim.Message{To: group.Members[0], Body: cluster.Takeover{}})
	}
	return out
}

func (w *world) build(s *sim.Sim) {
	w.s, w.err = s, nil
	w.nodes, w.keys = []string{"a", "b", "c", "d", "e", "f"}, []string{"k0", "k1", "k2", "k3", "k4", "k5"}
	w.disk, w.hosts, w.maps = map[string]*stored{}, map[string]*host{}, map[uint64]string{}
	w.running, w.slots = nil, w.slots[:0]
	w.acked, w.tried, w.lost = map[string]int{}, map[string]int{}, map[int]bool{}
	for i, name := range w.nodes {
		w.disk[name] = &stored{}
		lives := uint64(0)
		s.Node(name, func() sim.Node {
			lives++
			h := newHost(w, name, lives*10+uint64(i))
			h.drift = time.Duration(i%5 - 2)
			w.hosts[name] = h
			w.running = slices.DeleteFunc(w.running, func(h *host) bool { return h.name == name })
			w.running = append(w.running, h)
			return h
		})
	}
	for i, key := range w.keys {
		w.slots = append(w.slots, cluster.Slot([]byte(key)))
		name := "user" + key
		s.Node(name, func() sim.Node { return &user{w: w, key: w.keys[i]} })
	}
	s.Node("operator", func() sim.Node { return &operator{w} })
	s.Invariant(w.check)
	s.Finally(w.finally)
}

// check compares the state of all nodes with the invariants.
func (w *world) check() error {
	for _, h := range w.running { // after each event: a map would take longer than the check
		if h.checked == h.n.Map.Epoch {
			continue
		}
		h.checked = h.n.Map.Epoch
		text := fmt.Sprint(h.n.Map)
		if was, ok := w.maps[h.n.Map.Epoch]; ok && was != text {
			w.fail("R2: %s has another map of epoch %d:\n%s\n%s", h.name, h.n.Map.Epoch, text, was)
		}
		w.maps[h.n.Map.Epoch] = text
	}
	servers := make([]string, len(w.keys))
	for _, h := range w.running {
		if !h.leads(h.clock(w.s.Now() + h.shift)) {
			continue
		}
		for i, k := range w.keys {
			if v, _ := h.view.Route(w.slots[i]); v != cluster.Here {
				continue
			}
			if by := servers[i]; by != "" {
				w.fail("R3: %s and %s both serve %s", by, h.name, k)
			}
			servers[i] = h.name
		}
	}
	return w.err
}

func (w *world) finally() error {
	epoch := w.hosts["a"].n.Map.Epoch
	w.seen["epochs"] += int(epoch)
	w.seen["ranges"] += len(w.hosts["a"].n.Map.Ranges) - len(w.hosts["a"].n.Map.Groups)
	for _, g := range w.hosts["a"].n.Map.Groups {
		if g.Master != g.Members[0] {
			w.seen["failover"]++
		}
	}
	for name, h := range w.hosts {
		if h.n.Map.Epoch != epoch {
			w.fail("R5: %s has the map of epoch %d, and a that of %d", name, h.n.Map.Epoch, epoch)
		}
	}
	for _, k := range w.keys {
		served := false
		for _, h := range w.hosts {
			if h.serves(h.clock(w.s.Now()+h.shift), k) {
				served = true
				if h.data[k] < w.acked[k] && w.acks > 0 && !w.lost[h.view.Group] {
					w.fail("R4: %s is %d, and %d was acknowledged", k, h.data[k], w.acked[k])
				}
			}
		}
		if !served {
			w.fail("R5: no node serves %s", k)
		}
	}
	return w.err
}

// shapes are the clusters that are simulated.
var shapes = map[string]world{
	"3 groups of 2, one acknowledgement":            {replicas: 1, acks: 1},
	"2 groups of 3, one acknowledgement":            {replicas: 2, acks: 1},
	"3 groups of 2, one acknowledgement, with logs": {replicas: 1, acks: 1, durable: true},
	"3 groups of 2, as Redis":                       {replicas: 1},
}

// TestSim runs clusters with crashes, pauses, partitions, and messages that are lost, late
// and repeated, while keys are written and slots are moved.
func TestSim(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 6
	}
	if *long {
		seeds = 1000
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := shape
			w.seen = map[string]int{}
			sim.Check(t, seeds, w.build)
			t.Log(w.seen)
			for _, what := range []string{"read", "write", "epochs", "ranges", "failover"} {
				assert.Positive(t, w.seen[what], what)
			}
		})
	}
}

// TestSimFinds plants faults that the simulation must find.
func TestSimFinds(t *testing.T) {
	for name, x := range map[string]struct {
		w    world
		want string
	}{
		"the vote is forgotten":    {world{replicas: 1, acks: 1, forgetful: true}, "R2"},
		"the lease is not checked": {world{replicas: 1, acks: 1, unleased: true}, "R3"},
		"the flip before the tail": {world{replicas: 1, acks: 1, hasty: true}, "R4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := x.w
			w.seen = map[string]int{}
			f := sim.Finds(t, 300, w.build)
			assert.ErrorContains(t, f, x.want)
			t.Logf("seed %d", f.Seed)
		})
	}
}
