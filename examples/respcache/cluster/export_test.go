package cluster

// Assign returns m with the slots of r given to its group.
func Assign(m Map, r Range) Map {
	m.Ranges = m.assign(r)
	return m
}

// Apply is Map.apply.
func Apply(m Map, c Change, epoch uint64) (Map, bool) { return m.apply(c, epoch) }
