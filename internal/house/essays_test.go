package house

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var (
	question = regexp.MustCompile(`(?m)^//   - `)
	shownBy  = regexp.MustCompile(`\b(?:Test|Example|Fuzz)\w+`)
)

// TestEssaysAnswer: each essay has a section "What happens if" of at least eight
// answers, and each answer names tests that are there.
func TestEssaysAnswer(t *testing.T) {
	for _, pkg := range Packages {
		t.Run(pkg, func(t *testing.T) {
			tests := testFunctions(t, pkg)
			for _, dir := range beneath[pkg] {
				for name, fn := range testFunctions(t, dir) {
					tests[name] = fn
				}
			}
			answers := answersOf(read(t, pkg+"/doc.go"))
			assert.GreaterOrEqual(t, len(answers), 8, "answers")
			for _, a := range answers {
				names := shownBy.FindAllString(a, -1)
				assert.NotEmpty(t, names, "no test is named: %s", a)
				for _, name := range names {
					assert.Contains(t, tests, name, a)
				}
			}
		})
	}
}

// answersOf returns the items of the section "What happens if".
func answersOf(essay string) []string {
	_, section, ok := strings.Cut(essay, "\n// # What happens if\n")
	if !ok {
		return nil
	}
	if end := heading.FindStringIndex(section); end != nil {
		section = section[:end[0]]
	}
	return question.Split(section, -1)[1:]
}

func TestAnswersOfAnEssay(t *testing.T) {
	essay := "// Package p.\n//\n// # What happens if\n//\n//   - a: b\n//     c (TestA)\n//   - d\n//\n// # Costs\n//\n//   - no\n"
	assert.Equal(t, []string{"a: b\n//     c (TestA)\n", "d\n//\n"}, answersOf(essay))
	assert.Empty(t, answersOf("// Package p.\n"))
}
