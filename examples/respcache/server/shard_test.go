package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoStaleBytes: whatever a key held before, the gap that SETRANGE leaves is zero.
func TestNoStaleBytes(t *testing.T) {
	s := stopped(t, Options{})
	own := s.internalSession(fromClient)
	for long := 1; long < 300; long += 7 {
		for short := 0; short < long; short += 1 + long/9 {
			for _, off := range []int{short, short + 1, (short + long) / 2, long - 1, long, long + 40} {
				if off < short {
					continue
				}
				ask(own, "SET", "k", strings.Repeat("x", long))
				ask(own, "SET", "k", strings.Repeat("y", short))
				ask(own, "SETRANGE", "k", fmt.Sprint(off), "z")
				want := strings.Repeat("y", short) + strings.Repeat("\x00", off-short) + "z"
				require.Equal(t, fmt.Sprintf("$%d\r\n%s\r\n", len(want), want), ask(own, "GET", "k"), "%d, then %d, at %d", long, short, off)
				want += "end"
				ask(own, "APPEND", "k", "end")
				require.Equal(t, fmt.Sprintf("$%d\r\n%s\r\n", len(want), want), ask(own, "GET", "k"))
			}
		}
	}
}
