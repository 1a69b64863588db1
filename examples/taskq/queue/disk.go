package queue

import (
	"context"
	"encoding/json"
	"time"

	"example.com/flatline/examples/internal/wal"
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
	return &Disk{m, log}, nil
}

// Enqueue implements Store.
func (d *Disk) Enqueue(ctx context.Context, tasks []Task) ([]Answer, error) {
	e, err := d.log.Do(ctx, Command{Enqueue: tasks})
	return e.Answers, err
}

// Lease implements Store. If there is nothing to lease it costs no write.
func (d *Disk) Lease(ctx context.Context, a Ask) ([]Task, error) {
	if !d.Waiting(a.Queues) {
		return nil, nil
	}
	e, err := d.log.Do(ctx, Command{Lease: &a})
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
	e, err := d.log.Do(ctx, Command{Settle: outcomes})
	return e.Answers, err
}

// Tick implements Store. If no lease has ended it costs no write.
func (d *Disk) Tick(ctx context.Context) ([]Task, error) {
	if !d.Expired() {
		return nil, nil
	}
	e, err := d.log.Do(ctx, Command{Tick: true})
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
