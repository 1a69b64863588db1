package room

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"example.com/flatline/bqueue"
	"example.com/flatline/concmap"
	"example.com/flatline/ratelimit"
	"example.com/flatline/slidingmax"
)

// Options are the settings of NewHub.
type Options struct {
	Store    Store
	Node     string         // name, different from those of the store's other hubs; default is drawn
	UserRate ratelimit.Rate // of the messages of a user; default 10 a second
	RoomRate ratelimit.Rate // of the messages to a room; default 500 a second
	Beat     time.Duration  // how often a node says who is connected to it; default 5 s
	TTL      time.Duration  // how long a user is present of whose node nothing is heard; default 3 beats
	Tick     time.Duration  // how often presence and typing are sent; default 200 ms
}

// A Hub is a node: sessions on a store. It is made by NewHub, and safe for concurrent use.
type Hub struct {
	opts     Options
	store    Store
	limits   [2]*ratelimit.Keyed[string] // of users, and of rooms
	typists  *ratelimit.Keyed[string]
	crowds   concmap.Map[string, *crowd]
	sessions concmap.Map[*Session, struct{}]
	sends    *bqueue.Queue[*sending]
	notes    *bqueue.Queue[Note]
	sent     atomic.Int64 // messages, to readers
	peak     *slidingmax.SyncTimeWindow[int64]
	stop     context.CancelFunc
	deaf     func()
	done     chan struct{}
}

// sending is a draft on its way to the log.
type sending struct {
	Draft
	answer chan Sent
}

const (
	maxSends = 4096 // drafts that wait for the log
	maxWrite = 256  // drafts in one write
)

// NewHub returns a hub on a store, which it does not close, and starts its goroutines,
// which Close ends.
func NewHub(o Options) *Hub {
	if o.Node == "" {
		o.Node = newEpoch()
	}
	if o.UserRate == (ratelimit.Rate{}) {
		o.UserRate = ratelimit.Per(10, time.Second)
	}
	if o.RoomRate == (ratelimit.Rate{}) {
		o.RoomRate = ratelimit.Per(500, time.Second)
	}
	if o.Beat <= 0 {
		o.Beat = 5 * time.Second
	}
	if o.TTL <= 0 {
		o.TTL = 3 * o.Beat
	}
	if o.Tick <= 0 {
		o.Tick = 200 * time.Millisecond
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &Hub{
		opts: o, store: o.Store, stop: stop, done: make(chan struct{}),
		sends: bqueue.New[*sending](maxSends), notes: bqueue.New[Note](maxSends),
		peak:    slidingmax.NewSyncTimeWindow[int64](time.Minute),
		typists: ratelimit.NewKeyed[string](ratelimit.Per(2, time.Second), 2),
	}
	for i, r := range []ratelimit.Rate{o.UserRate, o.RoomRate} {
		n, per := r.Fraction()
		burst := 2 * float64(n) / max(per, 1).Seconds() // of two seconds
		h.limits[i] = ratelimit.NewKeyed[string](r, int64(min(1e6, max(2, burst))))
	}
	h.deaf = h.store.Listen(h.hear)
	go h.run(ctx)
	return h
}

// Close stops the hub's goroutines. What was accepted is written.
func (h *Hub) Close() {
	h.deaf()
	h.sends.Close()
	h.notes.Close()
	h.stop()
	<-h.done
}

// run has the hub's goroutines.
func (h *Hub) run(ctx context.Context) {
	defer close(h.done)
	written, said := make(chan struct{}), make(chan struct{})
	go func() { defer close(written); h.write() }()
	go func() {
		defer close(said)
		for n := range h.notes.All(context.Background()) {
			h.store.Say(n)
		}
	}()
	tick, beat, second := time.NewTicker(h.opts.Tick), time.NewTicker(h.opts.Beat), time.NewTicker(time.Second)
	defer tick.Stop()
	defer beat.Stop()
	defer second.Stop()
	for last := int64(0); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
		case <-tick.C:
			for w := range h.crowds.Values() {
				w.publish()
			}
		case <-beat.C:
			for w := range h.crowds.Values() {
				w.beat()
			}
		case now := <-second.C:
			n := h.sent.Load()
			h.peak.Push(now, n-last)
			last = n
		}
	}
	<-written
	<-said
}

// write takes the drafts that wait, all of them at once, and makes them durable.
func (h *Hub) write() {
	batch := make([]*sending, maxWrite)
	for {
		n, err := h.sends.TakeBatch(context.Background(), batch)
		if err != nil {
			return
		}
		drafts := make([]Draft, n)
		for i, s := range batch[:n] {
			drafts[i] = s.Draft
		}
		answers, err := h.store.Append(context.Background(), drafts)
		for i, s := range batch[:n] {
			if err != nil {
				s.answer <- Sent{Err: err}
				continue
			}
			s.answer <- answers[i]
		}
		clear(batch[:n])
	}
}

// Send makes a message durable, and returns its position. It is shown to no reader before.
// The error wraps ErrBad, a *ratelimit.LimitedError, ErrRooms, ErrBusy or ErrClosed; after
// any other one the message may or may not have been stored. It can be repeated with the
// same nonce: it is stored once. ctx ends only the wait.
func (h *Hub) Send(ctx context.Context, d Draft) (Sent, error) {
	if err := d.Check(); err != nil {
		return Sent{}, err
	}
	if got := ratelimit.All(h.limits[0].Key(d.From), h.limits[1].Key(d.Room)).Take(1); !got.OK {
		return Sent{}, &ratelimit.LimitedError{Decision: got}
	}
	s := &sending{d, make(chan Sent, 1)}
	switch err := h.sends.TryPut(s); {
	case errors.Is(err, bqueue.ErrClosed):
		return Sent{}, ErrClosed
	case err != nil:
		return Sent{}, ErrBusy
	}
	select {
	case a := <-s.answer:
		return a, a.Err
	case <-ctx.Done():
		return Sent{}, context.Cause(ctx)
	}
}

// Session returns a session of a user. The error wraps ErrBad.
func (h *Hub) Session(user string) (*Session, error) {
	if !validUser(user) {
		return nil, fmt.Errorf("%w: the user has no valid name", ErrBad)
	}
	s := NewSession(user)
	s.sent, s.closed = &h.sent, func() { h.sessions.Delete(s) }
	h.sessions.Store(s, struct{}{})
	return s, nil
}

// Join adds a room to a session of the hub; see Session.Join. The error wraps ErrBad or
// ErrNotFound, or is the store's.
func (h *Hub) Join(ctx context.Context, s *Session, room string, c *Cursor) error {
	f, release, err := h.store.Watch(ctx, room)
	if err != nil {
		return err
	}
	for {
		w, _ := h.crowds.LoadOrStore(room, newCrowd(h, room))
		if !w.enter(f, s.User) {
			continue // its last session has just left
		}
		if err = s.join(f, w, c, func() { w.exit(s.User); release() }); err != nil {
			w.exit(s.User)
			release()
		}
		return err
	}
}
