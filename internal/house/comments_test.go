package house

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// wrapped is the number of columns below which a line of a comment takes one more word, and
// longest that above which it has too many.
const wrapped, longest = 72, 120

// TestCommentsAreWrapped: no line of a comment ends early or is too long, as lines are that
// were edited and not wrapped again, in any Go file of the repository.
func TestCommentsAreWrapped(t *testing.T) {
	everyFile(t, func(path string, set *token.FileSet, f *ast.File) {
		for _, g := range f.Comments {
			at := set.Position(g.Pos())
			for i, c := range g.List {
				if !notProse.MatchString(c.Text) && !output.MatchString(c.Text) && utf8.RuneCountInString(c.Text) > longest {
					assert.Fail(t, "a line of a comment is too long", "%s:%d", path, at.Line+i)
				}
			}
			for _, i := range early(g, at.Column-1) {
				assert.Fail(t, "a line of a comment ends early", "%s:%d", path, at.Line+i)
			}
		}
	})
}

// notProse begins a line that begins a paragraph, a list's item or a heading, or is no
// prose at all.
var notProse = regexp.MustCompile(`^(//\s*$|//\s{2}|//\t|//[^\s]|// (- |\d+\. |#|\[))`)

// output begins the output of an example, whose lines are not wrapped.
var output = regexp.MustCompile(`^// (Unordered o|O)utput:`)

// early returns the lines of a comment, indented by so many tabs, that could take the
// first word of the next one.
func early(g *ast.CommentGroup, tabs int) (lines []int) {
	for i, c := range g.List[:len(g.List)-1] {
		next := g.List[i+1].Text
		if output.MatchString(c.Text) {
			return lines
		}
		if notProse.MatchString(c.Text) || notProse.MatchString(next) || strings.HasSuffix(c.Text, ":") {
			continue
		}
		word, _, _ := strings.Cut(strings.TrimPrefix(next, "// "), " ")
		if 4*tabs+utf8.RuneCountInString(c.Text+" "+word) <= wrapped {
			lines = append(lines, i)
		}
	}
	return lines
}

func TestEarly(t *testing.T) {
	group := func(lines ...string) *ast.CommentGroup {
		var g ast.CommentGroup
		for _, l := range lines {
			g.List = append(g.List, &ast.Comment{Text: l})
		}
		return &g
	}
	long := "// " + strings.Repeat("x", 60)
	assert.Equal(t, []int{0, 1}, early(group("// A short line", "// ends early", "// here."), 0))
	assert.Equal(t, []int{0}, early(group(long, "// word"), 0))
	assert.Empty(t, early(group(long, "// word"), 2), "tabs count")
	assert.Empty(t, early(group("// A list:", "//   - a", "//   - b", "//", "// # Heading", "//", "//\tcode", "//go:noinline", "// 1. b"), 0))
	assert.Empty(t, early(group("// Unordered output:", "// a", "// b"), 0))
	assert.Empty(t, early(group("// one line"), 0))
}
