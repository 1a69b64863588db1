package room

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/flatline/concmap"
	"example.com/flatline/lru"
)

// How long, and how many, nonces are known. They are constants, since a replay of the log
// must forget what the first run had forgotten.
const (
	Window    = 10 * time.Minute
	maxNonces = 1 << 18
)

// A Command is a change of a store. One field is set.
type Command struct {
	Epoch string  `json:",omitempty"` // the first command of a log
	Send  []Draft `json:",omitempty"`
}

// sender identifies a message: a repetition has the same one.
type sender struct{ Room, From, Nonce string }

// Memory is the state machine, and a store that ends with the process.
type Memory struct {
	mu     sync.Mutex
	now    time.Time
	epoch  string
	rooms  concmap.Map[string, *Feed] // read without mu
	nonces *lru.Cache[sender, uint64]
	bus    bus
}

// NewMemory returns an empty store with an epoch of its own.
func NewMemory() *Memory {
	m := newMachine()
	m.Apply(time.Now(), Command{Epoch: newEpoch()})
	return m
}

func newEpoch() string { return strings.ToLower(rand.Text()[:10]) }

// newMachine returns a machine to which no command was applied.
func newMachine() *Memory {
	m := &Memory{now: time.Unix(0, 0).UTC()}
	m.nonces = lru.New(maxNonces, lru.Options[sender, uint64]{TTL: Window, Now: func() time.Time { return m.now }})
	return m
}

// Apply changes the state by a command, at a time, and returns what became of its drafts.
// It reads no clock, and does the same for the same commands, so it is also the recovery
// of the log, the oracle of the tests and what the simulator steps. Times that go
// backwards count as the latest one. O(1) for each draft, and for each reader that waits.
func (m *Memory) Apply(now time.Time, c Command) (all []Sent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now = now.UTC().Truncate(time.Microsecond); now.After(m.now) {
		m.now = now
	}
	if c.Epoch != "" {
		m.epoch = c.Epoch
	}
	for _, d := range c.Send {
		all = append(all, m.send(d))
	}
	m.nonces.DeleteExpired(1000)
	return all
}

func (m *Memory) send(d Draft) Sent {
	by := sender{d.Room, d.From, d.Nonce}
	if pos, ok := m.nonces.Peek(by); ok { // H2
		return Sent{Pos: pos, Dup: true}
	}
	f, ok := m.rooms.Load(d.Room)
	if !ok {
		if m.rooms.Len() >= MaxRooms {
			return Sent{Err: ErrRooms}
		}
		f = NewFeed(d.Room, m.epoch, 0)
	}
	pos := f.Last() + 1
	f.Push(Message{Pos: pos, From: d.From, Nonce: d.Nonce, Text: d.Text, At: m.now})
	if !ok {
		m.rooms.Store(d.Room, f) // with its first message, or not at all
	}
	m.nonces.Put(by, pos)
	return Sent{Pos: pos}
}

// Append implements Store.
func (m *Memory) Append(_ context.Context, drafts []Draft) ([]Sent, error) {
	return m.Apply(time.Now(), Command{Send: drafts}), nil
}

// Watch implements Store.
func (m *Memory) Watch(_ context.Context, room string) (*Feed, func(), error) {
	f, ok := m.rooms.Load(room)
	if !ok {
		return nil, nil, fmt.Errorf("%w: %.80q", ErrNotFound, room)
	}
	return f, func() {}, nil
}

// Rooms implements Store. O(n log n).
func (m *Memory) Rooms(context.Context) ([]string, error) {
	return slices.Sorted(m.rooms.Keys()), nil
}

// Epoch implements Store.
func (m *Memory) Epoch() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.epoch
}

// Say implements Store.
func (m *Memory) Say(n Note) { m.bus.say(n) }

// Listen implements Store.
func (m *Memory) Listen(f func(Note)) (stop func()) { return m.bus.listen(f) }

// Close implements Store.
func (m *Memory) Close() error { return nil }

// bus has the listeners of one process.
type bus struct {
	mu  sync.Mutex
	all []*func(Note)
}

func (b *bus) listen(f func(Note)) (stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, &f)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.all = slices.DeleteFunc(b.all, func(g *func(Note)) bool { return g == &f })
	}
}

func (b *bus) say(n Note) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.all {
		(*f)(n)
	}
}
