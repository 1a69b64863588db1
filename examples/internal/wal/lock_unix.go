//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wal

import (
	"os"
	"syscall"
)

// lock makes a second process that opens the same log fail. The kernel releases the lock
// when the process ends, however it ends.
func lock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, ErrLocked
	}
	return f, nil
}
