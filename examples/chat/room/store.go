package room

import "context"

// A Store keeps rooms: an ordered log of each. All methods are safe for concurrent use.
type Store interface {
	// Append makes drafts that have been checked durable, in order, and returns the
	// position of each. A draft whose sender, room and nonce were there within Window is
	// not stored again: its position is the first one's, and Dup is set. After an error
	// each draft may or may not be stored; it can be sent again.
	Append(ctx context.Context, drafts []Draft) ([]Sent, error)

	// Watch returns the feed of a room, with all messages that were durable when it was
	// called, and none that is not durable. ErrNotFound if there are no messages. The
	// feed is followed until release is called.
	Watch(ctx context.Context, room string) (f *Feed, release func(), err error)

	// Rooms returns the names of the rooms, in order.
	Rooms(ctx context.Context) ([]string, error)

	// Epoch identifies the log. It is another one after a log was lost.
	Epoch() string

	// Say tells all nodes something, this one among them. It may be lost.
	Say(n Note)

	// Listen calls f with what nodes say from now on, one call at a time.
	Listen(f func(Note)) (stop func())

	Close() error
}

// A Note is what a node says to the others about those who are connected to it.
type Note struct {
	Node   string   `json:"node"`
	Room   string   `json:"room"`
	Here   []string `json:"here,omitempty"`   // users who are in the room
	Gone   string   `json:"gone,omitempty"`   // the user's last connection to the node has ended
	Typing string   `json:"typing,omitempty"` // the user is typing
	Ask    bool     `json:"ask,omitempty"`    // the node has not heard who is in the room
}
