package sched

// A Choose is called before each decision about which goroutine continues, with the
// goroutines that can, and the number of the one that Replay or Next has chosen, or 0. It
// returns the number of the one to take. It must not use the structure through woven code.
type Choose func(options []int, chosen int) int

// ask lets Choose make the decision that comes next.
func (r *Run) ask(options []*goroutine) {
	if r.depth == len(r.path) {
		r.path = append(r.path, decision{})
	}
	ids := make([]int, len(options))
	for i, g := range options {
		ids[i] = g.id
	}
	d := &r.path[r.depth]
	d.chosen = uint8(r.Choose(ids, int(d.chosen)))
}
