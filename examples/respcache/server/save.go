package server

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// dumpName is the file that SAVE and BGSAVE write, in the form of Redis 7.0, which can load
// it. It is loaded at the start if there is no log.
const dumpName = "dump.rdb"

// saves is the state of SAVE and BGSAVE.
type saves struct {
	running atomic.Bool
	due     atomic.Bool // a BGSAVE is to begin as soon as it can
	points  atomic.Pointer[[]savePoint]
	writing sync.Mutex // of the file

	mu      sync.Mutex
	at      time.Time     // when the last that worked ended; zero if there was none
	took    time.Duration // the last
	failed  bool          // the last
	tried   time.Time     // when the last ended
	count   int64         // that worked
	changes uint64        // of keys, up to the last that worked
	handed  int64         // bytes that clients handed over to the last BGSAVE
}

func save(s *session, _ [][]byte) {
	if !s.srv.saves.running.CompareAndSwap(false, true) {
		s.err(errSaving)
		return
	}
	defer s.srv.saves.running.Store(false)
	if err := s.srv.saveNow(); err != nil {
		s.err("ERR " + err.Error())
		return
	}
	s.ok()
}

const (
	errSaving = "ERR Background save already in progress"
	errBusy   = "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible."
)

// bgSave writes the data of this moment, while clients go on. In a transaction that would be
// the middle of it: the save begins afterwards, as it does with SCHEDULE while another snapshot
// is made.
func bgSave(s *session, args [][]byte) {
	v := &s.srv.saves
	switch {
	case len(args) > 2 || len(args) == 2 && !is(args[1], "SCHEDULE"):
		s.err(errSyntax)
	case v.running.Load():
		s.err(errSaving)
	case !s.tx.running && s.srv.startSave():
		s.simple("Background saving started")
	case s.tx.running || len(args) == 2:
		v.due.Store(true)
		s.simple("Background saving scheduled")
	default:
		s.err(errBusy)
	}
}

// startSave reports whether it has started one. All shards are locked.
func (s *Server) startSave() bool {
	if !s.saves.running.CompareAndSwap(false, true) {
		return false
	}
	if !s.tryTurn() {
		s.saves.running.Store(false)
		return false
	}
	s.saves.due.Store(false)
	sn := s.cut()
	s.group.Go(func() {
		defer s.saves.running.Store(false)
		_ = s.saveSnapshot(sn) // it has logged the error
	})
	return true
}

func (s *Server) saveSnapshot(sn *snapshot) error {
	defer sn.end()
	err := s.writeDump(sn.changes, sn.start, func(w io.Writer) error { return sn.write(s.ctx, w, false) })
	s.saves.mu.Lock()
	defer s.saves.mu.Unlock()
	s.saves.handed = sn.handed
	return err
}

func lastSave(s *session, _ [][]byte) { s.integer(s.srv.lastSave().Unix()) }

// lastSave returns when the last save ended or, as Redis, when the server was started.
func (s *Server) lastSave() time.Time {
	s.saves.mu.Lock()
	defer s.saves.mu.Unlock()
	if s.saves.at.IsZero() {
		return s.began
	}
	return s.saves.at
}

// saveNow writes the data of this moment before it returns. All shards are locked.
func (s *Server) saveNow() error {
	var changes uint64
	for _, sh := range s.shards {
		changes += sh.changes
	}
	return s.writeDump(changes, time.Now(), func(w io.Writer) error { return s.writeState(w, false) })
}

// writeDump replaces the file on disk, whole or not at all, and notes how that went. A state
// that is older than the one on disk does not replace it: FLUSHALL does not wait for BGSAVE.
func (s *Server) writeDump(changes uint64, start time.Time, write func(io.Writer) error) error {
	path := filepath.Join(s.config.get("dir"), dumpName)
	temp, err := writeTemp(filepath.Dir(path), write)
	if err != nil && s.ctx.Err() != nil {
		return err // the server ends, and nothing is wrong
	}
	v := &s.saves
	v.writing.Lock()
	defer v.writing.Unlock()
	if err == nil && v.isOlder(changes) {
		return os.Remove(temp)
	}
	if err == nil {
		err = replaceFile(temp, path)
	}
	if err != nil {
		s.log("%s: %v", dumpName, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.took, v.failed, v.tried = time.Since(start), err != nil, time.Now()
	if err == nil {
		v.at, v.changes = time.Now(), changes
		v.count++
	}
	return err
}

// isOlder reports whether the state on disk has more changes.
func (v *saves) isOlder(changes uint64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return changes < v.changes
}

// writeTemp writes a new file and forces it to disk. With an error there is none.
func writeTemp(dir string, write func(io.Writer) error) (name string, err error) {
	f, err := os.CreateTemp(dir, "temp-*.rdb")
	if err != nil {
		return "", err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// replaceFile gives a new file the name of an older one.
func replaceFile(temp, path string) error {
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if d, err := os.Open(filepath.Dir(path)); err == nil { // the new name lasts, where directories can be synced
		_ = d.Sync()
		d.Close()
	}
	return nil
}
