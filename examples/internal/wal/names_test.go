package wal

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// watchedDir notes which names a directory has whenever it is synced: those survive a loss of
// power.
type watchedDir struct {
	File
	name    string
	durable map[string]bool
}

func (d watchedDir) Sync() error {
	entries, err := os.ReadDir(d.name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		d.durable[filepath.Join(d.name, e.Name())] = true
	}
	return d.File.Sync()
}

// watchedFile is a file that must be found after a loss of power as soon as it has been synced
// and something was answered.
type watchedFile struct {
	File
	name string
	used *string
}

func (f watchedFile) Write(b []byte) (int, error) {
	*f.used = f.name
	return f.File.Write(b)
}

// TestNamesAreDurable: when an Append or a Snapshot returns, a sync of the directory has made the
// name of the file that has it durable, and the directory's own in the one above it (W6).
func TestNamesAreDurable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a directory cannot be synced")
	}
	top := t.TempDir()
	dir := filepath.Join(top, "new", "log")
	durable, used := map[string]bool{}, ""
	open := func() *Log {
		l, err := Open(dir, Options{
			SegmentSize: 60,
			OpenFile: func(name string) (File, error) {
				f, err := OpenFile(name)
				return watchedFile{f, name, &used}, err
			},
			openDir: func(name string) (File, error) {
				f, err := openDir(name)
				return watchedDir{f, name, durable}, err
			},
		})
		require.NoError(t, err)
		return l
	}
	l := open()
	assert.True(t, durable[filepath.Dir(dir)], "the directory above")
	assert.True(t, durable[dir], "the directory")
	for i := range 12 {
		_, err := l.Append(t.Context(), []byte(fmt.Sprint("record ", i)))
		require.NoError(t, err)
		assert.True(t, durable[used], "%s has an acknowledged record", used)
		if i%5 == 3 {
			require.NoError(t, l.Snapshot(t.Context(), func(w io.Writer) error { _, err := io.WriteString(w, "state"); return err }))
			assert.True(t, durable[l.path(l.snapshot, snapshotExt)], "the snapshot, whose records are in no segment")
		}
		if i == 7 {
			require.NoError(t, l.Close())
			l = open()
		}
	}
	require.NoError(t, l.Close())
	segments, err := filepath.Glob(filepath.Join(dir, "*.log"))
	require.NoError(t, err)
	for _, name := range segments {
		assert.True(t, durable[name], name)
	}
}
