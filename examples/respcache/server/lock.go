package server

import (
	"errors"
	"fmt"
	"path/filepath"
)

// lockName is the file that a server locks in the directory of its log. The file stays:
// only the lock matters, and the system releases it when the process ends.
const lockName = "respcache.lock"

// errLocked is what lockFile wraps if another server holds the lock.
var errLocked = errors.New("another server uses it")

// lockDir makes sure that no other server writes a log in dir, until unlock.
func lockDir(dir string) (unlock func(), err error) {
	unlock, err = lockFile(filepath.Join(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("server: the log's directory %s: %w", dir, err)
	}
	return unlock, nil
}
