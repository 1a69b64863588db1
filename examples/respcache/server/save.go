package server

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// dumpName is the file that SAVE and BGSAVE write, in the form of Redis 7.0, which can load
// it. It is loaded at the start if there is no log.
const dumpName = "dump.rdb"

// The parts of such a file.
const (
	rdbMagic   = "REDIS"
	rdbDigits  = "0010" // the version
	rdbIdle    = 0xf8   // for how many seconds the next key was not used
	rdbFreq    = 0xf9   // how often the next key was used
	rdbAux     = 0xfa   // a name and a value that a reader may ignore
	rdbResize  = 0xfb   // how many keys follow, and how many of them have a deadline
	rdbExpire  = 0xfc   // the deadline of the next key, in milliseconds
	rdbSeconds = 0xfd   // the same in seconds
	rdbSelect  = 0xfe   // the number of a database
	rdbEnd     = 0xff   // the checksum of all before it follows
)

// saves is the state of SAVE and BGSAVE.
type saves struct {
	running atomic.Bool
	points  atomic.Pointer[[]savePoint]
	writing sync.Mutex // of the file

	mu      sync.Mutex
	at      time.Time     // when the last that worked ended; zero if there was none
	took    time.Duration // the last
	failed  bool          // the last
	tried   time.Time     // when the last ended
	count   int64         // that worked
	changes uint64        // of keys, up to the last that worked
}

func save(s *session, _ [][]byte) {
	if !s.srv.saves.running.CompareAndSwap(false, true) {
		s.err("ERR Background save already in progress")
		return
	}
	defer s.srv.saves.running.Store(false)
	if err := s.srv.writeDump(s.srv.snapshot()); err != nil {
		s.err("ERR " + err.Error())
		return
	}
	s.ok()
}

// bgSave writes the data of this moment. The copy is made in memory, while all clients
// wait, and takes as much memory as the keys and values; only writing to the disk is in
// the background.
func bgSave(s *session, args [][]byte) {
	switch {
	case len(args) > 2 || len(args) == 2 && !is(args[1], "SCHEDULE"):
		s.err(errSyntax)
	case !s.srv.startSave():
		s.err("ERR Background save already in progress")
	default:
		s.simple("Background saving started")
	}
}

// startSave reports whether it has started one. All shards are locked.
func (s *Server) startSave() bool {
	if !s.saves.running.CompareAndSwap(false, true) {
		return false
	}
	b, changes, start := s.snapshot()
	s.group.Go(func() {
		defer s.saves.running.Store(false)
		_ = s.writeDump(b, changes, start) // it has logged the error
	})
	return true
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

// snapshot returns the file for what the server holds. All shards are locked.
func (s *Server) snapshot() (b []byte, changes uint64, start time.Time) {
	start = time.Now()
	b = append(b, rdbMagic+rdbDigits...)
	for _, aux := range [][2]string{{"redis-ver", redisVersion}, {"redis-bits", "64"}, {"ctime", itoa(start.Unix())}, {"aof-base", "0"}} {
		b = appendRDBString(appendRDBString(append(b, rdbAux), aux[0]), aux[1])
	}
	keys, timed := 0, 0
	for _, sh := range s.shards {
		keys += sh.keys.Len()
		timed += sh.timed.Len()
		changes += sh.changes
	}
	b = append(b, rdbSelect, 0, rdbResize)
	b = appendRDBLength(appendRDBLength(b, keys), timed)
	for _, sh := range s.shards {
		for it := range sh.keys.All() {
			if it.at != 0 {
				b = binary.LittleEndian.AppendUint64(append(b, rdbExpire), uint64(it.at))
			}
			b = append(b, rdbString)
			b = appendRDBString(appendRDBString(b, it.key), it.value())
		}
	}
	b = append(b, rdbEnd)
	return binary.LittleEndian.AppendUint64(b, crc(0, b)), changes, start
}

// writeDump replaces the file on disk, whole or not at all, and notes how that went. A
// snapshot that is older than the one on disk is not written: FLUSHALL does not wait for BGSAVE.
func (s *Server) writeDump(b []byte, changes uint64, start time.Time) error {
	s.saves.writing.Lock()
	defer s.saves.writing.Unlock()
	if s.saves.isOlder(changes) {
		return nil
	}
	err := replaceFile(filepath.Join(s.config.get("dir"), dumpName), b)
	if err != nil {
		s.log("%s: %v", dumpName, err)
	}
	v := &s.saves
	v.mu.Lock()
	defer v.mu.Unlock()
	v.took, v.failed, v.tried = time.Since(start), err != nil, time.Now()
	if err == nil {
		v.at, v.changes = time.Now(), changes
		v.count++
	}
	return err
}

// isOlder reports whether the snapshot on disk has more changes.
func (v *saves) isOlder(changes uint64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return changes < v.changes
}

func replaceFile(path string, b []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "temp-*.rdb")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if d, err := os.Open(dir); err == nil { // the new name lasts, where directories can be synced
		_ = d.Sync()
		d.Close()
	}
	return nil
}
