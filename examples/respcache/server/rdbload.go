package server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// loadDump loads dump.rdb, if there is one: ours, or one of Redis in which all values are
// strings of database 0. Anything else is an error, so that a later SAVE does not replace
// what could not be read.
func (s *Server) loadDump(dir string) error {
	path := filepath.Join(dir, dumpName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	start := time.Now()
	own := s.internalSession(fromFile)
	defer own.release()
	r := &rdbReader{in: f}
	n, err := own.loadRDB(r, withoutExpired, nil)
	if err != nil {
		return fmt.Errorf("server: %s: %w", path, err)
	}
	s.log("%s: %d keys loaded, %d bytes, in %v", path, n, r.at(), time.Since(start).Round(time.Millisecond))
	return nil
}

// A loadMode says what becomes of keys that have expired.
type loadMode bool

const (
	withoutExpired loadMode = false
	// withExpired keeps them if changes follow the file: one of them may have been a PERSIST,
	// in time, and a DEL comes for the others.
	withExpired loadMode = true
)

// loadRDB stores the keys of a file, and reads no further than its end mark and checksum.
// With an error, some keys may be there. If there is a check, it is called now and then, and
// its error ends the load.
func (s *session) loadRDB(r *rdbReader, mode loadMode, check func() error) (n int, err error) {
	l := rdbLoad{rdbReader: r, s: s, mode: mode, check: check}
	version, err := l.head()
	for done := false; err == nil && !done; {
		kind := byte(r.uint(1, binary.LittleEndian))
		if r.err == nil && kind == rdbEnd {
			err, done = l.checksum(version), true
		} else if r.err == nil {
			err = l.part(kind)
		}
		if err == nil {
			err = r.err
		}
	}
	if err != nil {
		return l.n, fmt.Errorf("byte %d: %w", r.at(), err)
	}
	return l.n, nil
}

// An rdbLoad is a file that is being loaded.
type rdbLoad struct {
	*rdbReader
	s    *session
	mode loadMode
	at   int64 // the deadline of the next key; 0 is none
	key  []byte
	n    int // keys so far

	check func() error
}

const checkEach = 64 // keys

func (l *rdbLoad) head() (version int, err error) {
	text := string(l.take(len(rdbMagic + rdbDigits)))
	if l.err != nil {
		text = string(l.rest())
	}
	if l.err != nil && !errors.Is(l.err, errRDBEnd) {
		return 0, l.err
	}
	if digits, ok := strings.CutPrefix(text, rdbMagic); ok {
		version, _ = strconv.Atoi(digits)
	}
	if version < 1 || version > rdbVersion {
		return 0, fmt.Errorf("begins with %q: not a file of a version up to %d", text, rdbVersion)
	}
	return version, nil
}

// part reads what begins with a byte.
func (l *rdbLoad) part(kind byte) error {
	switch kind {
	case rdbAux:
		l.string()
		l.string()
	case rdbResize:
		l.length()
		l.length()
	case rdbSelect:
		if db, _ := l.length(); db != 0 {
			return fmt.Errorf("has database %d: there is only 0 here", db)
		}
	case rdbExpire:
		l.at = int64(l.uint(8, binary.LittleEndian))
	case rdbSeconds:
		l.at = int64(int32(l.uint(4, binary.LittleEndian))) * 1000
	case rdbIdle:
		l.length()
	case rdbFreq:
		l.uint(1, binary.LittleEndian)
	case rdbString:
		l.key = append(l.key[:0], l.string()...)
		return l.store(l.string())
	default:
		return l.foreign(kind)
	}
	return nil
}

func (l *rdbLoad) store(val []byte) error {
	at, s := l.at, l.s
	l.at = 0
	if l.err != nil || l.mode == withoutExpired && at != 0 && at < s.srv.now() {
		return nil
	}
	s.need(1 << s.srv.shardOf(l.key))
	sh, there := s.modify(l.key)
	if there != nil {
		return fmt.Errorf("the key %q comes a second time", clip(l.key))
	}
	s.put(sh, nil, l.key, val, at)
	if l.n++; l.check != nil && l.n%checkEach == 0 {
		return l.check()
	}
	return nil
}

// foreignTypes are the names of the types that Redis has besides strings, by their numbers.
var foreignTypes = map[byte]string{
	1: "a list", 10: "a list", 14: "a list", 18: "a list",
	2: "a set", 11: "a set", 20: "a set",
	3: "a sorted set", 5: "a sorted set", 12: "a sorted set", 17: "a sorted set",
	4: "a hash", 9: "a hash", 13: "a hash", 16: "a hash",
	15: "a stream", 19: "a stream", 21: "a stream",
	6: "a value of a module", 7: "a value of a module",
}

// foreign says what it is that cannot be stored.
func (l *rdbLoad) foreign(kind byte) error {
	switch name := foreignTypes[kind]; {
	case name != "":
		key := l.string()
		return fmt.Errorf("the key %q is %s: there are only strings here", clip(key), name)
	case kind == 245, kind == 246:
		return errors.New("has a library of functions: there are none here")
	case kind == 247:
		return errors.New("has data of a module: there are no modules here")
	}
	return fmt.Errorf("has a value of the unknown type %d", kind)
}

// checksum compares what follows the end mark. 0 is a file that was written without one,
// and before version 5 there was none.
func (l *rdbLoad) checksum(version int) error {
	if version < 5 {
		return nil
	}
	sum := l.rdbReader.checksum()
	if want := l.uint(8, binary.LittleEndian); l.err == nil && want != 0 && want != sum {
		return errors.New("the checksum is wrong")
	}
	return nil
}
