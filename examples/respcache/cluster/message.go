package cluster

import (
	"encoding/json"
	"fmt"
	"time"
)

// A Message goes from a node to another. Messages may be delayed, lost, repeated and
// reordered.
type Message struct {
	From, To string
	Body     any // one of the types below
}

// A Position says how much of a group's data a node holds: everything up to Offset of the
// stream of the master that was elected in the epoch Term.
type Position struct {
	Term   uint64
	Offset int64
}

func (p Position) less(q Position) bool {
	return p.Term < q.Term || p.Term == q.Term && p.Offset < q.Offset
}

// Bodies that a node's host gives it.
type (
	Start struct{} // the process has started
	Tick  struct{} // some time has passed: at least ten times per timeout

	// Freeze makes the node stop serving slots that it is about to give away. Range.Group
	// is the group that gets them.
	Freeze struct{ Range Range }

	// Flip makes the node propose the map in which frozen slots belong to the other group,
	// whose master, elected in ToTerm, has said that it holds all their keys.
	Flip struct{ ToTerm uint64 }

	// Thaw makes it serve the slots again, if Flip was not said.
	Thaw struct{}

	// Takeover makes the node try to become the master of its group, whatever it holds.
	Takeover struct{}
)

// Bodies that nodes send each other.
type (
	// Beat tells that a node lives. A master asks by it for a lease.
	Beat struct {
		Epoch uint64 // of its map
		Group int    // that it is the master of, or -1
		Term  uint64
		Sent  time.Duration // on its own clock
	}
	// Heard answers a Beat.
	Heard struct {
		Epoch  uint64
		Grant  bool // no other master will be elected for a while
		Term   uint64
		Sent   time.Duration // as in the Beat
		Barred uint64        // the epoch that stands against the grant
	}
	// Ballot asks for the vote of an epoch.
	Ballot struct {
		Epoch  uint64
		Change Change
	}
	// Vote answers a Ballot.
	Vote struct {
		Epoch    uint64
		Granted  bool
		Voted    uint64 // the last epoch in which the voter has voted
		Accepted Map    // if it is granted, the last that the voter has accepted
		Position Position
	}
	// Write asks to accept a map.
	Write struct{ Map Map }
	// Wrote answers a Write.
	Wrote struct {
		Epoch    uint64
		Accepted bool
		Voted    uint64
	}
	// News is a map that a majority has accepted.
	News struct{ Map Map }
)

// envelope is the form of a message on the network.
type envelope struct {
	From   string
	Beat   *Beat   `json:",omitempty"`
	Heard  *Heard  `json:",omitempty"`
	Ballot *Ballot `json:",omitempty"`
	Vote   *Vote   `json:",omitempty"`
	Write  *Write  `json:",omitempty"`
	Wrote  *Wrote  `json:",omitempty"`
	News   *News   `json:",omitempty"`
}

// Encode returns a message as JSON. To is not part of it.
func Encode(m Message) []byte {
	e := envelope{From: m.From}
	switch b := m.Body.(type) {
	case Beat:
		e.Beat = &b
	case Heard:
		e.Heard = &b
	case Ballot:
		e.Ballot = &b
	case Vote:
		e.Vote = &b
	case Write:
		e.Write = &b
	case Wrote:
		e.Wrote = &b
	case News:
		e.News = &b
	default:
		panic(fmt.Sprintf("cluster.Encode: a %T is for the host only", b))
	}
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // there is nothing in it that JSON does not have
	}
	return text
}

// Decode returns the message that Encode has encoded.
func Decode(text []byte) (m Message, err error) {
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return m, fmt.Errorf("cluster: a message that cannot be read: %w", err)
	}
	m.From = e.From
	switch {
	case e.Beat != nil:
		m.Body = *e.Beat
	case e.Heard != nil:
		m.Body = *e.Heard
	case e.Ballot != nil:
		m.Body = *e.Ballot
	case e.Vote != nil:
		m.Body = *e.Vote
	case e.Write != nil:
		m.Body = *e.Write
	case e.Wrote != nil:
		m.Body = *e.Wrote
	case e.News != nil:
		m.Body = *e.News
	default:
		return m, fmt.Errorf("cluster: a message without a body: %.100q", text)
	}
	return m, nil
}
