package timeline_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/feed/timeline"
	"example.com/flatline/ratelimit"
)

func newNode(t testing.TB, o timeline.Options) *timeline.Node {
	if o.Store == nil {
		o.Store = timeline.NewMemory()
	}
	if o.Rate == (ratelimit.Rate{}) {
		o.Rate = ratelimit.Inf
	}
	n := timeline.New(o)
	t.Cleanup(n.Close)
	return n
}

// ask makes a request and returns the status and the body.
func ask(t testing.TB, h http.Handler, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	b, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w.Code, strings.TrimSpace(string(b))
}

// TestRoutes: each request does what the README says, and a node without a cache gives the
// same pages.
func TestRoutes(t *testing.T) {
	for _, cache := range []timeline.Cache{nil, timeline.NewTimelines(10, 20)} {
		n := newNode(t, timeline.Options{Cache: cache, Most: 10})
		h := timeline.Handler(n)
		status, body := ask(t, h, "POST", "/edges", `{"kind": "follow", "from": "ann", "to": "bob"}`)
		assert.Equal(t, http.StatusOK, status)
		assert.JSONEq(t, `{"kind": "follow", "from": "ann", "to": "bob"}`, body)
		_, body = ask(t, h, "GET", "/home/ann", "")
		assert.Contains(t, body, `"posts":[]`)
		status, body = ask(t, h, "POST", "/posts", `{"author": "bob", "text": "a <b>"}`)
		assert.Equal(t, http.StatusCreated, status)
		require.NoError(t, n.Settled(t.Context()))
		id, _, _ := strings.Cut(strings.TrimPrefix(body, `{"id":"`), `"`)
		status, body = ask(t, h, "GET", "/home/ann?n=1&rank=variety", "")
		assert.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, `"text":"a \u003cb\u003e"`)
		_, body = ask(t, h, "GET", "/home/ann?before="+id, "")
		assert.Contains(t, body, `"posts":[]`)
		_, body = ask(t, h, "GET", "/home/eve?before="+id, "")
		assert.Contains(t, body, `"posts":[]`, "somebody else's cursor is a place, and no more")
		_, body = ask(t, h, "GET", "/follows/ann", "")
		assert.Equal(t, `["bob"]`, body)
		_, body = ask(t, h, "GET", "/follows/ann?at=2026-01-01T00:00:00Z", "")
		assert.Equal(t, `[]`, body)
		_, body = ask(t, h, "GET", "/suggest/ann", "")
		assert.Equal(t, `[]`, body)
		status, _ = ask(t, h, "DELETE", "/posts/"+id+"?author=ann", "")
		assert.Equal(t, http.StatusForbidden, status)
		status, body = ask(t, h, "DELETE", "/posts/"+id+"?author=bob", "")
		assert.Equal(t, http.StatusNoContent, status)
		assert.Empty(t, body)
		_, body = ask(t, h, "GET", "/home/ann", "")
		assert.Contains(t, body, `"posts":[]`)
		_, body = ask(t, h, "GET", "/status", "")
		assert.Contains(t, body, `"posts":1`)
		status, body = ask(t, h, "GET", "/curve.svg", "")
		assert.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, "</svg>")
	}
}

