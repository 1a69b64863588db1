package queue

import (
	"context"
	"fmt"
	"time"

	"example.com/flatline/randset"
)

// poll is how often a Lease that waits looks for delayed tasks that have become due, and
// for those that another node of the same store has accepted.
const poll = 50 * time.Millisecond

// Lease returns tasks of the queues that a names, or of all if it names none. If there are
// none it waits for one, at most for the time wait, or until ctx ends, which is no error.
func (b *Broker) Lease(ctx context.Context, a Ask, wait time.Duration) ([]Task, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if len(a.Queues) == 0 {
		for name := range b.opts.Queues {
			a.Queues = append(a.Queues, name)
		}
	}
	for _, name := range a.Queues {
		if _, ok := b.opts.Queues[name]; !ok {
			return nil, fmt.Errorf("%w: there is no queue %s", ErrBad, name)
		}
	}
	b.workers.Put(a.Worker, a)
	for end := time.Now().Add(wait); ; {
		changed := b.store.Changed()
		a.Queues = b.draw(a.Queues)
		tasks, err := b.store.Lease(ctx, a)
		if err != nil {
			return nil, err
		}
		found := len(tasks) > 0
		if tasks, err = b.limit(ctx, tasks); err != nil {
			return nil, err
		}
		left := time.Until(end)
		switch {
		case len(tasks) > 0 && ctx.Err() != nil: // the worker has gone, and will not have the answer
			return nil, b.release(ctx, tasks)
		case len(tasks) > 0:
			for _, t := range tasks {
				b.note("leased", t)
				b.load.waited(t)
			}
			return tasks, nil
		case ctx.Err() != nil, left <= 0 && !found:
			return nil, nil
		case found: // and all of it too early for its rate: what is behind it may not be
			continue
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-time.After(min(left, poll)):
		}
	}
}

// release gives back tasks that no worker has got.
func (b *Broker) release(ctx context.Context, tasks []Task) error {
	var all []Outcome
	for _, t := range tasks {
		all = append(all, Outcome{ID: t.ID, Token: t.Token, Do: Release, Granted: t.Granted})
	}
	_, err := b.store.Settle(context.WithoutCancel(ctx), all)
	return err
}

// draw returns the queues in an order in which each is before the others with the
// probability of its weight among them (I6). A strict order would starve the last one.
func (b *Broker) draw(queues []string) (order []string) {
	if len(queues) < 2 {
		return queues
	}
	var w randset.Weighted[string]
	for _, name := range queues {
		_ = w.Set(name, b.opts.Queues[name]) // NewBroker has checked it
	}
	for name, ok := w.Random(); ok; name, ok = w.Random() {
		order = append(order, name)
		w.Delete(name)
	}
	return order
}

// ahead is how far a rate's reservations go: a task with a higher priority that comes
// later may have to wait so long.
const ahead = time.Minute

// limit releases the tasks whose type has a rate and that are too early for it. Each is
// reserved a time, which becomes its due time: no worker sleeps. O(1) for each task, once.
func (b *Broker) limit(ctx context.Context, tasks []Task) (now []Task, err error) {
	var later []Outcome
	for _, t := range tasks {
		if _, limited := b.opts.Rates[t.Type]; !limited || t.Granted {
			now = append(now, t)
			continue
		}
		delay := ahead
		r, granted := b.limits.Reserve(t.Type, 1, ahead)
		if granted {
			delay = r.Delay()
		}
		if delay == 0 {
			now = append(now, t)
			continue
		}
		later = append(later, Outcome{ID: t.ID, Token: t.Token, Do: Release, Delay: Duration(delay), Granted: granted})
	}
	if len(later) > 0 {
		_, err = b.store.Settle(ctx, later)
	}
	return now, err
}
