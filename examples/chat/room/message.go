// Package room is real-time chat: rooms with one order each, messages that are durable
// before they are shown, and readers that resume where a connection was lost.
package room

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The errors of a hub and a store wrap one of these.
var (
	ErrBad      = errors.New("not accepted")
	ErrNotFound = errors.New("there is no such room")
	ErrRooms    = fmt.Errorf("there are %d rooms already", MaxRooms)
	ErrBusy     = errors.New("too many messages wait for the log")
	ErrClosed   = errors.New("closed")
)

// Limits of what is accepted.
const (
	MaxText  = 4 << 10 // bytes
	MaxRooms = 10_000  // in a store
	MaxJoins = 100     // of a session
	Keep     = 1024    // messages of a room that are kept, the newest
	maxName  = 64      // bytes of a room, a user or a nonce
)

// A Draft is a message that a user wants to send. A repetition has the same nonce.
type Draft struct {
	Room  string `json:"room"`
	From  string `json:"from"`
	Nonce string `json:"nonce"`
	Text  string `json:"text"`
}

// Check returns an error that wraps ErrBad if the draft may not be sent.
func (d Draft) Check() error {
	bad := func(what string) error { return fmt.Errorf("%w: %s", ErrBad, what) }
	switch {
	case !validRoom(d.Room):
		return bad("a room is named by 1 to 64 of a-z, 0-9 and -")
	case !validUser(d.From):
		return bad("a user is named by 1 to 64 bytes that can be printed, without spaces around them")
	case d.Nonce == "" || len(d.Nonce) > maxName || strings.ContainsFunc(d.Nonce, func(r rune) bool { return r <= ' ' || r > '~' }):
		return bad("a nonce is 1 to 64 ASCII characters")
	case !utf8.ValidString(d.Text):
		return bad("text must be UTF-8")
	case strings.TrimSpace(d.Text) == "" || len(d.Text) > MaxText:
		return bad(fmt.Sprintf("text must have from 1 to %d bytes that are not all spaces, got %d", MaxText, len(d.Text)))
	}
	return nil
}

func validRoom(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

func validUser(s string) bool {
	return s != "" && len(s) <= maxName && utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Sent answers a draft: its position, and whether it was there already.
type Sent struct {
	Pos uint64
	Dup bool
	Err error
}

// A Message is one of a room. Positions increase; Prev is the position before it in its
// room, so a reader whose last position is another one has missed something.
type Message struct {
	Pos   uint64    `json:"pos"`
	Prev  uint64    `json:"prev"`
	From  string    `json:"from"`
	Nonce string    `json:"nonce"`
	Text  string    `json:"text"`
	At    time.Time `json:"at"`
}

// A Cursor is a position of a room in the log of an epoch. A log that was lost has another
// epoch, in which the same positions may mean other messages.
type Cursor struct {
	Pos   uint64
	Epoch string
}

// String returns the form that is the ID of a server-sent event.
func (c Cursor) String() string { return strconv.FormatUint(c.Pos, 10) + "." + c.Epoch }

// ParseCursor reads what String returns. The error wraps ErrBad.
func ParseCursor(s string) (Cursor, error) {
	pos, epoch, ok := strings.Cut(s, ".")
	n, err := strconv.ParseUint(pos, 10, 64)
	if !ok || err != nil || epoch == "" || len(epoch) > maxName {
		return Cursor{}, fmt.Errorf("%w: a cursor is POSITION.EPOCH, got %.80q", ErrBad, s)
	}
	return Cursor{n, epoch}, nil
}

// A Frame is something to be sent to the readers of a room, encoded once for all of them.
type Frame struct {
	Message        // Pos is 0 if it is none
	event   []byte // a server-sent event, whose data is event[from:to]
	from    int
	to      int
}

// Event returns the frame as a server-sent event. It must not be changed.
func (f *Frame) Event() []byte { return f.event }

// JSON returns the frame as one line of JSON without its end. It must not be changed.
func (f *Frame) JSON() []byte { return f.event[f.from:f.to] }

// Line returns what JSON does, with the end of the line. It must not be changed.
func (f *Frame) Line() []byte { return f.event[f.from : f.to+1] }

// encode makes a frame of v; with a cursor, from which a reader that has seen the frame
// resumes.
func encode(c *Cursor, v any) *Frame {
	var b bytes.Buffer
	if c != nil {
		fmt.Fprintf(&b, "id: %v\n", *c)
	}
	b.WriteString("data: ")
	f := &Frame{from: b.Len()}
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // six bytes for one; a page shows text as text
	if err := enc.Encode(v); err != nil {
		panic(err) // strings, numbers and times
	}
	f.to = b.Len() - 1
	b.WriteByte('\n')
	f.event = b.Bytes()
	return f
}

// The types of what a reader receives.
const (
	Joined   = "joined"   // what follows is after Pos
	Reset    = "reset"    // the same, but something before it was missed: load the room again
	Msg      = "msg"      // a message
	Presence = "presence" // who is in the room; lossy: a newer one replaces an older one
	Typing   = "typing"   // who is typing; lossy
)

// An Event is what a reader receives, as JSON.
type Event struct {
	Type     string   `json:"type"`
	Room     string   `json:"room"`
	Epoch    string   `json:"epoch,omitempty"` // of Joined and Reset
	Users    []string `json:"users,omitempty"` // of Presence and Typing, the first hundred
	Count    int      `json:"count,omitempty"` // of the users, all of them
	*Message          // of Joined and Reset, only Pos
}

// control encodes a Joined or a Reset.
func control(typ, room string, c Cursor) *Frame {
	return encode(&c, struct {
		Type  string `json:"type"`
		Room  string `json:"room"`
		Pos   uint64 `json:"pos"`
		Epoch string `json:"epoch"`
	}{typ, room, c.Pos, c.Epoch})
}
