package room_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/ratelimit"
)

// naive is the chat of a tutorial: a slice of messages, and a channel for each client.
type naive struct {
	messages []string
	clients  map[string]chan string
}

func (n *naive) texts() []string { return n.messages }

// TestNaiveBroadcastFirst: a message is shown, and then written. A crash between the two
// gives its number to another text; a reader who resumes after that number never sees it.
func TestNaiveBroadcastFirst(t *testing.T) {
	var disk []string
	seen := map[int]string{}
	seen[len(disk)] = "shown" // to the reader, and then the process dies
	disk = append(disk, "written")
	var resumed []string
	for i := range disk {
		if _, ok := seen[i]; !ok {
			resumed = append(resumed, disk[i])
		}
	}
	assert.Equal(t, "shown", seen[0])
	assert.Equal(t, []string{"written"}, disk)
	assert.Empty(t, resumed, "naive: the reader has another conversation than everybody else")

	// The same crash here: see TestNotBeforeDurable, TestDiskFails and TestKill. A log that is
	// lost as a whole has another epoch, so the reader is reset.
	m := room.NewMemory()
	m.Apply(time.Now(), room.Command{Send: []room.Draft{{Room: "a", From: "ann", Nonce: "1", Text: "written"}}})
	f, release, err := m.Watch(t.Context(), "a")
	require.NoError(t, err)
	s := room.NewSession("bob")
	require.NoError(t, s.Join(f, &room.Cursor{Pos: 1, Epoch: "the one that was lost"}, release))
	assert.Equal(t, []string{"reset"}, types(s))
}

// TestNaiveWriteLoop: the broadcast writes to each client in turn. One that is stopped stops
// all others.
func TestNaiveWriteLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped, other := make(chan string), make(chan string)
		go func() {
			for _, c := range []chan string{stopped, other} {
				c <- "x"
			}
		}()
		synctest.Wait()
		select {
		case <-other:
			t.Error("naive: it has got the message")
		default:
		}
		<-stopped
		<-other
	})
	h := newHub(t, room.Options{Tick: time.Hour})
	say(t, h, "a", "ann", "1", "x")
	_, other := enter(t, h, "a", "stopped", nil), enter(t, h, "a", "other", nil)
	say(t, h, "a", "ann", "2", "x")
	assert.Equal(t, []string{"joined", "msg"}, types(other))
}

// TestNaiveEvict: a channel of 16 for each client, and a client whose channel is full is
// disconnected. One that was away for a moment loses what was sent meanwhile.
func TestNaiveEvict(t *testing.T) {
	n := &naive{clients: map[string]chan string{"bob": make(chan string, 16)}}
	for i := range 20 { // while bob's phone changes the antenna
		for name, c := range n.clients {
			select {
			case c <- fmt.Sprint(i):
			default:
				close(c)
				delete(n.clients, name)
			}
		}
	}
	assert.Empty(t, n.clients)

	h := newHub(t, room.Options{Tick: time.Hour, UserRate: ratelimit.Inf})
	say(t, h, "a", "ann", "first", "x")
	s := enter(t, h, "a", "bob", nil)
	assert.Equal(t, []string{"joined"}, types(s))
	for i := range 20 {
		say(t, h, "a", "ann", fmt.Sprint(i), "x")
	}
	assert.Len(t, types(s), 20)
}

// TestNaiveQueue: a queue without a bound for each client. It grows with the clients that
// are stopped; here each costs the same whatever is sent, see TestSlowReader.
func TestNaiveQueue(t *testing.T) {
	queues := make([][]string, 1000)
	for range 500 {
		for i := range queues {
			queues[i] = append(queues[i], "x")
		}
	}
	total := 0
	for _, q := range queues {
		total += len(q)
	}
	assert.Equal(t, 500_000, total)
}

// TestNaiveResume: a client that comes back loads the history and subscribes. If it loads
// first, it misses what is sent in between; if it subscribes first, that comes twice. A
// cursor is both in one step.
func TestNaiveResume(t *testing.T) {
	n := &naive{messages: []string{"1", "2"}}
	send := func(s string) { n.messages = append(n.messages, s) }
	screen := append([]string{}, n.texts()...) // loads
	send("3")
	from := len(n.messages) // subscribes
	send("4")
	assert.Equal(t, []string{"1", "2", "4"}, append(screen, n.messages[from:]...), "naive: 3 is missing")
	from = len(n.messages) // subscribes
	send("5")
	screen = append([]string{}, n.texts()...) // loads
	assert.Equal(t, []string{"1", "2", "3", "4", "5", "5"}, append(screen, n.messages[from:]...), "naive: 5 comes twice")

	h := newHub(t, room.Options{Tick: time.Hour})
	for i := range 3 {
		say(t, h, "a", "ann", fmt.Sprint(i), "x")
	}
	s := enter(t, h, "a", "bob", &room.Cursor{Pos: 1, Epoch: h.Status().Epoch})
	say(t, h, "a", "ann", "3", "x")
	assert.Equal(t, []string{"joined", "msg", "msg", "msg"}, types(s))
}

// TestNaiveRetry: the answer to a send is lost, and the client sends again. Without a nonce
// the room has the message twice.
func TestNaiveRetry(t *testing.T) {
	n := &naive{}
	for range 2 {
		n.messages = append(n.messages, "hello")
	}
	assert.Len(t, n.texts(), 2)

	h := newHub(t, room.Options{})
	first, again := say(t, h, "a", "ann", "n", "hello"), say(t, h, "a", "ann", "n", "hello")
	assert.Equal(t, []room.Sent{{Pos: 1}, {Pos: 1, Dup: true}}, []room.Sent{first, again})
}

// TestNaivePresence: a user is present until the node says that the connection has ended. A
// node that dies says nothing: its users are present for good. Here they are for the TTL,
// see TestPresence.
func TestNaivePresence(t *testing.T) {
	present := map[string]bool{"ann": true}
	// The node of ann dies here.
	assert.True(t, present["ann"])
}
