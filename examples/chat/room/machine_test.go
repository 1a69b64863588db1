package room_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/chat/room"
)

var epoch = time.Unix(1_700_000_000, 0).UTC()

// newMachine returns one whose time begins at epoch.
func newMachine() *room.Memory {
	m := room.NewMachine()
	m.Apply(epoch, room.Command{Epoch: "e"})
	return m
}

// textbook is the short answer: a slice for each room, and a scan for each question.
type textbook struct {
	now   time.Time
	rooms map[string][]room.Message
}

func (x *textbook) apply(now time.Time, c room.Command) (all []room.Sent) {
	if now.After(x.now) {
		x.now = now
	}
next:
	for _, d := range c.Send {
		messages := x.rooms[d.Room]
		for _, m := range messages {
			if m.From == d.From && m.Nonce == d.Nonce && x.now.Before(m.At.Add(room.Window)) {
				all = append(all, room.Sent{Pos: m.Pos, Dup: true})
				continue next
			}
		}
		pos := uint64(len(messages) + 1)
		x.rooms[d.Room] = append(messages, room.Message{Pos: pos, Prev: pos - 1, From: d.From, Nonce: d.Nonce, Text: d.Text, At: x.now})
		all = append(all, room.Sent{Pos: pos})
	}
	return all
}

// drafts draws some.
func drafts(t *rapid.T) (all []room.Draft) {
	for range rapid.IntRange(1, 4).Draw(t, "n") {
		all = append(all, room.Draft{
			Room: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "room"), From: rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "from"),
			Nonce: fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "nonce")), Text: rapid.SampledFrom([]string{"x", "<b>", "ä\n"}).Draw(t, "text"),
		})
	}
	return all
}

// TestMachine: random commands have the effects that they have on the textbook's answer,
// and the invariants hold after each. A copy of the state behaves as the original does.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := epoch
		m, x := newMachine(), &textbook{now: now, rooms: map[string][]room.Message{}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(-20, 200).Draw(t, "later")) * time.Second)
			c := room.Command{Send: drafts(t)}
			require.Equal(t, x.apply(now, c), m.Apply(now, c), "%+v", c)
			require.NoError(t, m.Check())
			if rapid.IntRange(0, 9).Draw(t, "copy") == 0 {
				m = copied(t, m)
				require.NoError(t, m.Check())
			}
		}
		for name, want := range x.rooms {
			f, _, err := m.Watch(t.Context(), name)
			require.NoError(t, err)
			got, more := f.Before(math.MaxUint64, 1000)
			require.Equal(t, want, got)
			require.False(t, more)
			before, n := rapid.IntRange(1, len(want)+2).Draw(t, "before"), rapid.IntRange(1, 5).Draw(t, "n")
			got, more = f.Before(uint64(before), n)
			end := min(before-1, len(want))
			begin := max(0, end-n)
			require.Equal(t, append([]room.Message{}, want[begin:end]...), append([]room.Message{}, got...))
			require.Equal(t, begin > 0, more)
		}
	})
}

// copied returns a store with the state of another.
func copied(t require.TestingT, m *room.Memory) *room.Memory {
	var b strings.Builder
	require.NoError(t, m.Dump(json.NewEncoder(&b)))
	again := room.NewMachine()
	require.NoError(t, again.Load(json.NewDecoder(strings.NewReader(b.String()))))
	return again
}

// TestWindow: a nonce is known for ten minutes, to the microsecond, and a copy of the state
// forgets it at the same moment (H2).
func TestWindow(t *testing.T) {
	begin := epoch
	c := room.Command{Send: []room.Draft{{Room: "a", From: "ann", Nonce: "n", Text: "x"}}}
	m := newMachine()
	m.Apply(begin, c)
	m.Apply(begin.Add(room.Window/2), room.Command{Send: []room.Draft{{Room: "a", From: "bob", Nonce: "n", Text: "x"}}})
	for _, m := range []*room.Memory{m, copied(t, m)} {
		assert.True(t, m.Apply(begin.Add(room.Window-time.Microsecond), c)[0].Dup, "a repetition does not make it longer")
		assert.False(t, m.Apply(begin.Add(room.Window), c)[0].Dup)
	}
}

// TestCheck: what may not be sent.
func TestCheck(t *testing.T) {
	ok := room.Draft{Room: "a-1", From: "Jürgen O'Neil", Nonce: "!~", Text: " x"}
	require.NoError(t, ok.Check())
	for name, change := range map[string]func(*room.Draft){
		"no room":        func(d *room.Draft) { d.Room = "" },
		"a path":         func(d *room.Draft) { d.Room = "../a" },
		"a dot":          func(d *room.Draft) { d.Room = "a.b" },
		"a star":         func(d *room.Draft) { d.Room = "*" },
		"upper case":     func(d *room.Draft) { d.Room = "A" },
		"a long room":    func(d *room.Draft) { d.Room = strings.Repeat("x", 65) },
		"no user":        func(d *room.Draft) { d.From = "" },
		"spaces":         func(d *room.Draft) { d.From = " ann" },
		"a line":         func(d *room.Draft) { d.From = "a\nb" },
		"turned around":  func(d *room.Draft) { d.From = "a\u202eb" },
		"broken user":    func(d *room.Draft) { d.From = "a\xff" },
		"a long user":    func(d *room.Draft) { d.From = strings.Repeat("x", 65) },
		"no nonce":       func(d *room.Draft) { d.Nonce = "" },
		"a nonce of two": func(d *room.Draft) { d.Nonce = "a b" },
		"a long nonce":   func(d *room.Draft) { d.Nonce = strings.Repeat("x", 65) },
		"no ASCII":       func(d *room.Draft) { d.Nonce = "ä" },
		"no text":        func(d *room.Draft) { d.Text = "" },
		"blank text":     func(d *room.Draft) { d.Text = " \n\t" },
		"broken text":    func(d *room.Draft) { d.Text = "a\xffb" },
		"a long text":    func(d *room.Draft) { d.Text = strings.Repeat("x", room.MaxText+1) },
		"a MiB":          func(d *room.Draft) { d.Text = strings.Repeat("x", 1<<20) },
	} {
		bad := ok
		change(&bad)
		assert.ErrorIs(t, bad.Check(), room.ErrBad, name)
	}
	for _, s := range []string{"", "1", "1.", ".a", "-1.a", "1x.a", "99999999999999999999.a", "1." + strings.Repeat("x", 65)} {
		_, err := room.ParseCursor(s)
		assert.ErrorIs(t, err, room.ErrBad, s)
	}
	c, err := room.ParseCursor("12.abc")
	require.NoError(t, err)
	assert.Equal(t, room.Cursor{Pos: 12, Epoch: "abc"}, c)
	assert.Equal(t, "12.abc", c.String())
}
