package house

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sections are those that each essay has, in this order. Sections that an idea needs may
// stand between them.
var sections = []string{"Idea", "Invariants", "Complexity", "What happens if", "Concurrency", "Trade-offs", "References"}

// TestContents: each package has what CONTRIBUTING.md lists.
func TestContents(t *testing.T) {
	for _, pkg := range Packages {
		t.Run(pkg, func(t *testing.T) {
			var headings []string
			for _, h := range regexp.MustCompile(`(?m)^// # (.*)$`).FindAllStringSubmatch(read(t, pkg+"/doc.go"), -1) {
				if slices.Contains(sections, h[1]) {
					headings = append(headings, h[1])
				}
			}
			assert.Equal(t, sections, headings, "the sections of %s/doc.go", pkg)
			for _, file := range []string{"textbook_test.go", "model_test.go", "example_test.go", "bench_test.go"} {
				assert.FileExists(t, filepath.Join(root, pkg, file))
			}
			assert.Contains(t, read(t, pkg+"/bench_test.go"), "textbook", "no benchmark of the textbook's answer in %s/bench_test.go", pkg)

			model := read(t, pkg+"/model_test.go")
			assert.Regexp(t, `(?m)^func Test\w*Model`, model, "a test of %s against the textbook's answer", pkg)
			assert.Contains(t, model, "rapid.Check(", "%s is not driven by rapid", pkg)
			assert.Regexp(t, `\b[cC]heck(Invariants)?\(`, model, "no invariants of %s are checked", pkg)

			tests := testFunctions(t, pkg)
			examples, targets := 0, 0
			for name := range tests {
				if strings.HasPrefix(name, "Example") {
					examples++
				}
				if strings.HasPrefix(name, "Fuzz") {
					corpus, err := os.ReadDir(filepath.Join(root, pkg, "testdata/fuzz", name))
					assert.NoError(t, err, "the corpus of %s", name)
					assert.NotEmpty(t, corpus, "the corpus of %s", name)
					targets++
				}
			}
			assert.NotZero(t, examples, "%s has no example", pkg)
			assert.NotZero(t, targets, "%s has no fuzz target", pkg)
		})
	}
}

// TestPackages: each folder of the root that has Go files is in the list, and no other.
func TestPackages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "*", "*.go"))
	require.NoError(t, err)
	found := map[string]bool{}
	for _, file := range files {
		found[filepath.Base(filepath.Dir(file))] = true
	}
	assert.ElementsMatch(t, Packages, slices.Collect(maps.Keys(found)), "the list is in packages.go")
}

// TestListed: what a reader looks through first names each package.
func TestListed(t *testing.T) {
	_, which, _ := strings.Cut(read(t, "README.md"), "\n## Which one do I need?\n")
	which, _, _ = strings.Cut(which, "\n## ")
	for _, pkg := range Packages {
		assert.Contains(t, which, " | [`"+pkg+"`]("+pkg+") | ", "the table of README.md")
	}
}
