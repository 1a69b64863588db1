package config

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// silence is after how long a stream without a line is dead: the server sends one every
// 15 s.
const silence = 45 * time.Second

// get sends a request and returns the answer if its status is 200 or 304.
func (c *Client) get(ctx context.Context, server, path string, header ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/v1/"+url.PathEscape(c.opts.Env)+path, nil)
	if err != nil {
		return nil, err
	}
	if c.opts.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.opts.Token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := c.opts.HTTP.Do(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotModified {
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // for people
		_ = resp.Body.Close()
		return nil, fmt.Errorf("config: %s: %s", resp.Status, strings.TrimSpace(string(b)))
	}
	return resp, nil
}

// load reads the configuration, unless it is what there is.
func (c *Client) load(ctx context.Context, server string) error {
	var header []string
	if have := c.Bundle(); have != nil {
		header = []string{"If-None-Match", tag(have.Rev)}
	}
	resp, err := c.get(ctx, server, "", header...)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified {
		return c.change(func(*Follower) error { return nil })
	}
	var b Bundle
	if err := json.NewDecoder(resp.Body).Decode(&b); err != nil {
		return err
	}
	if b.Env != c.opts.Env || b.Values == nil {
		return errors.New("config: the answer is no configuration")
	}
	return c.change(func(f *Follower) error { return f.Load(&b) })
}

// follow reads the configuration and watches it from the revision that it has: what
// happens between the two is in the watch. It returns why it has ended.
func (c *Client) follow(ctx context.Context, server string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	alive := time.AfterFunc(silence, stop)
	defer alive.Stop()
	if err := c.load(ctx, server); err != nil {
		return err
	}
	at := c.Bundle().Rev
	resp, err := c.get(ctx, server, fmt.Sprintf("/watch?from=%d&client=%s", at, url.QueryEscape(c.opts.Name)))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	for {
		e, err := readEvent(in, func() { alive.Reset(silence) })
		if err != nil {
			return err
		}
		switch e.name {
		case "reset":
			err = c.load(ctx, server)
		case "":
			var u Update
			if err = json.Unmarshal(e.data, &u); err == nil {
				err = c.change(func(f *Follower) error { return f.Apply(at, u) })
			}
		case "progress":
			err = c.change(func(f *Follower) error { return f.Apply(at, Update{Rev: e.id}) })
		}
		if err != nil {
			return err
		}
		at = e.id
	}
}

// A sent is an event of a stream.
type sent struct {
	id   int64
	name string
	data []byte
}

// readEvent reads the next event of a stream, and calls line for each line.
func readEvent(in *bufio.Reader, line func()) (e sent, err error) {
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return e, err
		}
		line()
		name, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), ": ")
		switch {
		case text == "\n" && e.id > 0:
			return e, nil
		case name == "id":
			if e.id, err = strconv.ParseInt(value, 10, 64); err != nil {
				return e, err
			}
		case name == "event":
			e.name = value
		case name == "data":
			e.data = []byte(value)
		}
	}
}

// kept is what a client's file has.
type kept struct {
	Sum    string          `json:"sum"` // a file that was torn is no configuration
	Bundle json.RawMessage `json:"bundle"`
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// readFile returns what writeFile has kept; nil if there is none, or if it is damaged.
func readFile(name, env string) (*Bundle, error) {
	if name == "" {
		return nil, nil
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var k kept
	var x Bundle
	if json.Unmarshal(b, &k) != nil || k.Sum != sum(k.Bundle) || json.Unmarshal(k.Bundle, &x) != nil || x.Values == nil {
		return nil, nil
	}
	if x.Env != env {
		return nil, fmt.Errorf("config: %w: %s is of the environment %s", ErrBad, name, x.Env)
	}
	return &x, nil
}

// writeFile replaces the file by another one, so that it is never half written.
func writeFile(name string, have *Bundle) error {
	if name == "" {
		return nil
	}
	b, err := json.Marshal(have)
	if err == nil {
		b, err = json.Marshal(kept{sum(b), b})
	}
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".config-*") // readable for its owner only
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
