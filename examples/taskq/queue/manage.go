package queue

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ringbuffer"
)

// A verdict is the answer to an Outcome.
type verdict struct {
	ID     string    `json:"id"`
	State  State     `json:"state,omitempty"`
	Token  int64     `json:"token,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	Due    time.Time `json:"due,omitzero"`
	Status int       `json:"status"`
	Error  string    `json:"error,omitempty"`
}

func (s server) settle(w http.ResponseWriter, r *http.Request) {
	batch, ok := read[Outcome](w, r)
	if !ok {
		return
	}
	s.answer(w, r, batch)
}

func (s server) retry(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, several[Outcome]{all: []Outcome{{ID: r.PathValue("id"), Do: Retry}}})
}

// answer settles, and answers with the status of one, or with all verdicts.
func (s server) answer(w http.ResponseWriter, r *http.Request, batch several[Outcome]) {
	answers, err := s.b.Settle(r.Context(), batch.all)
	if err != nil {
		fail(w, err)
		return
	}
	var all []verdict
	for i, a := range answers {
		v := verdict{ID: batch.all[i].ID, State: a.Task.State, Token: a.Task.Token, Until: a.Task.Until, Status: http.StatusOK}
		if v.State == Delayed {
			v.Due = a.Task.Due
		}
		if a.Err != nil {
			v.Status, v.Error = statusOf(a.Err), a.Err.Error()
		}
		all = append(all, v)
	}
	if !batch.many {
		serve.JSON(w, all[0].Status, all[0])
		return
	}
	serve.JSON(w, http.StatusOK, all)
}

func (s server) retryAll(w http.ResponseWriter, r *http.Request) {
	rate, err := ratelimit.Inf, error(nil)
	if v := r.FormValue("rate"); v != "" {
		if rate, err = ratelimit.ParseRate(v); err != nil {
			err = fmt.Errorf("%w: rate: %w", ErrBad, err)
		}
	}
	n := 0
	if err == nil {
		n, err = s.b.RetryAll(r.Context(), rate)
	}
	if err != nil {
		fail(w, err)
		return
	}
	serve.JSON(w, http.StatusOK, map[string]int{"retried": n})
}

// get shows a task; with ?wait= it waits for its end.
func (s server) get(w http.ResponseWriter, r *http.Request) {
	wait, err := duration(r, "wait")
	var t Task
	if err == nil {
		ctx, cancel := serve.Waiting(r)
		defer cancel()
		t, err = s.b.Get(ctx, r.PathValue("id"), wait)
	}
	if err != nil {
		fail(w, err)
		return
	}
	serve.JSON(w, http.StatusOK, t)
}

// list shows tasks ?state=dead, behind the ID ?after=, at most ?n=.
func (s server) list(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.FormValue("n"))
	if r.FormValue("n") == "" {
		n, err = 100, nil
	}
	state := State(r.FormValue("state"))
	if err != nil || n < 1 || n > maxBatch {
		err = fmt.Errorf("%w: n must be from 1 to %d", ErrBad, maxBatch)
	} else if !state.valid() {
		err = fmt.Errorf("%w: state must be one of %v", ErrBad, States)
	}
	var tasks []Task
	if err == nil {
		tasks, err = s.b.store.List(r.Context(), state, r.FormValue("after"), n)
	}
	if err != nil {
		fail(w, err)
		return
	}
	serve.JSON(w, http.StatusOK, append([]Task{}, tasks...))
}

// stream sends the events from ?after= on, as they happen.
func (s server) stream(w http.ResponseWriter, r *http.Request) {
	serve.Events(w, r, func(ctx context.Context, after uint64) (all []serve.Event, err error) {
		// The ring counts from 0, the IDs of events from 1: event ID n is number n-1.
		_, err = s.b.events.Wait(ctx, after)
		if err == nil {
			items, gone := s.b.events.Since(after)
			if err = gone; err == nil {
				for n, e := range items {
					all = append(all, serve.Event{ID: n + 1, Data: e})
				}
				return all, nil
			}
		}
		var fell *ringbuffer.OverwrittenError
		if errors.As(err, &fell) {
			return []serve.Event{{ID: fell.Oldest}}, serve.ErrGone
		}
		return nil, nil // the wait has ended
	})
}
