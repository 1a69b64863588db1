package server

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

var logCommands = []command{
	{"bgrewriteaof", 1, anytime, 0, 0, 0, bgRewrite},
	{"replicaof", 3, anytime | notx, 0, 0, 0, replicaOf},
	{"slaveof", 3, anytime | notx, 0, 0, 0, replicaOf},
	{"role", 1, anytime, 0, 0, 0, role},
	{"wait", 3, notx, 0, 0, 0, waitReplicas},
	{"psync", 3, anytime | notx, 0, 0, 0, psync},
	{"replconf", -1, anytime | notx, 0, 0, 0, replconf},
}

// The files of the log lie in a directory as Redis 7 has it, and Redis can load them:
// a base, which is the state at some time as SET commands, and files of effects since
// then, one after the other. The manifest names those that count.
const (
	logDir       = "appendonlydir"
	manifestName = "appendonly.aof.manifest"
)

type manifest struct {
	base  string   // "" if there is none
	incrs []string // in their order
	seq   int      // the largest number in a name
}

func baseName(seq int) string { return fmt.Sprintf("appendonly.aof.%d.base.aof", seq) }
func incrName(seq int) string { return fmt.Sprintf("appendonly.aof.%d.incr.aof", seq) }

// files returns the names of all files, in the order in which they are loaded.
func (m *manifest) files() []string {
	if m.base == "" {
		return m.incrs
	}
	return append([]string{m.base}, m.incrs...)
}

// readManifest returns an empty manifest if there is no file.
func readManifest(dir string) (m manifest, err error) {
	f, err := os.Open(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var name, kind string
		var seq int
		if strings.TrimSpace(lines.Text()) == "" || lines.Text()[0] == '#' {
			continue
		}
		_, err := fmt.Sscanf(lines.Text(), "file %s seq %d type %s", &name, &seq, &kind)
		if err != nil || !filepath.IsLocal(name) || filepath.Base(name) != name {
			return m, fmt.Errorf("server: %s: bad line %q", manifestName, lines.Text())
		}
		switch kind {
		case "b":
			m.base = name
		case "i":
			m.incrs = append(m.incrs, name)
		}
		m.seq = max(m.seq, seq)
	}
	return m, nil
}

// write replaces the manifest on disk, whole or not at all.
func (m *manifest) write(dir string) error {
	var b strings.Builder
	line := func(name, kind string) {
		seq := strings.Split(name, ".")[2]
		fmt.Fprintf(&b, "file %s seq %s type %s\n", name, seq, kind)
	}
	if m.base != "" {
		line(m.base, "b")
	}
	for _, name := range m.incrs {
		line(name, "i")
	}
	path := filepath.Join(dir, manifestName)
	f, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	_, err = f.WriteString(b.String())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes names that were created or renamed last. Where directories cannot be
// synced the system does it by itself.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}

func bgRewrite(s *session, _ [][]byte) {
	switch a := s.srv.feed.file; {
	case a == nil:
		s.err("ERR the append only file is off")
	case !a.startRewrite():
		s.err("ERR Background append only file rewriting already in progress")
	default:
		s.simple("Background append only file rewriting started")
	}
}

// startRewrite reports whether it has started one.
func (a *aof) startRewrite() bool {
	if !a.rewriting.CompareAndSwap(false, true) {
		return false
	}
	a.srv.group.Go(func() {
		defer a.rewriting.Store(false)
		if err := a.rewrite(); err != nil && a.srv.ctx.Err() == nil {
			a.srv.log("rewrite of the append-only file: %v", err)
		}
	})
	return true
}

// rewrite makes the log as short as the state is:
//
//	manifest   base 1, incr 1                  as it was
//	           base 1, incr 1, incr 2          effects go to incr 2 from here on
//	           … walk over all items …         into base 2, while effects go on
//	           base 2, incr 2                  base 1 and incr 1 are deleted
//
// A crash at any moment finds a manifest that leads to the whole state. If the old
// files are not complete, because of an error, they are not extended: a crash before
// the end finds the state that was last acknowledged.
func (a *aof) rewrite() error {
	old := a.manifest
	seq := old.seq + 1
	next := manifest{base: baseName(seq), incrs: []string{incrName(seq)}, seq: seq}
	a.manifest.seq = seq // whatever happens, these names are used up
	incr, err := os.Create(filepath.Join(a.dir, incrName(seq)))
	if err != nil {
		return err
	}
	broken := false
	err = a.after(func() error { // in the writer: between two effects
		if broken = a.lost; !broken {
			if err := a.sync(); err != nil {
				a.fail(err)
				return err
			}
			both := old
			both.incrs = append(append([]string(nil), old.incrs...), incrName(seq))
			if err := both.write(a.dir); err != nil {
				return err
			}
			a.manifest.incrs = both.incrs
		}
		a.file.Close()
		a.file, a.lost, a.dirty = incr, false, false
		return nil
	})
	if err != nil {
		incr.Close()
		return errors.Join(err, os.Remove(incr.Name()))
	}
	size, err := a.writeBase(filepath.Join(a.dir, next.base))
	if err == nil {
		// The base has effects that came during the walk; before it counts, the file
		// that has all of them must be on disk.
		err = a.after(func() error {
			if a.lost {
				return errors.New(a.lastError())
			}
			return a.sync()
		})
	}
	if err == nil {
		err = next.write(a.dir)
	}
	if err != nil {
		if broken {
			_ = a.after(func() error { a.lost = true; return nil })
		}
		return errors.Join(err, os.Remove(filepath.Join(a.dir, next.base)))
	}
	a.manifest = next
	a.baseSize.Store(size)
	a.size.Store(size)
	if broken {
		a.failed.Store(false)
		a.srv.log("append-only file: written anew, writes are accepted again")
	}
	for _, name := range old.files() {
		_ = os.Remove(filepath.Join(a.dir, name))
	}
	return nil
}

// writeBase writes all items to a file.
func (a *aof) writeBase(path string) (size int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	err = a.srv.walk(func(b []byte) error {
		n, err := f.Write(b)
		size += int64(n)
		return err
	})
	return size, errors.Join(err, f.Sync(), f.Close())
}
