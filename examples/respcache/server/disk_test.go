package server

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A fullDisk has space for a number of further bytes.
type fullDisk struct {
	osDisk
	left atomic.Int64
}

type fullFile struct {
	logFile
	d *fullDisk
}

func (d *fullDisk) open(path string, flag int) (logFile, error) {
	f, err := d.osDisk.open(path, flag)
	if err != nil {
		return nil, err
	}
	return fullFile{f, d}, nil
}

// Write writes as much as fits, as the system does.
func (f fullFile) Write(b []byte) (int, error) {
	if left := f.d.left.Add(-int64(len(b))); left < 0 {
		n, err := f.logFile.Write(b[:max(0, int64(len(b))+left)])
		f.d.left.Store(0)
		return n, errors.Join(err, syscall.ENOSPC)
	}
	return f.logFile.Write(b)
}

// TestFullDisk: while the disk is full the server tries less and less often to write a
// new log, and leaves no file behind; once there is space, it continues with all its
// data.
func TestFullDisk(t *testing.T) {
	o := aofOptions(t.TempDir())
	d := &fullDisk{}
	d.left.Store(1 << 20)
	o.disk = d
	var tries atomic.Int64
	o.Log = func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); len(text) > 7 && text[:7] == "rewrite" {
			tries.Add(1)
		}
	}
	s := start(t, o)
	c := dial(t, s)
	require.Equal(t, "OK", c.do("SET a 1"))
	a := s.feed.file
	seconds := func(n int) {
		for range n {
			a.second()
			a.turn <- struct{}{} // what it has started has ended
			<-a.turn
		}
	}
	d.left.Store(3) // half a command still fits
	c.send("*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n")
	_, err := c.read()
	require.Error(t, err, "no reply: the write may be lost")
	before := logFiles(t, o.Dir)
	seconds(200)
	got := tries.Load()
	assert.Positive(t, got)
	assert.LessOrEqual(t, got, int64(12), "of 200 seconds")
	assert.Equal(t, before, but(logFiles(t, o.Dir), manifestName+".tmp"))

	d.left.Store(1 << 20)
	c = dial(t, s)
	require.Contains(t, c.do("SET c 3"), "-MISCONF")
	seconds(maxBackoff + 1)
	require.Equal(t, "OK", c.do("SET c 3"))
	assert.Len(t, logFiles(t, o.Dir), 3, "base, incr and manifest")
	s.Shutdown()
	require.NoError(t, s.Close())
	o.disk = nil
	assert.Len(t, stopped(t, o).state(), 3)
}

func but(names []string, name string) (rest []string) {
	for _, n := range names {
		if n != name {
			rest = append(rest, n)
		}
	}
	return rest
}

// A hookDisk calls a function before a file is created.
type hookDisk struct {
	osDisk
	before func(name string)
}

func (d hookDisk) open(path string, flag int) (logFile, error) {
	d.before(filepath.Base(path))
	return d.osDisk.open(path, flag)
}

// TestNothingIsAcknowledgedFromAnUnlistedFile: after an error of the disk what is written
// to the new file counts only once the manifest lists it.
func TestNothingIsAcknowledgedFromAnUnlistedFile(t *testing.T) {
	var s *Server
	seq, base := int64(0), ""
	o := aofOptions(t.TempDir())
	o.disk = hookDisk{before: func(name string) {
		if name != base {
			return
		}
		own := s.internalSession(fromMaster) // a client is refused; one that is half done is not
		words(own, "SET b 2")
		require.NoError(t, s.feed.file.after(func() error { return nil }))
		seq = own.seq
		assert.Less(t, s.feed.file.synced, seq)
	}}
	s = stopped(t, o)
	words(s.internalSession(fromClient), "SET a 1")
	a := s.feed.file
	require.NoError(t, a.after(func() error { a.fail(errors.New("test")); return nil }))
	a.turn <- struct{}{}
	base = baseFile(a.manifest.seq + 1).name
	require.NoError(t, a.rewrite(t.Context()))
	<-a.turn
	require.Positive(t, seq)
	assert.True(t, s.feed.wait(seq))
}
