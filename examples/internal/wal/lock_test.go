//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wal

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUnlock: a log that was closed can be opened, although a copy of the lock's descriptor is
// still open, as in a child that is being started.
func TestUnlock(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, Options{NoSync: true})
	require.NoError(t, err)
	descriptor, err := syscall.Dup(int(l.locked.Fd()))
	require.NoError(t, err)
	defer func() { assert.NoError(t, syscall.Close(descriptor)) }()
	_, err = Open(dir, Options{NoSync: true})
	require.ErrorIs(t, err, ErrLocked)
	require.NoError(t, l.Close())
	l, err = Open(dir, Options{NoSync: true})
	require.NoError(t, err)
	require.NoError(t, l.Close())
}
