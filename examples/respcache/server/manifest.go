package server

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The files of the log lie in a directory in the form of Redis 7, and Redis can load
// them: a base, which is the state at some time in the form of dump.rdb, and files of effects
// since then, one after the other. The manifest lists them:
//
//	file appendonly.aof.2.base.rdb seq 2 type b
//	file appendonly.aof.2.incr.aof seq 2 type i
//	file appendonly.aof.1.incr.aof seq 1 type h
//
// A file of type h (history) is not loaded. It may be deleted: its contents are in the
// base, or it belongs to a rewrite that did not finish. Every file that a rewrite creates
// is listed as h before it is created, and only listed files are ever deleted: so after a
// crash a later start need not guess.
const (
	logDir       = "appendonlydir"
	logPrefix    = "appendonly.aof."
	manifestName = logPrefix + "manifest"
)

type manifest struct {
	base    listed   // without a name if there is none
	incrs   []listed // in their order
	history []listed // to be deleted
	seq     int      // the largest number in use
}

// A listed file is a line of the manifest.
type listed struct {
	name string
	seq  int
}

func baseFile(seq int) listed { return listed{fmt.Sprintf(logPrefix+"%d.base.rdb", seq), seq} }
func incrFile(seq int) listed { return listed{fmt.Sprintf(logPrefix+"%d.incr.aof", seq), seq} }

// fileSeq returns the number in the name of a file of the log; ok is false if the name
// is not one of such a file.
func fileSeq(name string) (seq int, ok bool) {
	parts := strings.Split(strings.TrimPrefix(name, logPrefix), ".")
	if !strings.HasPrefix(name, logPrefix) || len(parts) != 3 || !slices.Contains([]string{"base.rdb", "base.aof", "incr.aof"}, parts[1]+"."+parts[2]) {
		return 0, false
	}
	n, ok := parseInt([]byte(parts[0]))
	return int(n), ok && 0 < n && n < 1<<31
}

// files returns all files that are loaded, in their order.
func (m *manifest) files() []listed {
	if m.base.name == "" {
		return m.incrs
	}
	return append([]listed{m.base}, m.incrs...)
}

// readManifest reads and checks the manifest. The error is fs.ErrNotExist if there is
// none, and anything else if it is not one that a server has written: the state of such a
// manifest would be a guess.
func readManifest(dir string) (m manifest, err error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return m, err
	}
	text := string(b)
	lines := strings.SplitAfter(text, "\n")
	if last := lines[len(lines)-1]; last != "" {
		return m, fmt.Errorf("server: %s: the last line has no end: %.100q", manifestName, last)
	}
	for i, line := range lines[:len(lines)-1] {
		if line[0] == '#' {
			continue
		}
		f, kind, err := parseListed(line)
		if err == nil {
			err = m.add(f, kind)
		}
		if err != nil {
			return m, fmt.Errorf("server: %s: line %d: %w: %.200q", manifestName, i+1, err, line)
		}
	}
	if len(m.files()) == 0 {
		return m, fmt.Errorf("server: %s lists no file to load", manifestName)
	}
	return m, nil
}

// parseListed reads a line: three pairs of words, in any order, as in Redis.
func parseListed(line string) (f listed, kind string, err error) {
	words, ok := splitWords([]byte(strings.TrimRight(line, "\r\n")))
	if !ok || len(words) != 6 {
		return f, "", errForm
	}
	pairs := map[string]string{}
	for i := 0; i < len(words); i += 2 {
		pairs[strings.ToLower(string(words[i]))] = string(words[i+1])
	}
	n, isNumber := parseInt([]byte(pairs["seq"]))
	f, kind = listed{pairs["file"], int(n)}, pairs["type"]
	switch {
	case f.name == "" || kind == "" || pairs["seq"] == "":
		return f, "", errForm
	case !filepath.IsLocal(f.name) || !validName(f.name) || strings.ContainsAny(f.name, `/\"'`) || f.name == manifestName || f.name == lockName:
		return f, "", errors.New("not the name of a file of the log")
	case !isNumber || n < 1 || n > maxSeq:
		return f, "", errors.New("not a sequence number")
	}
	return f, kind, nil
}

var errForm = errors.New("not of the form 'file NAME seq NUMBER type TYPE'")

// maxSeq is far from what a server reaches that rewrites its log once a second.
const maxSeq = 1<<31 - 1<<20

// add takes the next line.
func (m *manifest) add(f listed, kind string) error {
	for _, other := range append(m.files(), m.history...) {
		if other.name == f.name {
			return errors.New("the file is listed twice")
		}
	}
	switch kind {
	case "b":
		switch {
		case m.base.name != "":
			return errors.New("a second base file")
		case len(m.incrs) > 0:
			return errors.New("the base file comes after a file of effects")
		}
		m.base = f
	case "i":
		if n := len(m.incrs); n > 0 && f.seq <= m.incrs[n-1].seq {
			return errors.New("the sequence numbers do not increase")
		}
		m.incrs = append(m.incrs, f)
	case "h":
		m.history = append(m.history, f)
	default:
		return errors.New("unknown type of file")
	}
	m.seq = max(m.seq, f.seq)
	return nil
}

// write replaces the manifest on disk. If there is an error, the old one is there.
func (m *manifest) write(d disk, dir string) error {
	var b strings.Builder
	line := func(f listed, kind string) { fmt.Fprintf(&b, "file %s seq %d type %s\n", f.name, f.seq, kind) }
	if m.base.name != "" {
		line(m.base, "b")
	}
	for _, f := range m.history {
		line(f, "h")
	}
	for _, f := range m.incrs {
		line(f, "i")
	}
	path := filepath.Join(dir, manifestName)
	names, err := d.open(dir, os.O_RDONLY) // before the rename, so that nothing can fail after it
	if err != nil {
		return err
	}
	defer names.Close()
	f, err := d.open(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, b.String())
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.rename(path+".tmp", path); err != nil {
		return err
	}
	_ = names.Sync() // some systems refuse to sync a directory and keep its names by themselves
	return nil
}
