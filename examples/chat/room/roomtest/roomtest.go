// Package roomtest checks that a room.Store is one: every store passes the same tests.
package roomtest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/chat/room"
)

// patience is how long something that must happen may take.
const patience = time.Minute

// Run checks the stores that open returns, which begin empty and stay open for the test.
func Run(t *testing.T, open func(t testing.TB) room.Store) {
	for name, test := range map[string]func(*testing.T, room.Store){
		"positions": positions,
		"nonces":    nonces,
		"unknown":   unknown,
		"fields":    fields,
		"resume":    resume,
		"overtaken": overtaken,
		"history":   history,
		"one order": oneOrder,
		"caught up": caughtUp,
		"notes":     notes,
		"model":     model,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func draft(name, from, nonce, text string) room.Draft {
	return room.Draft{Room: name, From: from, Nonce: nonce, Text: text}
}

func send(t require.TestingT, s room.Store, drafts ...room.Draft) []room.Sent {
	sent, err := s.Append(context.Background(), drafts)
	require.NoError(t, err)
	require.Len(t, sent, len(drafts))
	for _, x := range sent {
		require.NoError(t, x.Err)
	}
	return sent
}

func watch(t require.TestingT, s room.Store, name string) (*room.Feed, func()) {
	f, release, err := s.Watch(context.Background(), name)
	require.NoError(t, err)
	return f, release
}

// all returns what a room has.
func all(t require.TestingT, s room.Store, name string) []room.Message {
	f, release := watch(t, s, name)
	defer release()
	messages, _ := f.Before(math.MaxUint64, room.Keep)
	return messages
}

// follow joins a room in a new session, and returns what reads the next n events of it.
func follow(t testing.TB, s room.Store, name string, c *room.Cursor) (next func(n int) []string) {
	f, release := watch(t, s, name)
	session := room.NewSession("reader")
	require.NoError(t, session.Join(f, c, release))
	t.Cleanup(session.Close)
	var got []string
	return func(n int) []string {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for len(got) < n {
			batch, err := session.Next(ctx)
			require.NoError(t, err)
			for _, f := range batch {
				if f.Pos > 0 {
					got = append(got, f.Text)
				} else {
					got = append(got, strings.Split(string(f.JSON()), `"`)[3]) // its type
				}
			}
		}
		defer func() { got = got[n:] }()
		return slices.Clone(got[:n])
	}
}

// positions: they increase, and prev is the one before in the room.
func positions(t *testing.T, s room.Store) {
	var sent []room.Sent
	for i := range 6 {
		sent = append(sent, send(t, s, draft("a", "ann", fmt.Sprint("a", i), "x"), draft("b", "ann", fmt.Sprint("b", i), "x"))...)
	}
	for i, name := range []string{"a", "b"} {
		last := uint64(0)
		got := all(t, s, name)
		require.Len(t, got, 6)
		for j, m := range got {
			assert.Equal(t, last, m.Prev)
			assert.Greater(t, m.Pos, last)
			assert.Equal(t, sent[2*j+i].Pos, m.Pos)
			last = m.Pos
		}
	}
	names, err := s.Rooms(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, names)
	assert.NotEmpty(t, s.Epoch())
}

// nonces: a repetition is stored once (H2), within one write too; another sender or room
// makes another message.
func nonces(t *testing.T, s room.Store) {
	first := send(t, s, draft("a", "ann", "n", "x"))[0]
	assert.False(t, first.Dup)
	again := send(t, s, draft("a", "ann", "n", "y"), draft("a", "bob", "n", "bob's"), draft("a", "bob", "n", "bob's"), draft("b", "ann", "n", "elsewhere"))
	assert.Equal(t, room.Sent{Pos: first.Pos, Dup: true}, again[0])
	assert.False(t, again[1].Dup)
	assert.Equal(t, room.Sent{Pos: again[1].Pos, Dup: true}, again[2])
	assert.False(t, again[3].Dup)
	var texts []string
	for _, m := range append(all(t, s, "a"), all(t, s, "b")...) {
		texts = append(texts, m.Text)
	}
	assert.Equal(t, []string{"x", "bob's", "elsewhere"}, texts)
}

// unknown: a room begins with its first message; to watch it makes none.
func unknown(t *testing.T, s room.Store) {
	for range 2 {
		_, _, err := s.Watch(t.Context(), "none")
		assert.ErrorIs(t, err, room.ErrNotFound)
	}
	names, err := s.Rooms(t.Context())
	require.NoError(t, err)
	assert.Empty(t, names)
	send(t, s, draft("none", "ann", "1", "x"))
	assert.Len(t, all(t, s, "none"), 1)
}

// fields: a message comes back byte by byte, with the time at which it was stored.
func fields(t *testing.T, s room.Store) {
	long := strings.Repeat("ä", room.MaxText/2)
	before := time.Now().Add(-time.Minute)
	for i, text := range []string{"<b>&\"'</b>", "a\n\tb\r\n\x00\u2028", "😀 \ufffd", long} {
		send(t, s, draft("a", "Jürgen O'Neil", fmt.Sprint("n", i, "!~"), text))
		got := all(t, s, "a")[i]
		assert.Equal(t, text, got.Text)
		assert.Equal(t, []string{"Jürgen O'Neil", fmt.Sprint("n", i, "!~")}, []string{got.From, got.Nonce})
		assert.WithinRange(t, got.At, before, time.Now().Add(time.Minute))
		assert.Equal(t, time.UTC, got.At.Location())
	}
}

// resume: a reader that comes back gets exactly what is after its position, or a reset (H3).
func resume(t *testing.T, s room.Store) {
	var at []uint64
	for i := range 5 {
		at = append(at, send(t, s, draft("a", "ann", fmt.Sprint(i), fmt.Sprint(i)))[0].Pos)
	}
	next := follow(t, s, "a", &room.Cursor{Pos: at[1], Epoch: s.Epoch()})
	assert.Equal(t, []string{"joined", "2", "3", "4"}, next(4))
	assert.Equal(t, []string{"joined", "0"}, follow(t, s, "a", &room.Cursor{Epoch: s.Epoch()})(2), "from the beginning")
	end := follow(t, s, "a", &room.Cursor{Pos: at[4], Epoch: s.Epoch()})
	assert.Equal(t, []string{"joined"}, end(1))
	fresh := follow(t, s, "a", nil)
	assert.Equal(t, []string{"joined"}, fresh(1))
	lost := follow(t, s, "a", &room.Cursor{Pos: at[1], Epoch: "another"})
	assert.Equal(t, []string{"reset"}, lost(1), "another epoch")
	ahead := follow(t, s, "a", &room.Cursor{Pos: at[4] + 1000, Epoch: s.Epoch()})
	assert.Equal(t, []string{"reset"}, ahead(1), "a position that never was")
	send(t, s, draft("a", "ann", "5", "5"))
	for _, next := range []func(int) []string{next, end, fresh, lost, ahead} {
		assert.Equal(t, []string{"5"}, next(1))
	}
}

// overtaken: a reader whose position is no longer there gets a reset, one that is just
// there does not; and so does one that falls behind while it is connected.
func overtaken(t *testing.T, s room.Store) {
	slow := draft("a", "ann", "first", "first")
	first := send(t, s, slow)[0].Pos
	next := follow(t, s, "a", nil)
	var last uint64
	for i := range 5 {
		var batch []room.Draft
		for j := range (room.Keep + 20) / 5 {
			batch = append(batch, draft("a", "ann", fmt.Sprint(i, "-", j), "x"))
		}
		sent := send(t, s, batch...)
		last = sent[len(sent)-1].Pos
	}
	require.Eventually(t, func() bool { f, release := watch(t, s, "a"); defer release(); return f.Last() == last }, patience, time.Millisecond)
	got := all(t, s, "a")
	require.LessOrEqual(t, len(got), room.Keep)
	require.GreaterOrEqual(t, len(got), room.Keep-1)
	for i, m := range got[1:] {
		require.Equal(t, got[i].Pos, m.Prev)
	}
	assert.Equal(t, []string{"reset"}, follow(t, s, "a", &room.Cursor{Pos: first, Epoch: s.Epoch()})(1))
	oldest := got[0]
	assert.Equal(t, []string{"joined", "x"}, follow(t, s, "a", &room.Cursor{Pos: oldest.Prev, Epoch: s.Epoch()})(2))
	assert.Equal(t, []string{"reset"}, follow(t, s, "a", &room.Cursor{Pos: oldest.Prev - 1, Epoch: s.Epoch()})(1))
	assert.Equal(t, []string{"joined", "reset"}, next(2), "it has read nothing until now")
	send(t, s, draft("a", "ann", "last", "last"))
	assert.Equal(t, []string{"last"}, next(1))
}

// history: pages, from the newest on.
func history(t *testing.T, s room.Store) {
	for i := range 7 {
		send(t, s, draft("a", "ann", fmt.Sprint(i), fmt.Sprint(i)))
	}
	f, release := watch(t, s, "a")
	defer release()
	before := uint64(math.MaxUint64)
	for _, want := range [][]string{{"4", "5", "6"}, {"1", "2", "3"}, {"0"}, nil} {
		page, more := f.Before(before, 3)
		var texts []string
		for _, m := range page {
			texts = append(texts, m.Text)
		}
		assert.Equal(t, want, texts)
		assert.Equal(t, len(want) == 3, more)
		if len(page) > 0 {
			before = page[0].Pos
		}
	}
}

// oneOrder: many senders and readers at the same time; all readers see one order (H1), each
// acknowledged message once (H2), and each sender's messages in the order of its sends.
func oneOrder(t *testing.T, s room.Store) {
	const senders, each = 6, 20
	send(t, s, draft("a", "ann", "begin", "begin"))
	var readers []func(int) []string
	for range 3 {
		readers = append(readers, follow(t, s, "a", nil))
	}
	var wg sync.WaitGroup
	for w := range senders {
		wg.Go(func() {
			for i := range each {
				d := draft("a", fmt.Sprint("user-", w), fmt.Sprint(i), fmt.Sprintf("%d-%02d", w, i))
				for range 1 + i%2 { // some are sent twice
					_, err := s.Append(context.Background(), []room.Draft{d})
					assert.NoError(t, err)
				}
			}
		})
	}
	var orders [][]string
	for _, next := range readers {
		orders = append(orders, next(senders*each + 1)[1:])
	}
	wg.Wait()
	assert.Equal(t, orders[0], orders[1])
	assert.Equal(t, orders[0], orders[2])
	seen := map[byte]string{}
	for _, text := range orders[0] {
		assert.Less(t, seen[text[0]], text, "in the order of the sends, once")
		seen[text[0]] = text
	}
	var stored []string
	for _, m := range all(t, s, "a")[1:] {
		stored = append(stored, m.Text)
	}
	assert.Equal(t, orders[0], stored)
}

// caughtUp: a feed has all that was acknowledged before the call of Watch.
func caughtUp(t *testing.T, s room.Store) {
	send(t, s, draft("a", "ann", "0", "0"))
	f, release := watch(t, s, "a") // it is followed all the time
	defer release()
	for i := range 50 {
		pos := send(t, s, draft("a", "ann", fmt.Sprint(i+1), "x"))[0].Pos
		_, again := watch(t, s, "a")
		require.GreaterOrEqual(t, f.Last(), pos)
		again()
	}
}

// notes: what is said is heard, by the one who says it too, until a listener stops.
func notes(t *testing.T, s room.Store) {
	heard := make(chan room.Note, 100)
	stop := s.Listen(func(n room.Note) { heard <- n })
	want := room.Note{Node: "n1", Room: "a", Here: []string{"ann", "Jürgen"}, Gone: "x", Typing: "y", Ask: true}
	s.Say(want)
	assert.Equal(t, want, <-heard)
	stop()
	s.Say(want)
	var second sync.WaitGroup
	second.Add(1)
	defer s.Listen(func(room.Note) { second.Done() })()
	s.Say(want)
	second.Wait()
	assert.Empty(t, heard)
}

// model: random sends have the positions that they have in Memory, but for the numbers.
func model(t *testing.T, s room.Store) {
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		m := room.NewMemory()
		place := func(name string) string { return fmt.Sprintf("%s-%d", name, round) }
		for range rapid.IntRange(1, 8).Draw(rt, "writes") {
			var batch []room.Draft
			for range rapid.IntRange(1, 4).Draw(rt, "n") {
				batch = append(batch, draft(place(rapid.SampledFrom([]string{"p", "q"}).Draw(rt, "room")),
					rapid.SampledFrom([]string{"ann", "bob"}).Draw(rt, "from"), fmt.Sprint(rapid.IntRange(0, 5).Draw(rt, "nonce")), rapid.StringN(1, 9, 30).Draw(rt, "text")))
			}
			want, got := send(rt, m, batch...), send(rt, s, batch...)
			for i := range batch {
				require.Equal(rt, want[i].Dup, got[i].Dup, batch)
			}
		}
		names, err := m.Rooms(context.Background())
		require.NoError(rt, err)
		for _, name := range names {
			want, got := all(rt, m, name), all(rt, s, name)
			require.Len(rt, got, len(want))
			for i := range want {
				w, g := want[i], got[i]
				require.Equal(rt, []string{w.From, w.Nonce, w.Text}, []string{g.From, g.Nonce, g.Text})
			}
		}
	})
}
