package house

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPackageComments: each package that can be imported has a comment that says what it
// is, in any module of the repository.
func TestPackageComments(t *testing.T) {
	has := map[string]bool{}
	everyFile(t, func(path string, _ *token.FileSet, f *ast.File) {
		if !strings.HasSuffix(path, "_test.go") && f.Name.Name != "main" {
			dir := filepath.Dir(path)
			has[dir] = has[dir] || commented(f)
		}
	})
	require.Greater(t, len(has), 50)
	for dir, ok := range has {
		assert.True(t, ok, "the package in %s has no comment", dir)
	}
}

// commented reports whether a file has the comment of its package.
func commented(f *ast.File) bool {
	return f.Doc != nil && strings.HasPrefix(f.Doc.Text(), "Package "+f.Name.Name+" ")
}
