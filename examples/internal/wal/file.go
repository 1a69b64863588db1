package wal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// A File is what a Log writes to.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

func OpenFile(name string) (File, error) {
	return os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

const (
	segmentExt  = ".log"
	snapshotExt = ".snap"
)

func (l *Log) path(seq uint64, ext string) string {
	return filepath.Join(l.dir, fmt.Sprintf("%016x%s", seq, ext))
}

// list returns the numbers of the files with an extension, in ascending order.
func list(dir, ext string) (all []uint64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ext)
		if n, err := strconv.ParseUint(name, 16, 64); ok && err == nil && len(name) == 16 {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all, nil
}

func (l *Log) sync(f File) error {
	if l.opts.NoSync {
		return nil
	}
	return f.Sync()
}

// truncate cuts a segment to its intact part, durably.
func (l *Log) truncate(name string, size int) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err = f.Truncate(int64(size)); err == nil {
		err = l.sync(f)
	}
	return errors.Join(err, f.Close())
}

func openDir(name string) (File, error) { return os.Open(name) }

// syncDir makes the names in a directory durable. Windows has no such call and needs none.
func (l *Log) syncDir(dir string) error {
	if runtime.GOOS == "windows" || l.opts.NoSync {
		return nil
	}
	d, err := l.opts.openDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// makeDir makes the log's directory and those above it, durably, as far as they are missing.
func (l *Log) makeDir() error {
	var in []string // directories that get a name
	for dir := l.dir; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			break
		}
		in = append(in, filepath.Dir(dir))
	}
	err := os.MkdirAll(l.dir, 0o700)
	for _, dir := range in {
		if err == nil {
			err = l.syncDir(dir)
		}
	}
	return err
}