// TestBadInput: what no store should see is refused with a reason.
func TestBadInput(t *testing.T) {
	n := newNode(t, timeline.Options{Cache: timeline.NewTimelines(10, 20)})
	h := timeline.Handler(n)
	post := func(author, text string) string { return fmt.Sprintf(`{"author": %q, "text": %q}`, author, text) }
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/posts", post("ann", ""), 400, "not all spaces"},
		{"POST", "/posts", post("ann", " \n "), 400, "not all spaces"},
		{"POST", "/posts", post("ann", strings.Repeat("é", 501)), 400, "1 to 500 characters that are not all spaces, got 501"},
		{"POST", "/posts", post("ann", strings.Repeat("x", 10_000)), 413, "too large"},
		{"POST", "/posts", `{"author": "ann", "text": "a\u202eb"}`, 400, "control character U+202E"},
		{"POST", "/posts", `{"author": "ann", "text": "a\u2066b"}`, 400, "control character U+2066"},
		{"POST", "/posts", `{"author": "ann", "text": "a\u0000b"}`, 400, "control character U+0000"},
		{"POST", "/posts", `{"author": "ann", "text": "a\ud800b"}`, 400, "UTF-8"},
		{"POST", "/posts", "{\"author\": \"ann\", \"text\": \"\xff\"}", 400, "UTF-8"},
		{"POST", "/posts", post("", "x"), 400, "a name has"},
		{"POST", "/posts", post("Ann", "x"), 400, "a name has"},
		{"POST", "/posts", post(strings.Repeat("a", 33), "x"), 400, "a name has"},
		{"POST", "/posts", `{"author": "ann", "text": "x", "more": 1}`, 400, "unknown field"},
		{"POST", "/posts", `{`, 400, "no whole JSON"},
		{"POST", "/edges", `{"kind": "follow", "from": "ann", "to": "ann"}`, 400, "you cannot follow yourself"},
		{"POST", "/edges", `{"kind": "marry", "from": "ann", "to": "bob"}`, 400, "no edge of the kind"},
		{"POST", "/edges", `{"kind": "follow", "from": "ann", "to": ""}`, 400, "a name has"},
		{"GET", "/home/ann?n=0", "", 400, "1 to 100"},
		{"GET", "/home/ann?n=-1", "", 400, "1 to 100"},
		{"GET", "/home/ann?n=1000000000", "", 400, "1 to 100"},
		{"GET", "/home/ann?n=99999999999999999999", "", 400, "must be a number"},
		{"GET", "/home/ann?before=x", "", 400, "decimal digits"},
		{"GET", "/home/ann?before=-1", "", 400, "decimal digits"},
		{"GET", "/home/ann?before=18446744073709551615", "", 400, "below 2^63"},
		{"GET", "/home/ann?rank=best", "", 400, "rank may be variety"},
		{"GET", "/home/Ann", "", 400, "a name has"},
		{"GET", "/why?reader=ann", "", 400, "decimal digits"},
		{"GET", "/why?reader=&post=1", "", 400, "a name has"},
		{"GET", "/follows/ann?at=now", "", 400, "at must be a time"},
		{"GET", "/follows/Ann", "", 400, "a name has"},
		{"GET", "/suggest/ann?n=0", "", 400, "n must be"},
		{"GET", "/suggest/Ann", "", 400, "a name has"},
		{"DELETE", "/posts/x?author=ann", "", 400, "decimal digits"},
		{"DELETE", "/posts/7?author=ann", "", 404, "no such post"},
		{"DELETE", "/posts/7", "", 400, "a name has"},
	} {
		status, body := ask(t, h, c.method, c.path, c.body)
		assert.Equal(t, c.status, status, "%s %s %.60s", c.method, c.path, c.body)
		assert.Contains(t, body, c.want)
	}
	status, body := ask(t, h, "POST", "/posts", post("ann", strings.Repeat("😀", 500)))
	assert.Equal(t, http.StatusCreated, status, body)
	status, _ = ask(t, h, "GET", "/home/ann?before=0", "")
	assert.Equal(t, http.StatusOK, status)
}

// TestRates: one person may do so much, and learns when to try again; others are not
// concerned.
func TestRates(t *testing.T) {
	n := newNode(t, timeline.Options{Rate: ratelimit.Every(time.Hour), Burst: 2})
	h := timeline.Handler(n)
	for i, want := range []int{201, 201, 429} {
		status, body := ask(t, h, "POST", "/posts", `{"author": "ann", "text": "x"}`)
		assert.Equal(t, want, status, "%d %s", i, body)
	}
	status, body := ask(t, h, "POST", "/edges", `{"kind": "follow", "from": "ann", "to": "bob"}`)
	assert.Equal(t, 429, status)
	assert.Equal(t, `{"error":"too many changes by one person"}`, body)
	status, _ = ask(t, h, "POST", "/posts", `{"author": "bob", "text": "x"}`)
	assert.Equal(t, 201, status)
}

// TestMaxFollows: one may follow so many and no more.
func TestMaxFollows(t *testing.T) {
	m := timeline.NewMemory()
	for _, kind := range []string{timeline.Follow, timeline.Block} {
		edge := func(i int) error {
			return m.Apply(time.Now(), timeline.Command{Edge: &timeline.Edge{Kind: kind, From: "ann", To: fmt.Sprint("p", i)}}).Err
		}
		for i := range timeline.MaxFollows {
			require.NoError(t, edge(i))
		}
		assert.ErrorIs(t, edge(timeline.MaxFollows), timeline.ErrFull)
		assert.NoError(t, edge(7), "it is there")
	}
}

// gate is a cache whose pushes wait.
type gate struct {
	timeline.Cache
	begun   chan struct{}
	release chan struct{}
}

func (g gate) Push(ctx ctx, readers []string, id timeline.ID) error {
	g.begun <- struct{}{}
	<-g.release
	return g.Cache.Push(ctx, readers, id)
}

