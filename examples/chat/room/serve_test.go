package room_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/ratelimit"
)

// listen serves a handler until the test ends, and returns its URL.
func listen(t testing.TB, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections() // those that follow a room
		s.Close()
	})
	return s.URL
}

// ask sends a request to a handler.
func ask(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestBadInput: what is refused, with its status, and changes nothing.
func TestBadInput(t *testing.T) {
	hub := newHub(t, room.Options{})
	h := room.Handler(hub)
	say(t, hub, "a", "ann", "1", "x")
	ok := `{"from": "ann", "nonce": "n", "text": "x"}`
	for _, x := range []struct {
		method, path, body, want string
	}{
		{"POST", "/rooms/a/messages", "", "400 the body is no whole JSON value"},
		{"POST", "/rooms/a/messages", `{"from": "ann", "nonce": "n"}`, "400 not accepted: text must have from 1 to 4096 bytes that are not all spaces, got 0"},
		{"POST", "/rooms/a/messages", `{"from": "ann", "nonce": "n", "text": "` + strings.Repeat("x", 5000) + `"}`, "400 not accepted: text must have"},
		{"POST", "/rooms/a/messages", `{"from": "ann", "nonce": "n", "text": "` + strings.Repeat("x", 1<<20) + `"}`, "413 the body is too large"},
		{"POST", "/rooms/a/messages", "{\"from\": \"ann\", \"nonce\": \"n\", \"text\": \"a\xffb\"}", "400 the body is not UTF-8"},
		{"POST", "/rooms/a/messages", `{"from": "", "nonce": "n", "text": "x"}`, "400 not accepted: a user is named by"},
		{"POST", "/rooms/a/messages", `{"from": "ann", "text": "x"}`, "400 not accepted: a nonce is"},
		{"POST", "/rooms/a/messages", `{"room": "b", "from": "ann", "nonce": "n", "text": "x"}`, "400 not accepted: the message is for another room"},
		{"POST", "/rooms/a/messages", `{"pos": 7, "from": "ann", "nonce": "n", "text": "x"}`, `400 json: unknown field "pos"`},
		{"POST", "/rooms/A%20b/messages", ok, "400 not accepted: a room is named by"},
		{"POST", "/rooms/..%2Fa/messages", ok, "400 not accepted: a room is named by"},
		{"GET", "/rooms/none/messages", "", `404 there is no such room: "none"`},
		{"GET", "/rooms/none/events?user=ann", "", `404 there is no such room: "none"`},
		{"GET", "/rooms/a/events", "", "400 not accepted: the user has no valid name"},
		{"GET", "/rooms/a/events?user=ann&after=7", "", `400 not accepted: a cursor is POSITION.EPOCH, got "7"`},
		{"GET", "/rooms/a/messages?n=x", "", `400 not accepted: n must be a number from 1, got "x"`},
		{"GET", "/rooms/a/messages?before=-1", "", `400 not accepted: before must be a number from 1, got "-1"`},
		{"POST", "/rooms/a/typing", `{"from": " "}`, "400 not accepted: the room or the user"},
		{"POST", "/rooms/a/typing", `{`, "400 the body is no whole JSON value"},
	} {
		w := ask(h, x.method, x.path, x.body)
		var said struct{ Error string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &said), w.Body)
		assert.Contains(t, fmt.Sprint(w.Code, " ", said.Error), x.want)
	}
	assert.Equal(t, http.StatusForbidden, ask(h, "POST", "/rooms/a/messages", ok, "Origin", "https://evil.example").Code)
	r := httptest.NewRequest("GET", "http://evil.example/rooms", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	assert.Equal(t, http.StatusMisdirectedRequest, w.Code)
	assert.Contains(t, ask(h, "GET", "/rooms/a/messages", "").Body.String(), `"more":false,"messages":[{"pos":1,"prev":0,"from":"ann","nonce":"1","text":"x"`)
	assert.Equal(t, "[{\"room\":\"a\",\"present\":0}]\n", ask(h, "GET", "/rooms", "").Body.String())
}

// TestAnswers: 201 for a new message, 200 for a repetition, 429 with a time for too many, and
// 503 without a word of the store's for one that fails.
func TestAnswers(t *testing.T) {
	h := room.Handler(newHub(t, room.Options{UserRate: ratelimit.Per(1, time.Minute)}))
	for i, want := range []int{201, 200, 429} {
		w := ask(h, "POST", "/rooms/a/messages", `{"from": "ann", "nonce": "n", "text": "<&>"}`)
		require.Equal(t, want, w.Code, w.Body)
		assert.Equal(t, i == 2, w.Header().Get("Retry-After") != "")
	}
	assert.Contains(t, ask(h, "GET", "/rooms/a/messages", "").Body.String(), `"text":"\u003c\u0026\u003e"`)
	assert.Equal(t, http.StatusNoContent, ask(h, "POST", "/rooms/a/typing", `{"from": "ann"}`).Code)
	h = room.Handler(newHub(t, room.Options{Store: broken{room.NewMemory()}}))
	w := ask(h, "POST", "/rooms/a/messages", `{"from": "ann", "nonce": "n", "text": "x"}`)
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, "{\"error\":\"the store does not answer\"}\n", w.Body.String())
	assert.Equal(t, "1", w.Header().Get("Retry-After"))
}

type broken struct{ *room.Memory }

func (broken) Append(context.Context, []room.Draft) ([]room.Sent, error) {
	return nil, fmt.Errorf("dial tcp 10.0.0.7: password of root is wrong")
}

