package house

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// beneath names the internal packages in which a package's invariants may be checked.
var beneath = map[string][]string{
	"lru":        {"internal/cache"},
	"lfu":        {"internal/cache"},
	"bqueue":     {"internal/lap"},
	"ringbuffer": {"internal/lap"},
}

var (
	stated  = regexp.MustCompile(`(?m)^//\t([A-Z]\d+)  (.*(?:\n//\t    .*)*)`)
	heading = regexp.MustCompile(`(?m)^// # `)
)

// TestInvariantsAreChecked: each numbered invariant of an essay, in all of the module, is
// checked by a test of its package, under its number, "I3: …", or it names its test.
func TestInvariantsAreChecked(t *testing.T) {
	essays := 0
	everyFile(t, func(path string, _ *token.FileSet, _ *ast.File) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		dir := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), root+"/")
		all := invariants(read(t, dir+"/"+filepath.Base(path)))
		if len(all) == 0 {
			return
		}
		essays++
		t.Run(dir, func(t *testing.T) { isChecked(t, dir, all) })
	})
	assert.Greater(t, essays, len(Packages))
	for _, pkg := range Packages {
		assert.NotEmpty(t, invariants(read(t, pkg+"/doc.go")), "%s states no invariants", pkg)
	}
}

// isChecked fails if an invariant of a package has no check.
func isChecked(t *testing.T, dir string, all []invariant) {
	var checks strings.Builder
	tests := map[string]bool{}
	for _, dir := range append(beneath[dir], dir) {
		for name := range testFunctions(t, dir) {
			tests[name] = true
		}
		for _, pattern := range []string{"*_test.go", "check.go"} {
			files, err := filepath.Glob(filepath.Join(root, dir, pattern))
			require.NoError(t, err)
			for _, f := range files {
				checks.WriteString(read(t, strings.TrimPrefix(filepath.ToSlash(f), root+"/")))
			}
		}
	}
	for _, i := range all {
		names := shownBy.FindAllString(i.text, -1)
		for _, name := range names {
			assert.True(t, tests[name], "%s names %s, which is not there", i.number, name)
		}
		if len(names) == 0 {
			assert.True(t, regexp.MustCompile(`"`+i.number+`[: ,]`).MatchString(checks.String()), "no check names %s", i.number)
		}
	}
}

// An invariant is one of an essay: "I3" and what it says.
type invariant struct{ number, text string }

// invariants returns those that the section on invariants of an essay states.
func invariants(essay string) (all []invariant) {
	_, section, ok := strings.Cut(essay, "\n// # Invariants\n")
	if !ok {
		return nil
	}
	if end := heading.FindStringIndex(section); end != nil {
		section = section[:end[0]]
	}
	for _, m := range stated.FindAllStringSubmatch(section, -1) {
		all = append(all, invariant{m[1], m[2]})
	}
	return all
}

func TestInvariantsOfAnEssay(t *testing.T) {
	essay := "// Package p.\n//\n// # Invariants\n//\n//\tI1  one\n//\tW2  two,\n//\t    I3  in the text (TestTwo)\n//\n// # Complexity\n//\n//\tI4  no\n"
	assert.Equal(t, []invariant{{"I1", "one"}, {"W2", "two,\n//\t    I3  in the text (TestTwo)"}}, invariants(essay))
	assert.Empty(t, invariants("// Package p.\n"))
}
