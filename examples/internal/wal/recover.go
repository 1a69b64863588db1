package wal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// recover finds the end of the log, truncates after it, and opens the last segment.
func (l *Log) recover() error {
	snaps, err := list(l.dir, snapshotExt)
	if err != nil {
		return err
	}
	if len(snaps) > 0 {
		l.snapshot = snaps[len(snaps)-1]
	}
	if err := l.prune(); err != nil {
		return err
	}
	size := 0
	l.next, size, err = l.replay(func(uint64, []byte) error { return nil })
	if err != nil {
		return err
	}
	segments, err := list(l.dir, segmentExt)
	if err != nil {
		return err
	}
	if len(segments) == 0 {
		l.next = l.snapshot + 1
		return l.rotate()
	}
	name := l.path(segments[len(segments)-1], segmentExt)
	if err := l.truncate(name, size); err != nil {
		return err
	}
	l.size = int64(size)
	l.file, err = l.opts.OpenFile(name)
	return err
}

// replay visits the records after the snapshot. It returns the number after the last one
// and the size of the intact part of the last segment.
func (l *Log) replay(visit func(uint64, []byte) error) (next uint64, size int, err error) {
	segments, err := list(l.dir, segmentExt)
	if err != nil {
		return 0, 0, err
	}
	next = l.snapshot + 1
	for i, first := range segments {
		if i == 0 && first > next || i > 0 && first != next {
			return 0, 0, fmt.Errorf("%w: the records from %d to %d are missing", ErrCorrupt, next, first-1)
		}
		name := l.path(first, segmentExt)
		b, err := os.ReadFile(name)
		if err != nil {
			return 0, 0, err
		}
		next, size, err = scan(b, first, func(seq uint64, rec []byte) error {
			if seq <= l.snapshot {
				return nil
			}
			return visit(seq, rec)
		})
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
	}
	if next <= l.snapshot {
		return 0, 0, fmt.Errorf("%w: the log ends before its snapshot, at record %d", ErrCorrupt, next-1)
	}
	return next, size, nil
}

// Replay calls restore with the newest snapshot, if there is one, and then apply for each
// record after it, in order. It is for the time between Open and the first Append: later
// it returns an error. An error of restore or apply ends it and is returned. apply must
// not keep rec. O(bytes in the log).
func (l *Log) Replay(restore func(io.Reader) error, apply func(seq uint64, rec []byte) error) error {
	if l.appended.Load() {
		return errors.New("wal: Replay after an Append")
	}
	if l.snapshot > 0 {
		f, err := os.Open(l.path(l.snapshot, snapshotExt))
		if err != nil {
			return err
		}
		defer f.Close()
		data, err := checkSnapshot(f)
		if err != nil {
			return fmt.Errorf("wal: snapshot of record %d: %w", l.snapshot, err)
		}
		if err := restore(data); err != nil {
			return err
		}
	}
	_, _, err := l.replay(apply)
	return err
}

// checkSnapshot reads a snapshot once for its checksum and returns a reader of its content.
func checkSnapshot(f *os.File) (io.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	n := info.Size() - 4
	if n < 0 {
		return nil, ErrCorrupt
	}
	sum := crc32.New(castagnoli)
	var want [4]byte
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, n)); err != nil {
		return nil, err
	}
	if _, err := f.ReadAt(want[:], n); err != nil {
		return nil, err
	}
	if sum.Sum32() != binary.LittleEndian.Uint32(want[:]) {
		return nil, ErrCorrupt
	}
	return io.NewSectionReader(f, 0, n), nil
}

// Snapshot calls write with a file for the caller's state, makes it durable, and removes
// the segments that it replaces. write runs in the log's goroutine, between two commits:
// the state then has exactly the records that Applied has seen, and Appends wait. After
// an error of write or of the disk the log is unchanged.
func (l *Log) Snapshot(ctx context.Context, write func(io.Writer) error) error {
	l.appended.Store(true)
	_, err := l.ask(ctx, request{snap: write})
	return err
}

func (l *Log) writeSnapshot(write func(io.Writer) error) error {
	last := l.next - 1
	if l.err != nil || last == l.snapshot {
		return l.err
	}
	temp := filepath.Join(l.dir, "snapshot.tmp")
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := l.opts.OpenFile(temp)
	if err != nil {
		return err
	}
	sum := crc32.New(castagnoli)
	if err = write(io.MultiWriter(f, sum)); err == nil {
		_, err = f.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	}
	if err == nil {
		err = l.sync(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, l.path(last, snapshotExt)); err != nil {
		return err
	}
	l.snapshot = last
	if err := l.rotate(); err != nil { // which makes both names durable
		l.err = fmt.Errorf("%w: %w", ErrFailed, err)
		return l.err
	}
	return l.prune()
}

// prune removes the snapshots before the newest, and the segments whose records are all in
// it: those that have a successor which begins at or before the record after it.
func (l *Log) prune() error {
	snaps, err := list(l.dir, snapshotExt)
	if err != nil {
		return err
	}
	for _, s := range snaps {
		if s < l.snapshot {
			err = errors.Join(err, os.Remove(l.path(s, snapshotExt)))
		}
	}
	segments, err2 := list(l.dir, segmentExt)
	if err = errors.Join(err, err2); err != nil {
		return err
	}
	for i := 0; i+1 < len(segments) && segments[i+1] <= l.snapshot+1; i++ {
		err = errors.Join(err, os.Remove(l.path(segments[i], segmentExt)))
	}
	return err
}
