package measure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
)

// textbookWhy returns the sentence that says what a package's textbook answer is or
// what it lacks: of the doc comment of the first type in textbook_test.go, the last
// sentence that does not speak of its part in the tests. It is empty if there is none.
func textbookWhy(dir string) string {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, "textbook_test.go"), nil, parser.ParseComments)
	if err != nil {
		return ""
	}
	for _, d := range f.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE || decl.Doc == nil {
			continue
		}
		why := ""
		for _, s := range sentences(decl.Doc.Text()) {
			if !inTests.MatchString(s) {
				why = s
			}
		}
		return itself.ReplaceAllString(why, "It is ")
	}
	return ""
}

var (
	inTests = regexp.MustCompile(`\b(oracle|baseline|model tests?|benchmarks)\b`)
	itself  = regexp.MustCompile(`^(An? )?[tT]extbook\w* is `)
	stop    = regexp.MustCompile(`\. ([A-Z])`)
)

// sentences splits a text.
func sentences(text string) []string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.Split(stop.ReplaceAllString(text, ".\n$1"), "\n")
}
