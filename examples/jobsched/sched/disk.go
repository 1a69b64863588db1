package sched

import (
	"context"
	"encoding/json"
	"time"

	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/taskq/queue"
	"example.com/flatline/ringbuffer"
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
	return &Disk{m, log}, nil
}

// do makes a command durable, and returns its effects. An error is that of the log.
func (d *Disk) do(ctx context.Context, c Command) (Effects, error) {
	e, err := d.log.Do(ctx, c)
	if err != nil {
		e.Err = err
	}
	return e, err
}

// Put implements Store.
func (d *Disk) Put(ctx context.Context, j Job, match int64) (Job, error) {
	e, _ := d.do(ctx, Command{Put: &Put{j, match}})
	return e.Job, e.Err
}

// Delete implements Store.
func (d *Disk) Delete(ctx context.Context, name string, match int64) error {
	e, _ := d.do(ctx, Command{Delete: &Put{Job{Name: name}, match}})
	return e.Err
}

// RunNow implements Store.
func (d *Disk) RunNow(ctx context.Context, name string) (Run, error) {
	e, _ := d.do(ctx, Command{Run: name})
	return one(e)
}

// Claim implements Store.
func (d *Disk) Claim(ctx context.Context, c Claim) (Leader, error) {
	e, err := d.do(ctx, Command{Claim: &c})
	return e.Leader, err
}

// Fire implements Store.
func (d *Disk) Fire(ctx context.Context, term int64, all []Fire) ([]Run, []error, error) {
	e, err := d.do(ctx, Command{Fire: &Firing{term, all}})
	return e.Runs, e.Errs, err
}

// Enqueue implements queue.Store.
func (d *Disk) Enqueue(ctx context.Context, tasks []queue.Task) ([]queue.Answer, error) {
	e, err := d.do(ctx, Command{Queue: &queue.Command{Enqueue: tasks}})
	return e.Queue.Answers, err
}

// Lease implements queue.Store. If there is nothing to lease it costs no write.
func (d *Disk) Lease(ctx context.Context, a queue.Ask) ([]queue.Task, error) {
	if !d.Memory.Memory.Waiting(a.Queues) {
		return nil, nil
	}
	e, err := d.do(ctx, Command{Queue: &queue.Command{Lease: &a}})
	return e.Queue.Tasks, err
}

// Settle implements queue.Store.
func (d *Disk) Settle(ctx context.Context, outcomes []queue.Outcome) ([]queue.Answer, error) {
	e, err := d.do(ctx, Command{Queue: &queue.Command{Settle: outcomes}})
	return e.Queue.Answers, err
}

// Tick implements queue.Store. If no lease has ended it costs no write.
func (d *Disk) Tick(ctx context.Context) ([]queue.Task, error) {
	if !d.Memory.Memory.Expired() {
		return nil, nil
	}
	e, err := d.do(ctx, Command{Queue: &queue.Command{Tick: true}})
	return e.Queue.Tasks, err
}

// Close implements Store.
func (d *Disk) Close() error { return d.log.Close() }

// saved is what a snapshot begins with. As many jobs follow, then the queue.
type saved struct {
	Now      time.Time
	Leader   Leader
	Versions int64
	Jobs     int
}

// savedJob is a job in a snapshot. Runs are from the oldest on; those that are open are
// also in Open.
type savedJob struct {
	Versions    []*Job
	After, Next time.Time
	Made        int64
	Missed      int64
	Runs, Open  []*Run
}

// Dump writes the state.
func (m *Memory) Dump(out *json.Encoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := out.Encode(saved{m.now, m.leader, m.versions, len(m.jobs)}); err != nil {
		return err
	}
	for name, s := range m.jobs {
		j := savedJob{After: s.after, Next: s.next, Made: s.made, Missed: s.missed, Open: s.open}
		for _, v := range m.defs.History(name) {
			j.Versions = append(j.Versions, v)
		}
		for _, r := range s.runs.All() {
			j.Runs = append(j.Runs, r)
		}
		if err := out.Encode(j); err != nil {
			return err
		}
	}
	return m.Memory.Dump(out)
}

// Load reads what Dump wrote, into an empty store.
func (m *Memory) Load(in *json.Decoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var head saved
	if err := in.Decode(&head); err != nil {
		return err
	}
	m.now, m.leader, m.versions = head.Now, head.Leader, head.Versions
	for range head.Jobs {
		var j savedJob
		if err := in.Decode(&j); err != nil {
			return err
		}
		last := j.Versions[len(j.Versions)-1]
		s := &status{name: last.Name, version: last.Version, after: j.After, next: j.Next, made: j.Made, missed: j.Missed, runs: newRing()}
		for _, v := range j.Versions {
			m.defs.Set(v.Name, timemap.Time(v.Updated), v)
		}
		m.enter(s)
		byID := map[string]*Run{}
		for _, r := range j.Runs {
			byID[r.ID] = r
			s.runs.PushEvict(r)
		}
		for _, r := range j.Open {
			if same := byID[r.ID]; same != nil {
				r = same
			}
			m.track(s, r)
		}
	}
	return m.Memory.Load(in)
}

func newRing() *ringbuffer.Ring[*Run] {
	return ringbuffer.New[*Run](keep, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})
}
