// Package golden compares what a program prints with its committed transcript, so that
// readers see what the program really prints.
package golden

import (
	"bytes"
	"flag"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the transcripts instead of comparing them")

// file is the transcript, in the package's own folder.
const file = "transcript.txt"

// Shows fails t unless the wrong answer's line and the right one's are both lines of what
// run prints, the wrong one first. The lines are in the test, so -update does not change
// them: a wrong answer that is no longer wrong fails here.
func Shows(t *testing.T, run func(io.Writer), wrong, right string) {
	t.Helper()
	var got bytes.Buffer
	run(&got)
	lines := strings.Split(got.String(), "\n")
	at := slices.Index(lines, wrong)
	require.GreaterOrEqual(t, at, 0, "%q is not a line of\n%s", wrong, got.String())
	require.Contains(t, lines[at+1:], right)
}

// Check fails t unless run prints exactly transcript.txt. `go test -update`
// writes the file instead.
func Check(t *testing.T, run func(io.Writer)) {
	t.Helper()
	var got bytes.Buffer
	run(&got)
	if *update {
		require.NoError(t, os.WriteFile(file, got.Bytes(), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	// A checkout on Windows may have converted the line ends.
	require.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), got.String())
}
