package queue_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/browse"
	"example.com/flatline/examples/taskq/queue"
)

// fill makes a node with something of everything.
func fill(t testing.TB) *node {
	n := newNode(t, nil)
	for i := range 12 {
		enqueue(t, n.Broker, queue.Task{ID: fmt.Sprint("report-2026-01-", i), Type: "report.day", Queue: []string{"default", "mail"}[i%2]})
	}
	enqueue(t, n.Broker, queue.Task{ID: "later", Type: "report.day", Due: time.Now().Add(time.Hour)})
	enqueue(t, n.Broker, queue.Task{ID: "odd", Type: "<img>", Priority: 9, MaxFailures: 1})
	enqueue(t, n.Broker, queue.Task{ID: "second", Type: "mail.send", Priority: 8, MaxFailures: 1})
	fail := func(want int) {
		tasks, err := n.Lease(t.Context(), queue.Ask{Worker: "host-1-pid-4711", Queues: []string{"default"}, N: want, For: long}, 0)
		require.NoError(t, err)
		for _, x := range tasks {
			if x.MaxFailures == 1 {
				_, err = n.Settle(t.Context(), []queue.Outcome{{ID: x.ID, Token: x.Token, Do: queue.Fail, Error: "dial tcp 10.0.0.7:25: <b>connection refused</b> after a long while"}})
				require.NoError(t, err)
			}
		}
	}
	fail(4)
	_, err := n.Lease(t.Context(), queue.Ask{Worker: "host-2-pid-3", N: 2, For: long}, 0)
	require.NoError(t, err)
	return n
}

// TestPage: the page shows what there is as text, its buttons work, and it fits a phone.
// With TASKQ_SHOTS=DIR it writes pictures to look at.
func TestPage(t *testing.T) {
	t.Parallel()
	n := fill(t)
	mux := http.NewServeMux()
	mux.Handle("/", n)
	mux.HandleFunc("/frame/here", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, browse.Framed("/", 390, `
			const rows = doc.querySelectorAll("#dead button")
			if (!doc.clicked) {
				if (rows.length != 2 || !doc.querySelector("#feed .dead")) return null
				doc.before = doc.getElementById("dead").innerText + doc.getElementById("workers").innerText + doc.querySelectorAll("img, td b").length
				doc.clicked = true
				rows[0].click()
				return null
			}
			if (rows.length == 1) doc.getElementById("all").click()
			if (rows.length) return null
			return doc.before + (doc.documentElement.scrollWidth > 390) + " " + doc.getElementById("sum").textContent`))
	})
	mux.HandleFunc("/frame/narrow", func(w http.ResponseWriter, _ *http.Request) { // chromium's own windows are wider
		fmt.Fprint(w, `<iframe src="/" style="width:390px;height:1500px;border:0"></iframe>`)
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	if dir := os.Getenv("TASKQ_SHOTS"); dir != "" {
		for path, size := range map[string][2]int{"": {1280, 1000}, "frame/narrow": {500, 1550}} {
			for _, dark := range []bool{false, true} {
				browse.Screenshot(t, s.URL+"/"+path, filepath.Join(dir, fmt.Sprintf("%d-dark-%v.png", size[0], dark)), size[0], size[1], dark)
			}
		}
	}
	seen := browse.Seen(browse.DOM(t, s.URL+"/frame/here"))
	assert.Contains(t, seen, "&lt;b&gt;connection refused&lt;/b&gt;", "text, not a tag")
	assert.Contains(t, seen, "host-2-pid-3")
	assert.Contains(t, seen, "0false 15 accepted = 0 done + 0 dead + 15 open", "both were retried, and it is no wider than a phone")
}
