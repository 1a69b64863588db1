package config

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"example.com/flatline/concmap"
	"example.com/flatline/examples/internal/wal"
)

// AuditFile is the name of the audit in the directory of a Disk.
const AuditFile = "audit.jsonl"

// Disk is a Memory behind a log: the log's goroutine applies each command once it is
// durable, so nothing that a crash could lose is ever visible. The audit is a file of its
// own, which only grows. It is synced before a snapshot shortens the log: until then the
// log could write it again.
type Disk struct {
	Logged
	log     *wal.Log
	effects concmap.Map[uint64, Effects] // of commands whose callers have yet to take them
	records atomic.Int64                 // since the last snapshot
	every   int64
	busy    atomic.Bool // with a snapshot

	// The rest belongs to whoever applies.
	file    *os.File // the audit
	written chain    // its end
	failed  error    // nothing is written since
}

// OpenDisk opens the store in a directory. It takes a snapshot every so many commands. The
// error wraps ErrTampered if the audit is not what the log says. O(bytes of the log and of
// the audit).
func OpenDisk(dir string, every int64, opts wal.Options) (*Disk, error) {
	d := &Disk{every: every}
	d.Logged = Logged{NewMemory(), d.append}
	opts.Applied = func(seq uint64, rec []byte) {
		e, err := d.ApplyRecord(rec)
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
	if err := errors.Join(d.openAudit(filepath.Join(dir, AuditFile)), d.replay()); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// openAudit reads the audit, and cuts off a record that was not wholly written.
func (d *Disk) openAudit(name string) (err error) {
	if d.file, err = os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600); err != nil {
		return err
	}
	var size int64
	if d.written, size, err = verify(d.file, nil); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return d.file.Truncate(size)
}

// replay makes the state from the log. It adds to the audit what a crash kept out of it.
func (d *Disk) replay() error {
	d.sink = d.write
	err := d.log.Replay(func(r io.Reader) error {
		return d.Load(json.NewDecoder(bufio.NewReader(r)))
	}, func(_ uint64, rec []byte) error {
		d.records.Add(1)
		_, err := d.ApplyRecord(rec)
		return errors.Join(err, d.failed)
	})
	if err == nil && d.written != d.chain {
		err = fmt.Errorf("%w: it has %d records in place of %d, or another last one", ErrTampered, d.written.N, d.chain.N)
	}
	return err
}

// write adds a record to the file, unless it has it. If the file fails, the log keeps what
// it lacks.
func (d *Disk) write(r Record) {
	switch {
	case d.failed != nil || r.N < d.written.N || r.N == d.written.N && r.Hash == d.written.Hash:
		return
	case r.Prev != d.written.Hash:
		d.failed = fmt.Errorf("%w: record %d", ErrTampered, min(r.N, d.written.N+1))
		return
	}
	line, err := encode(r)
	if err == nil {
		_, err = d.file.Write(line)
	}
	if err != nil {
		d.failed = err
		return
	}
	d.written = chain{r.N, r.Hash}
}

// append makes a command durable, and returns its effects.
func (d *Disk) append(ctx context.Context, c Command) (Effects, error) {
	rec, err := c.Encode(time.Now())
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
		_ = d.log.Snapshot(context.WithoutCancel(ctx), d.snapshot)
		d.busy.Store(false)
	}
	e, _ := d.effects.LoadAndDelete(seq)
	return e, nil
}

func (d *Disk) snapshot(w io.Writer) error {
	if err := errors.Join(d.failed, d.file.Sync()); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	if err := d.Dump(json.NewEncoder(b)); err != nil {
		return err
	}
	return b.Flush()
}

// Audit implements Store. What memory no longer has is read from the file.
func (d *Disk) Audit(ctx context.Context, after int64, n int) (all []Record, err error) {
	if all, err = d.Memory.Audit(ctx, after, n); !errors.Is(err, ErrCompacted) {
		return all, err
	}
	f, err := os.Open(d.file.Name())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	_, _, err = verify(f, func(r Record) {
		if r.N > after && len(all) < n {
			all = append(all, r)
		}
	})
	return all, err
}

// Close implements Store.
func (d *Disk) Close() error {
	err := d.log.Close()
	if d.file != nil {
		err = errors.Join(err, d.file.Close())
	}
	return err
}

// VerifyDir reads the audit in the directory of a Disk, which may be open, and returns the
// number of its records. The error names the first one that was changed; that the last
// ones are missing is for OpenDisk to say, which has the log.
func VerifyDir(dir string) (int64, error) {
	f, err := os.Open(filepath.Join(dir, AuditFile))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	end, _, err := verify(f, nil)
	return end.N, err
}
