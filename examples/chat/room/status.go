package room

import (
	"net/http"
	"time"

	"example.com/flatline/examples/internal/serve"
)

// roomStatus is a room in the list.
type roomStatus struct {
	Room    string `json:"room"`
	Present int    `json:"present"` // users, at all nodes, if this one has one of them
}

func (s server) rooms(w http.ResponseWriter, r *http.Request) {
	names, err := s.h.store.Rooms(r.Context())
	if err != nil {
		fail(w, err)
		return
	}
	all := []roomStatus{}
	for _, name := range names {
		all = append(all, roomStatus{name, len(s.h.Present(name))})
	}
	serve.JSON(w, http.StatusOK, all)
}

// Status is what a hub says of itself.
type Status struct {
	Node     string `json:"node"`
	Epoch    string `json:"epoch"`
	Rooms    int    `json:"rooms"`    // that have a session here
	Sessions int    `json:"sessions"` // connections
	Sent     int64  `json:"sent"`     // messages, to readers
	Peak     int64  `json:"peak"`     // of Sent, a second, in the last minute
	Queue    int    `json:"queue"`    // messages on their way to the log
}

// Status returns the counts of the hub.
func (h *Hub) Status() Status {
	peak, _ := h.peak.Max(time.Now())
	return Status{
		Node: h.opts.Node, Epoch: h.store.Epoch(), Rooms: h.crowds.Len(), Sessions: h.sessions.Len(),
		Sent: h.sent.Load(), Peak: peak, Queue: h.sends.Len(),
	}
}

func (s server) status(w http.ResponseWriter, _ *http.Request) {
	serve.JSON(w, http.StatusOK, s.h.Status())
}
