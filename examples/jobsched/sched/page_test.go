package sched_test

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
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
)

// fill makes a store with something of everything, an hour of it.
func fill(t testing.TB) *sched.Memory {
	m := sched.NewMemory()
	begin := time.Now().Add(-55 * time.Minute)
	for name, change := range map[string]func(*sched.Job){
		"nightly-backup":         func(j *sched.Job) { j.Cron = "CRON_TZ=Europe/Berlin 30 2 * * *" },
		"hourly":                 func(j *sched.Job) { j.Cron = "@hourly" },
		"often":                  func(j *sched.Job) { j.Cron = "*/10 * * * *" },
		"<img src=x>":            func(j *sched.Job) { j.Cron, j.Name = "*/4 * * * *", "<img>" },
		"a-job-with-a-long-name": func(j *sched.Job) { j.Cron, j.Paused = "@every 90s", true },
	} {
		j := wish("x", nil)
		j.Name = name
		change(&j)
		require.NoError(t, j.Check())
		m.Apply(begin, sched.Command{Put: &sched.Put{Job: j, Match: sched.Any}})
	}
	for now := begin; now.Before(time.Now()); now = now.Add(30 * time.Second) {
		roundAt(m, "node-one", now)
		e := m.Apply(now, sched.Command{Queue: &queue.Command{Lease: &queue.Ask{Worker: "node-one", Queues: []string{"default"}, N: 1, For: queue.Duration(time.Hour)}}})
		for i, task := range e.Queue.Tasks {
			o := queue.Outcome{ID: task.ID, Token: task.Token, Do: queue.Ack}
			if now.Minute()%12 == 0 && i == 0 {
				o.Do, o.Error = queue.Bury, "dial tcp 10.0.0.7:80: <b>connection refused</b> after a long while"
			}
			m.Apply(now, sched.Command{Queue: &queue.Command{Settle: []queue.Outcome{o}}})
		}
	}
	return m
}

// TestPage: the page shows what there is as text, its buttons work, and it fits a phone.
// With JOBSCHED_SHOTS=DIR it writes pictures to look at.
func TestPage(t *testing.T) {
	t.Parallel()
	store := fill(t)
	queues := map[string]float64{"default": 1, "none": 1}
	n := sched.NewNode(sched.Options{Store: store, Queues: map[string]float64{"none": 1}, Name: "node-here", Poll: 20 * time.Millisecond})
	defer n.Close()
	// The browser's time is its own: what it is to see must be there before.
	require.Eventually(t, func() bool { _, ok := n.Leads(); return ok }, crash.Patience, time.Millisecond)
	mux := http.NewServeMux()
	mux.Handle("/", sched.Handler(store, queues, func() []*sched.Node { return []*sched.Node{n} }))
	mux.HandleFunc("/frame/here", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, browse.Framed("/", 390, `
			const lead = doc.getElementById("nodes").innerText
			const paused = doc.getElementById("paused").innerText
			if (!lead.includes("leads, term")) return null
			if (!doc.clicked) {
				doc.before = doc.querySelectorAll("img, td b").length + " " + doc.querySelectorAll(".line i.next").length + " " + (doc.querySelectorAll(".line i.done").length > 5) + paused
				doc.clicked = true
				const all = [...doc.querySelectorAll("#table button")]
				all.find(b => b.innerText == "Pause").click()
				return null
			}
			if (paused != "2 paused") return null
			return doc.before + ", then " + paused + " " + (doc.documentElement.scrollWidth > 390)`))
	})
	mux.HandleFunc("/frame/narrow", func(w http.ResponseWriter, _ *http.Request) { // chromium's own windows are wider
		fmt.Fprint(w, `<iframe src="/" style="width:390px;height:1700px;border:0"></iframe>`)
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	if dir := os.Getenv("JOBSCHED_SHOTS"); dir != "" {
		for path, size := range map[string][2]int{"": {1280, 1100}, "frame/narrow": {500, 1750}} {
			for _, dark := range []bool{false, true} {
				browse.Screenshot(t, s.URL+"/"+path, filepath.Join(dir, fmt.Sprintf("%d-dark-%v.png", size[0], dark)), size[0], size[1], dark)
			}
		}
	}
	seen := browse.Seen(browse.DOM(t, s.URL+"/frame/here"))
	assert.Regexp(t, `^0 \d\d+ true1 paused, then 2 paused false$`, seen, "text and no tags; it is no wider than a phone")
}
