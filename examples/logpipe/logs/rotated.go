package logs

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// files opens the file at the path and those that were renamed from it, the oldest first:
// path.2, path.1, path; or path-20260130, path-20260131, path.
func (t *tailer) files() (all []*os.File) {
	dir, base := filepath.Split(t.path)
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), base)
		if !ok || rest != "" && rest[0] != '.' && rest[0] != '-' || !e.Type().IsRegular() || packed(rest) {
			continue
		}
		if f, err := os.Open(filepath.Join(dir, e.Name())); err == nil {
			all = append(all, f)
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.a.unreadable.Add(1)
		}
	}
	slices.SortFunc(all, func(a, b *os.File) int { return t.order(a.Name(), b.Name()) })
	return all
}

// packed reports whether the end of a name says that a file is no text.
func packed(name string) bool {
	return slices.Contains([]string{".gz", ".zst", ".xz", ".bz2", ".tmp", ".swp"}, filepath.Ext(name))
}

// order compares the names of files by age.
func (t *tailer) order(a, b string) int {
	rank := func(name string) (class, number int) {
		rest := strings.TrimPrefix(filepath.Base(name), filepath.Base(t.path))
		if rest == "" {
			return 2, 0
		}
		n, err := strconv.Atoi(rest[1:])
		if err != nil || n > 1e6 { // a date, not a count
			return 0, 0
		}
		return 1, -n
	}
	ca, na := rank(a)
	cb, nb := rank(b)
	return cmp.Or(cmp.Compare(ca, cb), cmp.Compare(na, nb), strings.Compare(a, b))
}

func sameFile(a, b *os.File) bool {
	x, err1 := a.Stat()
	y, err2 := b.Stat()
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

func closeAll(all []*os.File) {
	for _, f := range all {
		if f != nil {
			_ = f.Close()
		}
	}
}
