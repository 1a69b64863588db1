package weave

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlant(t *testing.T) {
	const text = "package p\n\ntype T struct{}\n\nfunc (t *T) Get() {}\nfunc (*T) Put() {}\nfunc Get() {}\n"
	got := woven(t, "p.go", text, Plant(Planting{".", "T.Get", "RECV.Put()"}))
	assert.Equal(t, "package p\n\ntype T struct{}\n\nfunc (t *T) Get() { t.Put();}\nfunc (*T) Put() {}\nfunc Get() {}\n", got)

	dir := module(t, map[string]string{"p.go": text})
	for _, p := range []Planting{{".", "T.Put", "RECV.Get()"}, {".", "T.Set", "x()"}, {"q", "Get", "x()"}} {
		_, err := Weave(Config{Root: dir, Dir: t.TempDir(), Packages: []string{"."}, Looms: []Loom{Plant(p)}})
		assert.Error(t, err, p)
	}
}

// TestPlantIsCounted: what one loom inserts the next one weaves, with one import.
func TestPlantIsCounted(t *testing.T) {
	got := woven(t, "p.go", "package p\n\nfunc F() {}\n", Plant(Planting{".", "F", `if weaveWork.Planted("loop") { for range 9 {} }`}), Work())
	assert.Equal(t, `package p; import weaveWork "example.org/user/internal/weave/work"`+"\n\n"+
		`func F() { weaveWork.N++; if weaveWork.Planted("loop") { weaveWork.N++; for range 9 { weaveWork.N++;} };}`+"\n", got)
}

func TestConstants(t *testing.T) {
	const text = "package p\n\nconst (\n\ta, b = 1, 2\n\tc = iota\n\td\n)\n\nvar e = f(1,\n\t2)\n"
	got := woven(t, "p.go", text, Constants(map[string]string{"..b": "7", "..e": "8"}))
	assert.Equal(t, "package p\n\nconst (\n\ta, b = 1, 7\n\tc = iota\n\td\n)\n\nvar e = 8\n", got)

	dir := module(t, map[string]string{"p.go": text})
	for _, name := range []string{"..d", "..absent", "q.a"} {
		_, err := Weave(Config{Root: dir, Dir: t.TempDir(), Packages: []string{"."}, Looms: []Loom{Constants(map[string]string{name: "1"})}})
		assert.ErrorContains(t, err, name)
	}
}

// TestBase: a file of another overlay is woven in place of the tree's, an added file
// too, and a deleted one not at all.
func TestBase(t *testing.T) {
	dir := module(t, map[string]string{"a.go": "package p\n", "b.go": "package p\n\nfunc B() {}\n", "c.go": "package p\n\nfunc C() {}\n"})
	planted := filepath.Join(t.TempDir(), "x.go")
	require.NoError(t, os.WriteFile(planted, []byte("package p\n\nfunc Planted() {}\n"), 0o600))
	base := map[string]string{
		filepath.Join(dir, "b.go"): planted, filepath.Join(dir, "c.go"): "", filepath.Join(dir, "d.go"): planted,
		filepath.Join(dir, "other", "e.go"): planted,
	}
	overlay, err := Weave(Config{Root: dir, Dir: t.TempDir(), Packages: []string{"."}, Looms: []Loom{Work()}, Base: base})
	require.NoError(t, err)
	files, err := ReadOverlay(overlay)
	require.NoError(t, err)
	for _, name := range []string{"b.go", "d.go"} {
		text, err := os.ReadFile(files[filepath.Join(dir, name)])
		require.NoError(t, err)
		assert.Contains(t, string(text), "func Planted() { weaveWork.N++;}", name)
	}
	assert.Empty(t, files[filepath.Join(dir, "c.go")])
	assert.Equal(t, planted, files[filepath.Join(dir, "other", "e.go")], "what is not woven stays")
	assert.NotContains(t, files, filepath.Join(dir, "a.go"), "nothing to count, no copy")
	assert.Contains(t, files, filepath.Join(dir, "internal", "weave", "work", "work.go"), "the runtime comes along")
}
