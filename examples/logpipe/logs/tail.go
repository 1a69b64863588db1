package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tailer follows the file at one path, through rotation by rename and by truncation.
type tailer struct {
	a    *Agent
	path string
	at   progress
	f    *os.File
	buf  []byte
}

// name returns the name of the current file for the server.
func (t *tailer) name() string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.path)) // never fails
	base := filepath.Base(t.path)
	return fmt.Sprintf("%.100s-%016x#%d", base, h.Sum64(), t.at.Seq)
}

// step sends one batch, or goes on to the next file. It reports whether it did either, or
// there is nothing to do now. After an error it can be called again.
func (t *tailer) step(ctx context.Context) (busy bool, err error) {
	if t.f == nil {
		if opened, err := t.open(); !opened {
			return false, err
		}
	}
	// Whether it was rotated is asked before it is read: what is read then is all there is.
	info, err := t.f.Stat()
	if err != nil {
		return false, err
	}
	here, err := os.Stat(t.path)
	rotated := err == nil && !os.SameFile(info, here)
	if info.Size() < t.at.Offset || !t.at.Ident.begins(t.f) {
		return true, t.truncated()
	}
	n, err := t.f.ReadAt(t.buf, t.at.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	settled := t.a.now().Sub(info.ModTime()) >= t.a.Settle && info.Size() <= t.at.Offset+int64(n)
	k := Cut(t.buf[:n], settled, rotated && settled)
	if k > 0 {
		return true, t.send(ctx, t.buf[:k])
	}
	if rotated && settled && n == 0 {
		return t.next()
	}
	return false, nil
}

// send sends what was read at the offset, and notes what the server acknowledges.
func (t *tailer) send(ctx context.Context, body []byte) error {
	if t.at.Ident.Size < printSize {
		id, err := identify(t.f, printSize)
		if err != nil {
			return err
		}
		t.at.Ident = id
	}
	service := cmp.Or(t.a.Service, strings.TrimSuffix(filepath.Base(t.path), ".log"))
	r, err := t.a.to.Accept(ctx, Batch{Agent: t.a.state.Agent, File: t.name(), Service: service, First: t.at.Offset, Body: body})
	if err != nil {
		return err
	}
	if r.Next < t.at.Offset+int64(len(body)) {
		return fmt.Errorf("logs: the server acknowledges %s up to %d, before the end of what was sent, %d", t.name(), r.Next, t.at.Offset+int64(len(body)))
	}
	t.at.Offset = r.Next
	return t.a.state.update(t.path, t.at)
}

// truncated leaves a file that does not begin as it did, or is shorter. If a copy of what it
// was is there, as copytruncate makes one, that is read to its end first.
func (t *tailer) truncated() error {
	t.a.truncated.Add(1)
	f := t.f
	t.f = nil
	return f.Close()
}

// next goes on to the file that came after the current one.
func (t *tailer) next() (bool, error) {
	all, err := t.files()
	if err != nil {
		return false, err
	}
	defer closeAll(all)
	i := slices.IndexFunc(all, func(f *os.File) bool { return sameFile(f, t.f) }) + 1
	if i == 0 { // it was removed
		i = t.unread(all)
	}
	if i >= len(all) {
		return false, nil // it has not been made yet
	}
	id, err := identify(t.f, printSize)
	if err != nil {
		return false, err
	}
	at := progress{Seq: t.at.Seq + 1, Done: append(t.at.Done, id)}
	at.Done = at.Done[max(0, len(at.Done)-maxDone):]
	return true, errors.Join(t.f.Close(), t.begin(all, i, at))
}

// begin starts reading a file of a list.
func (t *tailer) begin(all []*os.File, i int, at progress) error {
	t.f = nil
	var err error
	if at.Ident.Size == 0 {
		if at.Ident, err = identify(all[i], printSize); err != nil {
			return err
		}
	}
	if err := t.a.state.update(t.path, at); err != nil {
		return err
	}
	t.at, t.f, all[i] = at, all[i], nil
	return nil
}

// open finds the file to read: the one that was read last under whatever name, or else a
// copy of it, or else the oldest one that was not read.
func (t *tailer) open() (bool, error) {
	all, err := t.files()
	if err != nil {
		return false, err
	}
	defer closeAll(all)
	here := len(all) - 1
	if here < 0 || filepath.Clean(all[here].Name()) != filepath.Clean(t.path) {
		here = -1
	}
	if t.at.Seq == 0 { // the first time
		if here < 0 {
			return false, nil
		}
		first := progress{Seq: 1}
		if here > 0 { // what was rotated before is not its own
			id, err := identify(all[here-1], printSize)
			if err != nil {
				return false, err
			}
			first.Done = append(first.Done, id)
		}
		return true, t.begin(all, here, first)
	}
	found, copied := -1, -1
	for i, f := range all {
		info, err := f.Stat()
		if err != nil {
			return false, err
		}
		long := t.at.Ident.begins(f) && info.Size() >= t.at.Offset
		// An inode alone is not enough: the file may have been truncated, or removed, and a new
		// file has its inode.
		switch mine := inode(info) == t.at.Ident.Inode; {
		case mine && long:
			found = i
		case long && t.at.Ident.Size > 0 && !t.done(f):
			copied = i
		}
	}
	switch {
	case found >= 0:
		return true, t.begin(all, found, t.at)
	case copied >= 0:
		return true, t.begin(all, copied, t.at)
	}
	i := t.unread(all)
	if i == len(all) {
		return false, nil
	}
	t.a.vanished.Add(1) // before it was read to its end
	return true, t.begin(all, i, progress{Seq: t.at.Seq + 1, Done: t.at.Done})
}

// unread returns the index of the file after the last one that was read to its end, of files
// in the order of their age. It is the number of files if there is none yet.
func (t *tailer) unread(all []*os.File) int {
	i := len(all)
	for i > 0 && !t.done(all[i-1]) {
		i--
	}
	return i
}

// done reports whether a file was read to its end before.
func (t *tailer) done(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && slices.ContainsFunc(t.at.Done, func(id ident) bool { return id.Inode == inode(info) && id.begins(f) })
}

// wait is how long the tailer waits after so many failures in a row.
func wait(failures int, poll time.Duration) time.Duration {
	return min(poll<<min(failures, 10), 5*time.Second)
}
