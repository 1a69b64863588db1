package weave

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// ten are the packages whose code the instruments are for.
var ten = []string{"lru", "lfu", "ratelimit", "ringbuffer", "concmap", "timemap", "minstack", "randset", "slidingmax", "bqueue"}

// all returns the folders of the ten packages and of what they are built from.
func all(t *testing.T) []string {
	t.Helper()
	folders, err := Deps(root, ten...)
	require.NoError(t, err)
	return folders
}

// module writes a module of given files and returns its root.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example.org/user\n\ngo 1.26\n"
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return dir
}

// run runs go in a folder and returns its output.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "go %s\n%s", strings.Join(args, " "), out)
	return string(out)
}

// woven applies looms to one file's text and returns the outcome.
func woven(t *testing.T, name, text string, looms ...Loom) string {
	t.Helper()
	dir := module(t, map[string]string{name: text})
	overlay, err := Weave(Config{Root: dir, Dir: t.TempDir(), Packages: []string{"."}, Looms: looms, Tests: true})
	require.NoError(t, err)
	files, err := ReadOverlay(overlay)
	require.NoError(t, err)
	copied, ok := files[filepath.Join(dir, name)]
	if !ok {
		return text
	}
	out, err := os.ReadFile(copied)
	require.NoError(t, err)
	return string(out)
}

// TestWovenPackages: every copy of the ten packages, with each loom, is correct Go.
func TestWovenPackages(t *testing.T) {
	for name, looms := range map[string][]Loom{"work": {Work(ten...)}, "yield": {Yield()}, "both": {Work(ten...), Yield()}, "step": {Step()}} {
		t.Run(name, func(t *testing.T) {
			overlay, err := Weave(Config{Root: root, Dir: t.TempDir(), Packages: all(t), Looms: looms})
			require.NoError(t, err)
			files, err := ReadOverlay(overlay)
			require.NoError(t, err)
			assert.Greater(t, len(files), 20)
			l := newLoader(t, files)
			for _, folder := range all(t) {
				l.load(folder)
			}
		})
	}
}

func TestDeps(t *testing.T) {
	folders, err := Deps(root, "randset", "./lru")
	require.NoError(t, err)
	assert.Subset(t, folders, []string{"lru", "randset", "internal/cache", "internal/table", "internal/hash"})
	assert.NotContains(t, folders, "internal/bench", "tests alone import it")
	assert.NotContains(t, folders, "lfu")
	_, err = Deps(root, "absent")
	assert.ErrorIs(t, err, os.ErrNotExist)
}
