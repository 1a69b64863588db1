package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFaults: what is missing or does not fit on another system is named, in packages and
// in tests, and only there.
func TestFaults(t *testing.T) {
	const use = "package a\n\nvar _ = here\n"
	for name, c := range map[string]struct {
		files map[string]string
		sound string // a system without the fault
		fault string // one that has it
		says  string
	}{
		"sound": {files: map[string]string{"a.go": use, "here.go": "package a\n\nconst here = 1\n"}, sound: "darwin/arm64"},
		"a name for Linux only": {
			files: map[string]string{"a.go": use, "here_linux.go": "package a\n\nconst here = 1\n"},
			sound: "linux/amd64", fault: "darwin/arm64", says: "undefined: here",
		},
		"a name for one architecture, in a test": {
			files: map[string]string{"a.go": "package a\n", "a_test.go": use, "here_amd64.go": "package a\n\nconst here = 1\n"},
			sound: "windows/amd64", fault: "linux/arm64", says: "undefined: here",
		},
		"a constant of more than 32 bits": {
			files: map[string]string{"a.go": "package a\n\nvar _ int = 1 << 40\n"},
			sound: "linux/arm64", fault: "linux/386", says: "overflows",
		},
		"a dependency for Unix only": {
			files: map[string]string{"a.go": "package a\n\nimport \"syscall\"\n\nvar _ = syscall.Flock\n"},
			sound: "darwin/arm64", fault: "windows/amd64", says: "undefined: syscall.Flock",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c.files["go.mod"] = "module example.org/a\n\ngo 1.26\n"
			for f, text := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, f), []byte(text), 0o600))
			}
			n, faults, err := check(dir, c.sound)
			require.NoError(t, err)
			assert.Empty(t, faults)
			assert.Positive(t, n)
			if c.fault == "" {
				return
			}
			_, faults, err = check(dir, c.fault)
			require.NoError(t, err)
			require.Len(t, faults, 1)
			assert.Contains(t, faults[0], c.says)
		})
	}
}

// TestRun: the exit status says whether something was wrong.
func TestRun(t *testing.T) {
	t.Chdir("..") // the folder in which go run -C evidence starts it
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-module", "no-such-folder"}, 1, "portable: darwin/arm64: "},
		{[]string{"-module", "evidence/results"}, 1, "portable: darwin/arm64: no packages"},
		{[]string{"plan10"}, 1, `want OS/ARCH, got "plan10"`},
		{[]string{"plan10/amd64"}, 1, "plan10/amd64"},
		{[]string{"-no-such-flag"}, 2, "usage: "},
	} {
		var out, err strings.Builder
		assert.Equal(t, c.code, run(c.args, &out, &err), c.args)
		assert.Contains(t, err.String(), c.says)
		assert.Empty(t, out.String())
	}
}
