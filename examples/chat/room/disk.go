package room

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"time"

	"example.com/flatline/concmap"
	"example.com/flatline/examples/internal/wal"
)

// record is a command in the log, with its time.
type record struct {
	Now time.Time
	Command
}

// applied is what came of a record.
type applied struct {
	sent []Sent
	err  error
}

// Disk is a Memory whose commands go through a log first: the log's goroutine applies each
// once it is durable, so nothing that a crash could lose is ever shown (H4).
type Disk struct {
	*Memory
	log     *wal.Log
	effects concmap.Map[uint64, applied] // of commands whose callers have yet to take them
	records atomic.Int64                 // since the last snapshot
	every   int64
	busy    atomic.Bool // with a snapshot
}

// OpenDisk opens the store in a directory. It takes a snapshot every so many commands.
func OpenDisk(dir string, every int64, opts wal.Options) (*Disk, error) {
	d := &Disk{Memory: newMachine(), every: every}
	opts.Applied = func(seq uint64, rec []byte) {
		sent, err := d.apply(rec)
		d.effects.Store(seq, applied{sent, err})
	}
	log, err := wal.Open(dir, opts)
	if err != nil {
		return nil, err
	}
	d.log = log
	err = log.Replay(func(r io.Reader) error {
		return d.Load(json.NewDecoder(bufio.NewReader(r)))
	}, func(_ uint64, rec []byte) error {
		d.records.Add(1)
		_, err := d.apply(rec)
		return err
	})
	if err == nil && d.Epoch() == "" { // a new log
		_, err = d.do(context.Background(), Command{Epoch: newEpoch()})
	}
	if err != nil {
		_ = log.Close()
		return nil, err
	}
	return d, nil
}

// apply applies a record of the log.
func (d *Disk) apply(rec []byte) ([]Sent, error) {
	var r record
	if err := json.Unmarshal(rec, &r); err != nil {
		return nil, fmt.Errorf("room: a record of the log: %w", err)
	}
	return d.Apply(r.Now, r.Command), nil
}

// do makes a command durable, and returns its effects.
func (d *Disk) do(ctx context.Context, c Command) ([]Sent, error) {
	var rec bytes.Buffer
	enc := json.NewEncoder(&rec)
	enc.SetEscapeHTML(false) // six bytes for one
	if err := enc.Encode(record{time.Now(), c}); err != nil {
		return nil, err
	}
	seq, err := d.log.Append(ctx, rec.Bytes())
	if err != nil {
		return nil, err
	}
	if d.records.Add(1) >= d.every && d.busy.CompareAndSwap(false, true) {
		d.records.Store(0)
		// One that fails leaves the log as it was, and the next one is as good.
		_ = d.log.Snapshot(context.WithoutCancel(ctx), d.write)
		d.busy.Store(false)
	}
	e, _ := d.effects.LoadAndDelete(seq)
	return e.sent, e.err
}

// Append implements Store.
func (d *Disk) Append(ctx context.Context, drafts []Draft) ([]Sent, error) {
	return d.do(ctx, Command{Send: drafts})
}

// Close implements Store.
func (d *Disk) Close() error { return d.log.Close() }

func (d *Disk) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	if err := d.Dump(json.NewEncoder(b)); err != nil {
		return err
	}
	return b.Flush()
}

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
