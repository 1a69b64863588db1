package cluster

import (
	"fmt"
	"slices"
)

// A Map says which group owns each slot and which node of each group is the master. A Map is
// never changed in place.
type Map struct {
	Epoch  uint64  // in which it was written; a Map with a higher epoch replaces it
	Groups []Group // fixed when the cluster is formed, except for their masters
	Ranges []Range // all slots, in order
}

// A Group is a master and its replicas. All have the same slots.
type Group struct {
	Members []string
	Master  string
	Term    uint64 // the epoch in which the master was elected; 0 before the first election
}

// A Range is the slots from First to Last, both included.
type Range struct{ First, Last, Group int }

// Initial returns the map of a cluster before its first election: the first nodes of the
// list begin as masters with equal parts of the slots, and each of the others is a replica
// in one of their groups.
func Initial(nodes []string, replicas int) (Map, error) {
	if replicas < 0 || len(nodes) == 0 || len(nodes)%(1+replicas) != 0 {
		return Map{}, fmt.Errorf("cluster: %d nodes are no groups of one master and %d replicas", len(nodes), replicas)
	}
	n := len(nodes) / (1 + replicas)
	if n > maxGroups {
		return Map{}, fmt.Errorf("cluster: %d groups are more than %d", n, maxGroups)
	}
	m := Map{}
	for g := range n {
		group := Group{Master: nodes[g]}
		for i := g; i < len(nodes); i += n {
			if slices.Contains(nodes[:i], nodes[i]) {
				return Map{}, fmt.Errorf("cluster: %s is listed twice", nodes[i])
			}
			group.Members = append(group.Members, nodes[i])
		}
		m.Groups = append(m.Groups, group)
		m.Ranges = append(m.Ranges, Range{g * Slots / n, (g+1)*Slots/n - 1, g})
	}
	return m, nil
}

// maxGroups bounds the number of groups, so that a byte holds one.
const maxGroups = 255

// valid reports whether m is a map of the same cluster as initial: the same groups, and each
// slot in one of them. A map comes from the network.
func (m Map) valid(initial Map) bool {
	next := 0
	for _, r := range m.Ranges {
		if r.First != next || r.Last < r.First || r.Group < 0 || r.Group >= len(m.Groups) {
			return false
		}
		next = r.Last + 1
	}
	return next == Slots && slices.EqualFunc(m.Groups, initial.Groups, func(a, b Group) bool {
		return slices.Equal(a.Members, b.Members) && slices.Contains(a.Members, a.Master)
	})
}

// Owner returns the group that owns a slot.
func (m Map) Owner(slot int) int {
	i, _ := slices.BinarySearchFunc(m.Ranges, slot, func(r Range, slot int) int { return r.Last - slot })
	return m.Ranges[i].Group
}

// GroupOf returns the group of a node, -1 if it has none.
func (m Map) GroupOf(node string) int {
	return slices.IndexFunc(m.Groups, func(g Group) bool { return slices.Contains(g.Members, node) })
}

// A Kind is a kind of Change.
type Kind string

// The kinds.
const (
	Promote Kind = "promote" // Node becomes the master of Group
	Move    Kind = "move"    // Group gives the slots of Range to the group Range.Group
	Confirm Kind = "confirm" // nothing changes but the epoch
)

// A Change is what the author of an epoch does to the map.
type Change struct {
	Kind     Kind
	Group    int
	Node     string
	Position Position // of a node that is promoted
	Force    bool     // it is promoted whatever it holds
	Range    Range
	Term     uint64 // of the Group that gives slots
	ToTerm   uint64 // of the group that gets them
}

// apply returns the map after a change in an epoch, and whether the change was possible. A
// replica can be promoted only if its data come from the current master, and slots can be
// moved only between the masters that have copied them.
func (m Map) apply(c Change, epoch uint64) (Map, bool) {
	m.Epoch = epoch
	switch g := m.Groups[c.Group]; c.Kind {
	case Promote:
		if c.Position.Term != g.Term && !c.Force {
			return m, false
		}
		m.Groups = slices.Clone(m.Groups)
		m.Groups[c.Group] = Group{g.Members, c.Node, epoch}
	case Move:
		if g.Term != c.Term || m.Groups[c.Range.Group].Term != c.ToTerm || !m.owns(c.Group, c.Range) {
			return m, false
		}
		m.Ranges = m.assign(c.Range)
	}
	return m, true
}

// owns reports whether a group owns all slots of a range.
func (m Map) owns(group int, r Range) bool {
	for s := r.First; s <= r.Last; s++ {
		if m.Owner(s) != group {
			return false
		}
	}
	return true
}

// assign returns the ranges with those of r given to its group.
func (m Map) assign(r Range) (all []Range) {
	add := func(r Range) {
		switch last := len(all) - 1; {
		case r.First > r.Last:
		case last >= 0 && all[last].Group == r.Group:
			all[last].Last = r.Last
		default:
			all = append(all, r)
		}
	}
	for _, old := range m.Ranges {
		add(Range{old.First, min(old.Last, r.First-1), old.Group})
		if old.First <= r.First && r.First <= old.Last {
			add(r)
		}
		add(Range{max(old.First, r.Last+1), old.Last, old.Group})
	}
	return all
}
