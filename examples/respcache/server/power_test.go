package server

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A powerDisk models what would be left if the power failed now: the bytes of a file that
// were there when it was last synced, under the names that the directory had when it was.
// What was not synced is lost whole; a deletion is on disk at once, which is the worst.
type powerDisk struct {
	osDisk
	acked func() int // how many writes are acknowledged
	step  func()     // called after an operation on a name

	mu    sync.Mutex
	names map[string]*powerFile // as a program sees them
	safe  map[string]*powerFile // as they are found after a power cut
	cuts  []powerCut
}

// A powerCut is what is found if the power fails at one moment, or if the process is
// killed.
type powerCut struct {
	step         string
	acked        int
	power, crash map[string][]byte
}

type powerFile struct {
	logFile
	d      *powerDisk
	name   string // "" of the directory
	data   []byte
	synced int
}

// cut notes a moment. The disk is locked.
func (d *powerDisk) cut(step string) {
	c := powerCut{step, d.acked(), map[string][]byte{}, map[string][]byte{}}
	for name, p := range d.safe {
		c.power[name] = p.data[:p.synced:p.synced]
	}
	for name, p := range d.names {
		c.crash[name] = p.data[:len(p.data):len(p.data)]
	}
	if n := len(d.cuts); n > 0 && d.cuts[n-1].step == step { // one more write to the same file
		d.cuts[n-1] = c
		return
	}
	d.cuts = append(d.cuts, c)
}

func (d *powerDisk) open(path string, flag int) (logFile, error) {
	defer d.step()
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := d.osDisk.open(path, flag)
	if err != nil {
		return nil, err
	}
	p := &powerFile{logFile: f, d: d}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		p.name = filepath.Base(path)
		d.names[p.name] = p
	}
	d.cut("open " + path)
	return p, nil
}

func (f *powerFile) Write(b []byte) (int, error) {
	f.d.mu.Lock()
	f.data = append(f.data, b...)
	f.d.mu.Unlock()
	return f.logFile.Write(b)
}

func (f *powerFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.synced = len(f.data); f.name == "" {
		f.d.safe = maps.Clone(f.d.names)
	}
	f.d.cut("sync " + f.name)
	return nil
}

func (d *powerDisk) rename(from, to string) error {
	defer d.step()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names[filepath.Base(to)] = d.names[filepath.Base(from)]
	delete(d.names, filepath.Base(from))
	d.cut("rename to " + to)
	return d.osDisk.rename(from, to)
}

func (d *powerDisk) remove(path string) error {
	defer d.step()
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.names, filepath.Base(path))
	delete(d.safe, filepath.Base(path))
	d.cut("remove " + path)
	return d.osDisk.remove(path)
}

// TestPowerCut: whatever moment between two operations of the disk the power fails at,
// while the log is rewritten, the server starts, finds no file that it does not know, and
// has the writes up to one of them: with appendfsync always all that were acknowledged. It
// fails if a file or its directory is not synced before what depends on it.
func TestPowerCut(t *testing.T) {
	for _, mode := range []string{"always", "no"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			var acked atomic.Int64
			d := &powerDisk{names: map[string]*powerFile{}, safe: map[string]*powerFile{}}
			if d.acked = func() int { return int(acked.Load()) }; mode == "no" {
				d.acked = func() int { return 0 }
			}
			d.step = func() {}
			o := aofOptions(t.TempDir())
			o.disk, o.AppendFsync = d, mode
			s := stopped(t, o)
			var mu sync.Mutex
			sent := int64(0)
			write := func() (n, seq int64) {
				mu.Lock()
				defer mu.Unlock()
				sent++
				own := s.internalSession(fromClient)
				require.Equal(t, "+OK\r\n", ask(own, "SET", fmt.Sprint("k", sent), "v"))
				return sent, own.seq
			}
			d.step = func() { write() } // between any two steps something is written
			for range 2 {
				ended := make(chan error, 1)
				go func() {
					s.feed.file.turn <- struct{}{}
					ended <- s.feed.file.rewrite(t.Context())
					<-s.feed.file.turn
				}()
				for i := 0; i < 50 && (len(ended) == 0 || i < 5); i++ {
					n, seq := write()
					require.True(t, s.feed.wait(seq))
					acked.Store(n)
				}
				require.NoError(t, <-ended)
			}
			d.step = func() {}
			d.mu.Lock()
			defer d.mu.Unlock()
			for _, c := range d.cuts {
				c.check(t, c.power)
				c.check(t, c.crash)
			}
		})
	}
}

func (c *powerCut) check(t *testing.T, files map[string][]byte) {
	t.Helper()
	o := aofOptions(t.TempDir())
	require.NoError(t, os.Mkdir(filepath.Join(o.Dir, logDir), 0o700))
	for name, data := range files {
		require.NoError(t, os.WriteFile(filepath.Join(o.Dir, logDir, name), data, 0o600))
	}
	r, err := New(o)
	require.NoError(t, err, c.step)
	got := r.state()
	require.Zero(t, r.feed.file.orphans.Load(), c.step)
	require.Len(t, but(logFiles(t, o.Dir), manifestName+".tmp"), len(r.feed.file.manifest.files())+1, c.step)
	require.NoError(t, r.Close())
	require.GreaterOrEqual(t, len(got), c.acked, c.step)
	for k := range len(got) {
		require.Contains(t, got, fmt.Sprint("k", k+1), "%s: %d keys", c.step, len(got))
	}
}
