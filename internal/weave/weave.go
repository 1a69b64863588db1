package weave

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/build"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A Config says what to weave and how.
type Config struct {
	Root     string            // the folder of go.mod
	Dir      string            // where the copies and the overlay are written; it must exist
	Packages []string          // folders below Root, with slashes; Deps lists those that a package needs
	Looms    []Loom            // applied in this order
	Base     map[string]string // an overlay to start from, as ReadOverlay returns it
	Tests    bool              // whether _test.go files are woven too
}

// A Loom inserts one kind of instrument.
type Loom interface {
	// Weave adds edits to f.
	Weave(f *File) error
}

// A finisher is a loom that reports, after all files, what it has found no place for.
type finisher interface{ finish() error }

// Weave writes copies of the files of c.Packages as c.Looms rewrite them, and
// returns the path of the overlay for go's -overlay flag. The tree below c.Root is
// only read. A file that no loom changes has no copy.
func Weave(c Config) (overlay string, err error) {
	root, err := filepath.Abs(c.Root)
	if err != nil {
		return "", err
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return "", err
	}
	module, err := Module(root)
	if err != nil {
		return "", err
	}
	w := weaver{Config: c, root: root, dir: dir, module: module, replace: maps.Clone(c.Base), runtimes: map[string]bool{}}
	if w.replace == nil {
		w.replace = map[string]string{}
	}
	for _, folder := range c.Packages {
		if err := w.folder(path.Clean(filepath.ToSlash(folder))); err != nil {
			return "", err
		}
	}
	for _, l := range c.Looms {
		if l, ok := l.(finisher); ok {
			if err := l.finish(); err != nil {
				return "", err
			}
		}
	}
	if err := w.addRuntimes(); err != nil {
		return "", err
	}
	return writeOverlay(dir, w.replace)
}

type weaver struct {
	Config
	root, dir, module string
	replace           map[string]string
	runtimes          map[string]bool // those that copies import
	written           int
}

// folder weaves the files of one package.
func (w *weaver) folder(folder string) error {
	files, err := w.files(folder)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("weave: no Go files in %s", folder)
	}
	for _, file := range files {
		if !w.Tests && strings.HasSuffix(file, "_test.go") {
			continue
		}
		if err := w.file(folder, file); err != nil {
			return err
		}
	}
	return nil
}

// files lists the Go files of a folder as the compiler sees them through the base.
func (w *weaver) files(folder string) ([]string, error) {
	dir := filepath.Join(w.root, filepath.FromSlash(folder))
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") {
			continue
		}
		ours, err := build.Default.MatchFile(dir, name) // not for another system or experiment
		if err != nil {
			return nil, err
		}
		if ours {
			files = append(files, filepath.Join(dir, name))
		}
	}
	for file, by := range w.Base {
		switch known := slices.Contains(files, file); {
		case by == "" && known:
			files = slices.DeleteFunc(files, func(f string) bool { return f == file })
		case by != "" && !known && filepath.Dir(file) == dir && strings.HasSuffix(file, ".go"):
			files = append(files, file)
		}
	}
	slices.Sort(files)
	return files, nil
}

// file applies all looms to one file.
func (w *weaver) file(folder, file string) error {
	from := file
	if by, ok := w.Base[file]; ok {
		from = by
	}
	source, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	changed := false
	for _, loom := range w.Looms {
		f, err := newFile(folder, file, w.module, source)
		if err != nil {
			return err
		}
		if err := loom.Weave(f); err != nil {
			return err
		}
		if f.Empty() {
			continue
		}
		f.addImports()
		if source, err = f.Apply(source); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		maps.Copy(w.runtimes, f.runtimes)
		changed = true
	}
	if !changed {
		return nil
	}
	return w.write(file, source)
}

func (w *weaver) write(file string, source []byte) error {
	to := filepath.Join(w.dir, fmt.Sprintf("%03d_%s", w.written, filepath.Base(file)))
	w.written++
	w.replace[file] = to
	return os.WriteFile(to, source, 0o644)
}

//go:embed work/work.go work/meter.go work/calls.go yield/yield.go step/step.go
var runtimes embed.FS

// addRuntimes adds the runtime packages that copies import to a module that does
// not have them.
func (w *weaver) addRuntimes() error {
	for _, name := range slices.Sorted(maps.Keys(w.runtimes)) {
		dir := filepath.Join(w.root, "internal", "weave", name)
		if _, err := os.Stat(dir); err == nil {
			continue
		}
		entries, err := runtimes.ReadDir(name)
		if err != nil {
			return err
		}
		for _, e := range entries {
			source, err := runtimes.ReadFile(name + "/" + e.Name())
			if err != nil {
				return err
			}
			// The language of the runtime is not that of the go line in the user's go.mod.
			if err := w.write(filepath.Join(dir, e.Name()), append([]byte("//go:build go1.24\n\n"), source...)); err != nil {
				return err
			}
		}
	}
	return nil
}

var moduleLine = regexp.MustCompile(`(?m)^module[ \t]+"?([^\s"]+)"?`)

// Module returns the module path in the go.mod of root.
func Module(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", err
	}
	m := moduleLine.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("weave: %s names no module", filepath.Join(root, "go.mod"))
	}
	return string(m[1]), nil
}

// overlayFile is the format of go's -overlay flag.
type overlayFile struct{ Replace map[string]string }

func writeOverlay(dir string, replace map[string]string) (string, error) {
	text, err := json.Marshal(overlayFile{replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o644)
}

// ReadOverlay reads an overlay file, to be woven further.
func ReadOverlay(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var o overlayFile
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, fmt.Errorf("weave: %s: %w", file, err)
	}
	return o.Replace, nil
}
