package cluster

// A View is what commands need of a node's state. It is not changed once it is made, so that
// any goroutine may read it.
type View struct {
	Map   Map
	Group int    // of this node
	Term  uint64 // in which it is the master; 0 if it is none

	owner  [Slots]uint8
	frozen Range // the slots that are being given away; none if frozen.Last is -1
}

// View returns the view after the last step. It is made again only when something that it
// shows has changed.
func (n *Node) View(last *View) *View {
	frozen := Range{Last: -1}
	if n.gift != nil {
		frozen = n.gift.to
	}
	if last != nil && last.Map.Epoch == n.Map.Epoch && last.Term == n.leads && last.frozen == frozen {
		return last
	}
	v := &View{Map: n.Map, Group: n.group, Term: n.leads, frozen: frozen}
	if last != nil && last.Map.Epoch == n.Map.Epoch {
		v.owner = last.owner
		return v
	}
	for _, r := range n.Map.Ranges {
		for s := r.First; s <= r.Last; s++ {
			v.owner[s] = uint8(r.Group)
		}
	}
	return v
}

// A Verdict says where a command on a slot is executed.
type Verdict uint8

// The verdicts.
const (
	Here   Verdict = iota // by this node, if its lease has not ended
	Stale                 // by this node, which is a replica and may answer with old data
	Moved                 // by another node: the client's map is old
	Asking                // by another node, which is about to own the slot
)

// Route returns the verdict for a slot, and the node if it is another.
func (v *View) Route(slot int) (Verdict, string) {
	g := int(v.owner[slot])
	switch master := v.Map.Groups[g].Master; {
	case g == v.Group && v.Term == 0:
		return Stale, master
	case g != v.Group:
		return Moved, master
	case slot >= v.frozen.First && slot <= v.frozen.Last:
		return Asking, v.Map.Groups[v.frozen.Group].Master
	default:
		return Here, master
	}
}

// Owns reports whether the group of this node owns a slot.
func (v *View) Owns(slot int) bool { return int(v.owner[slot]) == v.Group }
