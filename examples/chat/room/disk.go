package room

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"example.com/flatline/examples/internal/wal"
)

// Disk is a Memory whose commands go through a log first: each is applied once it is
// durable, so nothing that a crash could lose is ever shown (H4).
type Disk struct {
	*Memory
	log *wal.Machine[Command, []Sent]
}

// OpenDisk opens the store in a directory. It takes a snapshot every so many commands.
func OpenDisk(dir string, every int64, opts wal.Options) (*Disk, error) {
	m := newMachine()
	log, err := wal.OpenMachine(dir, m, every, opts)
	if err != nil {
		return nil, err
	}
	d := &Disk{m, log}
	if log.Empty() {
		if _, err := d.log.Do(context.Background(), Command{Epoch: newEpoch()}); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	return d, nil
}

// Append implements Store.
func (d *Disk) Append(ctx context.Context, drafts []Draft) ([]Sent, error) {
	return d.log.Do(ctx, Command{Send: drafts})
}

// Close implements Store.
func (d *Disk) Close() error { return d.log.Close() }

// saved is what a snapshot begins with. As many rooms and nonces follow.
type saved struct {
	Now    time.Time
	Epoch  string
	Rooms  int
	Nonces int
}

type savedRoom struct {
	Name     string
	Messages []Message
}

type savedNonce struct {
	sender
	Pos  uint64
	Left time.Duration
}

// Dump writes the state.
func (m *Memory) Dump(out *json.Encoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := out.Encode(saved{m.now, m.epoch, m.rooms.Len(), m.nonces.Len()}); err != nil {
		return err
	}
	for name, f := range m.rooms.All() {
		all, _ := f.Before(math.MaxUint64, Keep)
		if err := out.Encode(savedRoom{name, all}); err != nil {
			return err
		}
	}
	for by, pos := range m.nonces.Backward() { // from the one that is forgotten first
		left, _ := m.nonces.Expiry(by)
		if err := out.Encode(savedNonce{by, pos, left}); err != nil {
			return err
		}
	}
	return nil
}

// Load reads what Dump wrote, into a machine to which no command was applied.
func (m *Memory) Load(in *json.Decoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var head saved
	if err := in.Decode(&head); err != nil {
		return err
	}
	m.now, m.epoch = head.Now, head.Epoch
	for range head.Rooms {
		var r savedRoom
		if err := in.Decode(&r); err != nil {
			return err
		}
		f := NewFeed(r.Name, m.epoch, r.Messages[0].Prev)
		for _, x := range r.Messages {
			f.Push(x)
		}
		m.rooms.Store(r.Name, f)
	}
	for range head.Nonces {
		var n savedNonce
		if err := in.Decode(&n); err != nil {
			return err
		}
		m.nonces.PutTTL(n.sender, n.Pos, n.Left)
	}
	return nil
}
