//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package lockfile

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCopy: a lock that was released can be had again, although a copy of its descriptor is
// still open, as in a child that is being started.
func TestCopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := lock(path)
	require.NoError(t, err)
	descriptor, err := syscall.Dup(int(f.Fd()))
	require.NoError(t, err)
	defer func() { assert.NoError(t, syscall.Close(descriptor)) }()
	require.NoError(t, release(f))
	unlock, err := Lock(path)
	require.NoError(t, err)
	require.NoError(t, unlock())
}
