package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// A Client talks to a broker over HTTP.
type Client struct {
	Base string       // such as http://127.0.0.1:8080
	HTTP *http.Client // default http.DefaultClient
}

// do sends v and decodes the answer into the other one.
func (c *Client) do(ctx context.Context, method, path string, v, answer any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		var said struct{ Error string }
		_ = json.Unmarshal(b, &said)
		return &statusError{resp.StatusCode, said.Error}
	}
	return json.Unmarshal(b, answer)
}

// statusError is an error that the broker answered.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return fmt.Sprintf("queue: status %d: %s", e.status, e.text) }

func (e *statusError) Unwrap() error {
	switch e.status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return ErrBad
	case http.StatusNotFound:
		return ErrNotFound
	case http.StatusConflict:
		return ErrToken
	}
	return nil
}

// Enqueue accepts tasks and returns them as they are in the queue. After an error it can
// be repeated if the tasks have IDs: each is accepted once.
func (c *Client) Enqueue(ctx context.Context, tasks ...Task) (accepted []Task, err error) {
	var all []ask
	for _, t := range tasks {
		all = append(all, ask{
			ID: t.ID, Queue: t.Queue, Type: t.Type, Payload: t.Payload, Priority: t.Priority, Due: t.Due,
			MaxFailures: t.MaxFailures, MaxLost: t.MaxLost,
		})
	}
	err = c.do(ctx, http.MethodPost, "/tasks", all, &accepted)
	return accepted, err
}

// Lease implements Source.
func (c *Client) Lease(ctx context.Context, a Ask, wait time.Duration) (tasks []Task, err error) {
	err = c.do(ctx, http.MethodPost, "/lease?wait="+wait.String(), a, &tasks)
	return tasks, err
}

// Settle implements Source.
func (c *Client) Settle(ctx context.Context, outcomes []Outcome) (answers []Answer, err error) {
	var all []verdict
	if err := c.do(ctx, http.MethodPost, "/settle", outcomes, &all); err != nil {
		return nil, err
	}
	if len(all) != len(outcomes) {
		return nil, errors.New("queue: the broker has not answered all")
	}
	for _, v := range all {
		a := Answer{Task: Task{ID: v.ID, State: v.State, Token: v.Token, Until: v.Until, Due: v.Due}}
		if v.Status >= 300 {
			a.Err = &statusError{v.Status, v.Error}
		}
		answers = append(answers, a)
	}
	return answers, nil
}

// Get returns a task, once it has ended or the time wait has passed; ErrNotFound.
func (c *Client) Get(ctx context.Context, id string, wait time.Duration) (t Task, err error) {
	err = c.do(ctx, http.MethodGet, "/tasks/"+url.PathEscape(id)+"?wait="+wait.String(), nil, &t)
	return t, err
}
