package sched

import (
	"fmt"
	"slices"
	"strings"

	"example.com/flatline/examples/taskq/queue"
)

// cancel ends all runs of a job.
func (m *Memory) cancel(s *status, why string) {
	for _, r := range slices.Clone(s.open) {
		m.settle(queue.Outcome{ID: r.ID, Do: queue.Cancel, Error: why})
	}
}

// queue applies a command to the queue of runs, and notes what has become of them.
func (m *Memory) queue(c queue.Command) (e queue.Effects) {
	if c.Settle != nil {
		for _, o := range c.Settle {
			e.Answers = append(e.Answers, m.settle(o))
		}
		return e
	}
	e = m.Memory.Apply(m.now, c)
	for _, t := range e.Tasks {
		m.note(t)
	}
	return e
}

// settle settles a task. A dead run begins again only if it may overlap what has not ended.
func (m *Memory) settle(o queue.Outcome) queue.Answer {
	job, _, _ := strings.Cut(o.ID, "@")
	s := m.jobs[job]
	if o.Do == queue.Retry && s != nil && len(s.open) > 0 && m.latest(job).Overlap != Allow {
		return queue.Answer{Err: fmt.Errorf("%w: %s", ErrOverlap, s.open[0].ID)}
	}
	a := m.Memory.Apply(m.now, queue.Command{Settle: []queue.Outcome{o}}).Answers[0]
	if a.Err != nil {
		return a
	}
	if o.Do == queue.Retry && s != nil {
		for _, r := range s.runs.All() {
			if r.ID == o.ID {
				m.track(s, r)
			}
		}
	}
	m.note(a.Task)
	return a
}

// note writes into a run what its task is.
func (m *Memory) note(t queue.Task) {
	o, ok := m.live[t.ID]
	if !ok {
		return
	}
	r := o.run
	*r = r.Noted(t)
	if t.State != queue.Done && t.State != queue.Dead {
		return
	}
	delete(m.live, t.ID)
	o.of.open = slices.DeleteFunc(o.of.open, func(x *Run) bool { return x == r })
	if m.jobs[r.Job] == o.of {
		m.blocks(o.of)
	}
}
