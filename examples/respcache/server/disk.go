package server

import (
	"io"
	"os"
)

// A logFile is a file of the log that is written to, or their directory, whose Sync
// makes the names of created and renamed files last.
type logFile interface {
	io.WriteCloser
	Sync() error
}

// A disk is where the log is written: the system's, or in a test one that is full or
// whose power fails.
type disk interface {
	open(path string, flag int) (logFile, error)
	rename(from, to string) error
	remove(path string) error
}

type osDisk struct{}

func (osDisk) open(path string, flag int) (logFile, error) {
	f, err := os.OpenFile(path, flag, 0o644)
	if err != nil {
		return nil, err // not a nil *os.File in a logFile
	}
	return f, nil
}

func (osDisk) rename(from, to string) error { return os.Rename(from, to) }
func (osDisk) remove(path string) error     { return os.Remove(path) }
