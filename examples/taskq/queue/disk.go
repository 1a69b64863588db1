package queue

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	Effects
	err error
}

// Disk is a Memory whose commands go through a log first: the log's goroutine applies each
// once it is durable, so nothing that a crash could lose is ever visible.
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
	d := &Disk{Memory: NewMemory(), every: every}
	opts.Applied = func(seq uint64, rec []byte) {
		e, err := d.apply(rec)
		d.effects.Store(seq, applied{e, err})
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
		return Effects{}, fmt.Errorf("queue: a record of the log: %w", err)
	}
	return d.Apply(r.Now, r.Command), nil
}

// do makes a command durable, and returns its effects.
func (d *Disk) do(ctx context.Context, c Command) (Effects, error) {
	var rec bytes.Buffer
	enc := json.NewEncoder(&rec)
	enc.SetEscapeHTML(false) // six bytes for one
	if err := enc.Encode(record{time.Now(), c}); err != nil {
		return Effects{}, err
	}
	seq, err := d.log.Append(ctx, rec.Bytes())
	if err != nil {
		return Effects{}, err
	}
	if d.records.Add(1) >= d.every && d.busy.CompareAndSwap(false, true) {
		d.records.Store(0)
		// One that fails leaves the log as it was, and the next one is as good.
		_ = d.log.Snapshot(context.WithoutCancel(ctx), d.write)
		d.busy.Store(false)
	}
	e, _ := d.effects.LoadAndDelete(seq)
	return e.Effects, e.err
}

// Enqueue implements Store.
func (d *Disk) Enqueue(ctx context.Context, tasks []Task) ([]Answer, error) {
	e, err := d.do(ctx, Command{Enqueue: tasks})
	return e.Answers, err
}

// Lease implements Store. If there is nothing to lease it costs no write.
func (d *Disk) Lease(ctx context.Context, a Ask) ([]Task, error) {
	if !d.Waiting(a.Queues) {
		return nil, nil
	}
	e, err := d.do(ctx, Command{Lease: &a})
	return e.Tasks, err
}

// Waiting reports whether a Lease may find a task. It changes nothing: what is not in the log
// must not move the state's time, or a replay would differ.
func (m *Memory) Waiting(queues []string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range queues {
		if l := m.lines[name]; l != nil && l.ready.Len() > 0 {
			return true
		}
	}
	it := m.delayed.first()
	return it != nil && !it.Due.After(time.Now())
}

// Settle implements Store.
func (d *Disk) Settle(ctx context.Context, outcomes []Outcome) ([]Answer, error) {
	e, err := d.do(ctx, Command{Settle: outcomes})
	return e.Answers, err
}

// Tick implements Store. If no lease has ended it costs no write.
func (d *Disk) Tick(ctx context.Context) ([]Task, error) {
	if !d.Expired() {
		return nil, nil
	}
	e, err := d.do(ctx, Command{Tick: true})
	return e.Tasks, err
}

// Expired reports whether a Tick would end a lease. It changes nothing.
func (m *Memory) Expired() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	it := m.leases.first()
	return it != nil && !it.Until.After(time.Now())
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

// saved is what a snapshot begins with; as many tasks follow.
type saved struct {
	Now   time.Time
	Done  map[string]int64 // of each queue, ever
	Tasks int
}

// Dump writes the state.
func (m *Memory) Dump(out *json.Encoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	head := saved{Now: m.now, Done: map[string]int64{}}
	for name, l := range m.lines {
		head.Done[name] = l.done
	}
	var tasks []*Task
	for _, it := range m.live {
		tasks = append(tasks, &it.Task)
	}
	for _, t := range m.done.Backward() { // from the one that is forgotten first
		tasks = append(tasks, t)
	}
	head.Tasks = len(tasks)
	if err := out.Encode(head); err != nil {
		return err
	}
	for _, t := range tasks {
		if err := out.Encode(t); err != nil {
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
	m.now = head.Now
	for range head.Tasks {
		var t Task
		if err := in.Decode(&t); err != nil {
			return err
		}
		if t.State == Done {
			m.done.PutTTL(t.ID, &t, t.Ended.Add(Keep).Sub(m.now))
			continue
		}
		it := &item{}
		m.live[t.ID] = it
		m.put(it, t)
	}
	for name, n := range head.Done {
		m.line(name).done = n
	}
	return nil
}
