package server

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// openLog loads the files of the log and goes on with the last of them.
func (s *Server) openLog(dir string) error {
	a := &aof{srv: s, dir: filepath.Join(dir, logDir)}
	if err := os.MkdirAll(a.dir, 0o755); err != nil {
		return err
	}
	m, err := readManifest(a.dir)
	if err != nil {
		return err
	}
	files := m.files()
	for i, name := range files {
		size, err := s.load(filepath.Join(a.dir, name), i == len(files)-1)
		if err != nil {
			return err
		}
		a.size.Add(size)
		if name == m.base {
			a.baseSize.Store(size)
		}
	}
	if len(m.incrs) == 0 {
		m.seq++
		m.incrs = []string{incrName(m.seq)}
	}
	last := filepath.Join(a.dir, m.incrs[len(m.incrs)-1])
	if a.file, err = os.OpenFile(last, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
		return err
	}
	if err := m.write(a.dir); err != nil {
		return errors.Join(err, a.file.Close())
	}
	a.manifest = m
	s.feed.file = a
	s.feed.on.Store(true)
	a.start()
	return nil
}

// load executes the commands of a file. What follows the last complete one, or the
// last complete transaction, is what a crash has left of a write that was never
// acknowledged: in the last file it is cut off, and anywhere else it is an error.
func (s *Server) load(path string, last bool) (size int64, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	own := s.internalSession(fromFile)
	defer own.release()
	in := reader{strict: true}
	read, good := int64(0), int64(0)
	for {
		n, err := f.Read(in.room())
		if err != nil && err != io.EOF {
			return 0, err
		}
		in.came(n)
		read += int64(n)
		for {
			args, perr := in.command()
			at := read - int64(len(in.buf)-in.next)
			if perr != nil {
				return 0, fmt.Errorf("server: %s: bad format at byte %d: %w", path, at, perr)
			}
			if args == nil {
				break
			}
			if own.do(args); own.errors > 0 {
				return 0, fmt.Errorf("server: %s: the command before byte %d failed: %s", path, at, own.out)
			}
			own.out = own.out[:0]
			if !own.tx.open {
				good = at
			}
		}
		if n == 0 || err == io.EOF {
			break
		}
	}
	own.discard()
	if good == read {
		return read, nil
	}
	if !last {
		return 0, fmt.Errorf("server: %s ends in the middle of a command, at byte %d of %d, and is not the last file", path, good, read)
	}
	s.log("%s: the last %d bytes are not a whole command and are cut off", path, read-good)
	return good, f.Truncate(good)
}
