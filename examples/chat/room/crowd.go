package room

import (
	"slices"
	"sync"

	"example.com/flatline/lru"
)

// Presence is kept for so many users of a room, and so many of them are named to readers.
const (
	maxSeats = 4096
	maxNamed = 100
)

// seat is a user who is connected to a node.
type seat struct{ node, user string }

// crowd is who is in a room. There is one while the room has a session of the hub.
type crowd struct {
	hub  *Hub
	room string

	mu     sync.Mutex
	feed   *Feed
	own    map[string]int // connections of the hub's users
	typing map[string]bool
	dirty  bool // something changed since the last notices
	gone   bool // the last session has left
	notice [2]notice

	seats *lru.Sync[seat, struct{}] // of all nodes, within TTL (H6)
}

// notice is the newest frame of a kind. A reader that misses one gets the next.
type notice struct {
	version uint64
	users   []string
	count   int
	frame   *Frame
}

func newCrowd(h *Hub, room string) *crowd {
	return &crowd{
		hub: h, room: room, own: map[string]int{}, typing: map[string]bool{},
		seats: lru.NewSync(maxSeats, lru.Options[seat, struct{}]{TTL: h.opts.TTL}),
	}
}

// enter adds a connection. It reports false if the crowd has ended.
func (w *crowd) enter(f *Feed, user string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return false
	}
	first := len(w.own) == 0
	if w.own[user]++; w.own[user] == 1 {
		w.hub.say(Note{Room: w.room, Here: []string{user}, Ask: first})
	}
	w.feed, w.dirty = f, true
	w.seats.Put(seat{w.hub.opts.Node, user}, struct{}{})
	return true
}

// exit removes a connection, and ends the crowd after the last one.
func (w *crowd) exit(user string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.own[user]--; w.own[user] > 0 {
		return
	}
	delete(w.own, user)
	w.seats.Delete(seat{w.hub.opts.Node, user})
	w.dirty = true
	w.hub.say(Note{Room: w.room, Gone: user})
	if w.gone = len(w.own) == 0; w.gone {
		w.hub.crowds.Delete(w.room)
	}
}

// users returns the hub's own users of the room.
func (w *crowd) users() (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for u := range w.own {
		all = append(all, u)
	}
	return all
}

// hear notes what another node says.
func (w *crowd) hear(n Note) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range n.Here {
		w.seats.Put(seat{n.Node, u}, struct{}{})
	}
	if n.Gone != "" {
		w.seats.Delete(seat{n.Node, n.Gone})
	}
	if n.Typing != "" && len(w.typing) < maxNamed {
		w.typing[n.Typing] = true
	}
	w.dirty = true
}

// present returns the users who are in the room, in order.
func (w *crowd) present() []string {
	var all []string
	for s := range w.seats.Keys() {
		all = append(all, s.user)
	}
	slices.Sort(all)
	return slices.Compact(all) // a user may be connected to several nodes
}

// beat says who is here, before the other nodes' TTL ends, and looks for those whose TTL
// has ended.
func (w *crowd) beat() {
	all := w.users()
	for _, u := range all {
		w.seats.Put(seat{w.hub.opts.Node, u}, struct{}{})
	}
	if len(all) > 0 {
		w.hub.say(Note{Room: w.room, Here: all})
	}
	w.mu.Lock()
	w.dirty = true
	w.mu.Unlock()
}

// publish makes the notices of what has changed, and wakes the readers.
func (w *crowd) publish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.dirty || w.feed == nil {
		return
	}
	w.dirty = false
	here := w.present()
	changed := w.set(0, Presence, here[:min(len(here), maxNamed)], len(here))
	if len(w.typing) > 0 {
		var all []string
		for u := range w.typing {
			all = append(all, u)
		}
		clear(w.typing)
		slices.Sort(all)
		w.notice[1].users = nil // the same ones are typing still
		changed = w.set(1, Typing, all, len(all)) || changed
	}
	if changed {
		w.feed.mu.Lock()
		w.feed.wake()
		w.feed.mu.Unlock()
	}
}

// set replaces a notice, unless it says the same. w.mu is held.
func (w *crowd) set(i int, typ string, users []string, count int) bool {
	x := &w.notice[i]
	if x.version > 0 && x.count == count && slices.Equal(x.users, users) {
		return false
	}
	x.version++
	x.users, x.count = users, count
	x.frame = encode(nil, struct {
		Type  string   `json:"type"`
		Room  string   `json:"room"`
		Users []string `json:"users"`
		Count int      `json:"count"`
	}{typ, w.room, users, count})
	return true
}

// typed returns the version of the notice of those who are typing: a reader who comes later
// is not interested in it.
func (w *crowd) typed() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.notice[1].version
}

// news appends the notices that a reader has not seen to a batch.
func (w *crowd) news(batch []*Frame, seen *[2]uint64, size *int) []*Frame {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, x := range w.notice {
		if x.version == seen[i] {
			continue
		}
		seen[i] = x.version
		batch = append(batch, x.frame)
		*size += len(x.frame.event)
	}
	return batch
}