// stream opens a stream of a room, and returns what reads its next event or comment.
func stream(t *testing.T, base, path, last string) func() string {
	r, err := http.NewRequestWithContext(t.Context(), "GET", base+path, nil)
	require.NoError(t, err)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
	b := bufio.NewReader(answer.Body)
	return func() string {
		var all []string
		for {
			line, err := b.ReadString('\n')
			require.NoError(t, err)
			if line = strings.TrimSuffix(line, "\n"); line == "" {
				return strings.Join(all, "|")
			}
			all = append(all, line)
		}
	}
}

// TestStream: a stream begins with how long to wait before a reconnect, goes on with joined
// or reset, and then has messages whose ID is the cursor.
func TestStream(t *testing.T) {
	hub := newHub(t, room.Options{Tick: time.Hour})
	url := listen(t, room.Handler(hub))
	for i := range 3 {
		say(t, hub, "a", "ann", fmt.Sprint(i), "x")
	}
	e := hub.Status().Epoch
	for _, x := range []struct{ query, last, want string }{
		{"", "", "id: 3." + e + `|data: {"type":"joined","room":"a","pos":3,"epoch":"` + e + `"}`},
		{"&after=2." + e, "", "id: 2." + e + `|data: {"type":"joined","room":"a","pos":2,"epoch":"` + e + `"}`},
		{"&after=0." + e, "2." + e, "id: 2." + e + `|data: {"type":"joined","room":"a","pos":2,"epoch":"` + e + `"}`},
		{"", "2.lost", "id: 3." + e + `|data: {"type":"reset","room":"a","pos":3,"epoch":"` + e + `"}`},
	} {
		next := stream(t, url, "/rooms/a/events?user=bob"+x.query, x.last)
		assert.Regexp(t, `^retry: \d{3,4}$`, next())
		assert.Equal(t, x.want, next())
		if strings.Contains(x.want, `"pos":2`) {
			assert.Regexp(t, "^id: 3."+e+`\|data: {"type":"msg","room":"a","pos":3,"prev":2,"from":"ann","nonce":"2","text":"x","at":"[^"]+Z"}$`, next())
		}
	}
}

// TestStoppedConnection: ten clients that read nothing, over real connections that are full,
// do not keep another one from getting each message before the next is sent.
func TestStoppedConnection(t *testing.T) {
	hub := newHub(t, room.Options{UserRate: ratelimit.Inf, RoomRate: ratelimit.Inf})
	url := listen(t, room.Handler(hub))
	say(t, hub, "a", "ann", "first", "x")
	for i := range 10 {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		require.NoError(t, err)
		defer c.Close()
		_ = c.(*net.TCPConn).SetReadBuffer(1)
		fmt.Fprintf(c, "GET /rooms/a/events?user=stopped-%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", i)
	}
	require.Eventually(t, func() bool { return hub.Status().Sessions == 10 }, crash.Patience, time.Millisecond)
	got := make(chan uint64, 10_000)
	go func() {
		c := &room.Client{Base: url, User: "other"}
		_ = c.Follow(t.Context(), "a", nil, func(e room.Event) bool {
			if e.Type == room.Joined || e.Type == room.Msg {
				got <- e.Pos
			}
			return true
		})
	}()
	require.EqualValues(t, 1, <-got)
	text := strings.Repeat("x", room.MaxText)
	for i := range 2 * room.Keep { // 8 MiB for each, beyond what the kernel takes
		sent := say(t, hub, "a", "ann", fmt.Sprint(i), text)
		require.Equal(t, sent.Pos, <-got)
	}
}

// TestClient: a client that loses its connection again and again sees each message once, and
// ends for what trying again would not change.
func TestClient(t *testing.T) {
	hub := newHub(t, room.Options{UserRate: ratelimit.Inf})
	h := room.Handler(hub)
	url := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") {
			ctx, cancel := context.WithTimeout(r.Context(), rand.N(100*time.Millisecond))
			defer cancel()
			r = r.WithContext(ctx)
		}
		h.ServeHTTP(w, r)
	}))
	c := &room.Client{Base: url, User: "bob"}
	pos, dup, err := c.Send(t.Context(), "a", "first", "first")
	require.NoError(t, err)
	assert.Equal(t, []any{uint64(1), false}, []any{pos, dup})
	go func() {
		for i := range 50 {
			_, _, _ = c.Send(t.Context(), "a", fmt.Sprint(i), fmt.Sprint(i))
			time.Sleep(5 * time.Millisecond)
		}
	}()
	last := uint64(1)
	require.NoError(t, c.Follow(t.Context(), "a", &room.Cursor{Pos: 1, Epoch: hub.Status().Epoch}, func(e room.Event) bool {
		assert.NotEqual(t, room.Reset, e.Type)
		if e.Type == room.Msg {
			assert.Equal(t, last, e.Prev)
			last = e.Pos
		}
		return last < 51
	}))
	messages, err := c.Load(t.Context(), "a", 3, 10)
	require.NoError(t, err)
	assert.Len(t, messages, 2)
	assert.ErrorIs(t, c.Follow(t.Context(), "none", nil, nil), room.ErrNotFound)
	assert.ErrorIs(t, (&room.Client{Base: url}).Follow(t.Context(), "a", nil, nil), room.ErrBad)
	_, _, err = c.Send(t.Context(), "a", "", "x")
	assert.ErrorIs(t, err, room.ErrBad)
	assert.Regexp(t, regexp.MustCompile(`^room: status 400: not accepted: a nonce`), err.Error())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, c.Follow(ended, "a", nil, nil), context.Canceled)
}
