package short

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"

	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/timemap"
)

// Disk is a Memory whose commands go through a log first.
type Disk struct {
	*Memory
	log *wal.Machine[Command, Effects]
}

// OpenDisk opens the store in a directory. It takes a snapshot every so many commands.
func OpenDisk(dir string, every int64, opts wal.Options) (*Disk, error) {
	m := NewMemory()
	log, err := wal.OpenMachine(dir, m, every, opts)
	if err != nil {
		return nil, err
	}
	d := &Disk{m, log}
	if log.Empty() {
		var key Key
		_, _ = rand.Read(key[:]) // never fails
		if _, err := d.do(context.Background(), Command{Key: &key}); err != nil {
			_ = log.Close()
			return nil, err
		}
	}
	return d, nil
}

// do makes a command durable, and returns its effects.
func (d *Disk) do(ctx context.Context, c Command) (Effects, error) {
	e, err := d.log.Do(ctx, c)
	if err == nil {
		err = e.Err
	}
	return e, err
}

// Lease implements Store.
func (d *Disk) Lease(ctx context.Context, n uint64) (Lease, error) {
	e, err := d.do(ctx, Command{Lease: n})
	return e.Lease, err
}

// Create implements Store. A code that is taken already costs no write.
func (d *Disk) Create(ctx context.Context, l Link) (Link, error) {
	if _, err := d.Lookup(ctx, l.Code); err == nil {
		return Link{}, ErrTaken
	}
	e, err := d.do(ctx, Command{Create: &l})
	return e.Link, err
}

// Update implements Store.
func (d *Disk) Update(ctx context.Context, code string, version int64, l Link) (Link, error) {
	l.Code, l.Version = code, version
	e, err := d.do(ctx, Command{Update: &l})
	return e.Link, err
}

// Count implements Store. A link that is spent already costs no write.
func (d *Disk) Count(ctx context.Context, b Batch) error {
	if b.Strict {
		d.mu.Lock()
		spent := d.spent(b.Counts[0].Code)
		d.mu.Unlock()
		if spent {
			return ErrSpent
		}
	}
	_, err := d.do(ctx, Command{Count: &b})
	return err
}

// Close implements Store.
func (d *Disk) Close() error { return d.log.Close() }

// saved is the state in a snapshot: first one without Versions, then one for each code.
type saved struct {
	Now      time.Time        `json:",omitzero"`
	Key      *Key             `json:",omitempty"`
	Next     uint64           `json:",omitempty"`
	Nodes    map[string]int64 `json:",omitempty"`
	Versions []*Link          `json:",omitempty"`
	Clicks   []Count          `json:",omitempty"`
}

// Dump writes the state.
func (m *Memory) Dump(out *json.Encoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := out.Encode(saved{Now: m.now, Key: &m.key, Next: m.next, Nodes: m.nodes}); err != nil {
		return err
	}
	for code := range m.history.Keys() {
		var s saved
		for _, l := range m.history.History(code) {
			s.Versions = append(s.Versions, l)
		}
		if t := m.clicks[code]; t != nil {
			s.Clicks = t.minutes
		}
		if err := out.Encode(s); err != nil {
			return err
		}
	}
	return nil
}

// Load reads what Dump wrote, into an empty store.
func (m *Memory) Load(in *json.Decoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var head saved
	if err := in.Decode(&head); err != nil {
		return err
	}
	m.now, m.key, m.next = head.Now, *head.Key, head.Next
	if head.Nodes != nil {
		m.nodes = head.Nodes
	}
	for in.More() {
		var s saved
		if err := in.Decode(&s); err != nil {
			return err
		}
		code := s.Versions[0].Code
		for _, l := range s.Versions {
			m.history.Set(code, timemap.Time(l.Updated), l)
			m.links.Store(code, l)
		}
		for _, c := range s.Clicks {
			c.Code = code
			m.add(c)
		}
	}
	return nil
}
