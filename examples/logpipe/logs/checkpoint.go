package logs

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

const (
	printSize = 256 // bytes at the beginning of a file, by which it is recognised
	maxDone   = 16  // files of a path that are remembered as read to their end
)

// An ident recognises a file whatever its name is.
type ident struct {
	Inode uint64 `json:"inode"`
	Size  int    `json:"size"` // of what Print is of: a file that was short may have grown
	Print uint64 `json:"print"`
}

// identify returns the ident of a file as it is now, by its first bytes up to a number.
func identify(f *os.File, size int) (id ident, err error) {
	info, err := f.Stat()
	if err != nil {
		return id, err
	}
	b := make([]byte, size)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return id, err
	}
	h := fnv.New64a()
	_, _ = h.Write(b[:n]) // never fails
	return ident{inode(info), n, h.Sum64()}, nil
}

// begins reports whether a file begins as id says.
func (id ident) begins(f *os.File) bool {
	got, err := identify(f, id.Size)
	return err == nil && got.Size == id.Size && got.Print == id.Print
}

// progress is how far the file at a path was sent.
type progress struct {
	Seq    int     `json:"seq"` // counts the files that this path has had
	Ident  ident   `json:"ident"`
	Offset int64   `json:"offset"` // acknowledged by the server
	Done   []ident `json:"done"`   // the last ones that were read to their end, at first the one rotated before the agent began
}

// checkpoint is what an agent keeps in its file. A file's number is in it before a byte of
// the file is sent, so that no two files have the same one.
type checkpoint struct {
	mu    sync.Mutex
	path  string
	Agent string               `json:"agent"`
	Files map[string]*progress `json:"files"`
}

// openCheckpoint reads a checkpoint, or makes one, with a new name for the agent.
func openCheckpoint(path string) (*checkpoint, error) {
	c := &checkpoint{path: path, Files: map[string]*progress{}}
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.Agent = rand.Text()[:12]
		return c, c.save()
	case err != nil:
		return nil, err
	}
	if err := json.Unmarshal(b, c); err != nil || c.Agent == "" {
		return nil, fmt.Errorf("%w: %s is no checkpoint of an agent; without it, everything is sent again under another name: %w", ErrCorrupt, path, err)
	}
	return c, nil
}

// update stores the progress of a path.
func (c *checkpoint) update(path string, p progress) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Files[path] = &p
	return c.save()
}

// save replaces the file. After a crash it is the old one or the new one.
func (c *checkpoint) save() error {
	b, err := json.MarshalIndent(c, "", "\t")
	if err != nil {
		return err
	}
	temp := c.path + ".tmp"
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(temp, c.path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(c.path))
	}
	return err
}
