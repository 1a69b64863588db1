//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package wal

import "os"

// lock only creates the file: package syscall has no lock for this system.
func lock(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
}

// unlock closes the file.
func unlock(f *os.File) error { return f.Close() }
