package flight

// A Watch sees whether a key was superseded since Group.Watch: a caller that has read the
// key's value and will write a value derived from it needs to know. Several callers may
// share a watch.
type Watch struct {
	users   int
	changed bool
}

// Changed reports whether the key was superseded. The caller holds the group's lock.
func (w *Watch) Changed() bool { return w.changed }

// Watch returns a watch of k; Unwatch must follow. The watch of a key that is not equal
// to itself sees nothing, since no write can reach that key. O(1) expected.
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
