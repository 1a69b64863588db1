package server

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

var logCommands = []entry{
	{"bgrewriteaof", 1, anytime, 0, 0, 0, bgRewrite},
	{"replicaof", 3, anytime, 0, 0, 0, replicaOf},
	{"slaveof", 3, anytime, 0, 0, 0, replicaOf},
	{"role", 1, anytime, 0, 0, 0, role},
	{"wait", 3, notx, 0, 0, 0, waitReplicas},
	{"psync", -3, anytime | notx, 0, 0, 0, psync},
	{"sync", 1, anytime | notx | allShards, 0, 0, 0, syncReplica},
	{"replconf", -1, anytime | notx, 0, 0, 0, replconf},
}

func bgRewrite(s *session, _ [][]byte) {
	switch a := s.srv.feed.file; {
	case a == nil:
		s.err("ERR the append only file is off")
	case !a.startRewrite():
		s.err("ERR Background append only file rewriting already in progress")
	case s.tx.running || len(s.srv.cutting) > 0:
		s.simple("Background append only file rewriting scheduled")
	default:
		s.simple("Background append only file rewriting started")
	}
}

// startRewrite reports whether it has started one.
func (a *aof) startRewrite() bool {
	select {
	case a.turn <- struct{}{}:
	default:
		return false
	}
	a.srv.group.Go(func() {
		defer func() { <-a.turn }()
		err := a.rewrite(a.srv.ctx)
		if err == nil {
			a.backoff.Store(1)
			return
		}
		if a.srv.ctx.Err() == nil {
			wait := a.backoff.Load()
			a.pause.Store(wait)
			a.backoff.Store(min(2*wait, maxBackoff))
			a.srv.log("rewrite of the append-only file: %v; the next try is in %d s", err, wait)
		}
	})
	return true
}

func (a *aof) isRewriting() bool { return len(a.turn) > 0 }

// rewrite makes the log as short as the state is:
//
//	manifest   base 1, incr 1                         as it was
//	           base 1, incr 1, history base 2 incr 2  files to come have their names
//	           base 1, incr 1, incr 2, history base 2 at T: effects go to incr 2 from here on
//	           … the snapshot of T …                  into base 2, while effects go on
//	           base 2, incr 2, history base 1 incr 1  from here on the new files count
//	           base 2, incr 2                         the old ones are deleted
//
// A crash at any moment finds a manifest that leads to the whole state, and that lists
// all files. If the old files are not complete, because of an error, they are not
// extended, and nothing is acknowledged: a crash before the end finds the state that
// was acknowledged last.
func (a *aof) rewrite(ctx context.Context) error {
	defer a.clean()
	base, incr, err := a.reserve()
	if err != nil {
		return err
	}
	f, err := a.create(incr)
	if err != nil {
		return err
	}
	sn, broken, err := a.cutOver(ctx, f, incr)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	defer sn.end()
	size, err := a.writeBase(base, func(w io.Writer) error { return sn.write(ctx, w, true) })
	if err == nil {
		err = a.after(func() error {
			if a.lost {
				return errors.New(a.lastError())
			}
			return a.switchTo(base, incr)
		})
	}
	if err != nil {
		if broken {
			_ = a.after(func() error { a.lost = true; return a.file.Close() })
		}
		return err
	}
	a.baseSize.Store(size)
	a.size.Store(size)
	if broken {
		a.srv.log("append-only file: a new one is written, writes are accepted again")
	}
	return nil
}

// cutOver begins a snapshot, and makes the writer continue in f at the same instant. broken
// is whether the old files are not complete.
func (a *aof) cutOver(ctx context.Context, f logFile, incr listed) (sn *snapshot, broken bool, err error) {
	if err := a.srv.turn(ctx); err != nil {
		return nil, false, err
	}
	own := a.srv.internalSession(fromMaster)
	own.need(a.srv.all)
	sn = a.srv.cut()
	done := a.enqueue(func() error {
		if broken = a.lost; !broken {
			if err := a.sync(); err != nil {
				a.fail(err)
				return err
			}
			both := a.manifest
			both.incrs = append(slices.Clone(both.incrs), incr)
			both.history = without(slices.Clone(both.history), incr)
			if err := a.list(both); err != nil {
				return err
			}
		}
		a.use(f)
		a.hidden = broken
		return nil
	})
	own.release()
	if err := <-done; err != nil {
		sn.end()
		return nil, broken, err
	}
	return sn, broken, nil
}

