package config

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"example.com/flatline/examples/internal/wal"
)

// AuditFile is the name of the audit in the directory of a Disk.
const AuditFile = "audit.jsonl"

// Disk is a Memory whose commands go through a log first. The audit is a file of its own,
// which only grows. It is synced before a snapshot shortens the log: until then the log
// could write it again.
type Disk struct {
	Logged
	log *wal.Machine[Command, Effects]

	// The rest belongs to whoever applies.
	name    string   // of the audit
	file    *os.File // nil until the log is locked
	written chain    // its end
	failed  error    // nothing is written since
}

// OpenDisk opens the store in a directory. It takes a snapshot every so many commands. The
// error wraps ErrTampered if the audit is not what the log says. O(bytes of the log and of
// the audit).
func OpenDisk(dir string, every int64, opts wal.Options) (_ *Disk, err error) {
	d := &Disk{name: filepath.Join(dir, AuditFile)}
	d.Memory = NewMemory()
	d.sink = d.write
	if d.log, err = wal.OpenMachine(dir, d, every, opts); err != nil {
		return nil, err
	}
	d.Do = d.log.Do
	if d.openAudit(); d.failed == nil && d.written != d.chain {
		d.failed = fmt.Errorf("%w: it has %d records in place of %d, or another last one", ErrTampered, d.written.N, d.chain.N)
	}
	if d.failed != nil {
		return nil, errors.Join(d.failed, d.Close())
	}
	return d, nil
}

// openAudit reads the audit, and cuts off a record that was not wholly written.
func (d *Disk) openAudit() {
	if d.file != nil || d.failed != nil {
		return
	}
	if d.file, d.failed = os.OpenFile(d.name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600); d.failed != nil {
		return
	}
	var size int64
	if d.written, size, d.failed = verify(d.file, nil); d.failed == nil {
		d.failed = d.file.Truncate(size)
	}
}

// write adds a record to the file, unless it has it. If the file fails, the log keeps what
// it lacks.
func (d *Disk) write(r Record) {
	d.openAudit()
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
	if d.failed = err; err == nil {
		d.written = chain{r.N, r.Hash}
	}
}

// Dump syncs the audit before it writes the state.
func (d *Disk) Dump(out *json.Encoder) error {
	if err := cmp.Or(d.failed, d.file.Sync()); err != nil {
		return err
	}
	return d.Memory.Dump(out)
}

// Audit implements Store. What memory no longer has is read from the file.
func (d *Disk) Audit(ctx context.Context, after int64, n int) (all []Record, err error) {
	if all, err = d.Memory.Audit(ctx, after, n); !errors.Is(err, ErrCompacted) {
		return all, err
	}
	f, err := os.Open(d.name)
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
