//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package lockfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// lock creates the file, which must not exist. After a crash it has to be removed by hand: this
// system has no lock that ends with its process.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%w, or one has crashed: then remove %s", ErrLocked, path)
	}
	return f, err
}

func release(f *os.File) error { return errors.Join(f.Close(), os.Remove(f.Name())) }
