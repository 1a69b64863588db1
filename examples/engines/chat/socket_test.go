package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/ratelimit"
)

// node serves a hub with its WebSocket.
func node(t testing.TB, o room.Options) (*room.Hub, string) {
	if o.Store == nil {
		o.Store = room.NewMemory()
	}
	h := room.NewHub(o)
	t.Cleanup(h.Close)
	s := httptest.NewServer(mount(h, room.Handler(h), func(next http.Handler) http.Handler { return next }))
	t.Cleanup(s.Close)
	return h, s.URL
}

// client is a connection that reads lines.
type client struct {
	t     testing.TB
	c     *websocket.Conn
	lines []string
}

func dial(t testing.TB, url, user string) *client {
	c, _, err := websocket.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"/socket?user="+user, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.CloseNow() })
	c.SetReadLimit(1 << 20)
	return &client{t: t, c: c}
}

func (c *client) say(s string) {
	require.NoError(c.t, c.c.Write(c.t.Context(), websocket.MessageText, []byte(s)))
}

// next returns the next line that is not about presence.
func (c *client) next() string {
	ctx, cancel := context.WithTimeout(c.t.Context(), crash.Patience)
	defer cancel()
	for {
		for len(c.lines) == 0 {
			_, b, err := c.c.Read(ctx)
			require.NoError(c.t, err)
			c.lines = strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		}
		line := c.lines[0]
		c.lines = c.lines[1:]
		if !strings.Contains(line, `"type":"presence"`) {
			return line
		}
	}
}

// TestSocket: rooms are joined, left and resumed over a connection, and what is sent is
// answered when it is durable.
func TestSocket(t *testing.T) {
	h, url := node(t, room.Options{})
	e := h.Status().Epoch
	c := dial(t, url, "ann")
	for i, name := range []string{"a", "b"} {
		c.say(fmt.Sprintf(`{"type": "send", "room": %q, "nonce": "%d", "text": "<&>"}`, name, i))
		assert.Equal(t, fmt.Sprintf(`{"type":"sent","room":%q,"nonce":"%d","pos":1}`, name, i), c.next())
		c.say(fmt.Sprintf(`{"type": "join", "room": %q}`, name))
		assert.Equal(t, fmt.Sprintf(`{"type":"joined","room":%q,"pos":1,"epoch":%q}`, name, e), c.next())
	}
	c.say(`{"type": "join", "room": "a", "after": 0, "epoch": "` + e + `"}`)
	assert.Equal(t, `{"type":"joined","room":"a","pos":0,"epoch":"`+e+`"}`, c.next())
	assert.Regexp(t, `^{"type":"msg","room":"a","pos":1,"prev":0,"from":"ann","nonce":"0","text":"<&>","at":"[^"]+"}$`, c.next())
	c.say(`{"type": "join", "room": "a", "after": 7, "epoch": "` + e + `"}`)
	assert.Equal(t, `{"type":"reset","room":"a","pos":1,"epoch":"`+e+`"}`, c.next())
	c.say(`{"type": "leave", "room": "a"}`)
	c.say(`{"type": "send", "room": "a", "nonce": "2", "text": "not heard"}`)
	assert.Contains(t, c.next(), `"type":"sent"`)
	c.say(`{"type": "send", "room": "a", "nonce": "2", "text": "again"}`)
	assert.Equal(t, `{"type":"sent","room":"a","nonce":"2","pos":2,"dup":true}`, c.next())
	other := dial(t, url, "bob")
	other.say(`{"type": "typing", "room": "b"}`)
	assert.Equal(t, `{"type":"typing","room":"b","users":["bob"],"count":1}`, c.next())
}

// TestSocketBadInput: what is refused leaves the connection open, what cannot be understood
// as a protocol closes it, and a page of another site does not get one.
func TestSocketBadInput(t *testing.T) {
	h, url := node(t, room.Options{UserRate: ratelimit.Per(1, time.Minute)})
	c := dial(t, url, "ann")
	for said, want := range map[string]string{
		`{`:                                "a command is JSON in a text frame",
		`"\xff"`:                           "a command is JSON in a text frame",
		"{\"room\":\"\xff\"}":              "a command is JSON in a text frame",
		`{}`:                               "not accepted: type must be join, leave, send or typing",
		`{"type": "join", "room": "none"}`: `there is no such room: "none"`,
		`{"type": "join", "room": "*"}`:    `there is no such room: "*"`,
		`{"type": "send", "room": "a", "nonce": "1"}`:              "not accepted: text must have",
		`{"type": "send", "room": "A", "nonce": "1", "text": "x"}`: "not accepted: a room is named by",
		`{"type": "send", "room": "a", "nonce": "", "text": "x"}`:  "not accepted: a nonce is",
		`{"type": "typing", "room": "A"}`:                          "not accepted: the room or the user",
	} {
		c.say(said)
		assert.Contains(t, c.next(), strings.Trim(string(quoted(want)), `"`), said)
	}
	require.NoError(t, c.c.Write(t.Context(), websocket.MessageBinary, []byte(`{"type": "leave"}`)))
	assert.Contains(t, c.next(), "a command is JSON in a text frame")
	for range 3 {
		c.say(fmt.Sprintf(`{"type": "send", "room": "a", "nonce": "%d", "text": "x"}`, time.Now().UnixNano()))
	}
	for _, want := range []string{`"sent"`, `"sent"`, `"error":"too many messages","retry":`} {
		assert.Contains(t, c.next(), want)
	}
	for range room.MaxJoins {
		c.say(`{"type": "join", "room": "a"}`)
		assert.Contains(t, c.next(), `"joined"`)
	}
	_ = c.c.Write(t.Context(), websocket.MessageText, []byte(`{"type": "send", "text": "`+strings.Repeat("x", 1<<20)+`"}`))
	_, _, err := c.c.Read(t.Context())
	assert.Error(t, err, "1 MiB closes the connection")
	require.Eventually(t, func() bool { return h.Status().Sessions == 0 }, crash.Patience, time.Millisecond)

	_, answer, err := websocket.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"/socket?user=ann", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.example"}}})
	require.Error(t, err)
	assert.Equal(t, http.StatusForbidden, answer.StatusCode)
	_, answer, err = websocket.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"/socket?user=", nil)
	require.Error(t, err)
	assert.Equal(t, http.StatusBadRequest, answer.StatusCode)
}

func quoted(s string) []byte {
	b, _ := json.Marshal(s)
	return b
}

// TestStoppedSocket: ten clients that read nothing do not slow down another one.
func TestStoppedSocket(t *testing.T) {
	h, url := node(t, room.Options{UserRate: ratelimit.Inf, RoomRate: ratelimit.Inf})
	send := func(i int) uint64 {
		sent, err := h.Send(t.Context(), room.Draft{Room: "a", From: "ann", Nonce: fmt.Sprint(i), Text: strings.Repeat("x", room.MaxText)})
		require.NoError(t, err)
		return sent.Pos
	}
	send(0)
	for i := range 10 {
		dial(t, url, fmt.Sprint("stopped-", i)).say(`{"type": "join", "room": "a"}`)
	}
	other := dial(t, url, "other")
	other.say(`{"type": "join", "room": "a"}`)
	assert.Contains(t, other.next(), `"joined"`)
	require.Eventually(t, func() bool { return h.Status().Sessions == 11 }, crash.Patience, time.Millisecond)
	for i := range 2 * room.Keep {
		pos := send(i + 1)
		assert.Contains(t, other.next(), fmt.Sprintf(`"pos":%d,"prev":%d,`, pos, pos-1))
	}
}
