package logs

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"example.com/flatline/concmap"
	"example.com/flatline/examples/internal/wal"
)

// Disk is a Memory whose commands go through a log first, and whose blocks are in files. A
// snapshot of the log names the length of each file: what was written after it is in the
// log too, and is cut off when the store is opened (L1, L2).
type Disk struct {
	*Memory
	log     *wal.Log
	effects concmap.Map[uint64, Effects] // of commands whose callers have yet to take them
}

// OpenDisk opens the store in a directory. Errors wrap those of wal.Open, or ErrCorrupt.
func OpenDisk(dir string, l Limits, opts wal.Options) (*Disk, error) {
	f := diskFiles{dir: filepath.Join(dir, "segments"), noSync: opts.NoSync}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, err
	}
	d := &Disk{Memory: newMemory(l, f)}
	var broken error
	opts.Applied = func(seq uint64, rec []byte) {
		c, err := decodeCommand(rec)
		if err != nil {
			broken = err // it was encoded a moment ago
			return
		}
		d.effects.Store(seq, d.Apply(c))
	}
	log, err := wal.Open(filepath.Join(dir, "log"), opts)
	if err != nil {
		return nil, err
	}
	d.log = log
	err = log.Replay(func(r io.Reader) error { return d.load(json.NewDecoder(bufio.NewReader(r))) }, func(_ uint64, rec []byte) error {
		c, err := decodeCommand(rec)
		if err == nil {
			d.Apply(c)
		}
		return err
	})
	if err = errors.Join(err, broken); err == nil {
		err = d.adopt(f)
	}
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return d, nil
}

// adopt reads the headers of the blocks, cuts off what was written after the snapshot, and
// removes the files of segments that were dropped.
func (d *Disk) adopt(f diskFiles) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.segments {
		if s.size == 0 {
			_ = f.remove(s.number)
			continue
		}
		if err := f.cut(s.number, s.size); err != nil {
			return fmt.Errorf("%w: segment %d: %w", ErrCorrupt, s.number, err)
		}
		r, err := f.open(s.number)
		if err != nil {
			return err
		}
		for at := int64(0); at < s.size && err == nil; {
			var b meta
			if b, err = readMeta(r, at); err == nil {
				s.blocks = append(s.blocks, b)
				at += b.size()
			}
		}
		if err = errors.Join(err, r.Close()); err != nil {
			return fmt.Errorf("segment %d: %w", s.number, err)
		}
	}
	all, err := os.ReadDir(f.dir)
	for _, e := range all {
		n, parsed := strconv.ParseUint(strings.TrimSuffix(e.Name(), ".seg"), 10, 64)
		if d.segments[n] == nil && parsed == nil {
			err = errors.Join(err, f.remove(n))
		}
	}
	return err
}

func (d *Disk) do(ctx context.Context, c *Command) (Effects, error) {
	seq, err := d.log.Append(ctx, c.encode())
	if err != nil {
		return Effects{}, err
	}
	e, _ := d.effects.LoadAndDelete(seq)
	return e, nil
}

// Append implements Store.
func (d *Disk) Append(ctx context.Context, c *Command) (Effects, error) {
	// A disk that takes no blocks must not fill the memory: nothing is accepted before it does.
	if err := d.settle(context.WithoutCancel(ctx)); err != nil {
		return Effects{}, err
	}
	return d.do(ctx, c)
}

func (d *Disk) settle(ctx context.Context) error {
	if !d.heavy() {
		return nil
	}
	d.flushes.Lock()
	defer d.flushes.Unlock()
	if !d.heavy() {
		return nil
	}
	return d.flush(ctx, nil)
}

// flush writes blocks, and then a snapshot that names them.
func (d *Disk) flush(ctx context.Context, all func(*segment) bool) error {
	if err := d.Memory.flush(all); err != nil {
		return err
	}
	return d.log.Snapshot(ctx, d.dump)
}

// Retain implements Store.
func (d *Disk) Retain(now time.Time) error {
	ctx := context.Background()
	return d.retain(now, func(all func(*segment) bool) error { return d.flush(ctx, all) }, func(c *Command) (Effects, error) { return d.do(ctx, c) })
}

// Close closes the log.
func (d *Disk) Close() error { return d.log.Close() }

// diskFiles are the files of a directory.
type diskFiles struct {
	dir    string
	noSync bool
}

func (f diskFiles) path(number uint64) string {
	return filepath.Join(f.dir, fmt.Sprintf("%08d.seg", number))
}

func (f diskFiles) open(number uint64) (blob, error) { return os.Open(f.path(number)) }

func (f diskFiles) write(number uint64, at int64, b []byte) error {
	file, err := os.OpenFile(f.path(number), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(b, at)
	if err == nil && !f.noSync {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil && at == 0 && !f.noSync {
		err = syncDir(f.dir) // the name
	}
	return err
}

func (f diskFiles) cut(number uint64, size int64) error {
	info, err := os.Stat(f.path(number))
	switch {
	case err != nil:
		return err
	case info.Size() < size:
		return fmt.Errorf("it has %d bytes of %d", info.Size(), size)
	case info.Size() == size:
		return nil
	}
	return os.Truncate(f.path(number), size)
}

func (f diskFiles) remove(number uint64) error {
	if err := os.Remove(f.path(number)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
