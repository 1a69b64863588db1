// Package waltest has a disk that fails or waits when a test says so.
package waltest

import "example.com/flatline/examples/internal/wal"

// A Disk is what a log writes to. Each hook that is set is called before its operation; if it
// returns an error, the operation returns that error and does nothing.
type Disk struct {
	Write, Sync func() error
}

// Options are those of a log on this disk.
func (d Disk) Options() wal.Options {
	return wal.Options{OpenFile: func(name string) (wal.File, error) {
		f, err := wal.OpenFile(name)
		return file{f, d}, err
	}}
}

type file struct {
	wal.File
	disk Disk
}

func (f file) Write(b []byte) (int, error) {
	if f.disk.Write != nil {
		if err := f.disk.Write(); err != nil {
			return 0, err
		}
	}
	return f.File.Write(b)
}

func (f file) Sync() error {
	if f.disk.Sync != nil {
		if err := f.disk.Sync(); err != nil {
			return err
		}
	}
	return f.File.Sync()
}
