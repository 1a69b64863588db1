package sched

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/taskq/queue"
)

// all returns the last runs of the first jobs, the newest first.
func (s server) all(ctx context.Context, jobs []Entry, n int) ([]Run, error) {
	all := []Run{}
	for _, x := range jobs {
		runs, err := s.store.Runs(ctx, x.Name, min(n, keep))
		if err != nil && len(jobs) == 1 { // else it was deleted meanwhile
			return nil, err
		}
		all = append(all, runs...)
	}
	slices.SortFunc(all, func(a, b Run) int {
		return cmp.Or(b.Made.Compare(a.Made), b.Tick.Compare(a.Tick), cmp.Compare(a.ID, b.ID))
	})
	return all[:min(n, len(all))], nil
}

// runs shows the last runs, of ?job= or of all.
func (s server) runs(w http.ResponseWriter, r *http.Request) {
	n, err := number(r, 100, maxPage)
	jobs := []Entry{{Job: Job{Name: r.FormValue("job")}}}
	if err == nil && jobs[0].Name == "" {
		jobs, err = s.store.Jobs(r.Context(), "", maxPage)
	}
	var runs []Run
	if err == nil {
		runs, err = s.all(r.Context(), jobs, n)
	}
	answer(w, http.StatusOK, runs, err)
}

// run shows the task of a run, with its result.
func (s server) run(w http.ResponseWriter, r *http.Request) {
	t, err := s.store.Get(r.Context(), r.PathValue("id"))
	answer(w, http.StatusOK, t, err)
}

func (s server) settle(do string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answers, err := s.store.Settle(r.Context(), []queue.Outcome{{ID: r.PathValue("id"), Do: do, Error: "cancelled by hand"}})
		if err == nil {
			err = answers[0].Err
		}
		if err != nil {
			fail(w, err)
			return
		}
		serve.JSON(w, http.StatusOK, answers[0].Task)
	}
}

// Status is what the page shows.
type Status struct {
	Now    time.Time      `json:"now"`
	Leader Leader         `json:"leader"`
	Nodes  []nodeStatus   `json:"nodes"` // of this process
	Worst  queue.Duration `json:"worst"` // how late a tick was made into a run, in the last hour, by a node of this process
	Jobs   []jobStatus    `json:"jobs"`  // the first fifty
	Runs   []Run          `json:"runs"`
}

type nodeStatus struct {
	Name  string `json:"name"`
	Leads bool   `json:"leads"`
	Error string `json:"error,omitempty"`
}

// jobStatus is a job with its ticks of the next 24 hours.
type jobStatus struct {
	Entry
	Ticks []time.Time `json:"ticks"`
}

const shownTicks = 50 // of a job

func (s server) status(w http.ResponseWriter, r *http.Request) {
	st := Status{Nodes: []nodeStatus{}, Jobs: []jobStatus{}}
	jobs, err := s.store.Jobs(r.Context(), "", 50)
	var d Due
	if err == nil {
		d, err = s.store.Due(r.Context(), 1)
		st.Now, st.Leader = d.Now, d.Leader
	}
	if err == nil {
		st.Runs, err = s.all(r.Context(), jobs, 500)
	}
	if err != nil {
		fail(w, err)
		return
	}
	for _, n := range s.nodes() {
		x := nodeStatus{Name: n.Name(), Leads: n.Name() == st.Leader.Holder && d.Now.Before(st.Leader.Until)}
		n.mu.Lock()
		if n.err != nil {
			x.Error = "the store does not answer"
		}
		n.mu.Unlock()
		st.Nodes = append(st.Nodes, x)
		if worst, ok := n.worst.Max(time.Now()); ok {
			st.Worst = max(st.Worst, queue.Duration(worst))
		}
	}
	for _, x := range jobs {
		js := jobStatus{Entry: x, Ticks: []time.Time{}}
		if c, err := ParseCron(x.Cron); err == nil && !x.Paused {
			for t, ok := c.Next(d.Now); ok && len(js.Ticks) < shownTicks && t.Before(d.Now.Add(24*time.Hour)); t, ok = c.Next(t) {
				js.Ticks = append(js.Ticks, t)
			}
		}
		st.Jobs = append(st.Jobs, js)
	}
	serve.JSON(w, http.StatusOK, st)
}
