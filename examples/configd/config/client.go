package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// ClientOptions are the settings of Open.
type ClientOptions struct {
	Servers []string // such as http://127.0.0.1:8080; the next one is asked when one fails
	Env     string
	Token   string
	Name    string        // shown on the page
	File    string        // keeps the last configuration; "" is none
	Retry   time.Duration // until the next server is asked; default 250 ms
	HTTP    *http.Client  // default http.DefaultClient
}

// A Client has the configuration of an environment, and follows it. It is made by Open and
// safe for concurrent use.
type Client struct {
	opts ClientOptions
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	f       Follower
	err     error
	changed chan struct{} // closed with the next change
}

// Open returns a client that has a configuration: the one that its file has, so that a
// program starts while all servers are down, or else that of a server, for which it waits
// until ctx ends. Then it follows the servers until Close.
func Open(ctx context.Context, o ClientOptions) (*Client, error) {
	if len(o.Servers) == 0 {
		return nil, fmt.Errorf("config: %w: a client needs a server", ErrBad)
	}
	if o.Retry <= 0 {
		o.Retry = 250 * time.Millisecond
	}
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	c := &Client{opts: o, done: make(chan struct{}), changed: make(chan struct{})}
	b, err := readFile(o.File, o.Env)
	if err != nil {
		return nil, err
	}
	c.f.have = b
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	go c.run(run)
	if b == nil {
		if err := c.Wait(ctx, -1); err != nil {
			err = errors.Join(err, c.Err())
			c.Close()
			return nil, fmt.Errorf("config: no server has answered, and there is no file: %w", err)
		}
	}
	return c, nil
}

// Close ends the client. What it has can still be read.
func (c *Client) Close() {
	c.stop()
	<-c.done
}

// Bundle returns what is in force, as of one revision: values that were set together are in
// it together. It must not be changed. O(1).
func (c *Client) Bundle() *Bundle {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.f.have
}

// Decode decodes the value of a key into v. Two calls may see two revisions: see Bundle.
func (c *Client) Decode(key string, v any) error { return c.Bundle().Decode(key, v) }

// Decode decodes the value of a key into v, or returns an error if there is none.
func (b *Bundle) Decode(key string, v any) error {
	x, ok := b.Values[key]
	if !ok || x.Value == nil {
		return fmt.Errorf("config: %w: %s/%s", errNoValue, b.Env, key)
	}
	return json.Unmarshal(x.Value, v)
}

// Err returns why what the client has may be old, or nil while it follows a server.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Wait returns when the client has a later revision, or the error of ctx.
func (c *Client) Wait(ctx context.Context, rev int64) error {
	for {
		c.mu.Lock()
		have, changed := c.f.have, c.changed
		c.mu.Unlock()
		if have != nil && have.Rev > rev {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// change changes what there is by f, and keeps it in the file before anyone can read it: a
// program that starts again does not go back either (C6).
func (c *Client) change(f func(*Follower) error) error {
	c.mu.Lock()
	next := c.f
	had := c.f.have
	c.mu.Unlock() // only run changes it
	err := f(&next)
	if err == nil && next.have != had {
		err = writeFile(c.opts.File, next.have)
	}
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.f, c.err = next, nil
	if next.have != had {
		close(c.changed)
		c.changed = make(chan struct{})
	}
	return nil
}

// run follows one server after the other.
func (c *Client) run(ctx context.Context) {
	defer close(c.done)
	for i := 0; ; i++ {
		err := c.follow(ctx, c.opts.Servers[i%len(c.opts.Servers)])
		c.mu.Lock()
		c.err = err
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(c.opts.Retry):
		}
	}
}
