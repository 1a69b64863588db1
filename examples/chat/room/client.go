package room

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Client talks to a hub over HTTP.
type Client struct {
	Base string       // such as http://127.0.0.1:8080
	User string       // who sends and reads
	HTTP *http.Client // default http.DefaultClient
}

// do sends a request, and returns an answer whose status is below 300.
func (c *Client) do(ctx context.Context, method, path string, v any, header ...string) (*http.Response, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(r)
	if err != nil || answer.StatusCode < 300 {
		return answer, err
	}
	defer answer.Body.Close()
	var said struct{ Error string }
	_ = json.NewDecoder(io.LimitReader(answer.Body, 1<<16)).Decode(&said)
	return nil, &statusError{answer.StatusCode, said.Error}
}

// statusError is an error that the hub answered.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return fmt.Sprintf("room: status %d: %s", e.status, e.text) }

func (e *statusError) Unwrap() error {
	switch e.status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return ErrBad
	case http.StatusNotFound:
		return ErrNotFound
	}
	return nil
}

// Send sends a message once, and returns its position when it is durable. After an error it
// can be repeated with the same nonce.
func (c *Client) Send(ctx context.Context, room, nonce, text string) (pos uint64, dup bool, err error) {
	r, err := c.do(ctx, http.MethodPost, "/rooms/"+url.PathEscape(room)+"/messages", Draft{From: c.User, Nonce: nonce, Text: text})
	if err != nil {
		return 0, false, err
	}
	defer r.Body.Close()
	var got receipt
	err = json.NewDecoder(r.Body).Decode(&got)
	return got.Pos, got.Dup, err
}

// Load returns the newest n messages before a position, at most 200, the oldest first.
func (c *Client) Load(ctx context.Context, room string, before uint64, n int) ([]Message, error) {
	r, err := c.do(ctx, http.MethodGet, fmt.Sprintf("/rooms/%s/messages?before=%d&n=%d", url.PathEscape(room), before, n), nil)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	var got history
	err = json.NewDecoder(r.Body).Decode(&got)
	return got.Messages, err
}

// Follow calls f with the events of a room, from a cursor on, or from now on if it is nil,
// until ctx ends or f returns false. A connection that is lost is made again from the last
// event on, after a pause that is drawn, so that not all clients return in the same
// moment. An error is one that trying again would not change.
func (c *Client) Follow(ctx context.Context, room string, from *Cursor, f func(Event) bool) error {
	for pause := 100 * time.Millisecond; ; {
		last, more, err := c.connect(ctx, room, from, f)
		if status, ok := err.(*statusError); ok && status.Unwrap() != nil {
			return err
		}
		switch {
		case !more:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case last != nil:
			from, pause = last, 100*time.Millisecond
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(2*pause, 5*time.Second)
	}
}

// connect follows a room for one connection. It returns the cursor of the last event, or
// nil, and whether f has asked for more.
func (c *Client) connect(ctx context.Context, room string, from *Cursor, f func(Event) bool) (last *Cursor, more bool, err error) {
	var header []string
	if from != nil {
		header = []string{"Last-Event-ID", from.String()}
	}
	r, err := c.do(ctx, http.MethodGet, "/rooms/"+url.PathEscape(room)+"/events?user="+url.QueryEscape(c.User), nil, header...)
	if err != nil {
		return nil, true, err
	}
	defer r.Body.Close()
	lines := bufio.NewReader(r.Body)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return last, true, err
		}
		line = strings.TrimSuffix(line, "\n")
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			at, err := ParseCursor(id)
			if err != nil {
				return last, true, err
			}
			last = &at
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var e Event
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				return last, true, err
			}
			if !f(e) {
				return last, false, nil
			}
		}
	}
}
