package lockfile

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLock: a lock is held until it is released, and a lock that is refused changes nothing.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for range 2 {
		unlock, err := Lock(path)
		require.NoError(t, err)
		for range 2 {
			_, err = Lock(path)
			require.ErrorIs(t, err, ErrLocked)
		}
		for range 2 {
			require.NoError(t, unlock())
		}
	}
	_, err := Lock(filepath.Join(path, "no directory"))
	require.Error(t, err)
	assert.NotErrorIs(t, err, ErrLocked)
}
