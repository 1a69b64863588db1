// Package lockfile keeps a second process out of a directory.
package lockfile

import (
	"errors"
	"sync"
)

// ErrLocked is the error of Lock if another process has the lock.
var ErrLocked = errors.New("another process uses it")

// Lock opens a file and locks it, and does not wait. The error is ErrLocked if another
// process, or another Lock of this one, has the lock. The system releases it when the process
// ends, however it ends; where the system has no such lock, see lock_other.go. The file stays:
// only the lock matters. Calling unlock again has no effect.
func Lock(path string) (unlock func() error, err error) {
	f, err := lock(path)
	if err != nil {
		return nil, err
	}
	return sync.OnceValue(func() error { return release(f) }), nil
}
