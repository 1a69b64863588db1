package minstack

// records are the positions of the elements that beat all elements below them. The element
// at position 0 always does, so an empty stack already has at = 0.
type records struct {
	at    int   // the highest: the element there is the current extreme
	below []int // the others, the lowest first
}

// push adds the position of an element that is about to be pushed.
func (r *records) push(position int) {
	if position == 0 {
		return
	}
	if len(r.below) == cap(r.below) {
		r.below = double(r.below)
	}
	r.below = append(r.below, r.at)
	r.at = position
}

// pop removes the position of an element that is about to be popped, if it is a record.
func (r *records) pop(position int) {
	if last := len(r.below) - 1; position == r.at && last >= 0 {
		r.at, r.below = r.below[last], r.below[:last]
	}
}
