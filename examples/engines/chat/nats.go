package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"example.com/flatline/concmap"
	"example.com/flatline/examples/chat/room"
)

// perRoom is how many messages of a room the stream keeps. It is more than a feed has, so
// that a node which is slower than the senders has time to read them.
const perRoom = 2 * room.Keep

// Nats is a room.Store in a stream of NATS JetStream. A room is a subject, a position the
// number of a message in the stream, and a feed the messages that this node has received.
type Nats struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
	name   string
	epoch  string
	known  concmap.Map[string, struct{}] // rooms that there are

	mu    sync.Mutex
	feeds map[string]*followed
}

// OpenNats opens the store with a name, which it creates if necessary. It does not close conn.
func OpenNats(ctx context.Context, conn *nats.Conn, name string) (*Nats, error) {
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncTimeout(10*time.Second), jetstream.WithPublishAsyncMaxPending(4096))
	if err != nil {
		return nil, err
	}
	stream, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: name, Subjects: []string{name + ".room.*"}, Storage: jetstream.FileStorage, AllowDirect: true,
		MaxMsgsPerSubject: perRoom, Discard: jetstream.DiscardOld, Duplicates: room.Window, MaxMsgSize: 64 << 10,
	})
	if err != nil {
		return nil, err
	}
	epoch := strconv.FormatInt(stream.CachedInfo().Created.UnixNano(), 36)
	return &Nats{conn: conn, js: js, stream: stream, name: name, epoch: epoch, feeds: map[string]*followed{}}, nil
}

func (s *Nats) subject(name string) string { return s.name + ".room." + name }

// body is a message in the stream.
type body struct{ From, Nonce, Text string }

// Append implements room.Store. All drafts are on their way before the first is answered.
func (s *Nats) Append(ctx context.Context, drafts []room.Draft) ([]room.Sent, error) {
	all := make([]room.Sent, len(drafts))
	acks := make([]jetstream.PubAckFuture, len(drafts))
	for i, d := range drafts {
		if all[i].Err = s.open(ctx, d.Room); all[i].Err != nil {
			continue
		}
		b, err := json.Marshal(body{d.From, d.Nonce, d.Text})
		if err != nil {
			return nil, err
		}
		id := fmt.Sprintf("%x", sha256.Sum256([]byte(d.Room+"\x00"+d.From+"\x00"+d.Nonce)))
		if acks[i], err = s.js.PublishAsync(s.subject(d.Room), b, jetstream.WithMsgID(id)); err != nil {
			return nil, err
		}
	}
	for i, f := range acks {
		if f == nil {
			continue
		}
		select {
		case a := <-f.Ok():
			all[i] = room.Sent{Pos: a.Sequence, Dup: a.Duplicate}
			s.known.Store(drafts[i].Room, struct{}{})
		case err := <-f.Err():
			return nil, err
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return all, nil
}

// open returns ErrRooms if a room is not there and there are enough.
func (s *Nats) open(ctx context.Context, name string) error {
	if _, ok := s.known.Load(name); ok {
		return nil
	}
	if _, err := s.last(ctx, name); !errors.Is(err, room.ErrNotFound) {
		return err
	}
	info, err := s.stream.Info(ctx)
	if err == nil && info.State.NumSubjects >= room.MaxRooms {
		err = room.ErrRooms
	}
	return err
}

// last returns the position of the newest message of a room.
func (s *Nats) last(ctx context.Context, name string) (uint64, error) {
	m, err := s.stream.GetLastMsgForSubject(ctx, s.subject(name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, fmt.Errorf("%w: %.80q", room.ErrNotFound, name)
	}
	if err != nil {
		return 0, err
	}
	return m.Sequence, nil
}

// Rooms implements room.Store. O(n log n).
func (s *Nats) Rooms(ctx context.Context) ([]string, error) {
	info, err := s.stream.Info(ctx, jetstream.WithSubjectFilter(s.subject("*")))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, subject := range slices.Sorted(maps.Keys(info.State.Subjects)) {
		all = append(all, strings.TrimPrefix(subject, s.subject("")))
	}
	return all, nil
}

// Epoch implements room.Store: it is the moment at which the stream was created.
func (s *Nats) Epoch() string { return s.epoch }

// Say implements room.Store.
func (s *Nats) Say(n room.Note) {
	if b, err := json.Marshal(n); err == nil {
		_ = s.conn.Publish(s.name+".notes", b) // it may be lost
	}
}

// Listen implements room.Store.
func (s *Nats) Listen(f func(room.Note)) (stop func()) {
	sub, err := s.conn.Subscribe(s.name+".notes", func(m *nats.Msg) {
		var n room.Note
		if json.Unmarshal(m.Data, &n) == nil {
			f(n)
		}
	})
	if err != nil {
		return func() {}
	}
	_ = s.conn.Flush() // what is said from now on is heard
	return func() { _ = sub.Unsubscribe() }
}

// Close implements room.Store.
func (s *Nats) Close() error {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.feeds))
	s.mu.Unlock()
	for _, f := range all {
		if <-f.ready; f.stop != nil {
			f.stop()
		}
	}
	return nil
}
