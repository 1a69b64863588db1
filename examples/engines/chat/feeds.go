package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"example.com/flatline/examples/chat/room"
)

// followed is a feed that is being followed.
type followed struct {
	*room.Feed
	users int
	ready chan struct{} // closed when stop or err is set
	stop  func()
	err   error
}

// Watch implements room.Store.
func (s *Nats) Watch(ctx context.Context, name string) (*room.Feed, func(), error) {
	if (room.Draft{Room: name, From: "x", Nonce: "x", Text: "x"}).Check() != nil {
		return nil, nil, fmt.Errorf("%w: %.80q", room.ErrNotFound, name) // a subject must not be a pattern
	}
	last, err := s.last(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	f := s.feeds[name]
	if f == nil {
		f = &followed{Feed: room.NewFeed(name, s.epoch, 0), ready: make(chan struct{})}
		s.feeds[name] = f
		go s.follow(name, f)
	}
	f.users++
	s.mu.Unlock()
	release := sync.OnceFunc(func() { s.release(name, f) })
	select {
	case <-f.ready:
		err = f.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err == nil {
		err = f.Reach(ctx, last)
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	return f.Feed, release, nil
}

// follow begins to receive the messages of a room, in order. Those that the node missed
// while it had no connection follow when it has one again.
func (s *Nats) follow(name string, f *followed) {
	defer close(f.ready)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := s.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{FilterSubjects: []string{s.subject(name)}})
	if err != nil {
		f.err = err
		return
	}
	run, err := c.Consume(func(m jetstream.Msg) { receive(f.Feed, m) })
	if err != nil {
		f.err = err
		return
	}
	f.stop = run.Stop
}

// receive adds a message to a feed. If so many follow that the stream may have dropped the
// one before it, the feed goes on after this one.
func receive(f *room.Feed, m jetstream.Msg) {
	meta, err := m.Metadata()
	if err != nil {
		return // no message of a stream
	}
	var b body
	if err := json.Unmarshal(m.Data(), &b); err != nil || meta.NumPending > perRoom-2 {
		f.Jump(meta.Sequence.Stream)
		return
	}
	f.Push(room.Message{Pos: meta.Sequence.Stream, From: b.From, Nonce: b.Nonce, Text: b.Text, At: meta.Timestamp.UTC().Truncate(time.Microsecond)})
}

// release ends a use of a feed; the last one ends the feed.
func (s *Nats) release(name string, f *followed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.users--; f.users > 0 {
		return
	}
	if s.feeds[name] == f {
		delete(s.feeds, name)
	}
	go func() {
		<-f.ready
		if f.stop != nil {
			f.stop()
		}
	}()
}
