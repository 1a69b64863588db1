package server

import (
	"fmt"
	"path/filepath"

	"example.com/flatline/examples/internal/lockfile"
)

// lockName is the file that a server locks in the directory of its log.
const lockName = "respcache.lock"

// lockDir makes sure that no other server writes a log in dir, until unlock.
func lockDir(dir string) (unlock func() error, err error) {
	unlock, err = lockfile.Lock(filepath.Join(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("server: the log's directory %s: %w", dir, err)
	}
	return unlock, nil
}
