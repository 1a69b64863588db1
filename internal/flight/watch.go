package flight

// A Watch sees whether a key was superseded since Group.Watch: a caller that has read the
// key's value and is going to write a value derived from it must know. Many may share it.
type Watch struct {
	users   int
	changed bool
}

// Changed reports whether the key was superseded. The caller holds the group's lock.
func (w *Watch) Changed() bool { return w.changed }

// Watch returns a watch of k; Unwatch must follow. A key that is not equal to itself has
// a watch that sees nothing, since no write can mean it. O(1) expected.
func (g *Group[K, V]) Watch(k K) *Watch {
	w := g.watches[k]
	if w == nil {
		w = new(Watch)
		if k == k { // false for NaN
			if g.watches == nil {
				g.watches = make(map[K]*Watch)
			}
			g.watches[k] = w
			g.pending++
		}
	}
	w.users++
	return w
}

// Unwatch ends one use of a watch of k. O(1) expected.
func (g *Group[K, V]) Unwatch(k K, w *Watch) {
	if w.users--; w.users == 0 && g.watches[k] == w {
		delete(g.watches, k)
		g.pending--
	}
}
