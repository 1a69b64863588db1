package weave

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestStepInserts: there is a hook before each statement, with its line.
func TestStepInserts(t *testing.T) {
	for text, want := range map[string]string{
		"x.a = 1":                                  "S7; x.a = 1",
		"x.a++\n\tx.b[1] = 2":                      "S7; x.a++\n\tS8; x.b[1] = 2",
		"var x int\n\tx = 1":                       "var x int\n\tS8; x = 1",
		"if f(1) {\n\t\tx.a = 1\n\t}":              "S7; if f(1) {\n\t\tS8; x.a = 1\n\t}",
		"for range 2 {\n\t\tx.a = 1\n\t}":          "S7; for range 2 {\n\t\tS8; x.a = 1\n\t}",
		"l:\n\tfor {\n\t\tbreak l\n\t}":            "S7; l:\n\tfor {\n\t\tS9; break l\n\t}",
		"switch { case x.b: f() }":                 "S7; switch { case x.b: S7; f() }",
		"select { case <-c: f() }":                 "S7; select { case <-c: S7; f() }",
		"f(func() { x.a = 1; x.b = 2 })":           "S7; f(func() { S7; x.a = 1; S7; x.b = 2 })",
		"f(func() int { return 1 })":               "S7; f(func() int { return 1 })",
		"{\n\t\treturn\n\t}":                       "S7; {\n\t\tS8; return\n\t}",
		"if f(1) { return } else if f(2) { f(3) }": "S7; if f(1) { S7; return } else if f(2) { S7; f(3) }",
	} {
		got := woven(t, "p.go", "package p\n\nimport (\n)\n\nfunc f() {\n\t"+text+"\n}\n", Step())
		_, got, _ = strings.Cut(got, "func f() {\n\t")
		for _, n := range []string{"7", "8", "9"} {
			got = strings.ReplaceAll(got, `weaveStep.At("p.go:`+n+`")`, "S"+n)
		}
		assert.Equal(t, want, strings.TrimSuffix(got, "\n}\n"))
	}
	assert.NotContains(t, woven(t, "p.go", "package p\n\nfunc f() (int, bool) { return x.Load() }\n\nfunc g()\n\nvar h = func() int { return f() }\n", Step()), "weaveStep")
	assert.NotContains(t, woven(t, "p_test.go", "package p\n\nfunc f() { g() }\n", Step()), "weaveStep")
}
