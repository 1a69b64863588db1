package timeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/feed/timeline"
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/internal/loopback"
	"example.com/flatline/ratelimit"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"serve": func(args []string) error {
			c := timeline.Config{Addr: args[0], Out: os.Stdout, Open: timeline.OpenDir(args[1])}
			c.Most, c.Rate = 3, ratelimit.Inf
			return timeline.Run(context.Background(), c)
		},
	})
}

var long = flag.Bool("long", false, "kill 20 times, not 3")

// client talks to a server that may be away.
type client struct{ base string }

func (c client) do(method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	r, err := http.NewRequest(method, c.base+path, &body)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return errors.New(answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(out)
}

// TestKill: the server is killed with kill -9 under load, again and again. What was
// acknowledged is on the pages of those who follow, also if its fan-out was half done.
func TestKill(t *testing.T) {
	addr, err := loopback.Addr()
	require.NoError(t, err)
	dir := t.TempDir()
	rounds := 3
	switch {
	case *long:
		rounds = 20
	case testing.Short():
		rounds = 1
	}
	var posts, follows crash.Ledger[string]
	p := crash.Start(t, "serve", addr, dir)
	p.Match(`listening on (\S+), posts in the log`)
	c := client{"http://" + addr}
	permits := make(chan int, 10_000)
	var senders sync.WaitGroup
	for i := range 4 {
		senders.Go(func() {
			author := fmt.Sprint("author", i)
			for n := range permits {
				text := fmt.Sprintf("%s %d", author, n)
				var made timeline.Post
				if c.do("POST", "/posts", map[string]string{"author": author, "text": text}, &made) == nil {
					posts.Acknowledged(text, made.ID.String())
				}
				e := timeline.Edge{Kind: timeline.Follow, From: fmt.Sprint("reader", n), To: author}
				var done timeline.Edge
				if c.do("POST", "/edges", e, &done) == nil {
					follows.Acknowledged(e.From, author)
				}
				var page timeline.Page
				_ = c.do("GET", fmt.Sprintf("/home/reader%d", n), nil, &page) // makes a timeline, for the fan-out
			}
		})
	}
	n := 0
	for range rounds {
		before := posts.Len()
		for range 60 {
			n++
			permits <- n
		}
		require.Eventually(t, func() bool { return posts.Len() > before+10 }, crash.Patience, time.Millisecond)
		p.Kill()
		p = crash.Start(t, "serve", addr, dir)
		p.Match(`listening on (\S+), posts in the log`)
	}
	close(permits)
	senders.Wait()

	ids := map[string]map[string]bool{} // on all pages of a reader, by author
	assert.Empty(t, follows.Check(func(reader, author string) error {
		seen := map[string]bool{}
		for before := ""; ; {
			var page timeline.Page
			if err := c.do("GET", "/home/"+reader+"?n=100"+before, nil, &page); err != nil {
				return err
			}
			for _, x := range page.Posts {
				if x.Author != author || seen[x.Text] {
					return fmt.Errorf("%q is on the page of one who follows %s", x.Text, author)
				}
				seen[x.Text] = true
			}
			if page.Next == 0 {
				break
			}
			before = "&before=" + page.Next.String()
		}
		if ids[author] != nil && len(ids[author]) != len(seen) {
			return fmt.Errorf("%d posts, and another reader has %d", len(seen), len(ids[author]))
		}
		ids[author] = seen
		return nil
	}))
	assert.Empty(t, posts.Check(func(text, _ string) error {
		author, _, _ := bytes.Cut([]byte(text), []byte(" "))
		if seen := ids[string(author)]; seen != nil && !seen[text] {
			return errors.New("it is gone")
		}
		return nil
	}))
	assert.NotEmpty(t, ids)
	t.Logf("%d posts and %d follows were acknowledged", posts.Len(), follows.Len())
}
