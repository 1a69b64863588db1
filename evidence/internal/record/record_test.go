package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tree writes files below a new folder.
func tree(t *testing.T, files map[string]string) (root string) {
	root = t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	return root
}

func files() map[string]string {
	return map[string]string{
		"lru/lru.go":             "package lru\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/flatline/internal/table\"\n)\n\n// Get is it.\nfunc Get() { fmt.Println(table.T, `a\nb`) }\n",
		"lru/lru_test.go":        "package lru\n\nimport _ \"example.com/flatline/internal/bench\"\n",
		"internal/table/t.go":    "package table\n\nconst T = 1\n",
		"internal/bench/b.go":    "package bench\n",
		"internal/other/o.go":    "package other\n",
		"internal/table/t.txt":   "no Go",
		"internal/empty/README":  "no Go",
		"evidence/bad/bad.go":    "package",
		"evidence/bad/unread.go": "package bad\n",
	}
}

// TestWhatCounts: a hash changes with each token of the package and of its imports, and
// with nothing else.
func TestWhatCounts(t *testing.T) {
	hash := func(change func(files map[string]string)) string {
		fs := files()
		change(fs)
		h, err := Sources(tree(t, fs), "lru")
		require.NoError(t, err)
		return h
	}
	replace := func(file, old, new string) func(map[string]string) {
		return func(fs map[string]string) {
			require.Contains(t, fs[file], old)
			fs[file] = strings.ReplaceAll(fs[file], old, new)
		}
	}
	was := hash(func(map[string]string) {})
	assert.Len(t, was, 16)
	for name, change := range map[string]func(map[string]string){
		"a comment":           replace("lru/lru.go", "is it", "is not"),
		"layout":              replace("internal/table/t.go", "const T = 1", "\nconst  T  =  1;"),
		"line ends":           replace("lru/lru.go", "\n", "\r\n"),
		"a test":              replace("lru/lru_test.go", "import _ \"example.com/flatline/internal/bench\"", ""),
		"another package":     replace("internal/other/o.go", "other", "different"),
		"what tests import":   replace("internal/bench/b.go", "bench", "different"),
		"a file next to them": replace("internal/table/t.txt", "no Go", "none"),
	} {
		assert.Equal(t, was, hash(change), name)
	}
	for name, change := range map[string]func(map[string]string){
		"a name":          replace("lru/lru.go", "Get", "Put"),
		"a string":        replace("lru/lru.go", "a\n", "c\n"),
		"what it imports": replace("internal/table/t.go", "1", "2"),
		"a directive":     replace("lru/lru.go", "// Get is it.", "//go:noinline"),
		"a file's name":   func(fs map[string]string) { fs["lru/l.go"] = fs["lru/lru.go"]; delete(fs, "lru/lru.go") },
		"a new file":      func(fs map[string]string) { fs["lru/new.go"] = "package lru\n" },
	} {
		assert.NotEqual(t, was, hash(change), name)
	}
}

func TestTestsCount(t *testing.T) {
	fs := files()
	was, err := Tests(tree(t, fs), "lru")
	require.NoError(t, err)
	fs["internal/bench/b.go"] = "package bench\n\nconst B = 1\n"
	now, err := Tests(tree(t, fs), "lru")
	require.NoError(t, err)
	assert.NotEqual(t, was, now, "what a test imports counts")
}

func TestNoSources(t *testing.T) {
	root := tree(t, files())
	for dir, want := range map[string]string{"none": "none", "internal/empty": "no Go files in internal/empty", "evidence/bad": "expected 'IDENT'"} {
		_, err := Sources(root, dir)
		assert.ErrorContains(t, err, want)
	}
}

func TestMade(t *testing.T) {
	m := Now("go run ./it", map[string]string{"lru": "1", "lfu": "2"})
	assert.NoError(t, m.Check())
	assert.Empty(t, m.Stale(map[string]string{"lru": "1", "lfu": "2"}))
	assert.Equal(t, []string{"lfu", "new"}, m.Stale(map[string]string{"new": "1", "lru": "1", "lfu": "3"}))
	for name, forge := range map[string]func(*Made){
		"command": func(m *Made) { m.Command = "" }, "machine": func(m *Made) { m.Machine = "" },
		"go": func(m *Made) { m.Go = "" }, "date": func(m *Made) { m.Date = "" }, "sources": func(m *Made) { m.Sources = nil },
	} {
		forged := m
		forge(&forged)
		assert.ErrorContains(t, forged.Check(), "does not state its "+name)
	}
}
