package room

import "fmt"

// Typing tells the room's readers that a user is typing. It may be lost.
func (h *Hub) Typing(room, user string) error {
	if !validRoom(room) || !validUser(user) {
		return fmt.Errorf("%w: the room or the user has no valid name", ErrBad)
	}
	if h.typists.Allow(user) {
		n := Note{Room: room, Typing: user}
		h.say(n)
		h.heard(n)
	}
	return nil
}

// say puts a note on its way to the other nodes; it is dropped if too many wait.
func (h *Hub) say(n Note) {
	n.Node = h.opts.Node
	_ = h.notes.TryPut(n)
}

// hear takes a note of any node.
func (h *Hub) hear(n Note) {
	if n.Node != h.opts.Node {
		h.heard(n)
	}
}

func (h *Hub) heard(n Note) {
	w, ok := h.crowds.Load(n.Room)
	if !ok {
		return
	}
	if n.Ask {
		h.say(Note{Room: n.Room, Here: w.users()})
	}
	w.hear(n)
}

// Present returns the users who are connected to a room, of which the hub has a session,
// at any node.
func (h *Hub) Present(room string) []string {
	if w, ok := h.crowds.Load(room); ok {
		return w.present()
	}
	return nil
}
