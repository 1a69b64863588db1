package house

import (
	"go/ast"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A figure is a number that an essay states, except in a drawing or a table, which have
// separate tests, and in an answer of "What happens if", which names its test. Years,
// small numbers and the widths of words are not figures.
var (
	figure  = regexp.MustCompile(`\d`)
	noValue = regexp.MustCompile(`O\([^)]*\)|\(\d{4}\)|\b[A-Za-z_]\w*\d\w*\b|\bI\d+\b|go run [^)]*|\b(?:16|32|64|128)[- ]bits?\b|\b(?:-?[012]|2\^\d+)(?:\b|$)[^.\d/]`)
	aside   = regexp.MustCompile(`(?m)^(.+?): (.+)$`)
)

// TestFigures: for each figure of an essay, testdata/figures.txt names a test or a
// constant of the code that confirms it. So no figure of an essay can be changed or added
// without naming its confirmation.
func TestFigures(t *testing.T) {
	held := map[string][]string{} // phrases by package
	for line := range strings.Lines(read(t, "internal/house/testdata/figures.txt")) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		m := aside.FindStringSubmatch(line)
		require.NotNil(t, m, "want PACKAGE HOLDER: PHRASE: %s", line)
		pkg, holder, ok := strings.Cut(m[1], " ")
		require.True(t, ok, line)
		require.Contains(t, Packages, pkg)
		assert.True(t, holds(t, pkg, holder), "there is no %s, which should hold: %s", holder, m[2])
		held[pkg] = append(held[pkg], m[2])
	}
	for _, pkg := range Packages {
		t.Run(pkg, func(t *testing.T) {
			for _, text := range loose(read(t, pkg+"/doc.go"), held[pkg], func(phrase string) {
				assert.Fail(t, "the essay does not say", phrase)
			}) {
				assert.Fail(t, "a figure that nothing holds: name its test in testdata/figures.txt", text)
			}
		})
	}
}

// holds reports whether there is a test NAME, of the package or of a package below it, a
// test DIR.NAME, a constant const NAME = VALUE, or a stated reason: "by" and why.
func holds(t *testing.T, pkg, holder string) bool {
	if strings.HasPrefix(holder, "by ") {
		return true
	}
	if text, ok := strings.CutPrefix(holder, "const "); ok {
		value := regexp.MustCompile(`(?m)^\s*(?:const )?` + strings.ReplaceAll(regexp.QuoteMeta(text), " = ", ` += +`) + `(?:\s|$)`)
		for _, dir := range append(beneath[pkg], pkg) {
			files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
			require.NoError(t, err)
			for _, f := range files {
				if value.MatchString(read(t, strings.TrimPrefix(filepath.ToSlash(f), root+"/"))) {
					return true
				}
			}
		}
		return false
	}
	dirs := append([]string{pkg}, beneath[pkg]...)
	if dir, name, ok := strings.Cut(holder, "."); ok {
		dirs, holder = []string{dir}, name
	}
	for _, dir := range dirs {
		if (map[string]*ast.FuncDecl)(testFunctions(t, dir))[holder] != nil {
			return true
		}
	}
	return false
}

// loose returns the paragraphs of an essay in which a figure is left once the phrases are
// removed. It calls absent with each phrase that is in no paragraph.
func loose(essay string, phrases []string, absent func(phrase string)) (left []string) {
	all := paragraphs(essay)
	for _, p := range phrases {
		found := false
		for i, text := range all {
			if strings.Contains(text, p) {
				all[i], found = strings.ReplaceAll(text, p, "…"), true
			}
		}
		if !found {
			absent(p)
		}
	}
	for _, text := range all {
		if figure.MatchString(noValue.ReplaceAllString(text+" ", " ")) {
			left = append(left, text)
		}
	}
	return left
}

// paragraphs are those of an essay's prose, each in one line.
func paragraphs(essay string) (all []string) {
	section, text := "", ""
	end := func() {
		if text != "" && section != "References" && section != "What happens if" {
			all = append(all, text)
		}
		text = ""
	}
	for line := range strings.Lines(essay) {
		line = strings.TrimSuffix(line, "\n")
		head, isHead := strings.CutPrefix(line, "// # ")
		prose, isProse := strings.CutPrefix(line, "// ")
		switch {
		case isHead:
			end()
			section = head
		case strings.HasPrefix(prose, "  - "):
			end()
			text = strings.TrimPrefix(prose, "  - ")
		case isProse:
			text = strings.TrimSpace(text + " " + strings.TrimSpace(prose))
		default:
			end()
		}
	}
	end()
	return all
}

func TestFiguresOfAnEssay(t *testing.T) {
	essay := "// Package p has 1 or 2 (1985), O(n^3), an int64, I7 and 64 bits.\n//\n// # Costs\n//\n//\tGet  O(1)  17\n//\n" +
		"//   - It takes 36\n//     bytes.\n//   - It takes 2.5 moves.\n//\n// # What happens if\n//\n//   - 9 come (TestNine)\n//\n// # References\n//\n// A paper of 12 pages.\npackage p\n"
	none := func(string) { t.Fail() }
	assert.Equal(t, []string{"It takes 36 bytes.", "It takes 2.5 moves."}, loose(essay, nil, none))
	assert.Equal(t, []string{"It takes 2.5 moves."}, loose(essay, []string{"takes 36 bytes"}, none))
	missing := ""
	loose(essay, []string{"takes 37 bytes"}, func(p string) { missing = p })
	assert.Equal(t, "takes 37 bytes", missing)
}