// replace makes the log that of another state, which is complete and does not change,
// and calls swap at the moment from which the new log counts, with all shards locked.
// Until then a start loads the old state.
func (a *aof) replace(ctx context.Context, state *Server, swap func()) error {
	select {
	case a.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-a.turn }()
	defer a.clean()
	base, incr, err := a.reserve()
	if err != nil {
		return err
	}
	size, err := a.writeBase(base, func(w io.Writer) error { return state.writeState(w, true) })
	if err != nil {
		return err
	}
	f, err := a.create(incr)
	if err != nil {
		return err
	}
	own := a.srv.internalSession(fromMaster)
	own.need(a.srv.all)
	defer own.release()
	err = a.after(func() error {
		if err := a.switchTo(base, incr); err != nil {
			return err
		}
		a.use(f)
		return nil
	})
	if err != nil {
		return errors.Join(err, f.Close())
	}
	a.baseSize.Store(size)
	a.size.Store(size)
	swap()
	return nil
}

// without returns files but for some.
func without(files []listed, some ...listed) []listed {
	return slices.DeleteFunc(files, func(f listed) bool { return slices.Contains(some, f) })
}

// reserve lists the names of two new files, so that a start after a crash deletes them.
// They must not be there: a file that no manifest lists may be all that is left of
// something.
func (a *aof) reserve() (base, incr listed, err error) {
	m := a.manifest
	for taken := true; taken; {
		m.seq++
		base, incr, taken = baseFile(m.seq), incrFile(m.seq), false
		for _, f := range []listed{base, incr} {
			switch _, err := os.Lstat(filepath.Join(a.dir, f.name)); {
			case err == nil:
				taken = true
			case !errors.Is(err, fs.ErrNotExist):
				return base, incr, err
			}
		}
	}
	m.history = append(slices.Clone(m.history), base, incr)
	return base, incr, a.list(m)
}

// list makes m the manifest.
func (a *aof) list(m manifest) error {
	if err := m.write(a.disk, a.dir); err != nil {
		return err
	}
	a.manifest = m
	return nil
}

// create makes a file that must not be there.
func (a *aof) create(f listed) (logFile, error) {
	return a.disk.open(filepath.Join(a.dir, f.name), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND)
}

// use makes the writer, which calls it, continue in another file.
func (a *aof) use(f logFile) {
	a.file.Close()
	a.file, a.lost, a.dirty, a.hidden = f, false, false, false
}

// switchTo makes a base and the file of effects after it the log. The writer calls it.
func (a *aof) switchTo(base, incr listed) error {
	m := manifest{base: base, incrs: []listed{incr}, seq: a.manifest.seq}
	m.history = without(append(slices.Clone(a.manifest.history), a.manifest.files()...), base, incr)
	if err := a.list(m); err != nil {
		return err
	}
	a.hidden = false
	a.failed.Store(false)
	a.confirm() // what an old file has lost is in the base
	return nil
}

// clean deletes the files that are history.
func (a *aof) clean() {
	m := a.manifest
	m.history = nil
	for _, f := range a.manifest.history {
		if err := a.disk.remove(filepath.Join(a.dir, f.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			m.history = append(m.history, f)
		}
	}
	if len(m.history) == len(a.manifest.history) {
		return
	}
	if err := a.list(m); err != nil { // they stay listed, and the next clean does not find them
		a.srv.log("append-only file: %v", err)
	}
}

// writeBase creates a base.
func (a *aof) writeBase(base listed, write func(io.Writer) error) (size int64, err error) {
	f, err := a.create(base)
	if err != nil {
		return 0, err
	}
	to := &counter{to: f}
	err = write(to)
	if err == nil {
		err = f.Sync()
	}
	return to.n, errors.Join(err, f.Close())
}

// A counter counts the bytes that are written through it.
type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += int64(n)
	return n, err
}
