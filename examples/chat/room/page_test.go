package room_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/internal/browse"
)

// fill makes a hub with something of everything.
func fill(t testing.TB) *room.Hub {
	h := newHub(t, room.Options{Tick: 20 * time.Millisecond})
	for i, d := range []room.Draft{
		{Room: "lobby", From: "ann", Text: "Good morning! Has anybody seen the figures of yesterday?"},
		{Room: "lobby", From: "Jürgen", Text: "<img src=x> & <b>bold</b>\nand a second line"},
		{Room: "lobby", From: "ann", Text: "https://example.com/a/very/long/path/that-has-no-spaces-and-must-be-broken-somewhere/or/it/is/wider/than/a/phone"},
		{Room: "release-2026-12", From: "ann", Text: "x"},
		{Room: "a-room-with-quite-a-long-name-for-a-list", From: "ann", Text: "x"},
		{Room: "lobby", From: "me", Text: "I have them. One moment."},
	} {
		d.Nonce = fmt.Sprint(i)
		_, err := h.Send(t.Context(), d)
		require.NoError(t, err)
	}
	for _, user := range []string{"ann", "Jürgen", "somebody with a name of a certain length"} {
		s, err := h.Session(user)
		require.NoError(t, err)
		require.NoError(t, h.Join(context.Background(), s, "lobby", nil))
		t.Cleanup(s.Close)
	}
	return h
}

// TestPage: the page shows what there is as text, sends, loses its connection and resumes,
// and fits a phone.
func TestPage(t *testing.T) {
	seen := browse.Live(t, room.Handler(fill(t)), "/?user=me", 390, `
		const items = [...doc.querySelectorAll("#list li")].map(e => e.innerText.replace(/\n+/g, "|"))
		const say = text => { doc.getElementById("text").value = text; doc.querySelector("#say button").click() }
		if (!doc.step) {
			if (doc.querySelectorAll("#crowd span").length != 4 || doc.querySelectorAll("#rooms li").length != 3 || items.length != 4) return null
			doc.step = 1
			say("first <i>")
		}
		if (doc.step == 1) {
			if (!items.some(s => /delivered \d+ ms\|first <i>$/.test(s))) return null
			doc.step = 2
			doc.getElementById("lose").click()
			say("second")
		}
		if (!items.some(s => s == "resumed after message 5, exactly") || !items.some(s => /delivered \d+ ms\|second$/.test(s))) return null
		return items.length + " " + doc.querySelectorAll("img, p b, p i").length + " " + items.some(s => s.includes("gap")) + " " + (doc.documentElement.scrollWidth > 390)`)
	assert.Equal(t, "7 0 false false", seen, "text and no tags; no gap; it is no wider than a phone")
}
