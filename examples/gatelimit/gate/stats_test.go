package gate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestSecondsAreMonotonic: the seconds are counted from a time with a monotonic reading,
// which time.Since then uses, so that a wall clock set back does not stop them.
func TestSecondsAreMonotonic(t *testing.T) {
	s := NewStats()
	assert.NotEqual(t, s.began, s.began.Round(0), "Round(0) removes the monotonic reading")
	s.began = s.began.Add(-90 * time.Second)
	s.Count("a", true, "")
	assert.GreaterOrEqual(t, s.now, int64(60+90))
}
