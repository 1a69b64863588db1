package short

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"example.com/flatline/concmap"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/timemap"
)

// record is a command in the log, with its time.
type record struct {
	Now time.Time
	Command
}

// Disk is a Memory whose commands go through a log first: the log's goroutine applies each
// once it is durable, so nothing that a crash could lose is ever visible.
type Disk struct {
	*Memory
	log     *wal.Log
	effects concmap.Map[uint64, Effects] // of commands whose callers have yet to take them
	records atomic.Int64                 // since the last snapshot
	every   int64
	busy    atomic.Bool // with a snapshot
}

// OpenDisk opens the store in a directory. It takes a snapshot every so many commands.
func OpenDisk(dir string, every int64, opts wal.Options) (*Disk, error) {
	d := &Disk{Memory: NewMemory(), every: every}
	opts.Applied = func(seq uint64, rec []byte) {
		e, err := d.apply(rec)
		if err != nil {
			e.Err = err
		}
		d.effects.Store(seq, e)
	}
	log, err := wal.Open(dir, opts)
	if err != nil {
		return nil, err
	}
	d.log = log
	empty := true
	err = log.Replay(func(r io.Reader) error {
		empty = false
		return d.load(r)
	}, func(_ uint64, rec []byte) error {
		empty = false
		d.records.Add(1)
		_, err := d.apply(rec)
		return err
	})
	if err == nil && empty {
		var key Key
		_, _ = rand.Read(key[:]) // never fails
		_, err = d.do(context.Background(), Command{Key: &key})
	}
	if err != nil {
		_ = log.Close()
		return nil, err
	}
	return d, nil
}

// apply applies a record of the log.
func (d *Disk) apply(rec []byte) (Effects, error) {
	var r record
	if err := json.Unmarshal(rec, &r); err != nil {
		return Effects{}, fmt.Errorf("short: a record of the log: %w", err)
	}
	return d.Apply(r.Now, r.Command), nil
}

// do makes a command durable, and returns its effects.
func (d *Disk) do(ctx context.Context, c Command) (Effects, error) {
	rec, err := json.Marshal(record{time.Now(), c})
	if err != nil {
		return Effects{}, err
	}
	seq, err := d.log.Append(ctx, rec)
	if err != nil {
		return Effects{}, err
	}
	if d.records.Add(1) >= d.every && d.busy.CompareAndSwap(false, true) {
		d.records.Store(0)
		// One that fails leaves the log as it was, and the next one is as good.
		_ = d.log.Snapshot(context.WithoutCancel(ctx), d.dump)
		d.busy.Store(false)
	}
	e, _ := d.effects.LoadAndDelete(seq)
	return e, e.Err
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

// dump writes the state.
func (m *Memory) dump(w io.Writer) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := bufio.NewWriter(w)
	out := json.NewEncoder(b)
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
	return b.Flush()
}

// load reads what dump wrote, into an empty store.
func (m *Memory) load(r io.Reader) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	in := json.NewDecoder(bufio.NewReader(r))
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
