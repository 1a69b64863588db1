package telemetry

import (
	"context"
	"errors"

	"example.com/flatline/ringbuffer"
)

// keptAlerts is how many alerts a reader may be behind.
const keptAlerts = 4096

// ErrGone is returned for alerts that are no longer kept.
var ErrGone = errors.New("these alerts are gone")

// A feed has the last alerts, numbered from 1. A reader is the number that it has seen, so
// a slow one costs nothing: it gets an error once it has fallen off.
type feed struct {
	ring *ringbuffer.Sync[Alert]
	base uint64 // how many were before the ring's first
}

func newFeed(base uint64) feed {
	return feed{ringbuffer.NewSync[Alert](keptAlerts, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest}), base}
}

// push numbers an alert. It is called by one goroutine at a time.
func (f feed) push(a Alert) {
	_, next := f.ring.Numbers()
	a.N = f.base + next + 1
	f.ring.PushEvict(a)
}

// since returns the alerts after a number.
func (f feed) since(after uint64) (all []Alert, err error) {
	if after < f.base {
		return nil, ErrGone
	}
	items, err := f.ring.Since(after - f.base)
	if err != nil {
		return nil, ErrGone
	}
	for _, a := range items {
		all = append(all, a)
	}
	return all, nil
}

// wait returns when there is an alert after a number, or ctx ends. That it is gone is for
// since to say.
func (f feed) wait(ctx context.Context, after uint64) error {
	if after < f.base {
		return nil
	}
	_, err := f.ring.Wait(ctx, after-f.base)
	if errors.Is(err, ringbuffer.ErrOverwritten) {
		return nil
	}
	return err
}
