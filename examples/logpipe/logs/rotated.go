package logs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxListings bounds how often the files of a path are listed again since one was renamed.
const maxListings = 20

// files opens the file at the path and those that were renamed from it, the oldest first:
// path.2, path.1, path; or path-20260130, path-20260131, path. A rotation renames several
// files, one after the other. A file that is renamed between the listing and its opening
// would be missing, or be there twice, and would be skipped or sent again. So each name is
// looked at again after the last file was opened, and if one has changed, all is done again.
func (t *tailer) files() ([]*os.File, error) {
	for range maxListings {
		all, unreadable, err := t.list()
		if err != nil {
			return nil, err
		}
		if all != nil {
			t.a.unreadable.Add(unreadable)
			slices.SortFunc(all, func(a, b *os.File) int { return t.order(a.Name(), b.Name()) })
			return all, nil
		}
	}
	return nil, fmt.Errorf("logs: files were renamed during each of %d listings", maxListings)
}

// list opens the files of the path, in any order. It returns nil if a name of theirs was
// given to another file meanwhile.
func (t *tailer) list() (all []*os.File, unreadable int64, err error) {
	before, err := t.names()
	if err != nil {
		return nil, 0, err
	}
	all = make([]*os.File, 0, len(before))
	for _, name := range before {
		if f, err := t.a.open(name); err == nil {
			all = append(all, f)
		} else if !errors.Is(err, fs.ErrNotExist) {
			unreadable++
		}
	}
	after, err := t.names()
	if err != nil || !slices.Equal(before, after) || slices.ContainsFunc(all, renamed) {
		closeAll(all)
		return nil, 0, err
	}
	return all, unreadable, nil
}

// names returns the names of the files of the path, in the order of a directory.
func (t *tailer) names() (all []string, err error) {
	dir, base := filepath.Split(t.path)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // it may be made later, as the file
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), base)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '-') && e.Type().IsRegular() && !packed(rest) {
			all = append(all, filepath.Join(dir, e.Name()))
		}
	}
	return all, err
}

// renamed reports whether another file, or none, has the name by which f was opened.
func renamed(f *os.File) bool {
	is, err1 := f.Stat()
	here, err2 := os.Stat(f.Name())
	return err1 != nil || err2 != nil || !os.SameFile(is, here)
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
