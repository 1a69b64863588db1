package logs

import (
	"bytes"
	"cmp"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/flatline/concmap"
)

// files are where the segments are.
type files interface {
	open(number uint64) (blob, error) // fs.ErrNotExist if it was removed
	write(number uint64, at int64, b []byte) error
	remove(number uint64) error
}

// A blob is a file that is open for reading.
type blob interface {
	io.ReaderAt
	io.Closer
}

// memoryFiles are files in memory.
type memoryFiles struct{ all concmap.Map[uint64, []byte] }

type memoryBlob struct{ *bytes.Reader }

func (memoryBlob) Close() error { return nil }

func (f *memoryFiles) open(number uint64) (blob, error) {
	b, ok := f.all.Load(number)
	if !ok {
		return nil, fs.ErrNotExist
	}
	return memoryBlob{bytes.NewReader(b)}, nil
}

func (f *memoryFiles) write(number uint64, at int64, b []byte) error {
	old, _ := f.all.Load(number)
	f.all.Store(number, append(old[:at], b...)) // readers have what is before at
	return nil
}

func (f *memoryFiles) remove(number uint64) error {
	f.all.Delete(number)
	return nil
}

// job is the blocks of a segment that are being written.
type job struct {
	s      *segment
	at     int64
	groups []group
	coded  []byte
	blocks []meta
}

// flush writes closed blocks to the files. The hot blocks of segments for which all returns
// true are closed first; and if those of all others are more than half of what may be in
// memory, all are. The caller holds m.flushes.
func (m *Memory) flush(all func(*segment) bool) error {
	jobs := m.jobs(all)
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range jobs {
		g.Go(func() error {
			j := &jobs[i]
			if err := j.encode(); err != nil {
				return err
			}
			return m.files.write(j.s.number, j.at, j.coded)
		})
	}
	err := g.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		return err // what was written is written again, at the same place
	}
	for _, j := range jobs {
		j.s.blocks = append(j.s.blocks, j.blocks...)
		j.s.size += int64(len(j.coded))
		j.s.full = slices.Clone(j.s.full[len(j.groups):])
		for _, x := range j.groups {
			m.hot -= len(x.Data)
		}
	}
	return nil
}

func (m *Memory) jobs(all func(*segment) bool) (jobs []job) {
	m.mu.Lock()
	defer m.mu.Unlock()
	open := 0
	for _, s := range m.segments {
		open += len(s.hot.Data)
	}
	for _, s := range m.segments {
		if 2*open >= m.limits.Hot || all != nil && all(s) {
			s.close()
		}
		if len(s.full) > 0 {
			jobs = append(jobs, job{s: s, at: s.size, groups: s.full[:len(s.full):len(s.full)]})
		}
	}
	return jobs
}

func (j *job) encode() error {
	for i := range j.groups {
		at := len(j.coded)
		j.coded = encodeBlock(j.coded, &j.groups[i])
		b, err := readMeta(bytes.NewReader(j.coded), int64(at))
		if err != nil {
			return err
		}
		b.at += j.at
		j.blocks = append(j.blocks, b)
	}
	return nil
}

// over reports whether no more records are expected in a segment: its day has ended, or
// it is closed.
func (s *segment) over(now time.Time) bool {
	today, _ := dayOf(now)
	return s.closed || s.day < today
}

// Expired implements Store: the whole day is more than Limits.Age ago.
func (m *Memory) Expired(d int32, now time.Time) bool {
	return !timeOf(d+1, 0).After(now.Add(-m.limits.Age))
}

// expired returns the segments to drop: those whose day is too old, and the oldest ones
// beyond the limit of bytes, but for those that are not over or not written.
func (m *Memory) expired(now time.Time) (aged, evicted []drop) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rest []*segment
	var size int64
	for _, s := range m.segments {
		if size += s.size; m.Expired(s.day, now) {
			aged = append(aged, drop{s.number, s.lines})
			size -= s.size
		} else if s.over(now) && len(s.full) == 0 && s.hot.Lines == 0 {
			rest = append(rest, s)
		}
	}
	slices.SortFunc(rest, func(a, b *segment) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.number, b.number))
	})
	for _, s := range rest {
		if size <= m.limits.Bytes {
			break
		}
		evicted = append(evicted, drop{s.number, s.lines})
		size -= s.size
	}
	return aged, evicted
}

// Retain seals the segments whose days have ended and drops those beyond the limits of age and
// bytes.
func (m *Memory) Retain(now time.Time) error { return m.retain(now, m.flush, m.commit) }

func (m *Memory) commit(c *Command) (Effects, error) { return m.Apply(c), nil }

func (m *Memory) retain(now time.Time, flush func(func(*segment) bool) error, commit func(*Command) (Effects, error)) error {
	m.flushes.Lock()
	defer m.flushes.Unlock()
	if err := flush(func(s *segment) bool { return s.over(now) }); err != nil {
		return err
	}
	aged, evicted := m.expired(now)
	for _, c := range []*Command{{Now: now, drops: aged}, {Now: now, drops: evicted, overfull: true}} {
		if len(c.drops) == 0 {
			continue
		}
		e, err := commit(c)
		for _, number := range e.dropped {
			_ = m.files.remove(number) // a file that stays is removed at the next start
		}
		if err != nil {
			return err
		}
	}
	return nil
}
