package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// openLog loads the files of the log and continues with the last one.
func (s *Server) openLog(dir string, d disk) error {
	a := &aof{srv: s, disk: d, dir: filepath.Join(dir, logDir)}
	if a.disk == nil {
		a.disk = osDisk{}
	}
	if err := os.MkdirAll(a.dir, 0o755); err != nil {
		return err
	}
	if parent, err := a.disk.open(filepath.Dir(a.dir), os.O_RDONLY); err == nil {
		_ = parent.Sync() // the directory's own name
		parent.Close()
	}
	unlock, err := lockDir(a.dir)
	if err != nil {
		return err
	}
	a.unlock = unlock
	if err := a.load(); err != nil {
		return errors.Join(err, unlock())
	}
	s.feed.file = a
	s.feed.on.Store(true)
	a.start()
	return nil
}

// load loads the files that the manifest lists, and opens the file for new effects.
// Nothing is changed on disk unless all of that succeeds.
func (a *aof) load() error {
	began := time.Now()
	m, err := readManifest(a.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	isNew := err != nil
	orphans, err := a.unlisted(&m)
	if err != nil {
		return err
	}
	if isNew && len(orphans) > 0 {
		return fmt.Errorf("server: %s has files of a log and no %s, which says what they are: %s",
			a.dir, manifestName, strings.Join(orphans, ", "))
	}
	files := m.files()
	for i, f := range files {
		size, err := a.srv.load(filepath.Join(a.dir, f.name), i == len(files)-1)
		if err != nil {
			return err
		}
		a.size.Add(size)
		if f == m.base {
			a.baseSize.Store(size)
		}
	}
	if err := a.open(&m); err != nil {
		return err
	}
	_, keys := a.srv.memory()
	a.srv.log("loaded %d keys from %d bytes in %d files of %s, in %v", keys, a.size.Load(), len(files), a.dir, time.Since(began).Round(time.Microsecond))
	if a.orphans.Store(int64(len(orphans))); len(orphans) > 0 {
		a.srv.log("%s has files that the manifest does not list; they are not loaded and are left as they are: %s", a.dir, strings.Join(orphans, ", "))
	}
	a.clean()
	return nil
}

// open opens the last file of effects, or a new one.
func (a *aof) open(m *manifest) (err error) {
	a.manifest = *m
	if n := len(m.incrs); n > 0 {
		a.file, err = a.disk.open(filepath.Join(a.dir, m.incrs[n-1].name), os.O_WRONLY|os.O_APPEND)
		return err
	}
	m.seq++
	incr := incrFile(m.seq)
	if a.file, err = a.create(incr); err != nil {
		return err
	}
	m.incrs = []listed{incr}
	if err := a.list(*m); err != nil {
		return errors.Join(err, a.file.Close())
	}
	return nil
}

// unlisted returns the names of the log's files that the manifest does not list, and
// makes their numbers used ones. Empty files it deletes: a crash leaves one if it comes
// before the first manifest.
func (a *aof) unlisted(m *manifest) (names []string, err error) {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return nil, err
	}
	all := append(m.files(), m.history...)
	for _, e := range entries {
		seq, ok := fileSeq(e.Name())
		if !ok || slices.ContainsFunc(all, func(f listed) bool { return f.name == e.Name() }) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() && info.Size() == 0 {
			if err := a.disk.remove(filepath.Join(a.dir, e.Name())); err != nil {
				return nil, err
			}
			continue
		}
		m.seq = max(m.seq, seq)
		names = append(names, e.Name())
	}
	return names, nil
}

// load executes the commands of a file, or of what follows a file in the form of dump.rdb,
// as a base is since Redis 4. What follows the last complete one, or the
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
	var magic [len(rdbMagic)]byte
	if n, _ := f.ReadAt(magic[:], 0); string(magic[:n]) == rdbMagic || filepath.Ext(path) == ".rdb" {
		r := &rdbReader{in: f}
		if _, err := own.loadRDB(r, withExpired, nil); err != nil {
			return 0, fmt.Errorf("server: %s: %w", path, err)
		}
		in.buf = append(in.buf, r.rest()...)
		good, read = r.at(), r.at()+int64(len(in.buf))
	}
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
	if err := s.keepDamaged(f, good, in.buf[in.begin:]); err != nil {
		return 0, err
	}
	s.log("%s: the last %d bytes are not a whole command and are cut off", path, read-good)
	return good, f.Truncate(good)
}

// keepDamaged copies the bytes to be cut off into a separate file if there are whole
// commands inside the last, incomplete one. A crash does not leave that, unless the value
// consists of commands, but a damaged length that is too large does.
func (s *Server) keepDamaged(f *os.File, good int64, last []byte) error {
	if !hidesCommands(last) {
		return nil
	}
	path := fmt.Sprintf("%s.cut-%d", f.Name(), good)
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Seek(good, io.SeekStart)
	if err == nil {
		_, err = io.Copy(to, f)
	}
	if err == nil {
		err = to.Sync()
	}
	s.log("%s: there are whole commands after byte %d, in one that is not whole: a length may be damaged; all from there on is kept in %s", f.Name(), good, path)
	return errors.Join(err, to.Close())
}

// hidesCommands looks for a command at the lines' begins, but not at too many.
func hidesCommands(last []byte) bool {
	for range 1000 {
		at := bytes.Index(last, []byte("\r\n*"))
		if at < 0 {
			return false
		}
		last = last[at+2:]
		in := reader{strict: true, buf: last}
		if args, err := in.command(); err == nil && len(args) > 1 && lookup(args[0]) != nil {
			return true
		}
	}
	return false
}
