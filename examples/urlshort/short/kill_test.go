package short_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/urlshort/short"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"serve": func(args []string) error {
			c := short.Config{Addr: "127.0.0.1:0", Rate: "1000000/s", Out: os.Stdout, Open: short.OpenDir(args[0])}
			return short.Run(context.Background(), c)
		},
	})
}

// visitor is a client that follows no redirects.
var visitor = &http.Client{
	Timeout:       crash.Patience,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 32},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask sends a request and returns the status and the answer; an error is status 0.
func ask(method, url, body string, v any, headers ...string) int {
	r, err := http.NewRequest(method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := visitor.Do(r)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	if v != nil && json.NewDecoder(answer.Body).Decode(v) != nil {
		return 0
	}
	return answer.StatusCode
}

// load is what clients do to a server until it is gone, and what they know of it.
type load struct {
	links   crash.Ledger[string] // the URL of each code that was created
	mu      sync.Mutex
	edited  map[string]int64 // the newest version that was acknowledged
	visited map[string]int64 // how often a redirect was asked for
	stored  map[string]int64 // how many clicks the server has said it has
}

// client creates, edits and follows links until the server does not answer.
func (l *load) client(base string, name int) {
	first := "" // of its links
	for i := 0; ; i++ {
		var made short.Link
		body := fmt.Sprintf(`{"url": "https://a.example/%d/%d"}`, name, i)
		if ask("POST", base+"/links", body, &made) != http.StatusCreated {
			return
		}
		l.links.Acknowledged(made.Code, made.URL)
		if first == "" {
			first = made.Code
		}
		for range 3 {
			l.mu.Lock()
			l.visited[made.Code]++
			l.mu.Unlock()
			if ask("GET", base+"/"+made.Code, "", nil) == 0 {
				return
			}
		}
		if ask("PATCH", base+"/links/"+made.Code, `{"max": 100}`, &made, "If-Match", `"1"`) != http.StatusOK {
			return
		}
		l.mu.Lock()
		l.edited[made.Code] = made.Version
		l.mu.Unlock()
		if i%10 == 5 {
			var seen short.Link
			if ask("GET", base+"/links/"+first, "", &seen) != http.StatusOK {
				return
			}
			l.mu.Lock()
			l.stored[first] = seen.Clicks
			l.mu.Unlock()
		}
	}
}

// check compares what the server has with what the clients know.
func (l *load) check(t *testing.T, base string) {
	lost := int64(0)
	bad := l.links.Check(func(code, url string) error {
		var got short.Link
		status := ask("GET", base+"/links/"+code, "", &got)
		switch {
		case status != http.StatusOK || got.URL != url:
			return fmt.Errorf("lost: %d %v", status, got)
		case got.Version < l.edited[code]:
			return fmt.Errorf("the edit %d was lost", l.edited[code])
		case got.Clicks > l.visited[code]:
			return fmt.Errorf("%d clicks, but %d visits", got.Clicks, l.visited[code])
		case got.Clicks < l.stored[code]:
			return fmt.Errorf("%d clicks, but %d had been stored", got.Clicks, l.stored[code])
		}
		lost += l.visited[code] - got.Clicks
		return nil
	})
	require.Empty(t, bad)
	t.Logf("%d links are there; of %d clicks %d were lost", l.links.Len(), 3*l.links.Len(), lost)
}

// TestKill: the server is killed with kill -9 under load, again and again. Every link and
// edit that was acknowledged is there, no code is given out twice, and no click counts
// twice.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := &load{edited: map[string]int64{}, visited: map[string]int64{}, stored: map[string]int64{}}
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		p := crash.Start(t, "serve", dir)
		base := p.Match(`listening on (\S+), links in the log`)[1]
		l.check(t, base)
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() { l.client(base, round*100+i) })
		}
		require.Eventually(t, func() bool { // clicks of this round have been stored
			l.mu.Lock()
			defer l.mu.Unlock()
			seen := 0
			for _, n := range l.stored {
				if n > 0 {
					seen++
				}
			}
			return seen > 2*round
		}, crash.Patience, time.Millisecond)
		p.Kill()
		wg.Wait()
	}
	p := crash.Start(t, "serve", dir)
	base := p.Match(`listening on (\S+),`)[1]
	l.check(t, base)
}
