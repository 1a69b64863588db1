package queue

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"example.com/flatline/examples/internal/serve"
)

func (s State) valid() bool { return slices.Contains(States, s) }

// Status is what the page shows.
type Status struct {
	Queues  []queueStatus  `json:"queues"`
	Load    Load           `json:"load"`
	Desired int            `json:"desired"` // number of workers of as many slots as the present ones have
	Workers []workerStatus `json:"workers"`
	Leased  []Task         `json:"leased"` // the first hundred
	Dead    []Task         `json:"dead"`   // the first twenty
	Events  []numbered     `json:"events"` // the newest behind ?after=, at most thirty
}

// numbered is an event with its number, from 1.
type numbered struct {
	Number uint64 `json:"number"`
	Event
}

// since returns the newest events behind a number, at most n.
func (b *Broker) since(after, n uint64) []numbered {
	all := []numbered{}
	_, next := b.events.Numbers()
	if after > next { // of an earlier broker
		after = 0
	}
	if next > n {
		after = max(after, next-n)
	}
	items, err := b.events.Since(after)
	if err != nil { // so many since Numbers: the next question will have them
		return all
	}
	for i, e := range items {
		all = append(all, numbered{i + 1, e})
	}
	return all
}

type queueStatus struct {
	Name   string  `json:"name"`
	Weight float64 `json:"weight"`
	Counts
}

type workerStatus struct {
	Name string `json:"name"`
	N    int    `json:"n"` // how many tasks it asked for last
}

func (s server) status(w http.ResponseWriter, r *http.Request) {
	st := Status{Load: s.b.load.now(), Queues: []queueStatus{}, Workers: []workerStatus{}}
	counts, err := s.b.store.Counts(r.Context())
	if err == nil {
		st.Leased, err = s.b.store.List(r.Context(), Leased, "", 100)
	}
	if err == nil {
		st.Dead, err = s.b.store.List(r.Context(), Dead, "", 20)
	}
	if err != nil {
		fail(w, err)
		return
	}
	for name, weight := range s.b.opts.Queues {
		st.Queues = append(st.Queues, queueStatus{name, weight, counts[name]})
		st.Load.Ready += counts[name].Ready
	}
	slices.SortFunc(st.Queues, func(a, b queueStatus) int { return cmp.Compare(a.Name, b.Name) })
	for name, a := range s.b.workers.All() {
		st.Workers = append(st.Workers, workerStatus{name, a.N})
	}
	slots := 1
	for _, a := range s.b.workers.All() {
		slots = max(slots, a.N)
	}
	st.Desired = st.Load.Desired(len(st.Workers), slots)
	slices.SortFunc(st.Workers, func(a, b workerStatus) int { return cmp.Compare(a.Name, b.Name) })
	after, _ := strconv.ParseUint(r.FormValue("after"), 10, 64) // 0 is all
	st.Events = s.b.since(after, 30)
	for _, tasks := range []*[]Task{&st.Leased, &st.Dead} {
		short := []Task{}
		for _, t := range *tasks {
			t.Payload, t.Result = nil, nil
			short = append(short, t)
		}
		*tasks = short
	}
	serve.JSON(w, http.StatusOK, st)
}

// Totals are the counts of all queues, and the load.
type Totals struct {
	Counts
	Load Load
	Lost int64 // leases, ended by this broker
}

// Counts returns the totals; zero if the store fails.
func (b *Broker) Counts(ctx context.Context) (t Totals) {
	counts, err := b.store.Counts(ctx)
	if err != nil {
		return t
	}
	for _, c := range counts {
		t.Ready += c.Ready
		t.Delayed += c.Delayed
		t.Leased += c.Leased
		t.Dead += c.Dead
		t.Done += c.Done
	}
	t.Load = b.load.now()
	t.Load.Ready = t.Ready
	t.Lost = b.load.lost.Load()
	return t
}