// TestFullBacklog: a post is answered and seen while the fan-out stands still, and so is one
// for which the backlog has no room: its author is pulled.
func TestFullBacklog(t *testing.T) {
	g := gate{timeline.NewTimelines(10, 20), make(chan struct{}, 10), make(chan struct{})}
	n := newNode(t, timeline.Options{Cache: g, Most: 10, Backlog: 1})
	require.NoError(t, n.Change(t.Context(), timeline.Edge{Kind: timeline.Follow, From: "ann", To: "bob"}))
	read := func() string {
		p, err := n.Page(t.Context(), "ann", timeline.Newest, 9)
		require.NoError(t, err)
		return strings.Join(texts(p), " ")
	}
	read()
	var ids []timeline.ID
	for i := range 4 {
		p, err := n.Post(t.Context(), "bob", fmt.Sprint(i))
		require.NoError(t, err)
		ids = append(ids, p.ID)
		if i == 0 {
			<-g.begun // it is being pushed: of the next three one fits into the backlog
		}
	}
	assert.Equal(t, "3 2 1 0", read())
	assert.Equal(t, 2, n.Status().Backlog)
	assert.EqualValues(t, 2, n.Status().Skipped)
	why, err := n.Why(t.Context(), "ann", ids[3])
	require.NoError(t, err)
	assert.Contains(t, why.Reason, "it was not pushed, or not yet")
	close(g.release)
	require.NoError(t, n.Settled(t.Context()))
	assert.Equal(t, "3 2 1 0", read())
	st := n.Status()
	assert.Equal(t, []int64{4, 2, 2, 0, 3, 1}, []int64{st.Posts, st.Pushed, st.Skipped, st.Failed, st.Pages, st.Filled})
	assert.Zero(t, st.Backlog)
	why, err = n.Why(t.Context(), "ann", ids[0])
	require.NoError(t, err)
	assert.Equal(t, timeline.FromTimeline, why.From)
}

// TestSweep: posts that another node has left are delivered.
func TestSweep(t *testing.T) {
	s := timeline.NewMemory()
	_, err := s.Post(t.Context(), "bob", "left behind")
	require.NoError(t, err)
	n := newNode(t, timeline.Options{Store: s, Cache: timeline.NewTimelines(10, 20), Most: 10, Sweep: time.Millisecond})
	require.Eventually(t, func() bool { return n.Status().Pushed == 1 }, time.Minute, time.Millisecond)
	waiting, err := s.Waiting(t.Context(), 9)
	require.NoError(t, err)
	assert.Empty(t, waiting)
}

// TestWhy: each way to see a post, or not to see it, has its reason.
func TestWhy(t *testing.T) {
	s, c := timeline.NewMemory(), timeline.NewTimelines(10, 3)
	n := newNode(t, timeline.Options{Store: s, Cache: c, Most: 1})
	do := func(kind, from, to string) {
		require.NoError(t, n.Change(t.Context(), timeline.Edge{Kind: kind, From: from, To: to}))
	}
	post := func(author string) timeline.ID {
		p, err := n.Post(t.Context(), author, "x")
		require.NoError(t, err)
		require.NoError(t, n.Settled(t.Context()))
		return p.ID
	}
	expect := func(id timeline.ID, shown bool, from, reason string) {
		t.Helper()
		w, err := n.Why(t.Context(), "ann", id)
		require.NoError(t, err)
		assert.Equal(t, shown, w.Shown)
		assert.Equal(t, from, w.From)
		assert.Contains(t, w.Reason, reason)
	}
	do(timeline.Follow, "ann", "bob")
	do(timeline.Follow, "ann", "star")
	do(timeline.Follow, "cid", "star")
	old := post("bob")
	expect(old, true, timeline.FromAuthor, "no timeline for the present follows")
	_, err := n.Page(t.Context(), "ann", timeline.Newest, 9)
	require.NoError(t, err)
	expect(old, true, timeline.FromTimeline, "it was pushed, or the timeline was made after it")
	expect(post("star"), true, timeline.FromAuthor, "more than 1 followers, and is pulled")
	expect(post("ann"), true, timeline.FromAuthor, "the reader's own")
	expect(post("eve"), false, "", "does not follow")
	for range 3 {
		post("bob")
	}
	expect(old, true, timeline.FromAuthor, "below the timeline's floor")
	hidden := post("bob")
	do(timeline.Block, "bob", "ann")
	expect(hidden, false, "", "has blocked")
	do(timeline.Unblock, "bob", "ann")
	require.NoError(t, n.Delete(t.Context(), "bob", hidden))
	expect(hidden, false, "", "it was deleted")
	w, err := n.Why(t.Context(), "ann", old)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), w.Since, time.Minute)
}

// TestSuggest: whom to follow are those whom the followed follow, the more of them the
// sooner.
func TestSuggest(t *testing.T) {
	n := newNode(t, timeline.Options{})
	for i := range 20 {
		friend := fmt.Sprint("friend", i)
		edges := [][2]string{{"ann", friend}, {friend, "often"}, {friend, "ann"}}
		if i == 0 {
			edges = append(edges, [2]string{friend, "once"}, [2]string{friend, "friend7"})
		}
		for _, e := range edges {
			require.NoError(t, n.Change(t.Context(), timeline.Edge{Kind: timeline.Follow, From: e[0], To: e[1]}))
		}
	}
	first := map[string]int{}
	for range 400 {
		names, err := n.Suggest(t.Context(), "ann", 5)
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"often", "once"}, names, "neither oneself, nor those whom one follows")
		first[names[0]]++
	}
	assert.Greater(t, first["often"], 300, "20 of 21, in the mean 381")
	names, err := n.Suggest(t.Context(), "ann", 1)
	require.NoError(t, err)
	assert.Len(t, names, 1)
}
