package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/cli"
)

// TestJudgeYourOwn: JUDGE.md shows the code that is judged, and the output that the
// study gives.
func TestJudgeYourOwn(t *testing.T) {
	page, err := os.ReadFile("JUDGE.md")
	require.NoError(t, err)
	text := strings.ReplaceAll(string(page), "\r\n", "\n")
	for _, name := range []string{"doc.go", "list.go", "bench_test.go"} {
		code, err := os.ReadFile(filepath.Join("testdata", "skiplist", name))
		require.NoError(t, err)
		assert.Contains(t, text, "```go\n"+strings.ReplaceAll(string(code), "\r\n", "\n")+"```\n", name)
	}
	if testing.Short() {
		t.Skip("compiles and measures")
	}
	output := regexp.MustCompile("(?s)```text\n(.*?)```").FindStringSubmatch(text)
	require.Len(t, output, 2)
	t.Setenv("COLUMNS", "100")
	var stdout, stderr bytes.Buffer
	args := []string{"-o", filepath.Join(t.TempDir(), "report.html"), "-pkg", "./testdata/skiplist", "-state", "List.Insert=O(1) ~"}
	status := cli.Run(t.Context(), args, nil, &stdout, &stderr)
	assert.Equal(t, 1, status, stderr.String())
	var shown strings.Builder
	for line := range strings.Lines(stdout.String()) {
		if strings.HasPrefix(line, "package") || strings.HasPrefix(line, "skiplist") || strings.HasPrefix(line, "FAIL") {
			shown.WriteString(line)
		}
	}
	assert.Equal(t, shown.String(), output[1])
}
