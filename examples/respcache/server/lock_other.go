//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// lockFile creates the file, which must not exist. After a crash it has to be removed
// by hand: this system has no lock that ends with its process.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w, or one has crashed: then remove %s", errLocked, path)
	}
	if err != nil {
		return nil, err
	}
	return func() { f.Close(); os.Remove(path) }, nil
}
