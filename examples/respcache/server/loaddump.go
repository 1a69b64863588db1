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
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	start := time.Now()
	n, err := s.loadKeys(b)
	if err != nil {
		return fmt.Errorf("server: %s: %w", path, err)
	}
	s.log("%s: %d keys loaded, %d bytes, in %v", path, n, len(b), time.Since(start).Round(time.Millisecond))
	return nil
}

func (s *Server) loadKeys(b []byte) (n int, err error) {
	version, text := 0, string(b[:min(len(b), len(rdbMagic+rdbDigits))])
	if digits, ok := strings.CutPrefix(text, rdbMagic); ok {
		version, _ = strconv.Atoi(digits)
	}
	if version < 1 || version > rdbVersion {
		return 0, fmt.Errorf("begins with %q: not a file of a version up to %d", text, rdbVersion)
	}
	r := rdbReader{b: b[len(text):]}
	own := s.internalSession(fromFile)
	defer own.release()
	now, at := s.now(), int64(0)
	for {
		kind := byte(r.uint(1, binary.LittleEndian))
		switch {
		case r.err != nil:
		case kind == rdbEnd:
			return n, checksum(b, &r, version)
		case kind == rdbAux:
			r.string()
			r.string()
		case kind == rdbResize:
			r.length()
			r.length()
		case kind == rdbSelect:
			if db, _ := r.length(); db != 0 {
				return n, fmt.Errorf("has database %d: there is only 0 here", db)
			}
		case kind == rdbExpire:
			at = int64(r.uint(8, binary.LittleEndian))
		case kind == rdbSeconds:
			at = int64(int32(r.uint(4, binary.LittleEndian))) * 1000
		case kind == rdbIdle:
			r.length()
		case kind == rdbFreq:
			r.uint(1, binary.LittleEndian)
		case kind == rdbString:
			key, val := r.string(), r.string()
			if r.err == nil && (at == 0 || at >= now) {
				own.need(1 << s.shardOf(key))
				sh, there := own.modify(key)
				own.put(sh, there, key, val, at)
				n++
			}
			at = 0
		default:
			return n, fmt.Errorf("byte %d: a value of type %d, which is not a string", len(b)-len(r.b)-1, kind)
		}
		if r.err != nil {
			return n, fmt.Errorf("byte %d: %w", len(b)-len(r.b), r.err)
		}
	}
}

// checksum compares what follows the end. 0 is a file that was written without one, and
// before version 5 there was none.
func checksum(b []byte, r *rdbReader, version int) error {
	if version < 5 {
		return nil
	}
	want := r.uint(8, binary.LittleEndian)
	if r.err != nil {
		return r.err
	}
	if want != 0 && want != crc(0, b[:len(b)-len(r.b)-8]) {
		return errors.New("the checksum is wrong")
	}
	return nil
}
